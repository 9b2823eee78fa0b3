package meshvitals_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meshvitals"
)

var stress = flag.Duration("stress", time.Second, "how long goroutines hammer one monitor")

const hammers = 64

var rounds, runs atomic.Int64

// Everything at once: goroutines register, read, poll and unregister, while others start and stop
// the monitor and a last one closes it in the middle of all.
func TestManyGoroutinesShareAMonitor(t *testing.T) {
	monitor := started(t, quiet)
	expectOK(t, monitor.LogTo(discard))
	ctx, cancel := context.WithTimeout(context.Background(), *stress)
	defer cancel()
	var all sync.WaitGroup
	problems := make(chan error, hammers+1)
	for number := range hammers {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := 0; ctx.Err() == nil; round++ {
				rounds.Add(1)
				if err := hammer(monitor, number, round); err != nil {
					problems <- fmt.Errorf("%d, round %d: %w", number, round, err)
					return
				}
			}
		}()
	}
	all.Add(1)
	go func() {
		defer all.Done()
		for again := time.Tick(200 * time.Millisecond); ctx.Err() == nil; <-again {
			if err := errors.Join(monitor.Stop(patience), monitor.Start()); err != nil {
				problems <- err
				return
			}
		}
	}()
	<-ctx.Done()
	all.Wait()
	close(problems)
	for err := range problems {
		t.Error(err)
	}
	t.Logf("%d rounds, %d runs of functions", rounds.Load(), runs.Load())
	if rounds.Load() < hammers || runs.Load() == 0 {
		t.Error("there was no stress")
	}
	checks, err := monitor.Checks()
	expectOK(t, err)
	expect(t, len(checks), 1)
	// The end comes in the middle of calls.
	for number := range hammers {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := 0; ; round++ {
				if err := hammer(monitor, number, round); err != nil {
					if !errors.Is(err, meshvitals.ErrStopped) {
						t.Error(err)
					}
					return
				}
			}
		}()
	}
	expectOK(t, monitor.Close())
	all.Wait()
}

// hammer is one round of one goroutine.
func hammer(monitor *meshvitals.Monitor, number, round int) error {
	name := fmt.Sprintf("own %d", number)
	subscription, err := monitor.Subscribe(meshvitals.KindStatus|meshvitals.KindLife, 16)
	if err != nil {
		return err
	}
	defer subscription.Close()
	own, err := monitor.Register(meshvitals.CheckConfig{
		Name: name, Interval: 10 * time.Millisecond, Timeout: 50 * time.Millisecond,
		Probe: meshvitals.Func(func(ctx context.Context) error {
			runs.Add(1)
			switch round % 4 {
			case 0:
				panic(name)
			case 1:
				<-ctx.Done()
				return ctx.Err()
			case 2:
				return meshvitals.Warn(errors.New("so so"))
			}
			return nil
		}),
	})
	if err != nil {
		return err
	}
	beat, err := monitor.RegisterJSON(
		fmt.Sprintf(`{"name": "beat %d", "heartbeat": {"ttl": "1h"}, "tags": ["t%d"]}`,
			number, number%8))
	if err != nil {
		return err
	}
	// A stop may come between any two calls.
	if err := beat.Beat(); err != nil && !errors.Is(err, meshvitals.ErrNotRunning) {
		return err
	}
	for range 100 {
		if status := own.Status(); status < meshvitals.Unknown || status > meshvitals.Unhealthy {
			return fmt.Errorf("no status: %v", status)
		}
		_ = beat.StatusAt(time.Now())
		_ = monitor.Overall()
	}
	if _, err := own.Snapshot(); err != nil {
		return err
	}
	if round%32 == 0 {
		if _, err := monitor.Render("json"); err != nil {
			return err
		}
	}
	// The function runs meanwhile, or its check goes before.
	wait := time.Duration(round%4) * 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for err == nil {
		_, err = subscription.Poll(ctx)
	}
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, meshvitals.ErrStopped) {
		return err
	}
	return monitor.Unregister(own, beat)
}
