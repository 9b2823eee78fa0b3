package meshvitals_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vectors are the shared files, each with the function that replays a case of it and says what is
// wrong. A file that is not listed is a failure.
var vectors = map[string]func([]byte) (why string, wrong error){
	"documents.jsonl":   replayDocument,
	"codes.jsonl":       replayConstant,
	"thresholds.jsonl":  replayScenario,
	"schedules.jsonl":   replayScenario,
	"reports.jsonl":     replayScenario,
	"aggregation.jsonl": replayScenario,
	"freshness.jsonl":   replayScenario,
	"masks.jsonl":       replayScenario,
	"events.jsonl":      replayScenario,
}

func TestEveryVectorIsAnsweredAsItSays(t *testing.T) {
	files, err := filepath.Glob("../../tests/conformance/*.jsonl")
	expectOK(t, err)
	expect(t, len(files), len(vectors))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			expectOK(t, replayFile(file))
		})
	}
}

func TestAFileWithoutACaseFailsAndSoDoesOneThatNobodyKnows(t *testing.T) {
	for name, says := range map[string]string{
		"events.jsonl": "no case ran", "new.jsonl": "nobody replays it",
	} {
		empty := filepath.Join(t.TempDir(), name)
		expectOK(t, os.WriteFile(empty, nil, 0o600))
		if err := replayFile(empty); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// replayFile says what is wrong with the cases of a file.
func replayFile(path string) error {
	replay := vectors[filepath.Base(path)]
	if replay == nil {
		return fmt.Errorf("%s: nobody replays it", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	var wrong error
	cases := 0
	for lines.Scan() {
		cases++
		if why, problem := replay(lines.Bytes()); problem != nil {
			wrong = errors.Join(wrong, fmt.Errorf("line %d: %s: %w", cases, why, problem))
		}
	}
	if cases == 0 {
		wrong = fmt.Errorf("%s: no case ran", path)
	}
	return errors.Join(wrong, lines.Err())
}
