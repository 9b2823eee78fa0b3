package meshvitals_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"meshvitals"
)

type documentCase struct {
	Why      string   `json:"why"`
	Kind     string   `json:"kind"`
	Document string   `json:"document"`
	OK       bool     `json:"ok"`
	Code     string   `json:"code"`
	Key      string   `json:"key"`
	Says     []string `json:"says"`
	Hides    []string `json:"hides"`
}

func replayDocument(line []byte) (string, error) {
	var one documentCase
	if err := json.Unmarshal(line, &one); err != nil {
		return "", err
	}
	err := take(one.Kind, one.Document)
	var refused *meshvitals.Error
	if errors.As(err, &refused) && refused.Code == meshvitals.ErrMode &&
		strings.HasSuffix(refused.Key, "/callback") {
		// The document is right; this language has no callbacks to go with it.
		err = nil
	}
	switch {
	case one.OK && err == nil:
		return one.Why, nil
	case one.OK:
		return one.Why, fmt.Errorf("was refused: %w", err)
	case err == nil:
		return one.Why, errors.New("was taken")
	case !errors.As(err, &refused) || nameOf("code", refused.Code) != one.Code ||
		refused.Key != one.Key:
		return one.Why, fmt.Errorf("%#v", err)
	}
	for _, words := range one.Says {
		if !strings.Contains(err.Error(), words) {
			return one.Why, fmt.Errorf("%q is not said: %w", words, err)
		}
	}
	for _, words := range one.Hides {
		if strings.Contains(fmt.Sprintf("%v %#v", err, refused), words) {
			return one.Why, fmt.Errorf("%q is told: %w", words, err)
		}
	}
	return one.Why, nil
}

// take hands a document to a monitor that does not run.
func take(kind, document string) error {
	if kind == "monitor" {
		monitor, err := meshvitals.NewJSON(document)
		if err != nil {
			return err
		}
		return monitor.Close()
	}
	monitor, err := meshvitals.New(meshvitals.Config{})
	if err != nil {
		return err
	}
	defer monitor.Close()
	if err := registerDependencies(monitor, document); err != nil {
		return err
	}
	switch kind {
	case "check":
		_, err = monitor.RegisterJSON(document)
	case "checks":
		_, err = monitor.RegisterManyJSON(document)
	default:
		return errors.New("no such kind of document")
	}
	return err
}

// registerDependencies adds what a check depends on, so that only its document is judged.
func registerDependencies(monitor *meshvitals.Monitor, document string) error {
	var check struct {
		DependsOn []string `json:"depends_on"`
	}
	if json.Unmarshal([]byte(document), &check) != nil {
		return nil
	}
	for _, name := range check.DependsOn {
		_, err := monitor.Register(meshvitals.CheckConfig{Name: name, Probe: meshvitals.External{}})
		// What cannot be a name is for the vector to say.
		if err != nil && !errors.Is(err, meshvitals.ErrExists) &&
			!errors.Is(err, meshvitals.ErrRange) {
			return err
		}
	}
	return nil
}
