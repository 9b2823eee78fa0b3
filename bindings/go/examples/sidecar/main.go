// A sidecar: sends connections on while its upstream works and a check of its own agrees, and
// answers the probes of the orchestrator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"meshvitals"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9000", "where connections come in")
	probes := flag.String("probes", "127.0.0.1:9001", "where /livez, /readyz and /health are")
	upstream := flag.String("upstream", "127.0.0.1:8080", "where connections go to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *listen, *probes, *upstream); err != nil {
		slog.Error("the sidecar ends", "error", err)
		os.Exit(1)
	}
}

// connections counts those that are open.
var connections = make(chan struct{}, 1000)

// notFull is a check of this program.
func notFull(ctx context.Context) error {
	switch used := len(connections); {
	case used == cap(connections):
		return errors.New("all connections are in use")
	case used > cap(connections)*9/10:
		return meshvitals.Warn(fmt.Errorf("%d connections are in use", used))
	}
	return ctx.Err()
}

func run(ctx context.Context, listen, probes, upstream string) error {
	monitor, err := meshvitals.New(meshvitals.Config{
		Defaults: meshvitals.CheckConfig{Interval: time.Second, Timeout: 500 * time.Millisecond},
		Checks: []meshvitals.CheckConfig{
			{Name: "upstream", Probe: meshvitals.TCP{Address: upstream}, Tags: []string{"readiness"}},
			{Name: "room", Probe: meshvitals.Func(notFull), Tags: []string{"readiness"}},
		},
	})
	if err != nil {
		return err
	}
	defer monitor.Close()
	if err := errors.Join(monitor.LogTo(slog.Default()), monitor.Start()); err != nil {
		return err
	}
	health, err := net.Listen("tcp", probes)
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(health, monitor.Handler()) }()
	defer health.Close()

	target, err := monitor.Check("upstream")
	if err != nil {
		return err
	}
	incoming, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = incoming.Close() })
	slog.Info("ready to forward",
		"listen", incoming.Addr().String(), "probes", health.Addr().String())
	for {
		client, err := incoming.Accept()
		if ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
		// One atomic load decides; nobody waits for an upstream that is known to be down.
		if target.Status() == meshvitals.Unhealthy {
			_ = client.Close()
			continue
		}
		go forward(client, upstream)
	}
}

func forward(client net.Conn, upstream string) {
	connections <- struct{}{}
	defer func() { <-connections }()
	defer client.Close()
	server, err := net.DialTimeout("tcp", upstream, time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, server)
}
