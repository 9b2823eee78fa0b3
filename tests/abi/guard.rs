//! Keeps programs running that were compiled before: the layout of each struct is committed, the
//! interface is compared with that of the last release, and a program that was written for the
//! first header runs with the library of today.
//!
//! `UPDATE_LAYOUTS=1 cargo test --test abi` rewrites `layouts.txt` after a field was carved out of
//! `reserved`. `UPDATE_ABI=1` rewrites `released.abi`, with a release and never in between; it
//! needs the abigail-tools. A change that abidiff reports and that is allowed is named, with its
//! reason, in `allowed.abignore`.

use super::support::{compile, outcome};
use super::{header, read, root, run, skeleton, write};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const RELEASED: &str = "tests/abi/released.abi";
const LAYOUTS: &str = "tests/abi/layouts.txt";

#[test]
fn every_struct_lies_as_it_is_written_down() {
    let program = write("layouts.c", &skeleton::layouts(&read("include/meshvitals.h")));
    let program = compile(&["cc", "-std=c11"], program.to_str().expect("UTF-8"), "layouts");
    let seen = run(Command::new(program));
    assert!(seen.lines().count() > 70, "the structs were found");
    if std::env::var_os("UPDATE_LAYOUTS").is_some() {
        std::fs::write(root().join(LAYOUTS), &seen).expect("it can be written");
    }
    assert_eq!(read(LAYOUTS), seen, "programs that were compiled before look elsewhere");
}

#[test]
fn a_program_for_the_first_header_runs_with_the_library_of_today() {
    let (first, source) = (root().join("tests/abi/first"), root().join("tests/abi/older.c"));
    let flags = ["cc", "-std=c11", "-I", first.to_str().expect("UTF-8")];
    run(Command::new(compile(&flags, source.to_str().expect("UTF-8"), "older")));
}

#[test]
fn numbers_of_the_first_header_mean_what_they_meant() {
    let [first, today] = ["tests/abi/first", "include"].map(|directory| {
        let header = read(&format!("{directory}/meshvitals.h"));
        let tables = ["ERROR", "STATUS", "OUTCOME", "KIND", "EVENT", "MASK", "REASON"];
        let of = |table: &str| header::constants(&header, &format!("MESHVITALS_{table}_"));
        let named = tables.map(|table| of(table).into_iter().map(move |row| (table, row)));
        named.into_iter().flatten().collect::<Vec<_>>()
    });
    assert!(first.len() > 90, "they were found");
    for number in first {
        assert!(today.contains(&number), "{number:?} is gone or another");
    }
}

/// A library that consists of what this header declares.
#[track_caller]
fn skeleton_of(header: &str, name: &str) -> PathBuf {
    let directory = write(name, "").with_extension("");
    std::fs::create_dir_all(&directory).expect("the directory for temporary files can be written");
    std::fs::write(directory.join("meshvitals.h"), header).expect("it can be written");
    std::fs::write(directory.join("skeleton.c"), skeleton::library(header)).expect("as well");
    let mut compiler = Command::new("cc");
    compiler.current_dir(&directory);
    // Without the directory's name, which is another on each machine.
    compiler.arg(format!("-ffile-prefix-map={}=.", directory.display()));
    compiler.args(["-std=c11", "-g", "-shared", "-fPIC", "-Wl,-soname,libmeshvitals.so.0"]);
    compiler.args(["-I.", "skeleton.c", "-o", "libmeshvitals.so.0"]);
    run(compiler);
    directory.join("libmeshvitals.so.0")
}

/// What abidiff says against this library; `None` if nothing changed.
#[track_caller]
fn changes(library: &Path) -> Option<String> {
    let mut abidiff = Command::new("abidiff");
    abidiff.current_dir(root()).args(["--no-added-syms", "--no-architecture", "--suppressions"]);
    abidiff.args(["tests/abi/allowed.abignore", RELEASED]).arg(library);
    outcome(abidiff).err()
}

#[test]
fn the_interface_of_the_last_release_is_kept() {
    if Command::new("abidiff").arg("--version").output().is_err() {
        let note = "skipped: abidiff is not installed; on Debian: apt-get install abigail-tools";
        writeln!(std::io::stderr(), "{note}").expect("the reason can be told");
        return;
    }
    let header = read("include/meshvitals.h");
    let today = skeleton_of(&header, "abi_today.");
    if std::env::var_os("UPDATE_ABI").is_some() {
        let mut abidw = Command::new("abidw");
        abidw.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file"]);
        abidw.arg(root().join(RELEASED)).arg(&today);
        run(abidw);
    }
    assert_eq!(changes(&today), None);
    // It finds what would break programs: a symbol that is gone, a type and a field that moved.
    for (was, is) in [
        ("meshvitals_wake(", "meshvitals_awake("),
        ("uint64_t now_ns,", "uint32_t now_ns,"),
        ("  uint64_t token;\n", "  uint32_t token;\n"),
        ("  uint32_t merged;\n", ""),
    ] {
        assert!(header.contains(was), "{was}");
        let broken = skeleton_of(&header.replace(was, is), "abi_broken.");
        assert!(changes(&broken).is_some(), "{was} became {is}");
    }
}
