// The program of the project's README: watches a port until it is down.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"meshvitals"
)

func main() {
	if err := watch(append(os.Args, "127.0.0.1:5432")[1]); err != nil {
		log.Fatal(err)
	}
}

func watch(address string) error {
	// CPU, memory and disk are watched unless the configuration says otherwise.
	monitor, err := meshvitals.New(meshvitals.Config{MemoryThreshold: 0.95})
	if err != nil {
		return err
	}
	defer monitor.Close()
	db, err := monitor.Register(meshvitals.CheckConfig{
		Name: "db", Probe: meshvitals.TCP{Address: address}, Interval: 2 * time.Second,
		Timeout: 500 * time.Millisecond, Tags: []string{"readiness"},
	})
	if err != nil {
		return err
	}
	events, err := monitor.Subscribe(meshvitals.KindStatus, 256)
	if err != nil {
		return err
	}
	defer events.Close()
	if err := monitor.Start(); err != nil {
		return err
	}
	for event := range events.All(context.Background()) {
		fmt.Printf("%s: %v -> %v (%v)\n",
			monitor.Name(event.ID), event.Previous, event.Status, event.Reason)
		// A read takes no lock and no system call: it may stand where requests are routed.
		if db.Status() == meshvitals.Unhealthy {
			break
		}
	}
	ready, err := monitor.Group("readiness")
	if err != nil {
		return err
	}
	answer, err := ready.Answer()
	fmt.Println("ready:", answer)
	return err
}
