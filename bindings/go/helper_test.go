package meshvitals_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"meshvitals"
)

// patience is for what should come at once.
const patience = 20 * time.Second

// quiet is a monitor with a clock of its own that watches nothing of the host.
var quiet = meshvitals.Config{
	SystemChecks: meshvitals.Ptr(false), StartSpread: meshvitals.Ptr(time.Duration(0)),
}

// manual is a monitor whose clock the test moves.
var manual = meshvitals.Config{Clock: "manual", StartSpread: meshvitals.Ptr(time.Duration(0))}

func newMonitor(t testing.TB, config meshvitals.Config) *meshvitals.Monitor {
	t.Helper()
	monitor, err := meshvitals.New(config)
	expectOK(t, err)
	t.Cleanup(func() { _ = monitor.Close() })
	return monitor
}

func started(t testing.TB, config meshvitals.Config) *meshvitals.Monitor {
	t.Helper()
	monitor := newMonitor(t, config)
	expectOK(t, monitor.Start())
	return monitor
}

func register(
	t testing.TB, monitor *meshvitals.Monitor, name string, probe meshvitals.Probe,
	options ...meshvitals.Option,
) meshvitals.Check {
	t.Helper()
	options = append([]meshvitals.Option{
		meshvitals.WithJitter(0), meshvitals.WithThresholds(1, 1), meshvitals.WithFirstResult("any"),
	}, options...)
	check, err := monitor.Register(meshvitals.CheckConfig{Name: name, Probe: probe}, options...)
	expectOK(t, err)
	return check
}

func subscribe(
	t testing.TB, monitor *meshvitals.Monitor, kinds meshvitals.Kinds,
) *meshvitals.Subscription {
	t.Helper()
	subscription, err := monitor.Subscribe(kinds, 1024)
	expectOK(t, err)
	t.Cleanup(subscription.Close)
	return subscription
}

// advance moves a manual monitor to so long after the beginning of its clock.
func advance(t testing.TB, monitor *meshvitals.Monitor, to time.Duration) {
	t.Helper()
	_, err := monitor.Advance(time.Unix(0, 0).Add(to))
	expectOK(t, err)
}

// await takes events until one fits.
func await(
	t testing.TB, subscription *meshvitals.Subscription, fits func(meshvitals.Event) bool,
) meshvitals.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for event := range subscription.All(ctx) {
		if fits(event) {
			return event
		}
	}
	t.Fatal("the event did not come")
	return meshvitals.Event{}
}

func awaitStatus(
	t testing.TB, subscription *meshvitals.Subscription, check meshvitals.Check,
	status meshvitals.Status,
) meshvitals.Event {
	t.Helper()
	return await(t, subscription, func(event meshvitals.Event) bool {
		return event.Kind == meshvitals.EventStatus && event.Status == status &&
			event.ID == check.ID()
	})
}

func awaitResult(t testing.TB, subscription *meshvitals.Subscription) meshvitals.Event {
	t.Helper()
	return await(t, subscription, func(event meshvitals.Event) bool {
		return event.Kind == meshvitals.EventResult
	})
}

func expectOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expectCode(t testing.TB, err error, code meshvitals.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("%v: not %v", err, code)
	}
}

func expect[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}
