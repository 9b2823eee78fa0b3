package meshvitals

/*
#cgo CFLAGS: -I${SRCDIR}/../../include
#include <meshvitals.h>
*/
import "C"

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Version is that of the library that is linked, as "0.1.0".
func Version() string {
	version := uint32(C.meshvitals_version())
	return fmt.Sprintf("%d.%d.%d", version>>16, version>>8&0xff, version&0xff)
}

// toC ends a text in NUL, in memory of Go: the library only reads texts during a call. A text that
// holds a NUL itself has no such form.
func toC(text string) (*C.char, bool) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, false
	}
	bytes := make([]byte, len(text)+1)
	copy(bytes, text)
	return (*C.char)(unsafe.Pointer(unsafe.SliceData(bytes))), true
}

// fromC reads a text in an array of a struct.
func fromC(field []C.char) string {
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(field))), len(field))
	for i, b := range bytes {
		if b == 0 {
			return string(bytes[:i])
		}
	}
	return string(bytes)
}

// intoC writes a text into an array of a struct.
func intoC(field []C.char, text string) {
	for i, b := range []byte(cut(text, len(field)-1)) {
		field[i] = C.char(b)
	}
}

// cut is at most so many bytes of a text, cut between characters. What is no text for the library
// becomes one.
func cut(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", " ")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
