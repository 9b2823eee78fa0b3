package meshvitals_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meshvitals"
)

func TestWhatAFunctionReturnsIsTheResult(t *testing.T) {
	cause := errors.New("the queue is long")
	for _, one := range []struct {
		probe   meshvitals.Probe
		outcome meshvitals.Outcome
		reason  meshvitals.Reason
		text    string
	}{
		{meshvitals.Func(func(context.Context) error { return nil }),
			meshvitals.OutcomePass, meshvitals.ReasonNone, ""},
		{meshvitals.Func(func(context.Context) error { return cause }),
			meshvitals.OutcomeFail, meshvitals.ReasonReported, "the queue is long"},
		{meshvitals.Func(func(context.Context) error {
			return fmt.Errorf("a: %w", meshvitals.Warn(cause))
		}), meshvitals.OutcomeWarn, meshvitals.ReasonReported, "a: the queue is long"},
		{meshvitals.Func(func(context.Context) error { return meshvitals.Local(cause) }),
			meshvitals.OutcomeLocal, meshvitals.ReasonReported, "the queue is long"},
		{meshvitals.Func(func(context.Context) error { return meshvitals.Warn(nil) }),
			meshvitals.OutcomePass, meshvitals.ReasonNone, ""},
		{meshvitals.Func(func(context.Context) error { panic("lost") }),
			meshvitals.OutcomeFail, meshvitals.ReasonCallbackPanicked, "panic: lost"},
		{meshvitals.Func(func(context.Context) error { return errors.New(strings.Repeat("ä", 200)) }),
			meshvitals.OutcomeFail, meshvitals.ReasonReported, strings.Repeat("ä", 79)},
		{meshvitals.Measure(func(context.Context) meshvitals.Result {
			return meshvitals.Result{Outcome: meshvitals.OutcomeFail, Reason: 12345, Message: "own"}
		}), meshvitals.OutcomeFail, 12345, "own"},
		{meshvitals.Measure(func(context.Context) meshvitals.Result { return meshvitals.Result{} }),
			meshvitals.OutcomeFail, meshvitals.ReasonReported, "the function gave no result"},
	} {
		monitor := newMonitor(t, manual)
		results := subscribe(t, monitor, meshvitals.KindResult)
		register(t, monitor, "own", one.probe)
		advance(t, monitor, 0)
		result := awaitResult(t, results)
		expect(t, result.Outcome, one.outcome)
		expect(t, result.Reason, one.reason)
		if !strings.HasPrefix(result.Text, one.text) {
			t.Errorf("%q does not begin with %q", result.Text, one.text)
		}
	}
}

func TestAFunctionThatEndsItsGoroutineFails(t *testing.T) {
	monitor := started(t, quiet)
	results := subscribe(t, monitor, meshvitals.KindResult)
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		runtime.Goexit()
		return nil
	}))
	result := awaitResult(t, results)
	expect(t, result.Outcome, meshvitals.OutcomeFail)
	expect(t, result.Text, "the function ended its goroutine")
}

func TestAMeasuredValueArrives(t *testing.T) {
	monitor := newMonitor(t, manual)
	check := register(t, monitor, "own", meshvitals.Measure(
		func(context.Context) meshvitals.Result {
			return meshvitals.Result{
				Outcome: meshvitals.OutcomePass, Value: meshvitals.Ptr(4.5), Latency: time.Second,
			}
		}), meshvitals.WithCookie(7))
	snapshot, err := check.Snapshot()
	expectOK(t, err)
	if snapshot.Value != nil {
		t.Fatal("there is a value before the first run")
	}
	advance(t, monitor, 0)
	snapshot, err = check.Snapshot()
	expectOK(t, err)
	expect(t, *snapshot.Value, 4.5)
	expect(t, snapshot.Latency, time.Second)
	expect(t, snapshot.Cookie, 7)
	expect(t, snapshot.Status, meshvitals.Healthy)
	expect(t, snapshot.Next, time.Unix(15, 0))
}

func TestTheContextHasTheDeadlineAndWhoGivesUpThereWasSilent(t *testing.T) {
	monitor := started(t, quiet)
	results := subscribe(t, monitor, meshvitals.KindResult)
	left := make(chan time.Duration, 100)
	register(t, monitor, "own", meshvitals.Func(func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left <- time.Until(deadline)
		<-ctx.Done()
		return ctx.Err()
	}), meshvitals.WithTimeout(50*time.Millisecond))
	expect(t, awaitResult(t, results).Outcome, meshvitals.OutcomeTimeout)
	if left := <-left; left > 50*time.Millisecond || left < -time.Second {
		t.Fatalf("the deadline is %v away", left)
	}
}

// A function that ignores its context is a timeout at the deadline, and further ones while it does
// not come back; meanwhile it is not called again, and after it came back it is.
func TestAFunctionIsNeverCalledTwiceAtOnce(t *testing.T) {
	monitor := started(t, quiet)
	results := subscribe(t, monitor, meshvitals.KindResult)
	var calls, inside atomic.Int32
	release := make(chan struct{})
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		if inside.Add(1) > 1 {
			panic("called twice at once")
		}
		defer inside.Add(-1)
		if calls.Add(1) == 1 {
			<-release
		}
		return nil
	}), meshvitals.WithTimeout(10*time.Millisecond), meshvitals.WithInterval(20*time.Millisecond))
	expect(t, awaitResult(t, results).Outcome, meshvitals.OutcomeTimeout)
	for range 3 {
		await(t, results, func(event meshvitals.Event) bool {
			return event.Reason == meshvitals.ReasonStillRunning &&
				event.Outcome == meshvitals.OutcomeTimeout
		})
	}
	expect(t, calls.Load(), 1)
	close(release)
	await(t, results, func(event meshvitals.Event) bool {
		return event.Outcome == meshvitals.OutcomePass
	})
}

func TestAContextEndsWhenNobodyWantsTheAnswer(t *testing.T) {
	for name, end := range map[string]func(*meshvitals.Monitor, meshvitals.Check) error{
		"unregister": func(_ *meshvitals.Monitor, check meshvitals.Check) error {
			return check.Unregister()
		},
		"pause": func(_ *meshvitals.Monitor, check meshvitals.Check) error { return check.Pause() },
		"stop": func(monitor *meshvitals.Monitor, _ meshvitals.Check) error {
			return monitor.Stop(patience)
		},
		"close": func(monitor *meshvitals.Monitor, _ meshvitals.Check) error {
			return monitor.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			monitor := started(t, quiet)
			entered, left := make(chan struct{}), make(chan error, 1)
			check := register(t, monitor, "own", meshvitals.Func(func(ctx context.Context) error {
				close(entered)
				<-ctx.Done()
				left <- ctx.Err()
				return nil
			}), meshvitals.WithTimeout(time.Hour))
			<-entered
			expectOK(t, end(monitor, check))
			expect(t, <-left, context.Canceled)
		})
	}
}

func TestStopAndCloseSayThatAFunctionHasNotComeBack(t *testing.T) {
	config := quiet
	config.StopTimeout = 10 * time.Millisecond
	monitor := started(t, config)
	entered, release := make(chan struct{}), make(chan struct{})
	check := register(t, monitor, "own", meshvitals.Func(func(context.Context) error {
		close(entered)
		<-release
		return nil
	}))
	<-entered
	expectCode(t, monitor.Stop(10*time.Millisecond), meshvitals.ErrTimeout)
	expectCode(t, monitor.Close(), meshvitals.ErrTimeout)
	expectOK(t, monitor.Close())
	expect(t, check.Status(), meshvitals.Unknown)
	close(release)
}

func TestReplacingSwapsTheFunction(t *testing.T) {
	monitor := newMonitor(t, manual)
	results := subscribe(t, monitor, meshvitals.KindResult)
	config := func(text string) meshvitals.CheckConfig {
		return meshvitals.CheckConfig{Name: "own", Probe: meshvitals.Func(
			func(context.Context) error { return errors.New(text) })}
	}
	first, err := monitor.Replace(config("first"))
	expectOK(t, err)
	advance(t, monitor, 0)
	expect(t, awaitResult(t, results).Text, "first")
	second, err := monitor.Replace(config("second"))
	expectOK(t, err)
	expect(t, first, second)
	advance(t, monitor, 15*time.Second)
	expect(t, awaitResult(t, results).Text, "second")
	_, err = monitor.Replace(meshvitals.CheckConfig{
		Name: "own", Probe: meshvitals.Heartbeat{TTL: time.Second},
	})
	expectOK(t, err)
	expectOK(t, first.Beat())
}

func TestFunctionsOfAConfigAndOfABatchRun(t *testing.T) {
	pass := meshvitals.Func(func(context.Context) error { return nil })
	config := manual
	config.Checks = []meshvitals.CheckConfig{
		{Name: "first", Probe: pass}, {Name: "beat", Probe: meshvitals.Heartbeat{TTL: time.Hour}},
	}
	monitor := newMonitor(t, config)
	checks, err := monitor.RegisterMany(
		meshvitals.CheckConfig{Name: "second", Probe: pass, DependsOn: []string{"first"}},
		meshvitals.CheckConfig{Name: "third", Probe: pass},
	)
	expectOK(t, err)
	advance(t, monitor, 0)
	first, err := monitor.Check("first")
	expectOK(t, err)
	for _, check := range append(checks, first) {
		expect(t, check.Status(), meshvitals.Healthy)
	}
}

func TestFunctionsAndTheirOwnScheduleDoNotMix(t *testing.T) {
	monitor := newMonitor(t, manual)
	due := subscribe(t, monitor, meshvitals.KindDue)
	pass := meshvitals.Func(func(context.Context) error { return nil })
	own := meshvitals.CheckConfig{Name: "own", Probe: pass}
	_, err := monitor.Register(own)
	expectCode(t, err, meshvitals.ErrBusy)
	external := register(t, monitor, "external", meshvitals.External{})
	advance(t, monitor, 0)
	request := await(t, due, func(event meshvitals.Event) bool { return event.ID == external.ID() })
	expect(t, request.Kind, meshvitals.EventCheckDue)
	expect(t, request.Deadline, time.Unix(5, 0))
	answer := meshvitals.Result{Outcome: meshvitals.OutcomePass, Token: request.Token}
	expectOK(t, external.Report(answer))
	expectCode(t, external.Report(answer), meshvitals.ErrStale)
	expect(t, external.Status(), meshvitals.Healthy)
	due.Close()

	_, err = monitor.Register(own)
	expectOK(t, err)
	results := subscribe(t, monitor, meshvitals.KindResult)
	advance(t, monitor, 15*time.Second)
	await(t, results, func(event meshvitals.Event) bool {
		return event.ID == external.ID() && event.Reason == meshvitals.ReasonHostNotPolling
	})
	for _, probe := range []meshvitals.Probe{meshvitals.Func(nil), meshvitals.Measure(nil)} {
		_, err = monitor.Register(meshvitals.CheckConfig{Name: "nil", Probe: probe})
		expectCode(t, err, meshvitals.ErrNull)
	}
}
