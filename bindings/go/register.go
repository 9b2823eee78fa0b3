package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"unsafe"
)

// Register adds a check. Nothing is half registered: an error names the key, the value and what is
// allowed.
func (m *Monitor) Register(check CheckConfig, options ...Option) (Check, error) {
	return m.registerOne("register", check, options, m.RegisterJSON)
}

// Replace adds a check, or puts its config in the place of the check of its name. The same config
// changes nothing but the function; if only schedule, thresholds, levels, tags or criticality
// differ, the counts are kept; if something else is measured, the check begins anew.
func (m *Monitor) Replace(check CheckConfig, options ...Option) (Check, error) {
	return m.registerOne("replace", check, options, m.ReplaceJSON)
}

func (m *Monitor) registerOne(
	op string, check CheckConfig, options []Option, register func(string) (Check, error),
) (Check, error) {
	for _, option := range options {
		option(&check)
	}
	text, err := encode(op, check)
	if err != nil {
		return Check{}, err
	}
	var added Check
	err = m.withFunctions(op, []CheckConfig{check}, func() ([]Check, error) {
		added, err = register(text)
		return []Check{added}, err
	})
	return added, err
}

// RegisterMany adds checks, all or none. The error's key begins with the index: /3/interval.
func (m *Monitor) RegisterMany(checks ...CheckConfig) ([]Check, error) {
	text, err := encode("register many", checks)
	if err != nil {
		return nil, err
	}
	var added []Check
	err = m.withFunctions("register many", checks, func() ([]Check, error) {
		added, err = m.registerMany(text, len(checks))
		return added, err
	})
	return added, err
}

// withFunctions registers checks together with their functions, so that no request for one comes
// before it is known.
func (m *Monitor) withFunctions(
	op string, checks []CheckConfig, register func() ([]Check, error),
) error {
	f := &m.inner.functions
	f.registering.RLock()
	defer f.registering.RUnlock()
	for _, check := range checks {
		if err := f.admit(op, check.Probe); err != nil {
			return err
		}
	}
	added, err := register()
	if err != nil {
		return err
	}
	for i, check := range added {
		f.put(check.cell.id, function(checks[i].Probe))
	}
	return nil
}

// admit prepares for a probe.
func (f *functions) admit(op string, probe Probe) error {
	switch probe := probe.(type) {
	case Func:
		if probe == nil {
			return &Error{Op: op, Code: ErrNull, Message: "the function is nil"}
		}
	case Measure:
		if probe == nil {
			return &Error{Op: op, Code: ErrNull, Message: "the function is nil"}
		}
	default:
		return nil
	}
	return f.prepare()
}

// RegisterJSON adds a check from its document, see docs/documents.md.
func (m *Monitor) RegisterJSON(check string) (Check, error) {
	return m.fromDocument("register", check, func(
		c *C.meshvitals_monitor_t, text *C.char, id *C.meshvitals_check_id_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_register(c, text, id, raw)
	})
}

// ReplaceJSON is Replace from a document.
func (m *Monitor) ReplaceJSON(check string) (Check, error) {
	return m.fromDocument("replace", check, func(
		c *C.meshvitals_monitor_t, text *C.char, id *C.meshvitals_check_id_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_replace(c, text, id, raw)
	})
}

func (m *Monitor) fromDocument(
	op, check string,
	register func(
		*C.meshvitals_monitor_t, *C.char, *C.meshvitals_check_id_t, *C.meshvitals_error_t,
	) C.meshvitals_code_t,
) (Check, error) {
	text, err := document(op, check)
	if err != nil {
		return Check{}, err
	}
	handle, err := m.handle(op, func(
		c *C.meshvitals_monitor_t, id *C.meshvitals_check_id_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return register(c, text, id, raw)
	})
	return Check{handle}, err
}

// RegisterManyJSON adds the checks of a JSON array, all or none.
func (m *Monitor) RegisterManyJSON(checks string) ([]Check, error) {
	var elements []json.RawMessage
	// If this is no array, the library says better what is wrong with it.
	_ = json.Unmarshal([]byte(checks), &elements)
	return m.registerMany(checks, len(elements))
}

func (m *Monitor) registerMany(checks string, count int) ([]Check, error) {
	defer runtime.KeepAlive(m)
	text, err := document("register many", checks)
	if err != nil {
		return nil, err
	}
	ids := make([]C.meshvitals_check_id_t, count)
	added := make([]Check, count)
	err = m.inner.call("register many", func(
		c *C.meshvitals_monitor_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		place := unsafe.SliceData(ids)
		code := C.meshvitals_register_many(c, text, place, C.size_t(count), nil, raw)
		for i := range ids {
			added[i] = Check{m.at(c, ids[i])}
		}
		return code
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// Unregister removes checks, all or none.
func (m *Monitor) Unregister(checks ...Check) error {
	defer runtime.KeepAlive(m)
	ids := make([]C.meshvitals_check_id_t, len(checks))
	for i, check := range checks {
		ids[i] = C.meshvitals_check_id_t(check.cell.id)
	}
	err := m.inner.call("unregister", func(
		c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_unregister_many(c, unsafe.SliceData(ids), C.size_t(len(ids)))
	})
	if err != nil {
		return err
	}
	for _, check := range checks {
		m.inner.functions.put(check.cell.id, nil)
	}
	return nil
}
