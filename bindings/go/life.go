package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"errors"
	"math"
	"runtime"
	"time"
)

// Start starts the background thread. A monitor that runs is left as it is; one that was stopped
// begins anew: registrations stay, statuses are Unknown.
func (m *Monitor) Start() error {
	defer runtime.KeepAlive(m)
	i := m.inner
	i.life.Lock()
	defer i.life.Unlock()
	err := i.call("start", func(
		c *C.meshvitals_monitor_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_monitor_start(c, raw)
	})
	if err != nil {
		return err
	}
	i.functions.pump.start()
	i.log.pump.start()
	return nil
}

// Stop stops the background thread, ends the contexts of functions, and waits for both.
// Afterwards nothing runs and every status is Unknown. ErrTimeout if something is still running
// when the time has passed: no further run starts, and no status changes. A function of a check that
// calls it waits for itself, which is ErrTimeout in the end.
func (m *Monitor) Stop(timeout time.Duration) error {
	defer runtime.KeepAlive(m)
	i := m.inner
	until := time.Now().Add(timeout)
	ms := C.uint32_t(min(max(timeout, 0).Milliseconds(), math.MaxUint32))
	i.life.Lock()
	err := i.call("stop", func(
		c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_monitor_stop(c, ms)
	})
	i.life.Unlock()
	if err != nil && !errors.Is(err, ErrTimeout) {
		return err
	}
	return errors.Join(err, i.join("stop", until))
}

// Close stops the monitor as Stop does, waiting at most its stop_timeout (of NewJSON 2 s for
// functions), and releases it with its checks. Statuses read Unknown, subscriptions give the rest,
// other calls return ErrStopped. It may be called again.
func (m *Monitor) Close() error {
	defer runtime.KeepAlive(m)
	return m.inner.close()
}

func (i *inner) close() error {
	i.life.Lock()
	until := time.Now().Add(i.stopTimeout)
	// Who entered C has left it when the gate is locked, and nobody enters after that.
	i.gate.Lock()
	c := i.c
	i.c = nil
	i.gate.Unlock()
	if c != nil {
		C.meshvitals_monitor_free(c)
	}
	i.life.Unlock()
	if c == nil {
		return nil
	}
	// Without the lock: what is waited for may itself be waiting to stop this monitor.
	err := i.join("close", until)
	i.functions.pump.close()
	i.log.pump.close()
	return err
}

// join waits for the goroutines of the package after the engine has stopped.
func (i *inner) join(op string, until time.Time) error {
	i.functions.pump.join(until)
	err := i.functions.stop(op, until)
	i.log.pump.join(until)
	return err
}

// Advance moves a manual monitor (Config.Clock "manual") to an instant, which its clock counts
// from the unix epoch, and does what is due: one turn, functions included. It returns when the
// next turn is needed, zero if nothing is planned. One call at a time.
func (m *Monitor) Advance(now time.Time) (time.Time, error) {
	defer runtime.KeepAlive(m)
	i := m.inner
	if !i.advancing.CompareAndSwap(false, true) {
		text := "another call is under way, which may be the one that runs this function"
		return time.Time{}, &Error{Op: "advance", Code: ErrDeadlock, Message: text}
	}
	defer i.advancing.Store(false)
	for {
		next := C.uint64_t(math.MaxUint64)
		err := i.call("advance", func(
			c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
		) C.meshvitals_code_t {
			return C.meshvitals_monitor_advance(c, C.uint64_t(i.clock.ns(now)), &next)
		})
		if err != nil {
			return time.Time{}, err
		}
		// What functions answered may bring the next turn forward.
		if !i.functions.runDue() {
			return i.clock.time(uint64(next)), nil
		}
	}
}

// Now is the clock of the monitor: time.Now, or of a manual one the instant that it was last
// advanced to.
func (m *Monitor) Now() time.Time {
	if !m.inner.clock.manual {
		return time.Now()
	}
	var now time.Time
	_ = m.inner.call("now", func(
		c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		now = m.inner.clock.time(uint64(C.meshvitals_now_ns(c)))
		return C.MESHVITALS_OK
	})
	runtime.KeepAlive(m)
	return now
}
