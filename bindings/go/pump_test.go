package meshvitals

import "testing"

// A start that comes between the end of the events and the end of the goroutine is not lost.
func TestAPumpThatWasStartedAgainGoesOn(t *testing.T) {
	p := pump{queue: &queue{}, starts: 2, running: make(chan struct{})}
	if p.end(1) || p.running == nil {
		t.Fatal("it has ended")
	}
	if !p.end(2) || p.running != nil {
		t.Fatal("it goes on")
	}
	p.starts, p.queue = 3, nil
	if !p.end(2) {
		t.Fatal("it goes on without a queue")
	}
}
