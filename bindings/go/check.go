package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"math"
	"runtime"
	"time"
)

// Check is a check that was registered. It is small and may be copied and compared.
type Check struct {
	Handle
}

// Group is a named set of checks with one status: a tag of any check, or "readiness", "liveness"
// and "startup", which are always there, or "overall", the group of all checks.
type Group struct {
	Handle
}

// call enters C on behalf of a check or group.
func (h Handle) call(op string, enter func(*C.meshvitals_monitor_t) C.meshvitals_code_t) error {
	if h.monitor == nil {
		return &Error{Op: op, Code: ErrNotFound, Message: "the handle is empty"}
	}
	defer runtime.KeepAlive(h.monitor)
	return h.monitor.inner.call(op, func(
		m *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return enter(m)
	})
}

// Answer is what a probe of an orchestrator is told. Readiness, the whole and the program's own
// groups: yes while functional, no while unhealthy, the last answer while unknown. Liveness: no
// only while unhealthy. Startup: yes once each critical member was functional. A check: whether it
// is functional.
func (h Handle) Answer() (bool, error) {
	var answer C.int32_t
	err := h.call("answer", func(m *C.meshvitals_monitor_t) C.meshvitals_code_t {
		answer = C.meshvitals_answer(m, C.meshvitals_check_id_t(h.cell.id))
		return C.meshvitals_code_t(min(answer, 0))
	})
	return answer > 0, err
}

// Report says how a run ended: of an External check, with the token of its CHECK_DUE event, or of
// a Heartbeat, with the token 0. ErrStale for a token that is unknown or was answered.
func (c Check) Report(result Result) error {
	if c.monitor == nil {
		return &Error{Op: "report", Code: ErrNotFound, Message: "the handle is empty"}
	}
	defer runtime.KeepAlive(c.monitor)
	return c.monitor.inner.report(c.cell.id, result)
}

func (i *inner) report(id ID, result Result) error {
	raw := result.raw(&i.clock)
	return i.call("report", func(
		m *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_report(m, C.meshvitals_check_id_t(id), raw)
	})
}

// Beat says that a Heartbeat goes well.
func (c Check) Beat() error {
	return c.Report(Result{Outcome: OutcomePass})
}

// CheckNow asks for a run and returns at once; a run in flight answers. The answer is an
// EventResult.
func (c Check) CheckNow() error {
	return c.call("check now", func(m *C.meshvitals_monitor_t) C.meshvitals_code_t {
		return C.meshvitals_check_now(m, C.meshvitals_check_id_t(c.cell.id))
	})
}

// Pause stops the runs of the check. It reads Unknown and is left out of its groups.
func (c Check) Pause() error {
	return c.pause("pause", 1)
}

// Resume lets it go on.
func (c Check) Resume() error {
	return c.pause("resume", 0)
}

func (c Check) pause(op string, paused C.int32_t) error {
	return c.call(op, func(m *C.meshvitals_monitor_t) C.meshvitals_code_t {
		return C.meshvitals_pause(m, C.meshvitals_check_id_t(c.cell.id), paused)
	})
}

// Forever is for Override.
const Forever = time.Duration(math.MaxInt64)

// Override publishes a status for a time, whatever is measured; see Forever.
func (c Check) Override(status Status, ttl time.Duration) error {
	if ttl <= 0 {
		text := "the time of an override is above 0; ClearOverride ends one"
		return &Error{Op: "override", Code: ErrRange, Message: text}
	}
	ms := uint64((ttl-1)/time.Millisecond) + 1
	if ttl == Forever {
		ms = math.MaxUint64
	}
	return c.override("override", status, ms)
}

// ClearOverride shows again what is measured.
func (c Check) ClearOverride() error {
	return c.override("clear override", Unknown, 0)
}

func (c Check) override(op string, status Status, ms uint64) error {
	return c.call(op, func(m *C.meshvitals_monitor_t) C.meshvitals_code_t {
		id := C.meshvitals_check_id_t(c.cell.id)
		return C.meshvitals_override(m, id, C.meshvitals_status_t(status), C.uint64_t(ms))
	})
}

// Unregister removes the check. When it returns no run starts; one may still be running.
func (c Check) Unregister() error {
	if c.monitor == nil {
		return &Error{Op: "unregister", Code: ErrNotFound, Message: "the handle is empty"}
	}
	return c.monitor.Unregister(c)
}
