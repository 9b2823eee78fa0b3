//go:build meshvitals_static

package meshvitals

// With the tag meshvitals_static the library becomes a part of the program. What follows its name
// is what it needs from the system.

/*
#cgo LDFLAGS: -L${SRCDIR}/../../target/release -l:libmeshvitals.a -lgcc_s -lutil -lrt -lpthread -lm -ldl
*/
import "C"
