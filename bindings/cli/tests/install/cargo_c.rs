//! `cargo cinstall`, for those who package libraries with it: the same library and headers.

use crate::support::{Prefix, VERSION, files_below, outcome, root, tool};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The headers below an include directory.
fn headers() -> BTreeSet<String> {
    let mut headers = files_below(&root().join("bindings/cpp"));
    headers.insert("meshvitals.h".to_owned());
    assert!(headers.len() > 10, "the headers were found");
    headers
}

fn manifest() -> toml::Table {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    text.parse().expect("TOML")
}

#[test]
fn the_manifest_tells_cargo_c_of_every_header() {
    let manifest = manifest();
    assert!(manifest["features"].get("capi").is_some(), "cargo-c asks for a feature of this name");
    let capi = &manifest["package"]["metadata"]["capi"];
    assert!(capi["header"].get("enabled").is_none(), "then it would install none");
    assert_eq!(capi["header"]["generation"].as_bool(), Some(false));
    let mut told = BTreeSet::new();
    for asset in capi["install"]["include"]["asset"].as_array().expect("a list") {
        let from = root().join(asset["from"].as_str().expect("a path"));
        let to = asset.get("to").and_then(|to| to.as_str()).unwrap_or_default();
        let name = from.file_name().and_then(|name| name.to_str()).expect("a name");
        let directory = from.parent().expect("a directory");
        let names: Vec<String> = match name.strip_prefix('*') {
            None => vec![name.to_owned()],
            Some(ending) => {
                let mut names: Vec<String> = files_below(directory).into_iter().collect();
                names.retain(|name| name.ends_with(ending));
                names
            }
        };
        for name in names {
            assert!(directory.join(&name).exists(), "{name}");
            let below = Path::new(to).join(name);
            told.insert(below.to_str().expect("UTF-8").to_owned());
        }
    }
    assert_eq!(told, headers());
}

#[test]
fn cargo_c_installs_the_library_and_the_headers() {
    let Some(_) = tool("cargo-cinstall", "cargo install cargo-c") else { return };
    let prefix = Prefix::empty("cargo-c");
    let mut command = Command::new("cargo-cinstall");
    command
        .current_dir(root())
        .args(["cinstall", "--offline", "--profile", "dev", "--libdir", "/lib", "--prefix", "/"])
        .arg(format!("--destdir={}", prefix.path().display()))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-c"));
    outcome(command).unwrap_or_else(|report| panic!("{report}"));
    let mut expected: BTreeSet<String> =
        headers().into_iter().map(|path| format!("include/{path}")).collect();
    let library = format!("lib/libmeshvitals.so.{VERSION}");
    expected.extend(["lib/libmeshvitals.a", "lib/pkgconfig/meshvitals.pc"].map(str::to_owned));
    expected.extend(["lib/libmeshvitals.so", "lib/libmeshvitals.so.0"].map(str::to_owned));
    expected.insert(library);
    assert_eq!(files_below(prefix.path()), expected);
}
