package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"context"
	"iter"
	"math"
	"runtime"
)

// Subscription is a queue of events. Beyond its capacity the changes of one check are merged, so
// that its last status is never lost. It outlives its monitor: the rest can be taken, then calls
// return ErrStopped.
type Subscription struct {
	monitor *Monitor
	queue   *queue
}

// Subscribe asks for events of these kinds. With KindStatus it begins with one event for each
// check and group that is there, their reason ReasonInitial, and misses nothing after them.
func (m *Monitor) Subscribe(kinds Kinds, capacity int) (*Subscription, error) {
	events, err := m.inner.subscribe(kinds, capacity)
	runtime.KeepAlive(m)
	if err != nil {
		return nil, err
	}
	subscription := &Subscription{monitor: m, queue: events}
	// For who forgets Close.
	runtime.AddCleanup(subscription, func(q *queue) { go q.close() }, events)
	return subscription, nil
}

func (i *inner) subscribe(kinds Kinds, capacity int) (*queue, error) {
	var c *C.meshvitals_subscription_t
	// What has no place in 32 bits is out of range in any case, as 0 is.
	places := C.uint32_t(0)
	if capacity > 0 && capacity <= math.MaxInt32 {
		places = C.uint32_t(capacity)
	}
	err := i.call("subscribe", func(
		m *C.meshvitals_monitor_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_subscribe(m, C.uint32_t(kinds), places, &c, raw)
	})
	if err != nil {
		return nil, err
	}
	return newQueue(c, &i.clock)
}

// Poll takes up to 64 events and waits for the first of them until the context ends; of a manual
// monitor it never waits. It may return none. The error is the context's, or ErrStopped when the
// monitor was stopped or closed and everything was taken.
func (s *Subscription) Poll(ctx context.Context) ([]Event, error) {
	defer runtime.KeepAlive(s)
	var events []Event
	_, err := s.next(ctx, batch, func(event Event) { events = append(events, event) })
	return events, err
}

func (s *Subscription) next(ctx context.Context, limit int, yield func(Event)) (int, error) {
	take := func(raw *C.meshvitals_event_t) { yield(eventFrom(raw, s.queue.clock)) }
	if s.queue.clock.manual {
		return s.queue.poll(limit, take)
	}
	return s.queue.next(ctx, limit, take)
}

// All is the events as they come, until the context ends or the monitor is stopped or closed; of a
// manual monitor those that are there. What the loop does not come to stays in the queue.
//
//	for event := range subscription.All(ctx) { ... }
func (s *Subscription) All(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		defer runtime.KeepAlive(s)
		for ctx.Err() == nil {
			// One at a time: what the loop does not come to stays in the queue.
			var event Event
			count, err := s.next(ctx, 1, func(taken Event) { event = taken })
			switch {
			case err != nil, count == 0 && s.queue.clock.manual:
				return
			case count > 0 && !yield(event):
				return
			}
		}
	}
}

// Chan is the events on a channel, which is closed when All would end. End the context, or close
// the subscription, to end the goroutine behind it if nobody reads any more. The channel has no
// room of its own: what nobody takes waits in the queue, where changes of one check are merged.
func (s *Subscription) Chan(ctx context.Context) <-chan Event {
	events := make(chan Event)
	go func() {
		defer close(events)
		for event := range s.All(ctx) {
			select {
			case events <- event:
			case <-ctx.Done():
				return
			case <-s.queue.ended:
				return
			}
		}
	}()
	return events
}

// Close ends the subscription, and with it whoever waits for events. It may be called again.
func (s *Subscription) Close() {
	s.queue.close()
	runtime.KeepAlive(s)
}
