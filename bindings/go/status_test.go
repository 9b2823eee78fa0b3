package meshvitals_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"meshvitals"
)

func TestAStatusOutlivesItsCheckAndReadsUnknown(t *testing.T) {
	monitor := newMonitor(t, quiet)
	check := register(t, monitor, "a", meshvitals.External{})
	expect(t, check.Status(), meshvitals.Unknown)
	expectOK(t, check.Override(meshvitals.Degraded, meshvitals.Forever))
	expect(t, check.Status(), meshvitals.Degraded)
	expect(t, monitor.Overall(), meshvitals.Degraded)
	expectOK(t, check.Unregister())
	expect(t, check.Status(), meshvitals.Unknown)

	other := register(t, monitor, "b", meshvitals.External{})
	expectOK(t, other.Override(meshvitals.Healthy, meshvitals.Forever))
	expect(t, check.Status(), meshvitals.Unknown)
	expect(t, other.Status(), meshvitals.Healthy)
	expectOK(t, monitor.Close())
	expect(t, other.Status(), meshvitals.Unknown)
	expect(t, monitor.Overall(), meshvitals.Unknown)
}

func TestTheZeroHandleReadsUnknownAndRefusesTheRest(t *testing.T) {
	var check meshvitals.Check
	expect(t, check.Status(), meshvitals.Unknown)
	expect(t, check.StatusAt(time.Now()), meshvitals.Unknown)
	for _, err := range []error{
		check.Beat(), check.CheckNow(), check.Pause(), check.Unregister(),
		check.Override(meshvitals.Healthy, time.Second),
	} {
		expectCode(t, err, meshvitals.ErrNotFound)
	}
}

func TestAReaderThatComparesTheTimeSeesAStatusThatIsTooOld(t *testing.T) {
	monitor := newMonitor(t, manual)
	beat := register(t, monitor, "beat", meshvitals.Heartbeat{TTL: time.Second})
	advance(t, monitor, time.Second/2)
	expectOK(t, beat.Beat())
	at := func(seconds float64) meshvitals.Status {
		return beat.StatusAt(time.Unix(0, int64(seconds*1e9)))
	}
	// The heartbeat is good for twice its time to live.
	expect(t, at(2.4), meshvitals.Healthy)
	expect(t, at(2.5), meshvitals.Unknown)
	expect(t, beat.Status(), meshvitals.Healthy)

	live := started(t, quiet)
	beat = register(t, live, "beat", meshvitals.Heartbeat{TTL: time.Hour})
	expectOK(t, beat.Beat())
	expect(t, beat.StatusAt(time.Now()), meshvitals.Healthy)
	expect(t, beat.StatusAt(time.Now().Add(119*time.Minute)), meshvitals.Healthy)
	expect(t, beat.StatusAt(time.Now().Add(121*time.Minute)), meshvitals.Unknown)
}

func TestWords(t *testing.T) {
	expect(t, meshvitals.Degraded.String(), "DEGRADED")
	expect(t, meshvitals.Status(9).String(), "Status(9)")
	expect(t, meshvitals.OutcomeLocal.String(), "LOCAL")
	expect(t, meshvitals.Outcome(0).String(), "Outcome(0)")
	expect(t, meshvitals.ReasonConnectRefused.String(), "connection refused")
	if !meshvitals.Degraded.IsFunctional() || meshvitals.Unknown.IsFunctional() {
		t.Fatal("what is degraded works, what is unknown does not")
	}
}

var sink atomic.Int32

// measured is a check with a status, in a monitor that runs.
func measured(b *testing.B) meshvitals.Check {
	monitor := started(b, quiet)
	check := register(b, monitor, "a", meshvitals.Heartbeat{TTL: time.Hour})
	expectOK(b, check.Beat())
	return check
}

// The raw loop: what a status read is compared with. It loads one word and compares.
func BenchmarkRawLoad(b *testing.B) {
	word := new(atomic.Uint64)
	word.Store(uint64(time.Now().Unix()) << 32)
	sum := int32(0)
	for b.Loop() {
		if value := word.Load(); value>>32 != 7 {
			sum += int32(value)
		}
	}
	sink.Store(sum)
}

func BenchmarkStatus(b *testing.B) {
	check := measured(b)
	sum := int32(0)
	for b.Loop() {
		sum += int32(check.Status())
	}
	sink.Store(sum)
}

// A check whose cell is written every 10 ms.
func BenchmarkStatusWhileTheEngineWrites(b *testing.B) {
	listener, err := net.Listen("tcp", "127.78.1.2:0")
	expectOK(b, err)
	defer listener.Close()
	monitor := started(b, quiet)
	check := register(b, monitor, "a", meshvitals.TCP{Address: listener.Addr().String()},
		meshvitals.WithInterval(10*time.Millisecond))
	sum := int32(0)
	for b.Loop() {
		sum += int32(check.Status())
	}
	sink.Store(sum)
	expect(b, check.Status(), meshvitals.Healthy)
}

func BenchmarkStatusAt(b *testing.B) {
	check, now := measured(b), time.Now()
	sum := int32(0)
	for b.Loop() {
		sum += int32(check.StatusAt(now))
	}
	sink.Store(sum)
}
