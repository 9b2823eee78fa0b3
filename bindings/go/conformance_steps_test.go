package meshvitals_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"meshvitals"
)

// act does what a step says.
func (s *scenario) act(step string) error {
	verb, at, _ := strings.Cut(step, " ")
	switch verb {
	case "advance":
		return s.advance(at)
	case "start":
		return s.monitor.Start()
	case "stop":
		return s.monitor.Stop(0)
	case "register", "replace":
		register := s.monitor.RegisterJSON
		if verb == "replace" {
			register = s.monitor.ReplaceJSON
		}
		check, err := register(at)
		if err != nil {
			return err
		}
		return s.learn(check)
	case "register_many":
		checks, err := s.monitor.RegisterManyJSON(at)
		for _, check := range checks {
			err = errors.Join(err, s.learn(check))
		}
		return err
	case "subscribe":
		return s.subscribe(at)
	case "report", "beat":
		return s.report(at, verb == "beat")
	case "event", "quiet", "drain", "due", "trace":
		name, at, _ := strings.Cut(at, " ")
		from, err := s.listener(name)
		if err != nil {
			return err
		}
		return s.listen(verb, from, at)
	case "find":
		return s.find(at)
	case "status", "answer", "snapshot":
		return s.look(verb, at)
	}
	return s.actOn(verb, at)
}

func (s *scenario) listen(verb string, from *listener, at string) error {
	switch verb {
	case "event":
		return s.event(from, at)
	case "due":
		name, at, _ := strings.Cut(at, " ")
		actor, err := s.actor(name)
		if err != nil {
			return err
		}
		event, err := s.due(from, actor.check.ID())
		if err != nil {
			return err
		}
		return equal(instant(event.At), at)
	case "trace":
		return s.trace(from, at)
	}
	for {
		event, err := s.take(from)
		if event == nil || err != nil {
			return err
		}
		if verb == "quiet" {
			return fmt.Errorf("it says %+v", *event)
		}
	}
}

func (s *scenario) actOn(verb, at string) error {
	name, at, _ := strings.Cut(at, " ")
	actor, err := s.actor(name)
	if err != nil {
		return err
	}
	switch verb {
	case "check_now":
		return actor.check.CheckNow()
	case "pause":
		return actor.check.Pause()
	case "resume":
		return actor.check.Resume()
	case "clear":
		return actor.check.ClearOverride()
	case "unregister":
		err := actor.check.Unregister()
		actor.gone = actor.gone || err == nil
		return err
	case "override":
		word, ttl, _ := strings.Cut(at, " ")
		duration, err := time.ParseDuration(ttl)
		if err != nil {
			return err
		}
		status, known := constants["status"][word]
		if !known {
			return fmt.Errorf("%s is no status", word)
		}
		return actor.check.Override(meshvitals.Status(status), duration)
	}
	return fmt.Errorf("%s is no word", verb)
}

func (s *scenario) advance(at string) error {
	to, at, _ := strings.Cut(at, " ")
	duration, err := time.ParseDuration(to)
	if err != nil {
		return err
	}
	next, err := s.monitor.Advance(time.Unix(0, 0).Add(duration))
	if err != nil {
		return err
	}
	return expectFields(at, func(key string) (string, bool) {
		return instantOr(next, "never"), key == "next"
	})
}

func (s *scenario) subscribe(at string) error {
	words := strings.Split(at, " ")
	capacity, err := strconv.Atoi(words[2])
	if err != nil {
		return err
	}
	var kinds meshvitals.Kinds
	groups := false
	for _, kind := range strings.Split(words[1], "+") {
		groups = groups || kind == "GROUPS"
		kinds |= meshvitals.Kinds(constants["kind"][kind])
	}
	events, err := s.monitor.Subscribe(kinds, capacity)
	if err == nil {
		s.listeners[words[0]] = &listener{events, groups}
	}
	return err
}

func (s *scenario) report(at string, isBeat bool) error {
	name, at, _ := strings.Cut(at, " ")
	outcome, at, _ := strings.Cut(at, " ")
	actor, err := s.actor(name)
	if err != nil {
		return err
	}
	result := meshvitals.Result{Outcome: meshvitals.Outcome(constants["outcome"][outcome])}
	if !isBeat {
		result.Token = actor.token
	}
	for at != "" {
		var key, value string
		key, value, at = pair(at)
		number, _ := strconv.ParseFloat(value, 64)
		duration, _ := time.ParseDuration(value)
		switch key {
		case "value":
			result.Value = &number
		case "detail":
			result.Detail = int32(number)
		case "reason":
			result.Reason = meshvitals.Reason(number)
		case "latency":
			result.Latency = duration
		case "at":
			result.Finished = time.Unix(0, 0).Add(duration)
		case "text":
			result.Message = value
		case "token":
			result.Token = map[string]uint64{"old": actor.old, "wrong": actor.token ^ 1<<30}[value]
		default:
			return fmt.Errorf("there is no field %s", key)
		}
	}
	return actor.check.Report(result)
}

func (s *scenario) find(name string) error {
	if strings.HasPrefix(name, "@") {
		_, err := s.handle(name)
		return err
	}
	found, err := s.monitor.Check(name)
	if err != nil {
		return err
	}
	known, err := s.actor(name)
	if err == nil && known.check != found {
		return errors.New("it is another check")
	}
	return err
}

func (s *scenario) look(verb, at string) error {
	name, at, _ := strings.Cut(at, " ")
	handle, err := s.handle(name)
	if err != nil {
		return err
	}
	switch verb {
	case "status":
		if name == "@overall" && s.monitor.Overall() != handle.Status() {
			return fmt.Errorf("the whole is %v", s.monitor.Overall())
		}
		return equal(handle.Status().String(), at)
	case "answer":
		answer, err := handle.Answer()
		if err != nil {
			return err
		}
		return equal(map[bool]string{true: "yes", false: "no"}[answer], at)
	}
	seen, err := handle.Snapshot()
	if err != nil {
		return err
	}
	return expectFields(at, func(key string) (string, bool) { return s.fieldOfSnapshot(seen, key) })
}

func (s *scenario) event(from *listener, at string) error {
	event, err := s.take(from)
	if err != nil {
		return err
	}
	if event == nil {
		return errors.New("nothing was said")
	}
	kind, at, _ := strings.Cut(at, " ")
	name, at, _ := strings.Cut(at, " ")
	about := s.about(event.ID)
	named := event.Kind == meshvitals.EventRegistered || event.Kind == meshvitals.EventRemoved
	seen := "-"
	switch {
	case about != nil:
		seen = about.name
		if named {
			seen = event.Text
		}
	case named:
		seen = "@" + event.Text
	case event.ID != 0:
		seen = "@" + s.monitor.Name(event.ID)
	}
	if err := equal(nameOf("event", event.Kind)+" "+seen, kind+" "+name); err != nil {
		return err
	}
	return expectFields(at, func(key string) (string, bool) {
		return fieldOfEvent(event, about, key)
	})
}

// trace runs a check once for each letter and compares the status after each.
func (s *scenario) trace(from *listener, at string) error {
	words := strings.Split(at, " ")
	actor, err := s.actor(words[0])
	if err != nil {
		return err
	}
	outcomes := map[rune]meshvitals.Outcome{
		'p': meshvitals.OutcomePass, 'w': meshvitals.OutcomeWarn, 'f': meshvitals.OutcomeFail,
		'x': meshvitals.OutcomeLocal,
	}
	seen := ""
	for _, letter := range words[1] {
		asked, err := s.due(from, actor.check.ID())
		if err != nil {
			return err
		}
		if letter == 's' {
			if _, err := s.monitor.Advance(asked.Deadline); err != nil {
				return err
			}
			cancel, err := s.take(from)
			if err != nil || cancel == nil || cancel.Kind != meshvitals.EventCheckCancel {
				return fmt.Errorf("no cancel: %v, %w", cancel, err)
			}
		} else {
			result := meshvitals.Result{Outcome: outcomes[letter], Token: asked.Token}
			if err := actor.check.Report(result); err != nil {
				return err
			}
		}
		seen += string("?HDU"[actor.check.Status()])
	}
	return equal(seen, words[2])
}
