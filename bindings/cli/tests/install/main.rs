//! `make install` into a directory of the test's own: exactly what belongs there, found and linked
//! by pkg-config, CMake and cgo, shared and static; and taken away without a trace.
//!
//! It stands with the command because the command is installed too. What cannot be tried, for want
//! of a tool, says so and how to get it.

mod cargo_c;
mod consumers;
mod support;

use std::collections::BTreeSet;
use std::fs;
use support::{Prefix, VERSION, files_below, run, tool};

#[test]
fn exactly_what_belongs_to_the_library_and_the_command_is_installed() {
    let prefix = Prefix::installed("exact", &[]);
    let headers = files_below(&support::root().join("bindings/cpp"));
    assert!(headers.len() > 10, "the headers were found");
    let headers = headers.into_iter().map(|path| format!("include/{path}"));
    let expected: BTreeSet<String> = [
        "bin/meshvitals".to_owned(),
        "include/meshvitals.h".to_owned(),
        "lib/libmeshvitals.a".to_owned(),
        "lib/libmeshvitals.so".to_owned(),
        "lib/libmeshvitals.so.0".to_owned(),
        format!("lib/libmeshvitals.so.{VERSION}"),
        "lib/cmake/meshvitals/meshvitals-config.cmake".to_owned(),
        "lib/cmake/meshvitals/meshvitals-config-version.cmake".to_owned(),
        "lib/pkgconfig/meshvitals.pc".to_owned(),
        "lib/pkgconfig/meshvitals-static.pc".to_owned(),
        "share/bash-completion/completions/meshvitals".to_owned(),
        "share/fish/vendor_completions.d/meshvitals.fish".to_owned(),
        "share/zsh/site-functions/_meshvitals".to_owned(),
        "share/man/man1/meshvitals.1".to_owned(),
        "share/man/man1/meshvitals-check.1".to_owned(),
        "share/man/man1/meshvitals-run.1".to_owned(),
        "share/man/man1/meshvitals-schema.1".to_owned(),
    ]
    .into_iter()
    .chain(headers)
    .collect();
    assert_eq!(files_below(prefix.path()), expected);
    let link = |name: &str| fs::read_link(prefix.path().join("lib").join(name)).expect("a link");
    assert_eq!(link("libmeshvitals.so").to_str(), Some("libmeshvitals.so.0"));
    let file = format!("libmeshvitals.so.{VERSION}");
    assert_eq!(link("libmeshvitals.so.0").to_str(), Some(file.as_str()));
}

#[test]
fn what_was_installed_is_taken_away_and_what_others_put_there_is_not() {
    let prefix = Prefix::installed("uninstall", &[]);
    let other = prefix.path().join("include/meshvitals/other.hpp");
    fs::write(other, "").expect("the directory can be written");
    prefix.make("uninstall", &[]);
    let left = files_below(prefix.path());
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["include/meshvitals/other.hpp"]);
}

#[test]
fn a_package_is_made_below_destdir_and_does_not_know_it() {
    let stage = Prefix::empty("stage");
    let destdir = format!("DESTDIR={}", stage.path().display());
    let places = ["PREFIX=/opt/m", "LIBDIR=/opt/m/lib/x86_64-linux-gnu", &destdir];
    stage.make("install", &places);
    let files = files_below(stage.path());
    assert!(files.contains("opt/m/lib/x86_64-linux-gnu/libmeshvitals.so.0"), "{files:?}");
    let texts = files.iter().filter(|path| path.ends_with(".pc") || path.ends_with(".cmake"));
    let mut count = 0;
    for path in texts {
        let text = fs::read_to_string(stage.path().join(path)).expect("a text");
        assert!(!text.contains(&stage.path().display().to_string()), "{path}: {text}");
        assert!(!text.contains('@'), "{path}: {text}");
        count += 1;
    }
    assert_eq!(count, 4);
    let pc = stage.path().join("opt/m/lib/x86_64-linux-gnu/pkgconfig/meshvitals.pc");
    let pc = fs::read_to_string(pc).expect("a text");
    assert!(pc.contains("prefix=/opt/m\nlibdir=${prefix}/lib/x86_64-linux-gnu\n"), "{pc}");
    stage.make("uninstall", &places);
    assert_eq!(files_below(stage.path()), BTreeSet::new());
}

#[test]
fn what_would_mean_something_to_the_shell_is_refused() {
    let prefix = Prefix::empty("shell");
    let stage = format!("DESTDIR={}", prefix.path().display());
    for path in ["/opt/a&b", "/opt/a`b", "/opt/a;b", "/opt/it's", "/opt/a|b"] {
        let refused = prefix.try_make("install", &[&format!("PREFIX={path}"), &stage]);
        let refused = refused.expect_err("it has a character of the shell");
        assert!(refused.contains("character that is not allowed; allowed: letters"), "{refused}");
    }
    assert_eq!(files_below(prefix.path()), BTreeSet::new());
}

#[test]
fn a_relative_prefix_is_refused() {
    let prefix = Prefix::empty("relative");
    let refused = prefix.try_make("install", &["PREFIX=here"]).expect_err("it is not absolute");
    assert!(refused.contains("here is not an absolute path"), "{refused}");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let prefix = Prefix::installed("man", &[]);
    for (page, words) in [
        ("meshvitals", &["meshvitals\\-run(1)", "SUBCOMMANDS"][..]),
        ("meshvitals-run", &["\\-\\-once", "\\-\\-config", "NO_COLOR", "UNHEALTHY"]),
        ("meshvitals-check", &["DOCUMENT", "\\-\\-json", "warn"]),
        ("meshvitals-schema", &["monitor"]),
    ] {
        let path = prefix.path().join(format!("share/man/man1/{page}.1"));
        let text = fs::read_to_string(&path).expect("a page");
        for word in words {
            assert!(text.contains(word), "{page} does not say {word}:\n{text}");
        }
        // Not every machine has a formatter.
        if let Some(groff) = tool("groff", "apt-get install groff-base") {
            let path = path.display().to_string();
            let warnings = run(groff, &["-man", "-ww", "-z", "-Tutf8", &path], &[]);
            assert_eq!(warnings, "", "{page}");
        }
    }
}

#[test]
fn shells_complete_the_commands_and_nothing_that_is_hidden() {
    let prefix = Prefix::installed("shells", &[]);
    let path = |rest: &str| prefix.path().join("share").join(rest).display().to_string();
    let bash = path("bash-completion/completions/meshvitals");
    let asks = "source \"$0\"; COMP_WORDS=(meshvitals \"$1\"); COMP_CWORD=1; _meshvitals meshvitals \
                \"$1\" meshvitals; echo ${COMPREPLY[@]}";
    let offered = |begun: &str| run("bash", &["--norc", "-c", asks, &bash, begun], &[]);
    assert_eq!(offered("ch").trim(), "check");
    let all = offered("");
    assert!(["run", "check", "schema"].iter().all(|word| all.contains(word)), "{all}");
    for file in [
        &bash,
        &path("zsh/site-functions/_meshvitals"),
        &path("fish/vendor_completions.d/meshvitals.fish"),
    ] {
        let text = fs::read_to_string(file).expect("a completion");
        assert!(text.contains("--once") || text.contains("once"), "{file}");
        assert!(!text.contains("pages"), "{file} offers what is hidden");
    }
}
