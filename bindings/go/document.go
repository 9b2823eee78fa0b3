package meshvitals

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"
)

// encode writes a Config or CheckConfig as the document that the library reads.
func encode(op string, config any) (string, error) {
	tree, err := tree(reflect.ValueOf(config))
	if err != nil {
		return "", &Error{Op: op, Code: ErrUTF8, Message: err.Error()}
	}
	text, err := json.Marshal(tree)
	if err != nil {
		// Only a number that JSON has no word for: NaN and the infinities.
		return "", &Error{Op: op, Code: ErrRange, Message: err.Error()}
	}
	return string(text), nil
}

// tree turns structs into maps of what is not zero, by the tags of their fields.
func tree(value reflect.Value) (any, error) {
	if duration, ok := value.Interface().(time.Duration); ok {
		return durationText(duration), nil
	}
	switch value.Kind() {
	case reflect.Pointer:
		return tree(value.Elem())
	case reflect.String:
		// The encoder of the standard library would silently write other characters.
		if !utf8.ValidString(value.String()) {
			return nil, fmt.Errorf("%q is not UTF-8", value.String())
		}
	case reflect.Slice:
		return elements(value)
	case reflect.Map:
		return entries(value)
	case reflect.Struct:
		return fields(value)
	}
	return value.Interface(), nil
}

func fields(value reflect.Value) (any, error) {
	object := map[string]any{}
	for i := range value.NumField() {
		field, key := value.Field(i), value.Type().Field(i).Tag.Get("doc")
		if probe, ok := field.Interface().(Probe); ok {
			if err := putProbe(object, probe); err != nil {
				return nil, err
			}
		}
		if key == "" || field.IsZero() {
			continue
		}
		below, err := tree(field)
		if err != nil {
			return nil, err
		}
		object[key] = below
	}
	return object, nil
}

func putProbe(object map[string]any, probe Probe) error {
	value := reflect.ValueOf(probe)
	switch {
	case value.Kind() == reflect.Pointer && value.IsNil():
		// No probe, which the library refuses.
		return nil
	case value.Kind() == reflect.Func:
		object[probe.key()] = struct{}{}
		// Overlapping runs are for what is not the program's own code.
		object["max_in_flight"] = 1
		return nil
	}
	below, err := tree(value)
	object[probe.key()] = below
	return err
}

func elements(value reflect.Value) (any, error) {
	list := make([]any, value.Len())
	for i := range list {
		below, err := tree(value.Index(i))
		if err != nil {
			return nil, err
		}
		list[i] = below
	}
	return list, nil
}

func entries(value reflect.Value) (any, error) {
	object := make(map[string]any, value.Len())
	for _, key := range value.MapKeys() {
		if _, err := tree(key); err != nil {
			return nil, err
		}
		below, err := tree(value.MapIndex(key))
		if err != nil {
			return nil, err
		}
		object[key.String()] = below
	}
	return object, nil
}

// durationText is a duration in the coarsest unit that is exact.
func durationText(duration time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}} {
		if duration%unit.size == 0 {
			return fmt.Sprintf("%d%s", duration/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%dns", duration)
}
