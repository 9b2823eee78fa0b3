package meshvitals

import (
	"context"
	"runtime"
	"testing"
)

// A start that comes between the end of the events and the end of the goroutine is not lost.
func TestAPumpThatWasStartedAgainGoesOn(t *testing.T) {
	p := pump{queue: &queue{}, starts: 2, running: make(chan struct{})}
	if p.end(1) || p.running == nil {
		t.Fatal("it has ended")
	}
	if !p.end(2) || p.running != nil {
		t.Fatal("it goes on")
	}
	p.starts, p.queue = 3, nil
	if !p.end(2) {
		t.Fatal("it goes on without a queue")
	}
}

// The engine may ask for a check before the one who registers it has said what its function is.
func TestARequestWaitsForTheFunctionThatIsOnItsWay(t *testing.T) {
	f := &functions{known: map[ID]*program{}}
	f.registering.RLock()
	found := make(chan *program, 1)
	go func() { found <- f.find(7) }()
	for f.registering.TryRLock() {
		f.registering.RUnlock()
		select {
		case <-found:
			t.Fatal("it did not wait")
		default:
			runtime.Gosched()
		}
	}
	f.put(7, func(context.Context) Result { return Result{} })
	f.registering.RUnlock()
	if <-found == nil {
		t.Fatal("it was not found")
	}
	if f.find(8) != nil {
		t.Fatal("something was found that nobody has registered")
	}
}

func TestRequestsWaitWhileAFunctionIsRegistered(t *testing.T) {
	monitor, err := New(Config{Clock: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Close()
	f := &monitor.inner.functions
	err = monitor.withFunctions("test", nil, func() ([]Check, error) {
		if f.registering.TryLock() {
			f.registering.Unlock()
			t.Error("a request would not wait")
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
