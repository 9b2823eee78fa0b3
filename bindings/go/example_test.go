package meshvitals_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"time"

	"meshvitals"
)

// must is for examples only: programs look at their errors.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func Example() {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()

	monitor, err := meshvitals.New(meshvitals.Config{})
	if err != nil {
		panic(err)
	}
	defer monitor.Close()
	db, err := monitor.Register(meshvitals.CheckConfig{
		Name:     "db",
		Probe:    meshvitals.TCP{Address: listener.Addr().String()},
		Interval: time.Second,
		Tags:     []string{"readiness"},
	}, meshvitals.WithInitialDelay(0))
	if err != nil {
		panic(err)
	}
	events, err := monitor.Subscribe(meshvitals.KindStatus, 256)
	if err != nil {
		panic(err)
	}
	defer events.Close()
	if err := monitor.Start(); err != nil {
		panic(err)
	}
	for event := range events.All(context.Background()) {
		if event.ID == db.ID() && event.Reason != meshvitals.ReasonInitial {
			fmt.Println(monitor.Name(event.ID), event.Previous, event.Status)
			break
		}
	}
	fmt.Println(db.Status().IsFunctional())
	// Output:
	// db UNKNOWN HEALTHY
	// true
}

func ExampleMonitor_Register() {
	monitor := must(meshvitals.New(meshvitals.Config{}))
	defer monitor.Close()
	// A struct,
	_, err := monitor.Register(meshvitals.CheckConfig{
		Name:     "web",
		Probe:    meshvitals.HTTP{URL: "http://127.0.0.1:8080/health"},
		Interval: 5 * time.Second,
		Tags:     []string{"readiness"},
	})
	fmt.Println(err)
	// options,
	_, err = monitor.Register(
		meshvitals.CheckConfig{Name: "db", Probe: meshvitals.TCP{Address: "10.0.0.5:5432"}},
		meshvitals.WithInterval(5*time.Second), meshvitals.WithThresholds(2, 2),
		meshvitals.WithTags("readiness"))
	fmt.Println(err)
	// or a document.
	_, err = monitor.RegisterJSON(`{"name": "cache", "tcp": {"adress": "10.0.0.6:6379"}}`)
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// meshvitals: register: /tcp/adress: is not a known key; allowed: address, connect, tls, script
}

func ExampleFunc() {
	queue := make(chan string, 8)
	monitor := must(meshvitals.New(meshvitals.Config{Clock: "manual"}))
	defer monitor.Close()
	check := must(monitor.Register(meshvitals.CheckConfig{
		Name: "queue",
		Probe: meshvitals.Func(func(ctx context.Context) error {
			if len(queue) == cap(queue) {
				return errors.New("the queue is full")
			}
			return nil
		}),
	}, meshvitals.WithInitialDelay(0)))
	// A test moves the clock itself; a program calls Start.
	must(monitor.Advance(time.Unix(0, 0)))
	fmt.Println(check.Status())
	// Output: HEALTHY
}

func ExampleMeasure() {
	monitor := must(meshvitals.New(meshvitals.Config{Clock: "manual"}))
	defer monitor.Close()
	check := must(monitor.Register(meshvitals.CheckConfig{
		Name: "replication",
		Probe: meshvitals.Measure(func(ctx context.Context) meshvitals.Result {
			lag := 0.25
			return meshvitals.Result{Outcome: meshvitals.OutcomePass, Value: &lag}
		}),
	}, meshvitals.WithInitialDelay(0)))
	must(monitor.Advance(time.Unix(0, 0)))
	fmt.Println(*must(check.Snapshot()).Value)
	// Output: 0.25
}

func ExampleCheck_Beat() {
	monitor := must(meshvitals.New(meshvitals.Config{}))
	defer monitor.Close()
	jobs := must(monitor.Register(meshvitals.CheckConfig{
		Name: "jobs", Probe: meshvitals.Heartbeat{TTL: 30 * time.Second},
	}))
	if err := monitor.Start(); err != nil {
		panic(err)
	}
	// Whenever a job is done:
	if err := jobs.Beat(); err != nil {
		panic(err)
	}
	fmt.Println(jobs.Status())
	// Output: HEALTHY
}

func ExampleCode() {
	monitor := must(meshvitals.New(meshvitals.Config{}))
	defer monitor.Close()
	_, err := monitor.RegisterJSON(`{"name": "db", "tcp": {"address": "10.0.0.5"}}`)
	if errors.Is(err, meshvitals.ErrDocument) {
		var refused *meshvitals.Error
		errors.As(err, &refused)
		fmt.Println("refused at", refused.Key)
	}
	// Output: refused at /tcp/address
}

func ExampleMonitor_Handler() {
	monitor := must(meshvitals.New(meshvitals.Config{}))
	defer monitor.Close()
	// In a program: http.ListenAndServe("127.0.0.1:9001", monitor.Handler())
	recorder := httptest.NewRecorder()
	monitor.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/livez", nil))
	fmt.Println(recorder.Code, recorder.Body)
	// Output: 200 {"status":"pass"}
}

func ExampleProbeOnce() {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	result, err := meshvitals.ProbeOnce(meshvitals.CheckConfig{
		Name: "port", Probe: meshvitals.TCP{Address: listener.Addr().String()},
	})
	fmt.Println(result.Outcome, err)
	// Output: PASS <nil>
}

func ExampleSubscription_Chan() {
	monitor := must(meshvitals.New(meshvitals.Config{}))
	defer monitor.Close()
	subscription := must(monitor.Subscribe(meshvitals.KindLife, 64))
	defer subscription.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := subscription.Chan(ctx)
	must(monitor.RegisterJSON(`{"name": "jobs", "heartbeat": {"ttl": "30s"}}`))
	select {
	case event := <-events:
		fmt.Println("new:", event.Text)
	case <-time.After(10 * time.Second):
		fmt.Println("nothing happened")
	}
	// Output: new: jobs
}
