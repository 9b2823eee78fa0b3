package meshvitals

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// forgotten makes a monitor that works and that nobody holds any more, nor closes.
func forgotten(t *testing.T) cell {
	monitor, err := New(Config{SystemChecks: Ptr(false), StartSpread: Ptr(time.Duration(0))})
	if err != nil {
		t.Fatal(err)
	}
	check, err := monitor.Register(CheckConfig{
		Name: "own", Probe: Func(func(context.Context) error { return nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	subscription, err := monitor.Subscribe(KindStatus, 16)
	if err != nil {
		t.Fatal(err)
	}
	if err := monitor.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for event := range subscription.All(ctx) {
		if event.ID == check.ID() && event.Status == Healthy {
			break
		}
	}
	return check.cell
}

func TestAMonitorThatWasForgottenIsClosed(t *testing.T) {
	before := runtime.NumGoroutine()
	cell := forgotten(t)
	if cell.status() != Healthy {
		t.Fatal(cell.status())
	}
	for end := time.Now().Add(20 * time.Second); cell.status() != Unknown ||
		runtime.NumGoroutine() > before; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal(cell.status(), runtime.NumGoroutine(), before)
		}
	}
}

func TestAHandleKeepsItsMonitor(t *testing.T) {
	check := func() Check {
		monitor, err := New(Config{SystemChecks: Ptr(false)})
		if err != nil {
			t.Fatal(err)
		}
		check, err := monitor.RegisterJSON(`{"name": "a", "external": {}}`)
		if err != nil {
			t.Fatal(err)
		}
		if err := check.Override(Healthy, Forever); err != nil {
			t.Fatal(err)
		}
		return check
	}()
	for range 20 {
		runtime.GC()
	}
	if check.Status() != Healthy {
		t.Fatal(check.Status())
	}
	if err := check.monitor.Close(); err != nil {
		t.Fatal(err)
	}
}
