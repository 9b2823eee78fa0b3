package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import "time"

// Mask is what lies over the measured status.
type Mask uint32

// The masks.
const (
	MaskOverride Mask = C.MESHVITALS_MASK_OVERRIDE // the program said what to publish
	MaskPaused   Mask = C.MESHVITALS_MASK_PAUSED   // the program paused the check
	MaskBlocked  Mask = C.MESHVITALS_MASK_BLOCKED  // a dependency does not work
	MaskStale    Mask = C.MESHVITALS_MASK_STALE    // the last result is too old
)

// Snapshot is everything known about a check or group.
type Snapshot struct {
	ID         ID
	Name       string
	Cookie     uint64
	Status     Status // what everybody reads
	Measured   Status // what the detector says, below all masks
	Mask       Mask
	Reason     Reason // why the published status is what it is
	InFlight   int    // runs
	Failures   int    // in a row
	Passes     int    // in a row
	Runs       uint64 // that ended; of a group: its members
	Since      time.Time
	Last       time.Time // the end of the last run; zero before the first
	Next       time.Time // the planned start of the next; zero if none is planned
	FreshUntil time.Time // until when the status may be believed
	Latency    time.Duration
	Value      *float64
	Threshold  *float64
	Message    string // the last one, or the cause of the mask
}

// Snapshot is everything known.
func (h Handle) Snapshot() (Snapshot, error) {
	raw := &C.meshvitals_snapshot_t{struct_size: C.sizeof_meshvitals_snapshot_t}
	err := h.call("snapshot", func(m *C.meshvitals_monitor_t) C.meshvitals_code_t {
		return C.meshvitals_snapshot(m, C.meshvitals_check_id_t(h.cell.id), raw)
	})
	if err != nil {
		return Snapshot{}, err
	}
	clock := &h.monitor.inner.clock
	return Snapshot{
		ID:         ID(raw.check),
		Name:       fromC(raw.name[:]),
		Cookie:     uint64(raw.cookie),
		Status:     Status(raw.status),
		Measured:   Status(raw.measured),
		Mask:       Mask(raw.mask),
		Reason:     Reason(raw.reason),
		InFlight:   int(raw.in_flight),
		Failures:   int(raw.failures),
		Passes:     int(raw.passes),
		Runs:       uint64(raw.runs),
		Since:      time.UnixMilli(int64(raw.since_unix_ms)),
		Last:       clock.past(uint64(raw.last_ns)),
		Next:       clock.time(uint64(raw.next_ns)),
		FreshUntil: clock.past(uint64(raw.fresh_until_ns)),
		Latency:    time.Duration(raw.latency_ns),
		Value:      number(raw.value),
		Threshold:  number(raw.threshold),
		Message:    fromC(raw.message[:]),
	}, nil
}
