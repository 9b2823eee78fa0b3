package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"log/slog"
	"time"
)

// Kinds is what a subscription hears of: a sum.
type Kinds uint32

// What there is to hear of.
const (
	KindStatus Kinds = C.MESHVITALS_KIND_STATUS // changes of status
	KindDue    Kinds = C.MESHVITALS_KIND_DUE    // requests to run external checks; one may
	KindResult Kinds = C.MESHVITALS_KIND_RESULT // each single result
	KindLife   Kinds = C.MESHVITALS_KIND_LIFE   // checks that come and go, and the end
	KindLog    Kinds = C.MESHVITALS_KIND_LOG    // lines of the log
)

// EventKind is what an event tells.
type EventKind int32

// The events.
const (
	EventStatus      EventKind = C.MESHVITALS_EVENT_STATUS       // the published status changed
	EventCheckDue    EventKind = C.MESHVITALS_EVENT_CHECK_DUE    // run this check and report
	EventCheckCancel EventKind = C.MESHVITALS_EVENT_CHECK_CANCEL // the run of this token is over
	EventResult      EventKind = C.MESHVITALS_EVENT_RESULT       // a run ended
	EventRegistered  EventKind = C.MESHVITALS_EVENT_REGISTERED   // a check is new
	EventRemoved     EventKind = C.MESHVITALS_EVENT_REMOVED      // a check or group is gone
	EventStopped     EventKind = C.MESHVITALS_EVENT_STOPPED      // the monitor was stopped
	EventForked      EventKind = C.MESHVITALS_EVENT_FORKED       // the process was forked
	EventLog         EventKind = C.MESHVITALS_EVENT_LOG          // a line of the log
)

// Event is what a subscription hears. Fields that a kind does not use are zero.
type Event struct {
	Kind        EventKind
	ID          ID        // the check or group; 0 where it is about the monitor
	IsGroup     bool      // about a group, the whole included; a check may have the name of one
	Cookie      uint64    // the number given in the check's config
	Sequence    uint64    // counts the changes of one check, without gaps except by merging
	At          time.Time // when it happened
	Token       uint64    // the run to answer or to end; EventResult: its number
	Deadline    time.Time // EventCheckDue: when the report must be here
	LingerUntil time.Time // EventCheckDue: until when a late report is still accepted
	Previous    Status    // EventStatus: before
	Status      Status    // EventStatus: now; EventResult: the published status after the run
	Reason      Reason
	Merged      uint32   // further events that were merged into this one, or lost before it
	Value       *float64 // the value of the last result, if it had one
	Outcome     Outcome  // EventResult
	Detail      int32    // explains the reason; EventLog: the level, 0 error to 3 detail
	Latency     time.Duration
	Text        string // the message, the name that came or went, or the line
}

// LogValue is the event for slog, without what says nothing.
func (e Event) LogValue() slog.Value {
	attributes := []slog.Attr{slog.Uint64("id", uint64(e.ID))}
	switch e.Kind {
	case EventStatus:
		attributes = append(attributes,
			slog.String("previous", e.Previous.String()), slog.String("status", e.Status.String()))
	case EventResult:
		attributes = append(attributes,
			slog.String("outcome", e.Outcome.String()), slog.Duration("latency", e.Latency))
	}
	if e.Reason != ReasonNone {
		attributes = append(attributes, slog.String("reason", e.Reason.String()))
	}
	if e.Value != nil {
		attributes = append(attributes, slog.Float64("value", *e.Value))
	}
	if e.Text != "" {
		attributes = append(attributes, slog.String("message", e.Text))
	}
	return slog.GroupValue(attributes...)
}

func eventFrom(raw *C.meshvitals_event_t, clock *clock) Event {
	return Event{
		Kind:        EventKind(raw.kind),
		ID:          ID(raw.check),
		IsGroup:     raw.is_group != 0,
		Cookie:      uint64(raw.cookie),
		Sequence:    uint64(raw.sequence),
		At:          clock.time(uint64(raw.at_ns)),
		Token:       uint64(raw.token),
		Deadline:    clock.past(uint64(raw.deadline_ns)),
		LingerUntil: clock.past(uint64(raw.linger_until_ns)),
		Previous:    Status(raw.previous),
		Status:      Status(raw.status),
		Reason:      Reason(raw.reason),
		Merged:      uint32(raw.merged),
		Value:       number(raw.value),
		Outcome:     Outcome(raw.outcome),
		Detail:      int32(raw.detail),
		Latency:     time.Duration(raw.latency_ns),
		Text:        fromC(raw.text[:]),
	}
}
