package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"math"
	"time"
)

// clock translates between the library's nanoseconds and time.Time.
//
// Both use the system's monotonic clock, so one pair of readings ties them together for good. A
// manual clock begins at the unix epoch.
type clock struct {
	manual bool
	base   time.Time
	baseNS uint64
}

func newClock(monitor *C.meshvitals_monitor_t) clock {
	ns := uint64(C.meshvitals_now_ns(monitor))
	if ns == 0 {
		return clock{manual: true, base: time.Unix(0, 0)}
	}
	return clock{base: time.Now(), baseNS: ns}
}

// ns is an instant in the library's nanoseconds; 0 for what lies before them.
func (c *clock) ns(at time.Time) uint64 {
	since := at.Sub(c.base)
	if since < 0 && uint64(-since) > c.baseNS {
		return 0
	}
	return c.baseNS + uint64(since)
}

// time is the reverse of ns; the zero time for what never was and never will be.
func (c *clock) time(ns uint64) time.Time {
	switch {
	case ns == math.MaxUint64, ns == 0 && !c.manual:
		return time.Time{}
	case c.manual:
		return c.base.Add(time.Duration(ns))
	}
	// From the present, because the wall clock may have been set since the beginning.
	now := time.Now()
	return now.Add(time.Duration(ns - c.ns(now)))
}

// past is the same for what cannot have been at 0 of a manual clock either.
func (c *clock) past(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return c.time(ns)
}
