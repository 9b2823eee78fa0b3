//! Compiles and runs the C programs of `tests/c`: the library as a C program sees it.
//!
//! Each program checks itself and ends with 0, or names the line that does not hold. The programs
//! that are guests in a strange process (fork, signals, dlopen) belong to `tests/guest.rs`.

#[path = "support/mod.rs"]
mod support;
#[path = "support/vectors.rs"]
mod vectors;

use std::io::Write;
use std::process::Command;
use support::{compile, outcome};

const C11: &[&str] = &["cc", "-std=c11"];

/// Compiles and runs a program of `tests/c`.
#[track_caller]
fn run(source: &str) {
    run_with(source, source.trim_end_matches(".c"), &[])
        .unwrap_or_else(|report| panic!("{report}"));
}

#[track_caller]
fn run_with(source: &str, program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(compile(C11, source, program));
    command.args(arguments);
    outcome(command)
}

#[test]
fn a_check_lives_from_registration_to_the_end_of_its_monitor() {
    run("life_cycle.c");
}

#[test]
fn a_program_that_moves_the_clock_sees_exact_statuses_and_events() {
    run("manual.c");
}

#[test]
fn an_event_loop_sees_each_change_of_a_real_target_once() {
    run("epoll_loop.c");
}

#[test]
fn structs_of_other_ages_are_read_and_written_as_far_as_they_go() {
    run("sizes.c");
}

#[test]
fn whoever_subscribes_registers_and_starts_in_any_order_misses_nothing() {
    run("orders.c");
}

#[test]
fn statuses_cells_groups_and_masks_agree() {
    run("reads.c");
}

#[test]
fn whatever_a_program_passes_is_refused_with_its_code_and_changes_nothing() {
    run("bad_input.c");
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let files = vectors::files();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    run_with("conformance.c", "conformance", &files).unwrap_or_else(|report| panic!("{report}"));
}

#[test]
fn a_runner_that_ran_no_vector_fails_and_so_does_a_file_that_nobody_knows() {
    for (file, says) in [("events.jsonl", "no case ran"), ("new.jsonl", "nobody replays it")] {
        let report = run_with("conformance.c", "conformance_of_nothing", &[&vectors::empty(file)]);
        let report = report.expect_err("nothing ran");
        assert!(report.contains(says), "{report}");
    }
}

const SANITIZED: &[&str] =
    &["cc", "-std=c11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1"];

#[test]
fn bad_input_overruns_nothing_under_a_sanitizer_that_is_on() {
    let program = compile(SANITIZED, "bad_input.c", "bad_input_sanitized");
    if let Err(report) = outcome(Command::new(program)) {
        panic!("{report}");
    }
    for (flags, says) in [
        (["-DOVERFLOW", "-fno-sanitize=undefined"], "heap-buffer-overflow"),
        (["-DOVERFLOW", "-fno-sanitize=address"], "runtime error"),
    ] {
        let program = compile(&[SANITIZED, &flags].concat(), "bad_input.c", "bad_input_overflow");
        let report = outcome(Command::new(program)).expect_err("the sanitizer sees the overflow");
        assert!(report.contains(says), "{report}");
    }
}

#[test]
fn a_cpp_program_lives_the_same_life() {
    let cpp = &["c++", "-std=c++17", "-x", "c++"];
    let program = compile(cpp, "life_cycle.c", "life_cycle_cpp");
    if let Err(report) = outcome(Command::new(program)) {
        panic!("{report}");
    }
}

/// Runs a program under valgrind: no error, and nothing that is lost for certain.
#[track_caller]
fn run_under_valgrind(source: &str) {
    if Command::new("valgrind").arg("--version").output().is_err() {
        let note = "skipped: valgrind is not installed";
        writeln!(std::io::stderr(), "{note}").expect("the reason can be told");
        return;
    }
    let name = format!("{}_valgrind", source.trim_end_matches(".c"));
    let program = compile(C11, source, &name);
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full"])
        .args(["--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"])
        .arg(program);
    if let Err(report) = outcome(valgrind) {
        panic!("{report}");
    }
}

#[test]
fn a_whole_life_loses_no_memory() {
    run_under_valgrind("life_cycle.c");
}

#[test]
fn a_manual_monitor_loses_no_memory() {
    run_under_valgrind("manual.c");
}
