package meshvitals

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAStructAndOptionsSayTheSame(t *testing.T) {
	delay := 3 * time.Second
	want, err := encode("test", CheckConfig{
		Name: "db", Probe: TCP{Address: "10.0.0.5:5432"},
		Interval: 10 * time.Second, Timeout: 2 * time.Second, ConfirmInterval: time.Second,
		InitialDelay: &delay, Jitter: Ptr(0.2), FailureThreshold: 4, SuccessThreshold: 5,
		FirstResultDecides: "none", StartGrace: time.Minute, Critical: Ptr(false),
		Role: "inform", Tags: []string{"readiness", "own"}, Cookie: 7,
		DependsOn: []string{"host", "net"},
	})
	if err != nil {
		t.Fatal(err)
	}
	check := CheckConfig{Name: "db", Probe: TCP{Address: "10.0.0.5:5432"}}
	for _, option := range []Option{
		WithInterval(10 * time.Second), WithTimeout(2 * time.Second),
		WithConfirmInterval(time.Second), WithInitialDelay(delay), WithJitter(0.2),
		WithThresholds(4, 5), WithFirstResult("none"), WithStartGrace(time.Minute),
		WithCritical(false), WithRole("inform"), WithTags("readiness"), WithTags("own"),
		WithCookie(7), WithDependsOn("host", "net"),
	} {
		option(&check)
	}
	got, err := encode("test", check)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestOptionsDoNotWriteIntoTheConfigOfTheCaller(t *testing.T) {
	tags := append(make([]string, 0, 8), "a")
	config := CheckConfig{Tags: tags, DependsOn: tags}
	WithTags("b")(&config)
	WithDependsOn("c")(&config)
	if got := tags[:2]; got[1] != "" {
		t.Fatal(got)
	}
}

func TestABatchIsAllOrNothingAndItsErrorHasTheIndex(t *testing.T) {
	monitor, err := New(Config{SystemChecks: Ptr(false)})
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Close()
	pass := Func(func(context.Context) error { return nil })
	_, err = monitor.RegisterMany(
		CheckConfig{Name: "a", Probe: pass}, CheckConfig{Name: "b", Probe: pass, Interval: -1})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != ErrDocument || refused.Key != "/1/interval" {
		t.Fatal(err)
	}
	if _, err := monitor.Check("a"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if known := len(monitor.inner.functions.known); known != 0 {
		t.Fatalf("%d functions of checks that are not there", known)
	}
	checks, err := monitor.RegisterManyJSON(
		`[{"name": "a", "external": {}}, {"name": "b", "heartbeat": {"ttl": 1}}]`)
	if err != nil || len(checks) != 2 {
		t.Fatal(checks, err)
	}
	if _, err := monitor.RegisterManyJSON(`{"name": "a"}`); !errors.Is(err, ErrDocument) {
		t.Fatal(err)
	}
	if none, err := monitor.RegisterMany(); err != nil || len(none) != 0 {
		t.Fatal(none, err)
	}
	if err := monitor.Unregister(checks...); err != nil {
		t.Fatal(err)
	}
	for _, check := range checks {
		if _, err := check.Snapshot(); !errors.Is(err, ErrStale) {
			t.Fatal(err)
		}
	}
}

func TestAFunctionGoesWithItsCheck(t *testing.T) {
	monitor, err := New(Config{SystemChecks: Ptr(false)})
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Close()
	check, err := monitor.Register(CheckConfig{
		Name: "a", Probe: Func(func(context.Context) error { return nil })})
	if err != nil {
		t.Fatal(err)
	}
	known := func() int { return len(monitor.inner.functions.known) }
	if known() != 1 {
		t.Fatal(known())
	}
	if _, err := monitor.Replace(CheckConfig{Name: "a", Probe: External{}}); err != nil {
		t.Fatal(err)
	}
	if known() != 0 {
		t.Fatal(known())
	}
	if _, err := monitor.Replace(CheckConfig{
		Name: "a", Probe: Measure(func(context.Context) Result { return Result{} }),
	}); err != nil {
		t.Fatal(err)
	}
	if err := check.Unregister(); err != nil {
		t.Fatal(err)
	}
	if known() != 0 {
		t.Fatal(known())
	}
}
