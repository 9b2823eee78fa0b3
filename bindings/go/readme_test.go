package meshvitals_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// blocks are the fenced blocks of Go programs in a page.
func blocks(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	expectOK(t, err)
	var found []string
	for _, rest := range strings.Split(string(text), "\n```go\n")[1:] {
		block, _, _ := strings.Cut(rest, "\n```")
		if strings.HasPrefix(block, "package ") {
			found = append(found, block)
		}
	}
	return found
}

// The examples have tests of their own, which run them.
func TestTheProgramsOfTheReadmesAreTheExamples(t *testing.T) {
	for readme, example := range map[string]string{
		"../../README.md": "examples/watch/main.go",
		"README.md":       "examples/sidecar/main.go",
	} {
		programs := blocks(t, readme)
		expect(t, len(programs), 1)
		source, err := os.ReadFile(example)
		expectOK(t, err)
		if !strings.HasSuffix(string(source), "\n"+programs[0]+"\n") {
			t.Errorf("%s does not show %s", readme, example)
		}
	}
}

// What a stranger does: the commands of the README, in a module of their own.
func TestTheProgramOfTheReadmeBuildsElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("it links two programs")
	}
	here, err := os.Getwd()
	expectOK(t, err)
	module := t.TempDir()
	program := blocks(t, "README.md")[0]
	expectOK(t, os.WriteFile(filepath.Join(module, "main.go"), []byte(program), 0o600))
	for _, arguments := range [][]string{
		{"mod", "init", "example.com/sidecar"},
		{"mod", "edit", "-require", "meshvitals@v0.1.0", "-replace", "meshvitals=" + here},
		{"build", "-buildvcs=false", "-o", "shared"},
		{"build", "-buildvcs=false", "-o", "static", "-tags", "meshvitals_static"},
	} {
		run(t, module, "go", arguments...)
	}
	for _, name := range []string{"shared", "static"} {
		output := run(t, module, "ldd", name)
		expect(t, strings.Contains(output, "libmeshvitals.so.0"), name == "shared")
	}
}

func run(t *testing.T, directory, name string, arguments ...string) string {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir = directory
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, output)
	}
	return string(output)
}
