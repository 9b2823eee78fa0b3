package meshvitals_test

import (
	"fmt"
	"strings"
	"time"

	"meshvitals"
)

func equal(seen, wanted string) error {
	if seen != wanted {
		return fmt.Errorf("it is %q", seen)
	}
	return nil
}

// pair takes key=value off the front of a text; text= takes the rest.
func pair(at string) (key, value, rest string) {
	key, rest, _ = strings.Cut(at, "=")
	if key == "text" {
		return key, rest, ""
	}
	value, rest, _ = strings.Cut(rest, " ")
	return key, value, rest
}

// expectFields compares each key=value that is left of a step with what there is.
func expectFields(at string, field func(string) (string, bool)) error {
	for at != "" {
		var key, wanted string
		key, wanted, at = pair(at)
		seen, known := field(key)
		if !known {
			return fmt.Errorf("there is no field %s", key)
		}
		if seen != wanted {
			return fmt.Errorf("%s is %q", key, seen)
		}
	}
	return nil
}

func fieldOfEvent(event *meshvitals.Event, about *actor, key string) (string, bool) {
	token := "other"
	switch {
	case event.Token == 0:
		token = "none"
	case about != nil && event.Token == about.token:
		token = "due"
	case about != nil && event.Token == about.old:
		token = "old"
	}
	group := "no"
	if event.IsGroup {
		group = "yes"
	}
	text, known := map[string]string{
		"at":       instant(event.At),
		"group":    group,
		"deadline": instantOr(event.Deadline, "0s"),
		"linger":   instantOr(event.LingerUntil, "0s"),
		"latency":  span(event.Latency),
		"cookie":   fmt.Sprint(event.Cookie),
		"sequence": fmt.Sprint(event.Sequence),
		"merged":   fmt.Sprint(event.Merged),
		"detail":   fmt.Sprint(event.Detail),
		"from":     nameOf("status", event.Previous),
		"to":       nameOf("status", event.Status),
		"why":      nameOf("reason", event.Reason),
		"outcome":  nameOf("outcome", event.Outcome),
		"value":    figure(event.Value),
		"token":    token,
		"text":     event.Text,
	}[key]
	return text, known
}

func (s *scenario) fieldOfSnapshot(seen meshvitals.Snapshot, key string) (string, bool) {
	text, known := map[string]string{
		"status":    nameOf("status", seen.Status),
		"measured":  nameOf("status", seen.Measured),
		"why":       nameOf("reason", seen.Reason),
		"mask":      maskOf(seen.Mask),
		"failures":  fmt.Sprint(seen.Failures),
		"passes":    fmt.Sprint(seen.Passes),
		"in_flight": fmt.Sprint(seen.InFlight),
		"runs":      fmt.Sprint(seen.Runs),
		"cookie":    fmt.Sprint(seen.Cookie),
		// A date, as everywhere in Go.
		"since":       span(seen.Since.Sub(s.began).Round(time.Millisecond)),
		"latency":     span(seen.Latency),
		"last":        instantOr(seen.Last, "none"),
		"next":        instantOr(seen.Next, "never"),
		"fresh_until": instantOr(seen.FreshUntil, "none"),
		"value":       figure(seen.Value),
		"text":        seen.Message,
	}[key]
	return text, known
}
