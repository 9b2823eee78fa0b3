package meshvitals_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"meshvitals"
)

type answer struct {
	Status string
	Output string
	Checks map[string][]map[string]any
}

func ask(t *testing.T, monitor *meshvitals.Monitor, method, target string) (int, answer) {
	t.Helper()
	recorder := httptest.NewRecorder()
	monitor.Handler().ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
	var said answer
	if recorder.Code == 200 || recorder.Code == 503 {
		expect(t, recorder.Header().Get("Content-Type"), "application/health+json")
		expect(t, recorder.Header().Get("Cache-Control"), "no-store")
		expectOK(t, json.Unmarshal(recorder.Body.Bytes(), &said))
	}
	return recorder.Code, said
}

func TestProbesAreAnsweredByTheirGroups(t *testing.T) {
	monitor := newMonitor(t, manual)
	advance(t, monitor, time.Second)
	db := register(t, monitor, "db", meshvitals.External{}, meshvitals.WithTags("readiness"))
	loop := register(t, monitor, "loop", meshvitals.Heartbeat{TTL: time.Second},
		meshvitals.WithTags("liveness", "startup"))
	for _, one := range []struct {
		db, loop                     meshvitals.Status
		live, ready, startup, health int
		words                        [4]string
	}{
		{meshvitals.Unknown, meshvitals.Unknown, 200, 503, 503, 503,
			[4]string{"warn", "fail", "fail", "fail"}},
		{meshvitals.Healthy, meshvitals.Healthy, 200, 200, 200, 200,
			[4]string{"pass", "pass", "pass", "pass"}},
		{meshvitals.Degraded, meshvitals.Healthy, 200, 200, 200, 200,
			[4]string{"pass", "warn", "pass", "warn"}},
		{meshvitals.Unhealthy, meshvitals.Healthy, 200, 503, 200, 503,
			[4]string{"pass", "fail", "pass", "fail"}},
		{meshvitals.Healthy, meshvitals.Unhealthy, 503, 200, 200, 503,
			[4]string{"fail", "pass", "warn", "fail"}},
	} {
		for check, status := range map[meshvitals.Check]meshvitals.Status{
			db: one.db, loop: one.loop,
		} {
			if status == meshvitals.Unknown {
				continue
			}
			expectOK(t, check.Override(status, meshvitals.Forever))
		}
		codes := []int{one.live, one.ready, one.startup, one.health}
		for i, target := range []string{"/livez", "/readyz", "/startupz", "/health"} {
			code, said := ask(t, monitor, "GET", target)
			if code != codes[i] || said.Status != one.words[i] || said.Checks != nil {
				t.Errorf("%+v: %s: %d %+v", one, target, code, said)
			}
		}
	}
}

func TestDetailsAreToldWhenAskedFor(t *testing.T) {
	monitor := newMonitor(t, manual)
	advance(t, monitor, time.Second)
	due := subscribe(t, monitor, meshvitals.KindDue)
	db := register(t, monitor, "db", meshvitals.External{}, meshvitals.WithTags("readiness"))
	register(t, monitor, "other", meshvitals.Heartbeat{TTL: time.Hour})
	advance(t, monitor, time.Second)
	request := await(t, due, func(event meshvitals.Event) bool { return event.ID == db.ID() })
	expectOK(t, db.Report(meshvitals.Result{
		Outcome: meshvitals.OutcomeFail, Token: request.Token, Value: meshvitals.Ptr(3.5),
		Message: "no answer from 10.0.0.5",
	}))
	code, said := ask(t, monitor, "GET", "/readyz?verbose")
	expect(t, code, 503)
	expect(t, len(said.Checks), 1)
	told := said.Checks["db"][0]
	expect(t, told["status"].(string), "fail")
	expect(t, told["componentType"].(string), "external")
	expect(t, told["output"].(string), "no answer from 10.0.0.5")
	expect(t, told["observedValue"].(float64), 3.5)
	if _, err := time.Parse(time.RFC3339Nano, told["time"].(string)); err != nil {
		t.Fatal(err)
	}
	_, said = ask(t, monitor, "GET", "/health?verbose=1")
	expect(t, len(said.Checks), 2)
	expect(t, said.Checks["other"][0]["status"].(string), "warn")
}

func TestWhatIsNoProbeIsRefused(t *testing.T) {
	monitor := newMonitor(t, quiet)
	code, _ := ask(t, monitor, "POST", "/readyz")
	expect(t, code, 405)
	code, _ = ask(t, monitor, "HEAD", "/readyz")
	expect(t, code, 200)
	recorder := httptest.NewRecorder()
	monitor.GroupHandler("nobody").ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	expect(t, recorder.Code, 404)
	expectOK(t, monitor.Close())
	for _, target := range []string{"/livez", "/readyz", "/health?verbose"} {
		code, said := ask(t, monitor, "GET", target)
		expect(t, code, 503)
		expect(t, said.Status, "fail")
	}
}
