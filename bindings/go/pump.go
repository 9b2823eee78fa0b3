package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"context"
	"sync"
	"time"
)

// pump is a goroutine that hands the events of a queue to a function, from when the queue is
// opened to when the monitor is stopped, and again when it is started again.
type pump struct {
	take func(*C.meshvitals_event_t)
	idle bool // somebody else takes the events

	events []C.meshvitals_event_t // of the goroutine, of which there is one at a time

	mu      sync.Mutex
	queue   *queue
	starts  int           // how often somebody asked for the goroutine
	running chan struct{} // closed when the goroutine has ended; nil while there is none
}

// open subscribes and starts unless it has a queue.
func (p *pump) open(subscribe func() (*queue, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue != nil {
		return nil
	}
	queue, err := subscribe()
	if err != nil {
		return err
	}
	p.queue = queue
	p.begin()
	return nil
}

// start starts the goroutine if there is a queue. Call it after the engine has started: a queue of
// a stopped engine ends it.
func (p *pump) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue != nil {
		p.begin()
	}
}

func (p *pump) begin() {
	p.starts++
	if p.running == nil && !p.idle {
		p.running = make(chan struct{})
		go p.run(p.running)
	}
}

func (p *pump) run(done chan struct{}) {
	defer close(done)
	for {
		queue, seen := p.current()
		var err error
		for queue != nil && err == nil {
			events := p.events[:0]
			_, err = queue.next(context.Background(), batch, func(raw *C.meshvitals_event_t) {
				events = append(events, *raw)
			})
			p.events = events
			// Whoever closes the queue waits for its turn only, and not for these, which may call
			// the program.
			for i := range events {
				p.take(&events[i])
			}
		}
		if p.end(seen) {
			return
		}
	}
}

func (p *pump) current() (*queue, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue, p.starts
}

// end says whether the goroutine may end: not if it was started again while it heard of the end.
func (p *pump) end(seen int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue != nil && p.starts != seen {
		return false
	}
	p.running = nil
	return true
}

// join waits until the goroutine has ended, at most until then.
func (p *pump) join(until time.Time) {
	p.mu.Lock()
	running := p.running
	p.mu.Unlock()
	if running == nil {
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-running:
	case <-timer.C:
	}
}

// close ends the pump and its queue.
func (p *pump) close() {
	p.mu.Lock()
	queue := p.queue
	p.queue = nil
	p.mu.Unlock()
	if queue != nil {
		queue.close()
	}
}
