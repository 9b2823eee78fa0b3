package meshvitals_test

import (
	"net"
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

// The example has tests of its own, which run it.
func TestTheProgramOfTheReadmeIsTheExample(t *testing.T) {
	programs := blocks(t, "README.md")
	expect(t, len(programs), 1)
	source, err := os.ReadFile("examples/sidecar/main.go")
	expectOK(t, err)
	if !strings.HasSuffix(string(source), "\n"+programs[0]+"\n") {
		t.Error("README.md does not show examples/sidecar/main.go")
	}
}

// The program of the whole project's README, as it stands there but for the address.
func TestTheProgramThatAllLanguagesShowWatchesAPort(t *testing.T) {
	if testing.Short() {
		t.Skip("it links a program")
	}
	programs := blocks(t, "../../README.md")
	expect(t, len(programs), 1)
	listener, err := net.Listen("tcp", "127.78.2.2:0")
	expectOK(t, err)
	go func() {
		// The first connection is that of the check; from then on the port is closed.
		_, _ = listener.Accept()
		_ = listener.Close()
	}()
	const address = "127.0.0.1:5432"
	expect(t, strings.Count(programs[0], address), 1)
	module := moduleOf(t, strings.Replace(programs[0], address, listener.Addr().String(), 1))
	run(t, module, "go", "build", "-buildvcs=false", "-o", "watch")
	output := run(t, module, "./watch")
	for _, line := range []string{
		"db: UNKNOWN -> HEALTHY (none)\n", "db: HEALTHY -> UNHEALTHY (connection refused)\n",
	} {
		if !strings.Contains(output, line) {
			t.Errorf("%q is not said:\n%s", line, output)
		}
	}
}

// moduleOf is a module with this program, which needs the package that lies here.
func moduleOf(t *testing.T, program string) string {
	t.Helper()
	here, err := os.Getwd()
	expectOK(t, err)
	module := t.TempDir()
	expectOK(t, os.WriteFile(filepath.Join(module, "main.go"), []byte(program), 0o600))
	run(t, module, "go", "mod", "init", "example.com/program")
	run(t, module, "go", "mod", "edit",
		"-require", "meshvitals@v0.1.0", "-replace", "meshvitals="+here)
	return module
}

// What a stranger does: the commands of the README, in a module of their own.
func TestTheProgramOfTheReadmeBuildsElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("it links two programs")
	}
	module := moduleOf(t, blocks(t, "README.md")[0])
	for _, arguments := range [][]string{
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
