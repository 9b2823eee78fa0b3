package meshvitals_test

import (
	"net"
	"testing"
	"time"

	"meshvitals"
)

func TestAProbeRunsOnceWithoutAMonitor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.78.1.1:0")
	expectOK(t, err)
	check := meshvitals.CheckConfig{
		Name: "port", Probe: meshvitals.TCP{Address: listener.Addr().String()},
	}
	result, err := meshvitals.ProbeOnce(check, meshvitals.WithTimeout(10*time.Second))
	expectOK(t, err)
	expect(t, result.Outcome, meshvitals.OutcomePass)
	if result.Latency <= 0 {
		t.Fatal("it took no time")
	}
	expectOK(t, listener.Close())
	result, err = meshvitals.ProbeOnce(check)
	expectOK(t, err)
	expect(t, result.Outcome, meshvitals.OutcomeFail)
	expect(t, result.Reason, meshvitals.ReasonConnectRefused)

	_, err = meshvitals.ProbeOnce(meshvitals.CheckConfig{Name: "a", Probe: meshvitals.External{}})
	expectCode(t, err, meshvitals.ErrMode)
	_, err = meshvitals.ProbeOnceJSON("{}")
	expectCode(t, err, meshvitals.ErrDocument)
}
