//! Any text as a document: never a panic, and a refusal always says why.
//!
//! Run with `cargo fuzz run documents` (a stable toolchain needs `RUSTC_BOOTSTRAP=1`).

#![no_main]

use libfuzzer_sys::fuzz_target;
use meshvitals::model::document::{Defaults, parse_check, parse_checks, parse_monitor};

fuzz_target!(|text: &str| {
    let defaults = Defaults::default();
    let errors = [
        parse_check(text, &defaults).err(),
        parse_checks(text, &defaults).err(),
        parse_monitor(Some(text)).err(),
    ];
    for error in errors.into_iter().flatten() {
        assert!(!error.to_string().is_empty());
        assert!(error.key().is_empty() || error.key().starts_with('/'));
    }
});
