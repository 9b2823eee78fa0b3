package meshvitals_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"meshvitals"
)

// scenario is a monitor whose clock the steps of a vector move. The words of the steps are
// explained in tests/conformance/README.md.
type scenario struct {
	monitor   *meshvitals.Monitor
	began     time.Time // what Snapshot.Since is at the beginning of the clock
	actors    []*actor
	listeners map[string]*listener
}

// actor is a check that was registered; it keeps its place when it is gone.
type actor struct {
	name       string
	check      meshvitals.Check
	token, old uint64 // of the last request to run, and of the one before
	gone       bool
}

// listener is a subscription; of groups it hears only if it asked for them.
type listener struct {
	events *meshvitals.Subscription
	groups bool
}

func replayScenario(line []byte) (string, error) {
	var one struct {
		Why     string   `json:"why"`
		Monitor string   `json:"monitor"`
		Steps   []string `json:"steps"`
	}
	if err := json.Unmarshal(line, &one); err != nil {
		return "", err
	}
	if len(one.Steps) == 0 {
		return one.Why, errors.New("there are no steps")
	}
	monitor, err := meshvitals.NewJSON(one.Monitor)
	if err != nil {
		return one.Why, err
	}
	defer monitor.Close()
	s := &scenario{monitor: monitor, listeners: map[string]*listener{}}
	defer s.close()
	whole, err := monitor.Group("overall")
	if err != nil {
		return one.Why, err
	}
	seen, err := whole.Snapshot()
	if err != nil {
		return one.Why, err
	}
	s.began = seen.Since
	for _, step := range one.Steps {
		if err := s.step(step); err != nil {
			return one.Why, fmt.Errorf("`%s`: %w", step, err)
		}
	}
	return one.Why, nil
}

func (s *scenario) close() {
	for _, listener := range s.listeners {
		listener.events.Close()
	}
}

// step does what a step says, and expects the refusal that it names.
func (s *scenario) step(step string) error {
	wanted, action := "OK", step
	if rest, refused := strings.CutPrefix(step, "refused "); refused {
		wanted, action, _ = strings.Cut(rest, " ")
	}
	if _, known := constants["code"][wanted]; !known {
		return fmt.Errorf("%s is no code", wanted)
	}
	err := s.act(action)
	var refused *meshvitals.Error
	switch {
	case errors.As(err, &refused) && nameOf("code", refused.Code) == wanted:
		return nil
	case err == nil && wanted != "OK":
		return errors.New("it was not refused")
	}
	return err
}

// actor is the last check that was registered under this name.
func (s *scenario) actor(name string) (*actor, error) {
	for i := len(s.actors) - 1; i >= 0; i-- {
		if s.actors[i].name == name {
			return s.actors[i], nil
		}
	}
	return nil, fmt.Errorf("nobody is called %s", name)
}

func (s *scenario) about(id meshvitals.ID) *actor {
	for _, actor := range s.actors {
		if actor.check.ID() == id {
			return actor
		}
	}
	return nil
}

// learn notes a check that was registered or replaced; the latter keeps its id.
func (s *scenario) learn(check meshvitals.Check) error {
	name := s.monitor.Name(check.ID())
	if known, err := s.actor(name); err == nil && !known.gone {
		if known.check != check {
			return fmt.Errorf("%s has another id", name)
		}
		return nil
	}
	s.actors = append(s.actors, &actor{name: name, check: check})
	return nil
}

// handle is that of a check, or of a group after an @.
func (s *scenario) handle(name string) (meshvitals.Handle, error) {
	if group, ok := strings.CutPrefix(name, "@"); ok {
		found, err := s.monitor.Group(group)
		return found.Handle, err
	}
	actor, err := s.actor(name)
	if err != nil {
		return meshvitals.Handle{}, err
	}
	return actor.check.Handle, nil
}

func (s *scenario) listener(name string) (*listener, error) {
	if listener := s.listeners[name]; listener != nil {
		return listener, nil
	}
	return nil, fmt.Errorf("no subscription is called %s", name)
}

// take takes one event, nil if there is none.
func (s *scenario) take(from *listener) (*meshvitals.Event, error) {
	for {
		var event *meshvitals.Event
		// A loop that ends leaves what it did not come to; only Poll says why there is nothing.
		for taken := range from.events.All(context.Background()) {
			event = &taken
			break
		}
		if event == nil {
			_, err := from.events.Poll(context.Background())
			return nil, err
		}
		about := s.about(event.ID)
		if about == nil && event.ID != 0 && !from.groups {
			continue
		}
		if event.Kind == meshvitals.EventCheckDue {
			about.token, about.old = event.Token, about.token
		}
		return event, nil
	}
}

// due moves on from turn to turn until a check is asked to run; what else is said is dropped.
func (s *scenario) due(from *listener, id meshvitals.ID) (*meshvitals.Event, error) {
	for range 1000 {
		next, err := s.monitor.Advance(s.monitor.Now())
		if err != nil {
			return nil, err
		}
		for {
			event, err := s.take(from)
			if err != nil {
				return nil, err
			}
			if event == nil {
				break
			}
			if event.Kind == meshvitals.EventCheckDue && event.ID == id {
				return event, nil
			}
		}
		if next.IsZero() {
			return nil, errors.New("nothing is planned")
		}
		if _, err := s.monitor.Advance(next); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("it is never asked to run")
}

// instant is an instant of the manual clock, which begins at the unix epoch.
func instant(at time.Time) string { return span(at.Sub(time.Unix(0, 0))) }

// span is a duration as the vectors write it.
func span(d time.Duration) string {
	switch {
	case d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	case d%time.Millisecond == 0:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	}
	return fmt.Sprintf("%dns", d)
}

func instantOr(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return instant(at)
}

func figure(value *float64) string {
	if value == nil || math.IsNaN(*value) {
		return "none"
	}
	return fmt.Sprintf("%g", *value)
}

func maskOf(mask meshvitals.Mask) string {
	var names []string
	for bit := meshvitals.Mask(1); bit <= mask; bit <<= 1 {
		if mask&bit != 0 {
			names = append(names, nameOf("mask", bit))
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, "+")
}
