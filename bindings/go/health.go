package meshvitals

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Handler answers the probes of orchestrators and load balancers: /livez, /readyz, /startupz and
// /health. See [Monitor.GroupHandler].
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/livez", m.LiveHandler())
	mux.Handle("/readyz", m.ReadyHandler())
	mux.Handle("/startupz", m.GroupHandler("startup"))
	mux.Handle("/health", m.HealthHandler())
	return mux
}

// LiveHandler says whether the process should go on: no only if the group "liveness" is UNHEALTHY.
func (m *Monitor) LiveHandler() http.Handler {
	return m.GroupHandler("liveness")
}

// ReadyHandler says whether the program should get requests: the group "readiness".
func (m *Monitor) ReadyHandler() http.Handler {
	return m.GroupHandler("readiness")
}

// HealthHandler says how the whole is.
func (m *Monitor) HealthHandler() http.Handler {
	return m.GroupHandler("overall")
}

// GroupHandler answers for a group: 200 or 503 by [Handle.Answer], as application/health+json with
// the status pass, warn or fail. The checks behind it are listed when the query has "verbose";
// what they say is for people who run the program, so keep that query from others. 404 if there is
// no such group.
func (m *Monitor) GroupHandler(group string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		health, code := m.health(group, r.URL.Query().Has("verbose"))
		body, err := json.Marshal(health)
		if err != nil {
			body, code = []byte(`{"status":"fail"}`), http.StatusServiceUnavailable
		}
		header := w.Header()
		header.Set("Content-Type", "application/health+json")
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(code)
		_, _ = w.Write(append(body, '\n'))
	})
}

// health is a response of application/health+json.
type health struct {
	Status string                 `json:"status"`
	Output string                 `json:"output,omitempty"`
	Checks map[string][]component `json:"checks,omitempty"`
}

type component struct {
	ComponentType string   `json:"componentType"`
	Status        string   `json:"status"`
	ObservedValue *float64 `json:"observedValue,omitempty"`
	Time          string   `json:"time,omitempty"`
	Output        string   `json:"output,omitempty"`
}

// report is what the report "json" says and is needed here.
type report struct {
	Checks []struct {
		Name       string   `json:"name"`
		Probe      string   `json:"probe"`
		Status     string   `json:"status"`
		Tags       []string `json:"tags"`
		ReasonText string   `json:"reason_text"`
		Message    string   `json:"message"`
		Value      *float64 `json:"value"`
		LastUnixMS *int64   `json:"last_unix_ms"`
	} `json:"checks"`
}

func (m *Monitor) health(name string, verbose bool) (health, int) {
	group, err := m.Group(name)
	if err != nil {
		return unknown(err)
	}
	answer, err := group.Answer()
	if err != nil {
		return unknown(err)
	}
	answered, code := health{Status: "pass"}, http.StatusOK
	switch status := group.Status(); {
	case !answer:
		answered.Status, code = "fail", http.StatusServiceUnavailable
	case status != Healthy:
		answered.Status = "warn"
	}
	if verbose {
		answered.Checks, err = m.components(name)
		if err != nil {
			return unknown(err)
		}
	}
	return answered, code
}

// unknown is the answer when there is none.
func unknown(err error) (health, int) {
	if errors.Is(err, ErrNotFound) {
		return health{Status: "fail", Output: "there is no such group"}, http.StatusNotFound
	}
	return health{Status: "fail", Output: err.Error()}, http.StatusServiceUnavailable
}

// components lists the members of a group.
func (m *Monitor) components(group string) (map[string][]component, error) {
	text, err := m.Render("json")
	if err != nil {
		return nil, err
	}
	var all report
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, err
	}
	components := map[string][]component{}
	for _, check := range all.Checks {
		if group != "overall" && !slices.Contains(check.Tags, group) {
			continue
		}
		one := component{
			ComponentType: check.Probe,
			Status:        word(check.Status),
			ObservedValue: check.Value,
			Output:        check.Message,
		}
		if one.Status != "pass" && one.Output == "" {
			one.Output = check.ReasonText
		}
		if check.LastUnixMS != nil {
			one.Time = time.UnixMilli(*check.LastUnixMS).UTC().Format(time.RFC3339Nano)
		}
		components[check.Name] = []component{one}
	}
	return components, nil
}

// word is the format's word for a status of the report.
func word(status string) string {
	switch status {
	case "healthy":
		return "pass"
	case "unhealthy":
		return "fail"
	}
	return "warn"
}
