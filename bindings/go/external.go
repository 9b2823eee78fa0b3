package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// dueCapacity is that of the queue of requests, which are never dropped, whatever it is.
const dueCapacity = 1024

// functions runs the checks of the program: the engine says when through CHECK_DUE, a goroutine
// runs the function, its report answers. The engine owns schedule, deadline and status.
//
// Locks: mu is held for moments and never while C is entered, so that requests are never late
// because others register. Who registers a function holds registering, of which many may hold
// parts, until the function is known.
type functions struct {
	inner *inner
	pump  pump // hears of requests; in manual mode Advance does

	registering sync.RWMutex

	mu    sync.Mutex
	known map[ID]*program
	runs  map[uint64]context.CancelFunc // by token
	quiet chan struct{}                 // closed when no function runs
}

// program is one function and whether it runs.
type program struct {
	measure Measure
	busy    bool
}

// run is one run of one function. Its context ends at the deadline, and when nobody wants the
// answer any more; a manual monitor has no deadlines in real time.
type run struct {
	program *program
	measure Measure
	id      ID
	token   uint64
	ctx     context.Context
}

// result runs the function. One that gave up at its deadline was silent.
func (r run) result() Result {
	result := r.measure(r.ctx)
	if result.Outcome == OutcomeFail && r.ctx.Err() == context.DeadlineExceeded {
		result.Outcome, result.Reason = OutcomeTimeout, ReasonTimeout
	}
	return result
}

func (f *functions) init(inner *inner) {
	f.inner = inner
	f.pump.idle = inner.clock.manual
	f.known = map[ID]*program{}
	f.runs = map[uint64]context.CancelFunc{}
	f.pump.take = func(raw *C.meshvitals_event_t) {
		if run, ok := f.request(raw); ok {
			go f.execute(run)
		}
	}
}

// prepare subscribes to requests before the first function.
func (f *functions) prepare() error {
	return f.pump.open(func() (*queue, error) { return f.inner.subscribe(KindDue, dueCapacity) })
}

// put is the function of an id from now on; nil removes it. A run in flight keeps it busy.
func (f *functions) put(id ID, measure Measure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch known := f.known[id]; {
	case measure == nil:
		delete(f.known, id)
	case known != nil:
		known.measure = measure
	default:
		f.known[id] = &program{measure: measure}
	}
}

// request reads an event: a run to start, or one to end.
func (f *functions) request(raw *C.meshvitals_event_t) (run, bool) {
	id, token := ID(raw.check), uint64(raw.token)
	switch raw.kind {
	case C.MESHVITALS_EVENT_CHECK_CANCEL:
		f.cancel(token)
	case C.MESHVITALS_EVENT_CHECK_DUE:
		asked, refusal := f.begin(f.find(id), id, token, uint64(raw.deadline_ns))
		if refusal.Outcome == 0 {
			return asked, true
		}
		f.answer(id, refusal)
	}
	return run{}, false
}

func (f *functions) cancel(token uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cancel := f.runs[token]; cancel != nil {
		cancel()
	}
}

// find is the function of an id, nil if there is none.
func (f *functions) find(id ID) *program {
	f.mu.Lock()
	known := f.known[id]
	f.mu.Unlock()
	if known != nil {
		return known
	}
	// It may be on its way: the engine knows a check before the one who registers it does.
	f.registering.Lock()
	defer f.registering.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[id]
}

// begin makes a run, or says why there is none.
func (f *functions) begin(known *program, id ID, token, deadlineNS uint64) (run, Result) {
	if known == nil {
		return run{}, Result{
			Outcome: OutcomeLocal, Reason: ReasonHostNotPolling, Token: token,
			Message: "the program has no function for this check",
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if known.busy {
		return run{}, Result{
			Outcome: OutcomeTimeout, Reason: ReasonStillRunning, Token: token,
			Message: "the run before has not come back",
		}
	}
	known.busy = true
	if len(f.runs) == 0 {
		f.quiet = make(chan struct{})
	}
	asked := run{program: known, measure: known.measure, id: id, token: token}
	asked.ctx, f.runs[token] = f.contextOf(deadlineNS)
	return asked, Result{}
}

func (f *functions) contextOf(deadlineNS uint64) (context.Context, context.CancelFunc) {
	if f.inner.clock.manual {
		return context.WithCancel(context.Background())
	}
	return context.WithDeadline(context.Background(), f.inner.clock.time(deadlineNS))
}

// execute runs a function and reports its answer, whichever way it ends.
func (f *functions) execute(asked run) {
	text := "the function ended its goroutine"
	result := Result{Outcome: OutcomeFail, Reason: ReasonCallbackPanicked, Message: text}
	started := time.Now()
	defer func() {
		if value := recover(); value != nil {
			result.Message = fmt.Sprint("panic: ", value)
			f.inner.log.panicked(asked.id, value, debug.Stack())
		}
		if result.Latency == 0 {
			result.Latency = time.Since(started)
		}
		result.Token = asked.token
		f.mu.Lock()
		asked.program.busy = false
		f.mu.Unlock()
		f.answer(asked.id, result)
		f.end(asked.token)
	}()
	result = asked.result()
}

// answer reports. That nobody wants the answer any more is no news.
func (f *functions) answer(id ID, result Result) {
	err := f.inner.report(id, result)
	if errors.Is(err, ErrRange) {
		// Silence would make it a timeout, which hides that the function is wrong.
		text := "the function gave no result: " + err.Error()
		failed := Result{Outcome: OutcomeFail, Token: result.Token, Message: text}
		_ = f.inner.report(id, failed)
	}
}

func (f *functions) end(token uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[token]()
	delete(f.runs, token)
	if len(f.runs) == 0 {
		close(f.quiet)
	}
}

// stop waits for the functions, at most until then. Their contexts have ended: the engine withdrew
// their runs when it stopped.
func (f *functions) stop(op string, until time.Time) error {
	f.mu.Lock()
	quiet := f.quiet
	f.mu.Unlock()
	if quiet == nil {
		return nil
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-quiet:
		return nil
	case <-timer.C:
		return &Error{Op: op, Code: ErrTimeout, Message: "a function of a check has not come back"}
	}
}

// runDue runs what is due in manual mode, in the goroutine that calls, and says whether there was
// anything.
func (f *functions) runDue() bool {
	queue, _ := f.pump.current()
	if queue == nil {
		return false
	}
	var due []run
	count, _ := queue.poll(batch, func(raw *C.meshvitals_event_t) {
		if asked, ok := f.request(raw); ok {
			due = append(due, asked)
		}
	})
	for _, asked := range due {
		f.execute(asked)
	}
	return count > 0
}
