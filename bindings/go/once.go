package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

// ProbeOnce runs the probe of a check once, without a monitor, and waits for its result, at most
// for the check's timeout. What the program itself runs or reports is refused: ErrMode.
func ProbeOnce(check CheckConfig, options ...Option) (Result, error) {
	for _, option := range options {
		option(&check)
	}
	text, err := encode("probe once", check)
	if err != nil {
		return Result{}, err
	}
	return ProbeOnceJSON(text)
}

// ProbeOnceJSON is ProbeOnce from a document.
func ProbeOnceJSON(check string) (Result, error) {
	text, err := document("probe once", check)
	if err != nil {
		return Result{}, err
	}
	var raw C.meshvitals_error_t
	out := &C.meshvitals_result_t{struct_size: C.sizeof_meshvitals_result_t}
	if err := failure("probe once", C.meshvitals_probe_once(nil, text, out, &raw), &raw); err != nil {
		return Result{}, err
	}
	return resultFrom(out), nil
}
