// Package meshvitals is the health engine that a service, a proxy or a sidecar carries inside
// itself.
//
// A [Monitor] watches the host it runs on, the things it depends on and the checks that the
// program writes itself. It turns noisy results into a steady [Status], which is read in about a
// nanosecond, without a lock and without cgo:
//
//	monitor, err := meshvitals.New(meshvitals.Config{})
//	...
//	defer monitor.Close()
//	db, err := monitor.Register(meshvitals.CheckConfig{
//		Name:  "db",
//		Probe: meshvitals.TCP{Address: "10.0.0.5:5432"},
//		Tags:  []string{"readiness"},
//	})
//	...
//	err = monitor.Start()
//	...
//	if db.Status().IsFunctional() { ... }
//
// Checks of the program are functions that get a context and return an error, see [Func].
// Changes arrive through a [Subscription], as an iterator or on a channel. Errors carry a [Code]
// for errors.Is. The engine works on one thread of its own outside of Go; the package adds
// goroutines only for what was asked for: functions, subscriptions on a channel, logs.
//
// Everything may be called from any goroutine at any time.
package meshvitals
