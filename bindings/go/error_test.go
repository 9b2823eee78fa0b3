package meshvitals_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"meshvitals"
)

func TestAnErrorSaysWhereAndWhatAndIsItsCode(t *testing.T) {
	monitor := newMonitor(t, quiet)
	_, err := monitor.Register(meshvitals.CheckConfig{
		Name: "db", Probe: meshvitals.TCP{Address: "10.0.0.5:99999"},
	})
	expectCode(t, fmt.Errorf("at start: %w", err), meshvitals.ErrDocument)
	var refused *meshvitals.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%T is no *Error", err)
	}
	expect(t, refused.Key, "/tcp/address")
	if !strings.HasPrefix(err.Error(), "meshvitals: register: /tcp/address: ") ||
		!strings.Contains(err.Error(), "10.0.0.5:99999") {
		t.Fatal(err)
	}
	if errors.Is(err, meshvitals.ErrRange) {
		t.Fatal("it is another code as well")
	}
}

func TestAnErrorWithoutATextHasThatOfItsCode(t *testing.T) {
	_, err := newMonitor(t, quiet).Check("nobody")
	expectCode(t, err, meshvitals.ErrNotFound)
	expect(t, err.Error(), "meshvitals: find: "+meshvitals.ErrNotFound.Error())
}

func TestATextWithANULIsRefusedInsteadOfCut(t *testing.T) {
	monitor := newMonitor(t, quiet)
	_, err := monitor.RegisterJSON("{\"name\": \"a\", \"external\": {}}\x00")
	expectCode(t, err, meshvitals.ErrDocument)
	_, err = monitor.Check("a\x00")
	expectCode(t, err, meshvitals.ErrNotFound)
	_, err = monitor.Render("json\x00")
	expectCode(t, err, meshvitals.ErrRange)
}

// Every number of the header is a constant here, and all of them come from it: the sources name
// MESHVITALS_ERROR_STALE, and no number.
func TestEveryConstantOfTheHeaderIsAConstantHere(t *testing.T) {
	header, err := os.ReadFile("../../include/meshvitals.h")
	expectOK(t, err)
	files, err := filepath.Glob("*.go")
	expectOK(t, err)
	var sources strings.Builder
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		expectOK(t, err)
		sources.Write(text)
	}
	define := regexp.MustCompile(
		`(?m)^#define MESHVITALS_((?:ERROR|STATUS|OUTCOME|KIND|EVENT|MASK|REASON)_\w+) -?\d+$`)
	names := define.FindAllStringSubmatch(string(header), -1)
	if len(names) < 90 {
		t.Fatalf("only %d constants were found", len(names))
	}
	for _, name := range names {
		constant := regexp.MustCompile(
			`(?m)^\t(\w+) +\w+ += C\.MESHVITALS_` + name[1] + `\b`)
		found := constant.FindAllStringSubmatch(sources.String(), -1)
		if len(found) != 1 {
			t.Errorf("%s: %d constants", name[1], len(found))
			continue
		}
		wanted := strings.ToLower(strings.ReplaceAll(name[1], "_", ""))
		wanted = strings.TrimPrefix(wanted, "status")
		if rest, is := strings.CutPrefix(wanted, "error"); is {
			wanted = "err" + rest
		}
		if got := strings.ToLower(found[0][1]); got != wanted &&
			name[1] != "REASON_FIRST_OF_HOST" {
			t.Errorf("%s is called %s", name[1], found[0][1])
		}
	}
}
