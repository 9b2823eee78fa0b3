package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"context"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// batch is how many events one call takes at most.
const batch = 64

// queue is a subscription of the library with the waiting around it.
//
// Waiting is the Go runtime's: it watches a duplicate of the queue's descriptor, so that no thread
// of the system stands in C. The trap is that the runtime hears of edges only. An edge is lost if
// one waits while there is something to take; so nobody waits before a poll has found nothing.
type queue struct {
	c      *C.meshvitals_subscription_t // nil when it was closed
	file   *os.File
	wait   syscall.RawConn
	clock  *clock
	turn   chan struct{} // holds something while somebody polls: one at a time
	ending atomic.Bool
	ended  chan struct{} // closed when somebody closes it
	buffer [batch]C.meshvitals_event_t
}

// newQueue takes over a subscription.
func newQueue(c *C.meshvitals_subscription_t, clock *clock) (*queue, error) {
	q := &queue{c: c, clock: clock, turn: make(chan struct{}, 1), ended: make(chan struct{})}
	fd, _, errno := syscall.Syscall(
		syscall.SYS_FCNTL, uintptr(C.meshvitals_event_fd(c)), syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		C.meshvitals_subscription_free(c)
		return nil, &Error{Op: "subscribe", Code: ErrLimit, Message: "no descriptor: " + errno.Error()}
	}
	// The descriptor does not block, which is what makes the runtime watch it.
	q.file = os.NewFile(fd, "meshvitals")
	wait, err := q.file.SyscallConn()
	if err != nil {
		q.close()
		return nil, &Error{Op: "subscribe", Code: ErrLimit, Message: err.Error()}
	}
	q.wait = wait
	return q, nil
}

// next waits for events, hands up to limit of them to a function and says how many. The error is
// the context's, or ErrStopped when everything was taken and the monitor is stopped or closed, or
// the queue is.
func (q *queue) next(ctx context.Context, limit int, yield func(*C.meshvitals_event_t)) (int, error) {
	if !q.enter(ctx) {
		return 0, ctx.Err()
	}
	defer q.leave()
	count, err := q.take(limit, yield)
	if count > 0 || err != nil {
		return count, err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		q.interrupt()
		close(interrupted)
	})
	ended := q.wait.Read(func(uintptr) bool {
		count, err = q.take(limit, yield)
		return count > 0 || err != nil
	})
	if !stop() {
		<-interrupted
		_ = q.file.SetReadDeadline(time.Time{})
	}
	switch {
	case count > 0 || err != nil:
		return count, err
	case q.ending.Load():
		return 0, closed("poll")
	case ctx.Err() != nil:
		return 0, ctx.Err()
	}
	return 0, ended
}

// poll is next without waiting for events.
func (q *queue) poll(limit int, yield func(*C.meshvitals_event_t)) (int, error) {
	q.enter(context.Background())
	defer q.leave()
	return q.take(limit, yield)
}

// take hands what is there to a function, up to limit. The caller has the turn.
func (q *queue) take(limit int, yield func(*C.meshvitals_event_t)) (int, error) {
	// A queue that is being closed is not waited for again: the interruption may be over.
	if q.ending.Load() {
		return 0, closed("poll")
	}
	size, places := C.size_t(unsafe.Sizeof(q.buffer[0])), C.size_t(min(limit, batch))
	count := C.meshvitals_poll(q.c, &q.buffer[0], size, places, 0)
	if count < 0 {
		return 0, failure("poll", C.meshvitals_code_t(count), nil)
	}
	for i := range int(count) {
		yield(&q.buffer[i])
	}
	return int(count), nil
}

// enter waits for the turn, and says whether it came before the end of the context.
func (q *queue) enter(ctx context.Context) bool {
	select {
	case q.turn <- struct{}{}:
		return true
	default:
	}
	select {
	case q.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *queue) leave() {
	<-q.turn
}

// interrupt ends the waiting of whoever waits.
func (q *queue) interrupt() {
	_ = q.file.SetReadDeadline(time.Unix(1, 0))
}

// close ends the subscription, and whoever waits for it.
func (q *queue) close() {
	if q.ending.CompareAndSwap(false, true) {
		close(q.ended)
	}
	q.interrupt()
	q.enter(context.Background())
	defer q.leave()
	if q.c != nil {
		_ = q.file.Close()
		C.meshvitals_subscription_free(q.c)
		q.c = nil
	}
}
