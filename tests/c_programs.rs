//! Compiles and runs the C programs of `tests/c`: the library as a C program sees it.
//!
//! Each program checks itself and ends with 0, or names the line that does not hold. The programs
//! that are guests in a strange process (fork, signals, dlopen) belong to `tests/guest.rs`.

#[path = "support/mod.rs"]
mod support;

use std::process::Command;
use support::{compile, outcome};

const C11: &[&str] = &["cc", "-std=c11"];

/// Compiles and runs a program of `tests/c`.
#[track_caller]
fn run(source: &str) {
    let program = compile(C11, source, source.trim_end_matches(".c"));
    if let Err(report) = outcome(Command::new(program)) {
        panic!("{report}");
    }
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
fn statuses_cells_groups_and_masks_agree() {
    run("reads.c");
}
