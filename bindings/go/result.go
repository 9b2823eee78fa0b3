package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"math"
	"strconv"
	"time"
)

// Outcome is how a run ended.
type Outcome int32

// The outcomes; 0 is none.
const (
	OutcomePass    Outcome = C.MESHVITALS_OUTCOME_PASS    // as expected, in time
	OutcomeWarn    Outcome = C.MESHVITALS_OUTCOME_WARN    // alive, with a complaint
	OutcomeFail    Outcome = C.MESHVITALS_OUTCOME_FAIL    // an answer came back and it says no
	OutcomeTimeout Outcome = C.MESHVITALS_OUTCOME_TIMEOUT // silence until the deadline
	OutcomeLocal   Outcome = C.MESHVITALS_OUTCOME_LOCAL   // the fault is on this side
)

// String is the word in capitals.
func (o Outcome) String() string {
	switch o {
	case OutcomePass:
		return "PASS"
	case OutcomeWarn:
		return "WARN"
	case OutcomeFail:
		return "FAIL"
	case OutcomeTimeout:
		return "TIMEOUT"
	case OutcomeLocal:
		return "LOCAL"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Result is what one run of a check yields.
type Result struct {
	Outcome  Outcome
	Reason   Reason        // 0: none, or that the program said so
	Detail   int32         // a number that explains the reason
	Token    uint64        // of the CHECK_DUE event that is answered; 0 for heartbeats
	Finished time.Time     // when it was measured; zero: now
	Latency  time.Duration // how long it took
	Value    *float64      // what was measured, if anything
	Message  string        // one sentence for people; cut after 159 bytes
}

// graded is an error that is no plain failure.
type graded struct {
	error
	outcome Outcome
}

func (g graded) Unwrap() error { return g.error }

// Warn makes of an error a warning: it works, with a complaint. nil stays nil.
func Warn(err error) error {
	return grade(err, OutcomeWarn)
}

// Local makes of an error a fault on this side (no memory, no configuration): it says nothing
// about what is watched, whose status is kept. nil stays nil. Of errors that were joined the worst
// counts: one that is neither Warn's nor Local's makes a failure of the whole.
func Local(err error) error {
	return grade(err, OutcomeLocal)
}

func grade(err error, outcome Outcome) error {
	if err == nil {
		return nil
	}
	return graded{err, outcome}
}

// resultOf is what a function's error means.
func resultOf(err error) Result {
	if err == nil {
		return Result{Outcome: OutcomePass}
	}
	return Result{Outcome: outcomeOf(err), Message: err.Error()}
}

// outcomeOf looks for a grade behind what an error wraps. Of several errors that were joined the
// worst counts: a warning beside a failure does not make it one.
func outcomeOf(err error) Outcome {
	switch err := err.(type) {
	case graded:
		return err.outcome
	case interface{ Unwrap() error }:
		return outcomeOf(err.Unwrap())
	case interface{ Unwrap() []error }:
		worst := OutcomeLocal
		for _, part := range err.Unwrap() {
			switch outcome := outcomeOf(part); {
			case outcome == OutcomeFail:
				return OutcomeFail
			case outcome == OutcomeWarn:
				worst = OutcomeWarn
			}
		}
		return worst
	}
	return OutcomeFail
}

// raw is the result for C.
func (r Result) raw(clock *clock) *C.meshvitals_result_t {
	raw := &C.meshvitals_result_t{
		struct_size: C.sizeof_meshvitals_result_t,
		outcome:     C.meshvitals_outcome_t(r.Outcome),
		reason:      C.int32_t(r.Reason),
		detail:      C.int32_t(r.Detail),
		token:       C.uint64_t(r.Token),
		latency_ns:  C.uint64_t(max(r.Latency, 0)),
		value:       C.double(math.NaN()),
	}
	if !r.Finished.IsZero() {
		raw.finished_ns = C.uint64_t(clock.ns(r.Finished))
	}
	if r.Value != nil {
		raw.value = C.double(*r.Value)
	}
	intoC(raw.message[:], r.Message)
	return raw
}

func resultFrom(raw *C.meshvitals_result_t) Result {
	return Result{
		Outcome: Outcome(raw.outcome),
		Reason:  Reason(raw.reason),
		Detail:  int32(raw.detail),
		Latency: time.Duration(raw.latency_ns),
		Value:   number(raw.value),
		Message: fromC(raw.message[:]),
	}
}

// number is a value that may not be there.
func number(value C.double) *float64 {
	if math.IsNaN(float64(value)) {
		return nil
	}
	return Ptr(float64(value))
}
