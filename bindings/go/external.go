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
// Locks: mu may be held when C is entered, and is never taken inside.
type functions struct {
	inner *inner
	pump  pump // hears of requests, but in manual mode

	mu     sync.Mutex
	manual *queue // where Advance hears of requests in manual mode
	known  map[ID]*program
	runs   map[uint64]context.CancelFunc // by token
	quiet  chan struct{}                 // closed when no function runs
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
	f.known = map[ID]*program{}
	f.runs = map[uint64]context.CancelFunc{}
	f.pump.take = func(raw *C.meshvitals_event_t) {
		if run, ok := f.request(raw); ok {
			go f.execute(run)
		}
	}
}

// prepare subscribes to requests before the first function. The caller holds mu.
func (f *functions) prepare() error {
	subscribe := func() (*queue, error) { return f.inner.subscribe(KindDue, dueCapacity) }
	if !f.inner.clock.manual {
		return f.pump.open(subscribe)
	}
	if f.manual != nil {
		return nil
	}
	queue, err := subscribe()
	f.manual = queue
	return err
}

// put is the function of an id from now on; nil removes it. A run in flight keeps it busy. The
// caller holds mu.
func (f *functions) put(id ID, measure Measure) {
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
	f.mu.Lock()
	defer f.mu.Unlock()
	if raw.kind == C.MESHVITALS_EVENT_CHECK_CANCEL {
		if cancel := f.runs[token]; cancel != nil {
			cancel()
		}
		return run{}, false
	}
	if raw.kind != C.MESHVITALS_EVENT_CHECK_DUE {
		return run{}, false
	}
	known := f.known[id]
	switch {
	case known == nil:
		text := "the program has no function for this check"
		f.answer(id, Result{Outcome: OutcomeLocal, Reason: ReasonHostNotPolling, Token: token, Message: text})
		return run{}, false
	case known.busy:
		text := "the run before has not come back"
		f.answer(id, Result{Outcome: OutcomeTimeout, Reason: ReasonStillRunning, Token: token, Message: text})
		return run{}, false
	}
	known.busy = true
	if len(f.runs) == 0 {
		f.quiet = make(chan struct{})
	}
	asked := run{program: known, measure: known.measure, id: id, token: token}
	asked.ctx, f.runs[token] = f.contextOf(uint64(raw.deadline_ns))
	return asked, true
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
	f.mu.Lock()
	queue := f.manual
	f.mu.Unlock()
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

// close gives up the subscription.
func (f *functions) close() {
	f.pump.close()
	f.mu.Lock()
	queue := f.manual
	f.mu.Unlock()
	if queue != nil {
		queue.close()
	}
}
