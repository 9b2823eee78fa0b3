package main

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
)

func TestThePortIsWatchedUntilItIsDown(t *testing.T) {
	listener, err := net.Listen("tcp", "127.78.2.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		// The first connection is that of the check; from then on the port is closed.
		_, _ = listener.Accept()
		_ = listener.Close()
	}()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = writer
	err = watch(listener.Addr().String())
	os.Stdout = stdout
	_ = writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	output, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	text := string(output)
	for _, line := range []string{
		"db: UNKNOWN -> HEALTHY (none)\n", "db: HEALTHY -> UNHEALTHY (connection refused)\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not said:\n%s", line, text)
		}
	}
	if !strings.HasSuffix(text, "ready: false\n") {
		t.Error(text)
	}
}
