package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// record is what the sidecar logs.
type record struct {
	Message string `json:"msg"`
	Listen  string `json:"listen"`
	Probes  string `json:"probes"`
	Name    string `json:"name"`
	Event   struct {
		Status string `json:"status"`
	} `json:"event"`
}

// await reads the log until a record fits.
func await(t *testing.T, log *json.Decoder, fits func(record) bool) record {
	t.Helper()
	for {
		var one record
		if err := log.Decode(&one); err != nil {
			t.Fatal(err)
		}
		if fits(one) {
			return one
		}
	}
}

func code(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestConnectionsGoOnWhileTheUpstreamWorks(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.78.3.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go greet(upstream)
	reader, writer := io.Pipe()
	slog.SetDefault(slog.New(slog.NewJSONHandler(writer, nil)))
	log := json.NewDecoder(reader)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, "127.78.3.2:0", "127.78.3.2:0", upstream.Addr().String())
		_ = writer.Close()
	}()
	at := await(t, log, func(one record) bool { return one.Message == "ready to forward" })
	await(t, log, func(one record) bool {
		return one.Name == "readiness" && one.Event.Status == "HEALTHY"
	})
	if got := code(t, "http://"+at.Probes+"/readyz"); got != http.StatusOK {
		t.Fatal(got)
	}
	if said, err := visit(at.Listen); said != "hello\n" {
		t.Fatal(said, err)
	}
	_ = upstream.Close()
	await(t, log, func(one record) bool {
		return one.Name == "readiness" && one.Event.Status == "UNHEALTHY"
	})
	if got := code(t, "http://"+at.Probes+"/readyz"); got != http.StatusServiceUnavailable {
		t.Fatal(got)
	}
	if said, err := visit(at.Listen); err == nil {
		t.Fatal("there is no upstream any more, and yet it said", said)
	}
	cancel()
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func greet(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(connection, "hello\n")
		_ = connection.Close()
	}
}

func visit(address string) (string, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	return bufio.NewReader(connection).ReadString('\n')
}
