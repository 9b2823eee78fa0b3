package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

// Reason is the stable number of why a result or a status is what it is. Numbers from
// FirstReasonOfHost on belong to the program and pass unchanged.
type Reason int32

// The reasons of the library.
const (
	// ReasonNone: nothing to say.
	ReasonNone Reason = C.MESHVITALS_REASON_NONE
	// ReasonResolveFailed: the name could not be resolved.
	ReasonResolveFailed Reason = C.MESHVITALS_REASON_RESOLVE_FAILED
	// ReasonResolveNotFound: an authoritative answer: no such name.
	ReasonResolveNotFound Reason = C.MESHVITALS_REASON_RESOLVE_NOT_FOUND
	// ReasonResolveTimeout: the deadline passed while the name was being resolved.
	ReasonResolveTimeout Reason = C.MESHVITALS_REASON_RESOLVE_TIMEOUT
	// ReasonConnectRefused: the target refused the connection.
	ReasonConnectRefused Reason = C.MESHVITALS_REASON_CONNECT_REFUSED
	// ReasonConnectReset: the target reset the connection while it was made.
	ReasonConnectReset Reason = C.MESHVITALS_REASON_CONNECT_RESET
	// ReasonConnectUnreachable: the host or network was reported unreachable from outside this
	// machine.
	ReasonConnectUnreachable Reason = C.MESHVITALS_REASON_CONNECT_UNREACHABLE
	// ReasonConnectFailed: the connection failed for another reason; Detail is the errno.
	ReasonConnectFailed Reason = C.MESHVITALS_REASON_CONNECT_FAILED
	// ReasonConnectTimeout: the deadline passed while connecting.
	ReasonConnectTimeout Reason = C.MESHVITALS_REASON_CONNECT_TIMEOUT
	// ReasonConnectNoSocket: the unix socket does not exist.
	ReasonConnectNoSocket Reason = C.MESHVITALS_REASON_CONNECT_NO_SOCKET
	// ReasonTLSFailed: the handshake for encryption failed.
	ReasonTLSFailed Reason = C.MESHVITALS_REASON_TLS_FAILED
	// ReasonTLSTimeout: the deadline passed during the handshake for encryption.
	ReasonTLSTimeout Reason = C.MESHVITALS_REASON_TLS_TIMEOUT
	// ReasonTLSUntrusted: the certificate was not issued by an authority that is trusted, or is of
	// no use.
	ReasonTLSUntrusted Reason = C.MESHVITALS_REASON_TLS_UNTRUSTED
	// ReasonTLSExpired: the certificate, or one in its chain, has expired.
	ReasonTLSExpired Reason = C.MESHVITALS_REASON_TLS_EXPIRED
	// ReasonTLSNotYetValid: the certificate, or one in its chain, is not valid yet.
	ReasonTLSNotYetValid Reason = C.MESHVITALS_REASON_TLS_NOT_YET_VALID
	// ReasonTLSWrongName: the certificate is for another name.
	ReasonTLSWrongName Reason = C.MESHVITALS_REASON_TLS_WRONG_NAME
	// ReasonTLSClientRefused: the target refused our certificate, or wants one.
	ReasonTLSClientRefused Reason = C.MESHVITALS_REASON_TLS_CLIENT_REFUSED
	// ReasonTLSNoProtocol: the target speaks none of the application protocols that were offered.
	ReasonTLSNoProtocol Reason = C.MESHVITALS_REASON_TLS_NO_PROTOCOL
	// ReasonTLSNotOffered: the target does not offer encryption.
	ReasonTLSNotOffered Reason = C.MESHVITALS_REASON_TLS_NOT_OFFERED
	// ReasonTLSExpiresSoon: the certificate expires soon.
	ReasonTLSExpiresSoon Reason = C.MESHVITALS_REASON_TLS_EXPIRES_SOON
	// ReasonSendFailed: sending failed; Detail is the errno.
	ReasonSendFailed Reason = C.MESHVITALS_REASON_SEND_FAILED
	// ReasonSendTimeout: the deadline passed while sending.
	ReasonSendTimeout Reason = C.MESHVITALS_REASON_SEND_TIMEOUT
	// ReasonReceiveReset: the target reset the connection before its answer was complete.
	ReasonReceiveReset Reason = C.MESHVITALS_REASON_RECEIVE_RESET
	// ReasonReceiveClosed: the target closed the connection before its answer was complete.
	ReasonReceiveClosed Reason = C.MESHVITALS_REASON_RECEIVE_CLOSED
	// ReasonReceiveTimeout: the deadline passed while waiting for the answer.
	ReasonReceiveTimeout Reason = C.MESHVITALS_REASON_RECEIVE_TIMEOUT
	// ReasonReceiveMalformed: the answer breaks the protocol.
	ReasonReceiveMalformed Reason = C.MESHVITALS_REASON_RECEIVE_MALFORMED
	// ReasonReceiveTooLarge: the answer is larger than allowed.
	ReasonReceiveTooLarge Reason = C.MESHVITALS_REASON_RECEIVE_TOO_LARGE
	// ReasonReceiveFailed: receiving failed; Detail is the errno.
	ReasonReceiveFailed Reason = C.MESHVITALS_REASON_RECEIVE_FAILED
	// ReasonMatchStatus: the status code is not an expected one; Detail is the code.
	ReasonMatchStatus Reason = C.MESHVITALS_REASON_MATCH_STATUS
	// ReasonMatchBody: the body does not contain what is expected.
	ReasonMatchBody Reason = C.MESHVITALS_REASON_MATCH_BODY
	// ReasonMatchValue: the value is above its threshold.
	ReasonMatchValue Reason = C.MESHVITALS_REASON_MATCH_VALUE
	// ReasonMatchStatusWarn: the status code means alive but overloaded (429).
	ReasonMatchStatusWarn Reason = C.MESHVITALS_REASON_MATCH_STATUS_WARN
	// ReasonMatchAnswer: the answer is not the expected one.
	ReasonMatchAnswer Reason = C.MESHVITALS_REASON_MATCH_ANSWER
	// ReasonMatchHeader: a header is not the expected one.
	ReasonMatchHeader Reason = C.MESHVITALS_REASON_MATCH_HEADER
	// ReasonMatchJSON: a value in a JSON body is not the expected one.
	ReasonMatchJSON Reason = C.MESHVITALS_REASON_MATCH_JSON
	// ReasonMatchError: the target reported an error; Detail is its number, if it has one.
	ReasonMatchError Reason = C.MESHVITALS_REASON_MATCH_ERROR
	// ReasonMatchCredentials: the target does not accept the credentials, or wants some.
	ReasonMatchCredentials Reason = C.MESHVITALS_REASON_MATCH_CREDENTIALS
	// ReasonMatchNotReady: the target is up and says that it cannot serve yet, or not any more.
	ReasonMatchNotReady Reason = C.MESHVITALS_REASON_MATCH_NOT_READY
	// ReasonMatchRole: the target is in another role than expected.
	ReasonMatchRole Reason = C.MESHVITALS_REASON_MATCH_ROLE
	// ReasonMatchNotServing: the service is not SERVING.
	ReasonMatchNotServing Reason = C.MESHVITALS_REASON_MATCH_NOT_SERVING
	// ReasonMatchUnknownService: the target does not know the service.
	ReasonMatchUnknownService Reason = C.MESHVITALS_REASON_MATCH_UNKNOWN_SERVICE
	// ReasonMatchNoHealthService: the target has no health service.
	ReasonMatchNoHealthService Reason = C.MESHVITALS_REASON_MATCH_NO_HEALTH_SERVICE
	// ReasonMatchRcode: the response code of the name server is not the expected one; Detail is the
	// code.
	ReasonMatchRcode Reason = C.MESHVITALS_REASON_MATCH_RCODE
	// ReasonMatchRedirect: too many redirects, or one that may not be followed.
	ReasonMatchRedirect Reason = C.MESHVITALS_REASON_MATCH_REDIRECT
	// ReasonTimeout: the deadline passed.
	ReasonTimeout Reason = C.MESHVITALS_REASON_TIMEOUT
	// ReasonStillRunning: the run before this one is still stuck past its deadline.
	ReasonStillRunning Reason = C.MESHVITALS_REASON_STILL_RUNNING
	// ReasonHeartbeatSilent: no heartbeat arrived within the ttl.
	ReasonHeartbeatSilent Reason = C.MESHVITALS_REASON_HEARTBEAT_SILENT
	// ReasonLate: the answer came after the deadline.
	ReasonLate Reason = C.MESHVITALS_REASON_LATE
	// ReasonLocalNoDescriptors: no descriptors are left in this process or on this machine.
	ReasonLocalNoDescriptors Reason = C.MESHVITALS_REASON_LOCAL_NO_DESCRIPTORS
	// ReasonLocalNoPorts: no local ports are left.
	ReasonLocalNoPorts Reason = C.MESHVITALS_REASON_LOCAL_NO_PORTS
	// ReasonLocalNoMemory: no memory or buffers are left.
	ReasonLocalNoMemory Reason = C.MESHVITALS_REASON_LOCAL_NO_MEMORY
	// ReasonLocalNoRoute: this machine has no route or carrier.
	ReasonLocalNoRoute Reason = C.MESHVITALS_REASON_LOCAL_NO_ROUTE
	// ReasonLocalNotPermitted: this machine does not permit it.
	ReasonLocalNotPermitted Reason = C.MESHVITALS_REASON_LOCAL_NOT_PERMITTED
	// ReasonLocalResolver: the resolver of this machine could not be asked.
	ReasonLocalResolver Reason = C.MESHVITALS_REASON_LOCAL_RESOLVER
	// ReasonLocalStarved: the monitor's own thread was too late to judge.
	ReasonLocalStarved Reason = C.MESHVITALS_REASON_LOCAL_STARVED
	// ReasonLocalSuspended: the machine or the process was suspended.
	ReasonLocalSuspended Reason = C.MESHVITALS_REASON_LOCAL_SUSPENDED
	// ReasonPoolExhausted: the pool that runs callbacks and blocking calls is stuck.
	ReasonPoolExhausted Reason = C.MESHVITALS_REASON_POOL_EXHAUSTED
	// ReasonHostNotPolling: the host program did not fetch the request to run its check.
	ReasonHostNotPolling Reason = C.MESHVITALS_REASON_HOST_NOT_POLLING
	// ReasonNoSample: the first sample of a rate: there is nothing to compare with yet.
	ReasonNoSample Reason = C.MESHVITALS_REASON_NO_SAMPLE
	// ReasonLocalUnsupported: this system does not offer the figure.
	ReasonLocalUnsupported Reason = C.MESHVITALS_REASON_LOCAL_UNSUPPORTED
	// ReasonLocalFailed: another local fault; Detail is the errno.
	ReasonLocalFailed Reason = C.MESHVITALS_REASON_LOCAL_FAILED
	// ReasonCallbackFailed: the callback returned a number other than 0; Detail is the number.
	ReasonCallbackFailed Reason = C.MESHVITALS_REASON_CALLBACK_FAILED
	// ReasonReported: the host program reported the result and gave no reason.
	ReasonReported Reason = C.MESHVITALS_REASON_REPORTED
	// ReasonCallbackPanicked: the callback panicked.
	ReasonCallbackPanicked Reason = C.MESHVITALS_REASON_CALLBACK_PANICKED
	// ReasonDiskFailed: the path cannot be examined; Detail is the errno.
	ReasonDiskFailed Reason = C.MESHVITALS_REASON_DISK_FAILED
	// ReasonExecFailed: the program ended with another status than 0; Detail is the status, or minus
	// the signal.
	ReasonExecFailed Reason = C.MESHVITALS_REASON_EXEC_FAILED
	// ReasonExecNotStarted: the program cannot be started; Detail is the errno.
	ReasonExecNotStarted Reason = C.MESHVITALS_REASON_EXEC_NOT_STARTED
	// ReasonInitial: the first event of a check or group in a new subscription.
	ReasonInitial Reason = C.MESHVITALS_REASON_INITIAL
	// ReasonOverridden: the status is overridden by the host program.
	ReasonOverridden Reason = C.MESHVITALS_REASON_OVERRIDDEN
	// ReasonPaused: the check is paused.
	ReasonPaused Reason = C.MESHVITALS_REASON_PAUSED
	// ReasonBlocked: a check that this one depends on is UNHEALTHY.
	ReasonBlocked Reason = C.MESHVITALS_REASON_BLOCKED
	// ReasonStale: the last result is too old.
	ReasonStale Reason = C.MESHVITALS_REASON_STALE
	// ReasonUnmasked: a mask ended and the measured status shows again.
	ReasonUnmasked Reason = C.MESHVITALS_REASON_UNMASKED
	// ReasonMember: a member of the group changed.
	ReasonMember Reason = C.MESHVITALS_REASON_MEMBER
	// ReasonRestarted: the check was registered anew or its monitor started again.
	ReasonRestarted Reason = C.MESHVITALS_REASON_RESTARTED

	// FirstReasonOfHost is where the program's own numbers begin.
	FirstReasonOfHost Reason = C.MESHVITALS_REASON_FIRST_OF_HOST
)

// String is the English text.
func (r Reason) String() string {
	return C.GoString(C.meshvitals_reason_text(C.int32_t(r)))
}
