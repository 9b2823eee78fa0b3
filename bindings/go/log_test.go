package meshvitals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"meshvitals"
)

var discard = slog.New(slog.DiscardHandler)

// lines is a writer that several goroutines use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(text)
}

// awaitLine waits for a line with a message and gives its attributes.
func (l *lines) awaitLine(t *testing.T, message string, status string) map[string]any {
	t.Helper()
	limit := time.After(patience)
	for {
		l.mu.Lock()
		text := l.text.String()
		l.mu.Unlock()
		for line := range strings.Lines(text) {
			attributes := map[string]any{}
			expectOK(t, json.Unmarshal([]byte(line), &attributes))
			event, _ := attributes["event"].(map[string]any)
			if attributes["msg"] == message && (status == "" || event["status"] == status) {
				return attributes
			}
		}
		select {
		case <-l.more:
		case <-limit:
			t.Fatalf("no line says %q %s:\n%s", message, status, text)
		}
	}
}

func TestChangesAndPanicsAreLogged(t *testing.T) {
	out := &lines{more: make(chan struct{}, 1)}
	monitor := started(t, quiet)
	expectOK(t, monitor.LogTo(discard))
	expectOK(t, monitor.LogTo(slog.New(slog.NewJSONHandler(out, nil))))
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error { panic("lost") }))

	changed := out.awaitLine(t, "status changed", "UNHEALTHY")
	expect(t, changed["level"].(string), "WARN")
	expect(t, changed["name"].(string), "own")
	event := changed["event"].(map[string]any)
	expect(t, event["previous"].(string), "UNKNOWN")
	expect(t, event["message"].(string), "panic: lost")

	panicked := out.awaitLine(t, "check panicked", "")
	expect(t, panicked["name"].(string), "own")
	expect(t, panicked["panic"].(string), "lost")
	if !strings.Contains(panicked["stack"].(string), "log_test.go") {
		t.Fatal(panicked["stack"])
	}
	// The group has no event of its own kind, only another name.
	expect(t, out.awaitLine(t, "status changed", "UNHEALTHY")["name"].(string), "own")

	expectOK(t, monitor.LogTo(nil))
	expectOK(t, monitor.LogTo(nil))
	expectOK(t, monitor.LogTo(slog.New(slog.NewJSONHandler(out, nil))))
	expectOK(t, monitor.Close())
	// That every status is unknown when all is over is no news.
	if text := out.text.String(); strings.Contains(text, `"name":""`) {
		t.Fatal(text)
	}
	expectCode(t, monitor.LogTo(discard), meshvitals.ErrStopped)
}

// handler is a slog.Handler that calls a function for each record.
type handler struct {
	slog.Handler
	handle func()
}

func (h handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(context.Context, slog.Record) error {
	h.handle()
	return nil
}

func TestALoggerMayEndTheLogAndTheMonitor(t *testing.T) {
	for name, end := range map[string]func(*meshvitals.Monitor) error{
		"log":     func(monitor *meshvitals.Monitor) error { return monitor.LogTo(nil) },
		"monitor": func(monitor *meshvitals.Monitor) error { return monitor.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			config := quiet
			config.StopTimeout = 10 * time.Millisecond
			monitor := newMonitor(t, config)
			ended := make(chan struct{})
			var once sync.Once
			expectOK(t, monitor.LogTo(slog.New(handler{handle: func() {
				once.Do(func() {
					_ = end(monitor)
					close(ended)
				})
			}})))
			register(t, monitor, "own", meshvitals.Func(func(context.Context) error { return nil }))
			// The first record may come, and end the monitor, before the start is over.
			if err := monitor.Start(); err != nil && !errors.Is(err, meshvitals.ErrStopped) {
				t.Fatal(err)
			}
			<-ended
		})
	}
}

func TestALoggerThatHangsHoldsNobodyUp(t *testing.T) {
	config := quiet
	config.StopTimeout = 10 * time.Millisecond
	monitor := newMonitor(t, config)
	inside, free := make(chan struct{}), make(chan struct{})
	defer close(free)
	var once sync.Once
	expectOK(t, monitor.LogTo(slog.New(handler{handle: func() {
		once.Do(func() { close(inside) })
		<-free
	}})))
	expectOK(t, monitor.Start())
	register(t, monitor, "own", meshvitals.Func(func(context.Context) error { return nil }))
	<-inside
	expectOK(t, monitor.LogTo(nil))
	expectOK(t, monitor.Close())
}
