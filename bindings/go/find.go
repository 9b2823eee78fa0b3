package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Check is the check of a name.
func (m *Monitor) Check(name string) (Check, error) {
	handle, err := m.named("find", name, func(
		c *C.meshvitals_monitor_t, text *C.char, id *C.meshvitals_check_id_t,
	) C.meshvitals_code_t {
		return C.meshvitals_find(c, text, id)
	})
	return Check{handle}, err
}

// Group is the group of a name.
func (m *Monitor) Group(name string) (Group, error) {
	handle, err := m.named("find group", name, func(
		c *C.meshvitals_monitor_t, text *C.char, id *C.meshvitals_check_id_t,
	) C.meshvitals_code_t {
		return C.meshvitals_group_find(c, text, id)
	})
	return Group{handle}, err
}

// Handle is the check or group of an id, as events carry it. It reads Unknown if it is gone.
func (m *Monitor) Handle(id ID) (Handle, error) {
	return m.handle("find", func(
		c *C.meshvitals_monitor_t, out *C.meshvitals_check_id_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		*out = C.meshvitals_check_id_t(id)
		if C.meshvitals_cell(c, *out) == nil {
			return C.MESHVITALS_ERROR_NOT_FOUND
		}
		return C.MESHVITALS_OK
	})
}

// Name is the name of the check or group of an id, empty if it is gone.
func (m *Monitor) Name(id ID) string {
	defer runtime.KeepAlive(m)
	return m.inner.name(id)
}

func (i *inner) name(id ID) string {
	raw := &C.meshvitals_snapshot_t{struct_size: C.sizeof_meshvitals_snapshot_t}
	err := i.call("name", func(
		c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return C.meshvitals_snapshot(c, C.meshvitals_check_id_t(id), raw)
	})
	if err != nil {
		return ""
	}
	return fromC(raw.name[:])
}

// Checks is all checks, those of the library included.
func (m *Monitor) Checks() ([]Check, error) {
	defer runtime.KeepAlive(m)
	var checks []Check
	for capacity := 64; ; {
		ids := make([]C.meshvitals_check_id_t, capacity)
		count := 0
		err := m.inner.call("list", func(
			c *C.meshvitals_monitor_t, _ *C.meshvitals_error_t,
		) C.meshvitals_code_t {
			listed := C.meshvitals_list(c, unsafe.SliceData(ids), C.size_t(capacity))
			if count = int(listed); count < 0 {
				return C.meshvitals_code_t(count)
			}
			for _, id := range ids[:min(count, capacity)] {
				checks = append(checks, Check{m.at(c, id)})
			}
			return C.MESHVITALS_OK
		})
		if err != nil {
			return nil, err
		}
		if count <= capacity {
			return checks, nil
		}
		checks, capacity = nil, count+count/8
	}
}

func (m *Monitor) named(
	op, name string,
	find func(*C.meshvitals_monitor_t, *C.char, *C.meshvitals_check_id_t) C.meshvitals_code_t,
) (Handle, error) {
	text, ok := toC(name)
	if !ok {
		return Handle{}, &Error{Op: op, Code: ErrNotFound}
	}
	return m.handle(op, func(
		c *C.meshvitals_monitor_t, id *C.meshvitals_check_id_t, _ *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		return find(c, text, id)
	})
}

// handle makes a handle of the id that a call in C gives.
func (m *Monitor) handle(
	op string,
	enter func(
		*C.meshvitals_monitor_t, *C.meshvitals_check_id_t, *C.meshvitals_error_t,
	) C.meshvitals_code_t,
) (Handle, error) {
	defer runtime.KeepAlive(m)
	var handle Handle
	err := m.inner.call(op, func(
		c *C.meshvitals_monitor_t, raw *C.meshvitals_error_t,
	) C.meshvitals_code_t {
		var id C.meshvitals_check_id_t
		code := enter(c, &id, raw)
		if code == C.MESHVITALS_OK {
			handle = m.at(c, id)
		}
		return code
	})
	return handle, err
}

// at is the handle of an id. The caller is inside a call.
func (m *Monitor) at(c *C.meshvitals_monitor_t, id C.meshvitals_check_id_t) Handle {
	return Handle{cell{C.meshvitals_cell(c, id), ID(id)}, m}
}
