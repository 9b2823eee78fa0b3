//! The documents: a check, and a monitor's configuration.
