//! Gives the shared library its soname, and writes the C header from the sources of `src/ffi`.
//!
//! The header goes to OUT_DIR only; `tests/abi.rs` compares it with the committed
//! `include/meshvitals.h`.

use std::path::PathBuf;

const HEAD: &str = include_str!("bindings/c/head.h");
const CELL: &str = include_str!("bindings/c/cell.h");
const TAIL: &str = include_str!("bindings/c/tail.h");

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/ffi");
    println!("cargo:rerun-if-changed=bindings/c");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmeshvitals.so.0");
    // Threads of the library may outlive a dlclose: its code must stay.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    match header() {
        Ok(bindings) => {
            let mut text = Vec::new();
            bindings.write(&mut text);
            let text = String::from_utf8(text).expect("the sources are UTF-8");
            // What Rust calls safety is what C calls a requirement.
            let text = text.replace("// # Safety\n//\n// ", "// Requires: ");
            std::fs::write(out.join("meshvitals.h"), text).expect("OUT_DIR can be written");
        }
        // The compiler is about to say more clearly what is wrong with the sources.
        Err(error) => println!("cargo:warning=the C header was not written: {error}"),
    }
}

fn header() -> Result<cbindgen::Bindings, cbindgen::Error> {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        style: cbindgen::Style::Type,
        cpp_compat: true,
        documentation: true,
        documentation_style: cbindgen::DocumentationStyle::C99,
        header: Some(HEAD.into()),
        trailer: Some(TAIL.into()),
        after_includes: Some(CELL.into()),
        // The guard stands in head.h and tail.h: the generator would close its own before the tail.
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        line_length: 100,
        ..cbindgen::Config::default()
    };
    config.usize_is_size_t = true;
    config.function.args = cbindgen::Layout::Vertical;
    config.export.exclude = vec!["meshvitals_cell_t".into(), "Cell".into()];
    config.sort_by = cbindgen::SortKey::None;
    let sources = ["constants", "types", "life", "checks", "reads", "events", "input", "host"];
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in sources {
        builder = builder.with_src(format!("src/ffi/{source}.rs"));
    }
    builder.generate()
}
