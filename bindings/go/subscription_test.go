package meshvitals_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"meshvitals"
)

func TestEventsComeThroughAnIteratorAndAChannel(t *testing.T) {
	monitor := started(t, quiet)
	iterated := subscribe(t, monitor, meshvitals.KindStatus|meshvitals.KindLife)
	channelled := subscribe(t, monitor, meshvitals.KindStatus|meshvitals.KindLife)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := channelled.Chan(ctx)
	check := register(t, monitor, "beat", meshvitals.Heartbeat{TTL: time.Hour},
		meshvitals.WithCookie(9))
	expectOK(t, check.Beat())

	named := await(t, iterated, func(event meshvitals.Event) bool {
		return event.Kind == meshvitals.EventRegistered
	})
	expect(t, named.Text, "beat")
	changed := awaitStatus(t, iterated, check, meshvitals.Healthy)
	expect(t, changed.ID, check.ID())
	expect(t, changed.Cookie, 9)
	expect(t, changed.Previous, meshvitals.Unknown)
	if age := time.Since(changed.At); age < 0 || age > patience {
		t.Fatalf("it happened %v ago", age)
	}
	handle, err := monitor.Handle(changed.ID)
	expectOK(t, err)
	expect(t, handle, check.Handle)
	for event := range events {
		if event.Kind == meshvitals.EventStatus && event.ID == check.ID() {
			expect(t, event.Status, meshvitals.Healthy)
			break
		}
	}
	cancel()
	for range events {
	}
}

func TestAChannelEndsWithItsMonitor(t *testing.T) {
	monitor := started(t, quiet)
	events := subscribe(t, monitor, meshvitals.KindLife).Chan(context.Background())
	expectOK(t, monitor.Stop(patience))
	expect(t, (<-events).Kind, meshvitals.EventStopped)
	if event, more := <-events; more {
		t.Fatal(event)
	}
}

func TestWaitingEndsWithTheContextAndWithClose(t *testing.T) {
	monitor := newMonitor(t, quiet)
	subscription := subscribe(t, monitor, meshvitals.KindStatus)
	drain(subscription)
	for range 50 {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 2)
		for range 2 {
			go func() {
				for {
					if _, err := subscription.Poll(ctx); err != nil {
						ended <- err
						return
					}
				}
			}()
		}
		cancel()
		expect(t, <-ended, context.Canceled)
		expect(t, <-ended, context.Canceled)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := subscription.Poll(ctx)
	expect(t, err, context.DeadlineExceeded)

	ended := make(chan error, 4)
	for range cap(ended) {
		go func() {
			for {
				if _, err := subscription.Poll(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	subscription.Close()
	subscription.Close()
	for range cap(ended) {
		expectCode(t, <-ended, meshvitals.ErrStopped)
	}
}

// drain takes what is there: a context that has ended waits for nothing.
func drain(subscription *meshvitals.Subscription) (events []meshvitals.Event) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		more, err := subscription.Poll(ctx)
		if err != nil || len(more) == 0 {
			return events
		}
		events = append(events, more...)
	}
}

// Waiting hears of edges only: every event must end a wait, however it falls together with others.
func TestNoWaitIsMissed(t *testing.T) {
	monitor := started(t, quiet)
	check := register(t, monitor, "a", meshvitals.External{}, meshvitals.WithInterval(24*time.Hour))
	subscription := subscribe(t, monitor, meshvitals.KindStatus)
	statuses := []meshvitals.Status{meshvitals.Healthy, meshvitals.Unhealthy}
	for round := range 2000 {
		want := statuses[round%2]
		go func() { _ = check.Override(want, meshvitals.Forever) }()
		await(t, subscription, func(event meshvitals.Event) bool {
			return event.ID == check.ID() && event.Status == want &&
				event.Reason == meshvitals.ReasonOverridden
		})
	}
}

func TestSeveralConsumersShareASubscription(t *testing.T) {
	monitor := newMonitor(t, quiet)
	subscription := subscribe(t, monitor, meshvitals.KindLife)
	const checks = 500
	configs := make([]meshvitals.CheckConfig, checks)
	for i := range configs {
		configs[i] = meshvitals.CheckConfig{
			Name: fmt.Sprint(i), Probe: meshvitals.Heartbeat{TTL: time.Hour},
		}
	}
	var consumers sync.WaitGroup
	var mu sync.Mutex
	seen := map[meshvitals.ID]int{}
	for range 4 {
		consumers.Add(1)
		go func() {
			defer consumers.Done()
			for event := range subscription.All(context.Background()) {
				if event.Kind == meshvitals.EventRegistered {
					mu.Lock()
					seen[event.ID]++
					mu.Unlock()
				}
			}
		}()
	}
	added, err := monitor.RegisterMany(configs...)
	expectOK(t, err)
	expectOK(t, monitor.Stop(patience))
	consumers.Wait()
	for _, check := range added {
		expect(t, seen[check.ID()], 1)
	}
}

func TestWhatNobodyTakesIsMergedPerCheck(t *testing.T) {
	monitor := newMonitor(t, manual)
	check := register(t, monitor, "a", meshvitals.External{})
	subscription, err := monitor.Subscribe(meshvitals.KindStatus, 1)
	expectOK(t, err)
	defer subscription.Close()
	drain(subscription)
	statuses := []meshvitals.Status{meshvitals.Healthy, meshvitals.Degraded, meshvitals.Unhealthy}
	for _, status := range statuses {
		expectOK(t, check.Override(status, meshvitals.Forever))
	}
	var last meshvitals.Event
	for event := range subscription.All(context.Background()) {
		if event.ID == check.ID() {
			last = event
		}
	}
	expect(t, last.Status, meshvitals.Unhealthy)
	expect(t, last.Merged, 2)
}

func TestAManualMonitorNeverWaits(t *testing.T) {
	monitor := newMonitor(t, manual)
	subscription := subscribe(t, monitor, meshvitals.KindLife)
	for range subscription.All(context.Background()) {
		t.Fatal("there is no event")
	}
	events, err := subscription.Poll(context.Background())
	expectOK(t, err)
	expect(t, len(events), 0)
}

func TestSubscriptionsThatAreNoneAreRefused(t *testing.T) {
	monitor := newMonitor(t, quiet)
	for _, capacity := range []int{0, -1, 1<<20 + 1, 1<<32 + 1, math.MaxInt, math.MinInt} {
		_, err := monitor.Subscribe(meshvitals.KindStatus, capacity)
		expectCode(t, err, meshvitals.ErrRange)
	}
	_, err := monitor.Subscribe(0, 1)
	expectCode(t, err, meshvitals.ErrRange)
	subscribe(t, monitor, meshvitals.KindDue)
	_, err = monitor.Subscribe(meshvitals.KindDue, 1)
	expectCode(t, err, meshvitals.ErrBusy)
}

func TestALoopEndsWithItsContextThoughEventsAreThere(t *testing.T) {
	monitor := started(t, quiet)
	subscription := subscribe(t, monitor, meshvitals.KindLife)
	for number := range 8 {
		expectOK(t, func() error {
			_, err := monitor.RegisterJSON(
				fmt.Sprintf(`{"name": "beat %d", "heartbeat": {"ttl": "1h"}}`, number))
			return err
		}())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seen := 0
	for range subscription.All(ctx) {
		seen++
		cancel()
	}
	expect(t, seen, 1)
}
