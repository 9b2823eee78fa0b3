package meshvitals

/*
#include <meshvitals.h>
*/
import "C"

// Code is the stable number of what went wrong, and an error itself, so that errors.Is finds it
// in whatever this package returns:
//
//	if errors.Is(err, meshvitals.ErrExists) { ... }
type Code int32

// The codes of the library.
const (
	ErrNull        Code = C.MESHVITALS_ERROR_NULL        // something that must be there is not
	ErrUTF8        Code = C.MESHVITALS_ERROR_UTF8        // a text is not UTF-8
	ErrDocument    Code = C.MESHVITALS_ERROR_DOCUMENT    // bad JSON, an unknown key, a wrong type
	ErrRange       Code = C.MESHVITALS_ERROR_RANGE       // a value is out of its range
	ErrExists      Code = C.MESHVITALS_ERROR_EXISTS      // the name is taken
	ErrNotFound    Code = C.MESHVITALS_ERROR_NOT_FOUND   // nothing has this name or id
	ErrStale       Code = C.MESHVITALS_ERROR_STALE       // the id or token is no longer valid
	ErrBusy        Code = C.MESHVITALS_ERROR_BUSY        // there is one user at a time, and one
	ErrStopped     Code = C.MESHVITALS_ERROR_STOPPED     // the monitor was stopped or closed
	ErrNotRunning  Code = C.MESHVITALS_ERROR_NOT_RUNNING // the monitor was not started
	ErrTimeout     Code = C.MESHVITALS_ERROR_TIMEOUT     // the time limit passed first
	ErrDeadlock    Code = C.MESHVITALS_ERROR_DEADLOCK    // the call would wait for itself
	ErrForked      Code = C.MESHVITALS_ERROR_FORKED      // the process was forked
	ErrStructSize  Code = C.MESHVITALS_ERROR_STRUCT_SIZE // header and library do not fit
	ErrMode        Code = C.MESHVITALS_ERROR_MODE        // not with this clock or kind of check
	ErrUnsupported Code = C.MESHVITALS_ERROR_UNSUPPORTED // not built in, or not on this system
	ErrLimit       Code = C.MESHVITALS_ERROR_LIMIT       // a limit was reached
	ErrPanic       Code = C.MESHVITALS_ERROR_PANIC       // the library panicked
)

// Error is the text of the code.
func (c Code) Error() string {
	return C.GoString(C.meshvitals_code_text(C.meshvitals_code_t(c)))
}

// Error is why a call was refused.
type Error struct {
	Op      string // what was asked for
	Code    Code   // the stable number
	Key     string // the place in the document as a JSON pointer (/tcp/address); may be empty
	Message string // what is wrong, where, and what is allowed; holds no secret
}

// Error is the call and what is wrong.
func (e *Error) Error() string {
	message := e.Message
	if message == "" {
		message = e.Code.Error()
	}
	return "meshvitals: " + e.Op + ": " + message
}

// Unwrap is the code, for errors.Is.
func (e *Error) Unwrap() error {
	return e.Code
}

// failure is the error of a code, nil for success. raw may be nil.
func failure(op string, code C.meshvitals_code_t, raw *C.meshvitals_error_t) error {
	if code == C.MESHVITALS_OK {
		return nil
	}
	err := &Error{Op: op, Code: Code(code)}
	if raw != nil {
		err.Key = fromC(raw.key[:])
		err.Message = fromC(raw.message[:])
	}
	return err
}

func closed(op string) error {
	return &Error{Op: op, Code: ErrStopped, Message: "it was closed"}
}

// document passes a document to C.
func document(op, text string) (*C.char, error) {
	pointer, ok := toC(text)
	if !ok {
		return nil, &Error{Op: op, Code: ErrDocument, Message: "the document holds a NUL"}
	}
	return pointer, nil
}
