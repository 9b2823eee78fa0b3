package meshvitals_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"meshvitals"
)

// constants are those of the package by the names that the vectors give them.
var constants = map[string]map[string]int64{
	"code": {
		"OK":          0,
		"NULL":        int64(meshvitals.ErrNull),
		"UTF8":        int64(meshvitals.ErrUTF8),
		"DOCUMENT":    int64(meshvitals.ErrDocument),
		"RANGE":       int64(meshvitals.ErrRange),
		"EXISTS":      int64(meshvitals.ErrExists),
		"NOT_FOUND":   int64(meshvitals.ErrNotFound),
		"STALE":       int64(meshvitals.ErrStale),
		"BUSY":        int64(meshvitals.ErrBusy),
		"STOPPED":     int64(meshvitals.ErrStopped),
		"NOT_RUNNING": int64(meshvitals.ErrNotRunning),
		"TIMEOUT":     int64(meshvitals.ErrTimeout),
		"DEADLOCK":    int64(meshvitals.ErrDeadlock),
		"FORKED":      int64(meshvitals.ErrForked),
		"STRUCT_SIZE": int64(meshvitals.ErrStructSize),
		"MODE":        int64(meshvitals.ErrMode),
		"UNSUPPORTED": int64(meshvitals.ErrUnsupported),
		"LIMIT":       int64(meshvitals.ErrLimit),
		"PANIC":       int64(meshvitals.ErrPanic),
	},
	"status": {
		"UNKNOWN":   int64(meshvitals.Unknown),
		"HEALTHY":   int64(meshvitals.Healthy),
		"DEGRADED":  int64(meshvitals.Degraded),
		"UNHEALTHY": int64(meshvitals.Unhealthy),
	},
	"outcome": {
		"PASS":    int64(meshvitals.OutcomePass),
		"WARN":    int64(meshvitals.OutcomeWarn),
		"FAIL":    int64(meshvitals.OutcomeFail),
		"TIMEOUT": int64(meshvitals.OutcomeTimeout),
		"LOCAL":   int64(meshvitals.OutcomeLocal),
	},
	"reason": {
		"NONE":                    int64(meshvitals.ReasonNone),
		"RESOLVE_FAILED":          int64(meshvitals.ReasonResolveFailed),
		"RESOLVE_NOT_FOUND":       int64(meshvitals.ReasonResolveNotFound),
		"RESOLVE_TIMEOUT":         int64(meshvitals.ReasonResolveTimeout),
		"CONNECT_REFUSED":         int64(meshvitals.ReasonConnectRefused),
		"CONNECT_RESET":           int64(meshvitals.ReasonConnectReset),
		"CONNECT_UNREACHABLE":     int64(meshvitals.ReasonConnectUnreachable),
		"CONNECT_FAILED":          int64(meshvitals.ReasonConnectFailed),
		"CONNECT_TIMEOUT":         int64(meshvitals.ReasonConnectTimeout),
		"CONNECT_NO_SOCKET":       int64(meshvitals.ReasonConnectNoSocket),
		"TLS_FAILED":              int64(meshvitals.ReasonTLSFailed),
		"TLS_TIMEOUT":             int64(meshvitals.ReasonTLSTimeout),
		"TLS_UNTRUSTED":           int64(meshvitals.ReasonTLSUntrusted),
		"TLS_EXPIRED":             int64(meshvitals.ReasonTLSExpired),
		"TLS_NOT_YET_VALID":       int64(meshvitals.ReasonTLSNotYetValid),
		"TLS_WRONG_NAME":          int64(meshvitals.ReasonTLSWrongName),
		"TLS_CLIENT_REFUSED":      int64(meshvitals.ReasonTLSClientRefused),
		"TLS_NO_PROTOCOL":         int64(meshvitals.ReasonTLSNoProtocol),
		"TLS_NOT_OFFERED":         int64(meshvitals.ReasonTLSNotOffered),
		"TLS_EXPIRES_SOON":        int64(meshvitals.ReasonTLSExpiresSoon),
		"SEND_FAILED":             int64(meshvitals.ReasonSendFailed),
		"SEND_TIMEOUT":            int64(meshvitals.ReasonSendTimeout),
		"RECEIVE_RESET":           int64(meshvitals.ReasonReceiveReset),
		"RECEIVE_CLOSED":          int64(meshvitals.ReasonReceiveClosed),
		"RECEIVE_TIMEOUT":         int64(meshvitals.ReasonReceiveTimeout),
		"RECEIVE_MALFORMED":       int64(meshvitals.ReasonReceiveMalformed),
		"RECEIVE_TOO_LARGE":       int64(meshvitals.ReasonReceiveTooLarge),
		"RECEIVE_FAILED":          int64(meshvitals.ReasonReceiveFailed),
		"MATCH_STATUS":            int64(meshvitals.ReasonMatchStatus),
		"MATCH_BODY":              int64(meshvitals.ReasonMatchBody),
		"MATCH_VALUE":             int64(meshvitals.ReasonMatchValue),
		"MATCH_STATUS_WARN":       int64(meshvitals.ReasonMatchStatusWarn),
		"MATCH_ANSWER":            int64(meshvitals.ReasonMatchAnswer),
		"MATCH_HEADER":            int64(meshvitals.ReasonMatchHeader),
		"MATCH_JSON":              int64(meshvitals.ReasonMatchJSON),
		"MATCH_ERROR":             int64(meshvitals.ReasonMatchError),
		"MATCH_CREDENTIALS":       int64(meshvitals.ReasonMatchCredentials),
		"MATCH_NOT_READY":         int64(meshvitals.ReasonMatchNotReady),
		"MATCH_ROLE":              int64(meshvitals.ReasonMatchRole),
		"MATCH_NOT_SERVING":       int64(meshvitals.ReasonMatchNotServing),
		"MATCH_UNKNOWN_SERVICE":   int64(meshvitals.ReasonMatchUnknownService),
		"MATCH_NO_HEALTH_SERVICE": int64(meshvitals.ReasonMatchNoHealthService),
		"MATCH_RCODE":             int64(meshvitals.ReasonMatchRcode),
		"MATCH_REDIRECT":          int64(meshvitals.ReasonMatchRedirect),
		"TIMEOUT":                 int64(meshvitals.ReasonTimeout),
		"STILL_RUNNING":           int64(meshvitals.ReasonStillRunning),
		"HEARTBEAT_SILENT":        int64(meshvitals.ReasonHeartbeatSilent),
		"LATE":                    int64(meshvitals.ReasonLate),
		"LOCAL_NO_DESCRIPTORS":    int64(meshvitals.ReasonLocalNoDescriptors),
		"LOCAL_NO_PORTS":          int64(meshvitals.ReasonLocalNoPorts),
		"LOCAL_NO_MEMORY":         int64(meshvitals.ReasonLocalNoMemory),
		"LOCAL_NO_ROUTE":          int64(meshvitals.ReasonLocalNoRoute),
		"LOCAL_NOT_PERMITTED":     int64(meshvitals.ReasonLocalNotPermitted),
		"LOCAL_RESOLVER":          int64(meshvitals.ReasonLocalResolver),
		"LOCAL_STARVED":           int64(meshvitals.ReasonLocalStarved),
		"LOCAL_SUSPENDED":         int64(meshvitals.ReasonLocalSuspended),
		"POOL_EXHAUSTED":          int64(meshvitals.ReasonPoolExhausted),
		"HOST_NOT_POLLING":        int64(meshvitals.ReasonHostNotPolling),
		"NO_SAMPLE":               int64(meshvitals.ReasonNoSample),
		"LOCAL_UNSUPPORTED":       int64(meshvitals.ReasonLocalUnsupported),
		"LOCAL_FAILED":            int64(meshvitals.ReasonLocalFailed),
		"CALLBACK_FAILED":         int64(meshvitals.ReasonCallbackFailed),
		"REPORTED":                int64(meshvitals.ReasonReported),
		"CALLBACK_PANICKED":       int64(meshvitals.ReasonCallbackPanicked),
		"DISK_FAILED":             int64(meshvitals.ReasonDiskFailed),
		"EXEC_FAILED":             int64(meshvitals.ReasonExecFailed),
		"EXEC_NOT_STARTED":        int64(meshvitals.ReasonExecNotStarted),
		"INITIAL":                 int64(meshvitals.ReasonInitial),
		"OVERRIDDEN":              int64(meshvitals.ReasonOverridden),
		"PAUSED":                  int64(meshvitals.ReasonPaused),
		"BLOCKED":                 int64(meshvitals.ReasonBlocked),
		"STALE":                   int64(meshvitals.ReasonStale),
		"UNMASKED":                int64(meshvitals.ReasonUnmasked),
		"MEMBER":                  int64(meshvitals.ReasonMember),
		"RESTARTED":               int64(meshvitals.ReasonRestarted),
		"FIRST_OF_HOST":           int64(meshvitals.FirstReasonOfHost),
	},
	"event": {
		"STATUS":       int64(meshvitals.EventStatus),
		"CHECK_DUE":    int64(meshvitals.EventCheckDue),
		"CHECK_CANCEL": int64(meshvitals.EventCheckCancel),
		"RESULT":       int64(meshvitals.EventResult),
		"REGISTERED":   int64(meshvitals.EventRegistered),
		"REMOVED":      int64(meshvitals.EventRemoved),
		"STOPPED":      int64(meshvitals.EventStopped),
		"FORKED":       int64(meshvitals.EventForked),
		"LOG":          int64(meshvitals.EventLog),
	},
	"kind": {
		"STATUS": int64(meshvitals.KindStatus),
		"DUE":    int64(meshvitals.KindDue),
		"RESULT": int64(meshvitals.KindResult),
		"LIFE":   int64(meshvitals.KindLife),
		"LOG":    int64(meshvitals.KindLog),
	},
	"mask": {
		"OVERRIDE": int64(meshvitals.MaskOverride),
		"PAUSED":   int64(meshvitals.MaskPaused),
		"BLOCKED":  int64(meshvitals.MaskBlocked),
		"STALE":    int64(meshvitals.MaskStale),
	},
}

// nameOf is the name of a number, and the number itself if it has none.
func nameOf[N ~int32 | ~uint32](table string, number N) string {
	for name, known := range constants[table] {
		if known == int64(number) {
			return name
		}
	}
	return strconv.FormatInt(int64(number), 10)
}

type constantCase struct {
	Why    string `json:"why"`
	Table  string `json:"table"`
	Name   string `json:"name"`
	Number int64  `json:"number"`
	Text   string `json:"text"`
}

// replayed are the constants that had a vector.
var replayed = map[string]bool{}

func replayConstant(line []byte) (string, error) {
	var one constantCase
	if err := json.Unmarshal(line, &one); err != nil {
		return "", err
	}
	text, word := "", one.Name
	switch one.Table {
	case "code":
		text = meshvitals.Code(one.Number).Error()
	case "reason":
		text = meshvitals.Reason(one.Number).String()
	case "status":
		word = meshvitals.Status(one.Number).String()
	case "outcome":
		word = meshvitals.Outcome(one.Number).String()
	}
	number, known := constants[one.Table][one.Name]
	// Without a name it is a number that nobody gave out.
	nobody := one.Name == "" && nameOf(one.Table, int32(one.Number)) == strconv.FormatInt(one.Number, 10)
	if text != one.Text || word != one.Name || !nobody && (!known || number != one.Number) {
		return one.Why, fmt.Errorf("%s is %d: %q %q", one.Name, number, word, text)
	}
	if known {
		replayed[one.Table+one.Name] = true
	}
	return one.Why, nil
}

func TestEveryConstantHasItsVector(t *testing.T) {
	expectOK(t, replayFile("../../tests/conformance/codes.jsonl"))
	for table, names := range constants {
		for name := range names {
			if !replayed[table+name] {
				t.Errorf("%s %s has no vector", table, name)
			}
		}
	}
}
