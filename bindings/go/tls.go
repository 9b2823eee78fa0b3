package meshvitals

import "time"

// TLS encrypts the connection of a probe: &TLS{} verifies against the authorities of the platform.
// The files are read when the check is registered.
type TLS struct {
	// The application protocols that are offered (ALPN), the preferred one first.
	ALPN []string `doc:"alpn"`
	// A file with the certificates of the authorities that are trusted, in PEM. Default: those of
	// the platform.
	CAFile string `doc:"ca_file"`
	// A file with the certificate chain of this side, in PEM; together with key_file.
	CertificateFile string `doc:"certificate_file"`
	// A certificate that expires within this time is a warning. Default: 336h (14 days).
	CertificateWarn time.Duration `doc:"certificate_warn"`
	// A file with the private key of this side, in PEM.
	KeyFile string `doc:"key_file"`
	// The oldest version that is spoken: "1.2" or "1.3". Default: 1.2.
	MinVersion string `doc:"min_version"`
	// The name or address that the certificate must be for, and that the server is told (SNI).
	// Default: the host of the address.
	Name string `doc:"name"`
	// Whether the certificate is verified. Default: true.
	Verify *bool `doc:"verify"`
}
