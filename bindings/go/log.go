package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"
)

// logCapacity is that of the queue of what is to be logged.
const logCapacity = 1024

// log writes what the library says and what changes to a logger of the program.
type log struct {
	inner  *inner
	pump   pump
	logger atomic.Pointer[slog.Logger]
}

func (l *log) init(inner *inner) {
	l.inner = inner
	l.pump.take = func(raw *C.meshvitals_event_t) {
		if logger := l.logger.Load(); logger != nil {
			l.write(logger, eventFrom(raw, &inner.clock))
		}
	}
}

// LogTo sends the library's log, changes of status and the stacks of checks that panicked to a
// logger; nil ends that. A check that does not work is a warning, other changes are information.
func (m *Monitor) LogTo(logger *slog.Logger) error {
	defer runtime.KeepAlive(m)
	l := &m.inner.log
	l.logger.Store(logger)
	if logger == nil {
		l.pump.close()
		return nil
	}
	return l.pump.open(func() (*queue, error) {
		return m.inner.subscribe(KindLog|KindStatus, logCapacity)
	})
}

func (l *log) write(logger *slog.Logger, event Event) {
	switch {
	case event.Kind == EventLog:
		levels := [...]slog.Level{slog.LevelError, slog.LevelWarn, slog.LevelInfo, slog.LevelDebug}
		level := levels[min(max(event.Detail, 0), int32(len(levels)-1))]
		put(logger, event.At, level, event.Text, func() []slog.Attr { return []slog.Attr{} })
	case event.Kind == EventStatus && event.Reason != ReasonInitial:
		level := slog.LevelInfo
		if event.Status == Unhealthy {
			level = slog.LevelWarn
		}
		put(logger, event.At, level, "status changed", func() []slog.Attr {
			name := l.inner.name(event.ID)
			if name == "" {
				// The monitor was closed: that every status is now unknown is no news.
				return nil
			}
			return []slog.Attr{slog.String("name", name), slog.Any("event", event)}
		})
	}
}

func (l *log) panicked(id ID, value any, stack []byte) {
	logger := l.logger.Load()
	if logger == nil {
		return
	}
	put(logger, time.Now(), slog.LevelError, "check panicked", func() []slog.Attr {
		return []slog.Attr{
			slog.String("name", l.inner.name(id)), slog.Any("panic", value),
			slog.String("stack", string(stack)),
		}
	})
}

// put writes a record with the time at which it happened. Its attributes are asked for only if it
// is wanted; nil means that it is not after all.
func put(
	logger *slog.Logger, at time.Time, level slog.Level, text string, attributes func() []slog.Attr,
) {
	ctx := context.Background()
	if !logger.Enabled(ctx, level) {
		return
	}
	if said := attributes(); said != nil {
		record := slog.NewRecord(at, level, text, 0)
		record.AddAttrs(said...)
		_ = logger.Handler().Handle(ctx, record)
	}
}
