package meshvitals_test

import (
	"context"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"meshvitals"
)

func TestAfterCloseCallsSayStopped(t *testing.T) {
	monitor := newMonitor(t, quiet)
	check := register(t, monitor, "a", meshvitals.Heartbeat{TTL: time.Hour})
	subscription := subscribe(t, monitor, meshvitals.KindLife)
	expectOK(t, monitor.Start())
	expectOK(t, monitor.Close())
	expectOK(t, monitor.Close())
	_, registering := monitor.RegisterJSON(`{"name": "b", "external": {}}`)
	_, subscribing := monitor.Subscribe(meshvitals.KindStatus, 1)
	_, listing := monitor.Checks()
	_, rendering := monitor.Render("json")
	_, reading := check.Snapshot()
	_, advancing := monitor.Advance(time.Unix(0, 0))
	for _, err := range []error{
		monitor.Start(), monitor.Stop(0), registering, subscribing, listing, rendering, reading,
		advancing, check.Beat(), check.Unregister(),
	} {
		expectCode(t, err, meshvitals.ErrStopped)
	}
	// What a subscription holds can still be taken.
	await(t, subscription, func(event meshvitals.Event) bool {
		return event.Kind == meshvitals.EventStopped
	})
	_, err := subscription.Poll(context.Background())
	expectCode(t, err, meshvitals.ErrStopped)
}

func TestAMonitorThatWasStoppedStartsAgainWithItsFunctions(t *testing.T) {
	monitor := newMonitor(t, quiet)
	pass := meshvitals.Func(func(context.Context) error { return nil })
	// Functions are known before the first start, and a stop before it changes nothing.
	check := register(t, monitor, "own", pass)
	expectOK(t, monitor.Stop(patience))
	for range 20 {
		events := subscribe(t, monitor, meshvitals.KindStatus)
		expectOK(t, monitor.Start())
		expectOK(t, monitor.Start())
		awaitStatus(t, events, check, meshvitals.Healthy)
		expect(t, check.Status(), meshvitals.Healthy)
		expectOK(t, monitor.Stop(patience))
		expectOK(t, monitor.Stop(patience))
		expect(t, check.Status(), meshvitals.Unknown)
		events.Close()
	}
}

func TestNoGoroutineIsLeftAfterClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		monitor := started(t, quiet)
		expectOK(t, monitor.LogTo(discard))
		events := subscribe(t, monitor, meshvitals.KindStatus)
		own := register(t, monitor, "own",
			meshvitals.Func(func(context.Context) error { return nil }))
		awaitStatus(t, events, own, meshvitals.Healthy)
		changes := events.Chan(context.Background())
		expectOK(t, monitor.Close())
		for range changes {
		}
	}
	// A goroutine that has said its last word may still be on its way out.
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
	}
}

func TestNoDescriptorIsLeftAfterClose(t *testing.T) {
	pass := meshvitals.Func(func(context.Context) error { return nil })
	life := func(config meshvitals.Config) {
		monitor := newMonitor(t, config)
		register(t, monitor, "own", pass)
		expectOK(t, monitor.LogTo(discard))
		subscription := subscribe(t, monitor, meshvitals.KindStatus)
		expectOK(t, monitor.Close())
		subscription.Close()
	}
	// The first ones open what the process keeps.
	life(quiet)
	before := descriptors(t)
	for range 20 {
		life(quiet)
		life(manual)
	}
	// Monitors that other tests have forgotten may go meanwhile.
	if after := descriptors(t); after > before {
		t.Fatalf("%d descriptors became %d", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	expectOK(t, err)
	return len(open)
}

func TestAdvanceIsOneTurnOfAManualClock(t *testing.T) {
	monitor := newMonitor(t, manual)
	expect(t, monitor.Now(), time.Unix(0, 0))
	next, err := monitor.Advance(time.Unix(1, 0))
	expectOK(t, err)
	expect(t, next.IsZero(), true)
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error { return nil }),
		meshvitals.WithInitialDelay(2*time.Second))
	next, err = monitor.Advance(time.Unix(1, 0))
	expectOK(t, err)
	expect(t, next, time.Unix(3, 0))
	next, err = monitor.Advance(next)
	expectOK(t, err)
	expect(t, next, time.Unix(18, 0))
	expect(t, monitor.Now(), time.Unix(3, 0))
	_, err = monitor.Advance(time.Unix(2, 0))
	expectCode(t, err, meshvitals.ErrRange)
	expectCode(t, monitor.Start(), meshvitals.ErrMode)
	_, err = newMonitor(t, quiet).Advance(time.Now())
	expectCode(t, err, meshvitals.ErrMode)
}

// At its beginning a manual clock is not "never".
func TestTheFirstInstantOfAManualClockIsOne(t *testing.T) {
	monitor := newMonitor(t, manual)
	advance(t, monitor, 0)
	snapshot, err := register(t, monitor, "a", meshvitals.External{}).Snapshot()
	expectOK(t, err)
	expect(t, snapshot.Next, time.Unix(0, 0))
	expect(t, snapshot.Last.IsZero(), true)
}

func TestAFunctionThatAdvancesItsOwnMonitorIsRefused(t *testing.T) {
	monitor := newMonitor(t, manual)
	var refused error
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		_, refused = monitor.Advance(time.Unix(9, 0))
		return nil
	}))
	advance(t, monitor, 0)
	expectCode(t, refused, meshvitals.ErrDeadlock)
}

func TestFunctionsMayCallTheirMonitor(t *testing.T) {
	monitor := started(t, quiet)
	done := make(chan error, 1)
	var own meshvitals.Check
	registered := make(chan struct{})
	own = register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		<-registered
		other, err := monitor.RegisterJSON(`{"name": "other", "heartbeat": {"ttl": "1h"}}`)
		if err == nil {
			err = other.Unregister()
		}
		if err == nil {
			err = own.Unregister()
		}
		done <- err
		return nil
	}), meshvitals.WithTimeout(time.Hour))
	close(registered)
	expectOK(t, <-done)
}

func TestCloseFromAFunctionEndsInsteadOfWaitingForItself(t *testing.T) {
	config := quiet
	config.StopTimeout = 10 * time.Millisecond
	monitor := started(t, config)
	done := make(chan error, 1)
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		done <- monitor.Close()
		return nil
	}))
	expectCode(t, <-done, meshvitals.ErrTimeout)
}

func TestAChannelThatNobodyReadsEndsWithItsSubscription(t *testing.T) {
	monitor := started(t, quiet)
	subscription := subscribe(t, monitor, meshvitals.KindStatus)
	events := subscription.Chan(context.Background())
	// One event is on its way into the channel, and stays there.
	first := <-events
	subscription.Close()
	limit := time.After(patience)
	for range 8 {
		select {
		case _, more := <-events:
			if !more {
				return
			}
		case <-limit:
			t.Fatal("the goroutine is left")
		}
	}
	t.Fatal("events go on after", first)
}

func TestReportsAreWhole(t *testing.T) {
	monitor := newMonitor(t, quiet)
	for range 3 {
		report, err := monitor.Render("json")
		expectOK(t, err)
		if !strings.HasPrefix(report, "{") || !strings.HasSuffix(report, "}") {
			t.Fatal(report)
		}
		report, err = monitor.Render("openmetrics")
		expectOK(t, err)
		if !strings.HasSuffix(report, "# EOF\n") {
			t.Fatal(report)
		}
		expectMany(t, monitor)
	}
	_, err := monitor.Render("xml")
	expectCode(t, err, meshvitals.ErrRange)
}

// expectMany registers more checks than one look at the list takes.
func expectMany(t *testing.T, monitor *meshvitals.Monitor) {
	t.Helper()
	before, err := monitor.Checks()
	expectOK(t, err)
	configs := make([]meshvitals.CheckConfig, 100)
	for i := range configs {
		name := strings.Repeat("x", i+1) + string(rune('a'+len(before)%26))
		configs[i] = meshvitals.CheckConfig{Name: name, Probe: meshvitals.Heartbeat{TTL: time.Hour}}
	}
	added, err := monitor.RegisterMany(configs...)
	expectOK(t, err)
	after, err := monitor.Checks()
	expectOK(t, err)
	expect(t, len(after), len(before)+len(added))
	expect(t, after[len(after)-1], added[len(added)-1])
}

func TestAnOverrideLastsAtLeastItsTime(t *testing.T) {
	monitor := newMonitor(t, manual)
	check := register(t, monitor, "a", meshvitals.External{})
	expectOK(t, check.Override(meshvitals.Healthy, time.Millisecond+1))
	advance(t, monitor, 2*time.Millisecond-1)
	expect(t, check.Status(), meshvitals.Healthy)
	advance(t, monitor, 2*time.Millisecond)
	expect(t, check.Status(), meshvitals.Unknown)
}

func TestLongTimesFit(t *testing.T) {
	monitor := newMonitor(t, quiet)
	check := register(t, monitor, "a", meshvitals.External{})
	expectCode(t, check.Override(meshvitals.Healthy, 0), meshvitals.ErrRange)
	expectCode(t, check.Override(7, time.Second), meshvitals.ErrRange)
	expectOK(t, check.Override(meshvitals.Healthy, meshvitals.Forever))
	snapshot, err := check.Snapshot()
	expectOK(t, err)
	expect(t, snapshot.Mask, meshvitals.MaskOverride)
	expect(t, snapshot.Next.IsZero(), true)
	expectOK(t, check.ClearOverride())
	expect(t, check.Status(), meshvitals.Unknown)
	expectOK(t, monitor.Stop(math.MaxInt64))
	expectOK(t, monitor.Stop(-1))
}

func TestAFunctionThatStopsItsMonitorDoesNotHoldCloseUp(t *testing.T) {
	config := quiet
	config.StopTimeout = 10 * time.Millisecond
	monitor := started(t, config)
	stopping, stopped := make(chan struct{}), make(chan error, 1)
	expectOK(t, monitor.LogTo(discard))
	register(t, monitor, "own", meshvitals.Func(func(ctx context.Context) error {
		go func() {
			// The engine has stopped when it withdraws this run.
			<-ctx.Done()
			close(stopping)
		}()
		stopped <- monitor.Stop(patience)
		return nil
	}), meshvitals.WithTimeout(time.Hour))
	<-stopping
	expectCode(t, monitor.Close(), meshvitals.ErrTimeout)
	select {
	case <-stopped:
		t.Fatal("the stop was not under way any more")
	default:
	}
}
