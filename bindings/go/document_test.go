package meshvitals

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"reflect"
	"testing"
	"time"
)

// keys are those that a struct can write.
func keys(structure any) map[string]bool {
	kind, found := reflect.TypeOf(structure), map[string]bool{}
	for i := range kind.NumField() {
		if key := kind.Field(i).Tag.Get("doc"); key != "" {
			found[key] = true
		}
	}
	return found
}

func TestTheStructsHaveExactlyTheKeysOfTheSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	probes := []Probe{
		TCP{}, HTTP{}, CPU{}, Memory{}, Disk{}, Heartbeat{}, External{}, Func(nil), Measure(nil),
		GRPC{}, Redis{}, Postgres{}, MySQL{}, Memcached{}, NATS{}, MQTT{}, AMQP{}, SMTP{},
		UDP{}, DNS{}, Exec{},
	}
	for key, property := range schema.Defs["check"].Properties {
		if reference, _ := property.(map[string]any)["$ref"].(string); reference == "#/$defs/signal" {
			probes = append(probes, Signal{Kind: key})
		}
	}
	if len(probes) < 30 {
		t.Fatalf("only %d probes were found", len(probes))
	}
	structs := map[string][]any{
		"check": {CheckConfig{}}, "defaults": {CheckConfig{}}, "monitor": {Config{}},
		"tcp": {TCP{}}, "tls": {TLS{}}, "basic": {Basic{}}, "redirects": {Redirects{}}, "step": {Step{}},
		"grpc": {GRPC{}}, "redis": {Redis{}}, "postgres": {Postgres{}}, "mysql": {MySQL{}},
		"memcached": {Memcached{}}, "nats": {NATS{}}, "mqtt": {MQTT{}}, "amqp": {AMQP{}},
		"smtp": {SMTP{}}, "udp": {UDP{}}, "dns": {DNS{}}, "exec": {Exec{}}, "http": {HTTP{}}, "expect": {Expect{}}, "disk": {Disk{}},
		"signal": {Signal{}},
		"level":  {CPU{}, Memory{}}, "heartbeat": {Heartbeat{}}, "nothing": {External{}},
	}
	if len(schema.Defs) < len(structs) {
		t.Fatalf("the schema has only %d definitions", len(schema.Defs))
	}
	for name, definition := range schema.Defs {
		if len(structs[name]) == 0 {
			t.Errorf("%s has no struct", name)
		}
		for _, structure := range structs[name] {
			have := keys(structure)
			if name == "check" {
				for _, probe := range probes {
					have[probe.key()] = true
				}
				// Functions run through external checks, which the program's scheduler runs.
				have["callback"] = true
			}
			if name == "defaults" {
				// The library refuses these in defaults.
				delete(have, "name")
				delete(have, "cookie")
				delete(have, "depends_on")
				delete(have, "addresses")
			}
			for key := range definition.Properties {
				if !have[key] {
					t.Errorf("%s: %T has no field for %q", name, structure, key)
				}
				delete(have, key)
			}
			for key := range have {
				t.Errorf("%s: %T has a field for %q, which is no key", name, structure, key)
			}
		}
	}
}

func TestWhatIsZeroIsLeftOutAndTheRestArrives(t *testing.T) {
	pass := func(context.Context) error { return nil }
	for _, one := range []struct {
		config any
		want   string
	}{
		{Config{}, `{}`},
		{CheckConfig{Name: "a", Probe: External{}}, `{"external":{},"name":"a"}`},
		{CheckConfig{Name: "a", Probe: &TCP{Address: "b:1"}}, `{"name":"a","tcp":{"address":"b:1"}}`},
		{CheckConfig{Probe: (*TCP)(nil)}, `{}`},
		{CheckConfig{Probe: Func(pass)}, `{"external":{},"max_in_flight":1}`},
		{
			CheckConfig{
				Interval: 90 * time.Second, Timeout: 2500 * time.Millisecond, Linger: 3,
				Critical: Ptr(false), Jitter: Ptr(0.0), InitialDelay: Ptr(time.Duration(0)),
				Tags: []string{}, Cookie: math.MaxUint64,
			},
			`{"cookie":18446744073709551615,"critical":false,"initial_delay":"0s","interval":"90s",` +
				`"jitter":0,"linger":"3ns","tags":[],"timeout":"2500ms"}`,
		},
		{
			CheckConfig{Probe: HTTP{
				URL: "http://a/", Headers: map[string]string{"X": "y"},
				Expect: Expect{Status: []string{"204", "300-399"}},
			}},
			`{"http":{"expect":{"status":["204","300-399"]},"headers":{"X":"y"},"url":"http://a/"}}`,
		},
	} {
		text, err := encode("test", one.config)
		if err != nil {
			t.Fatal(err)
		}
		if text != one.want {
			t.Errorf("got  %s\nwant %s", text, one.want)
		}
	}
}

func TestTextsThatAreNotUTF8AreRefusedInsteadOfChanged(t *testing.T) {
	for _, config := range []CheckConfig{
		{Name: "\xff"},
		{Tags: []string{"a", "b\xff"}},
		{Probe: TCP{Address: "\xff"}},
		{Probe: HTTP{Headers: map[string]string{"\xff": ""}}},
		{Probe: HTTP{Headers: map[string]string{"a": "\xff"}}},
	} {
		if _, err := encode("test", config); !errors.Is(err, ErrUTF8) {
			t.Errorf("%+v: %v", config, err)
		}
	}
	if _, err := encode("test", CheckConfig{Jitter: Ptr(math.NaN())}); !errors.Is(err, ErrRange) {
		t.Error(err)
	}
}

func TestMessagesAreCutBetweenCharacters(t *testing.T) {
	for _, one := range []struct{ text, want string }{
		{"", ""}, {"abc", "abc"}, {"abcdefg", "abcdefg"}, {"abcdefgh", "abcdefg"},
		{"abcdefäh", "abcdef"}, {"a\xffb", "a\uFFFDb"}, {"a\x00b", "a b"}, {"äääää", "äää"},
	} {
		if got := cut(one.text, 7); got != one.want {
			t.Errorf("%q: got %q, want %q", one.text, got, one.want)
		}
	}
}
