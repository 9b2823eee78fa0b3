//go:build !meshvitals_static

package meshvitals

// The library of the tree if there is one, else the one that is installed, or where CGO_LDFLAGS
// says. The program finds it at run time as it finds any shared library.

/*
#cgo LDFLAGS: -L${SRCDIR}/../../target/release -lmeshvitals
*/
import "C"
