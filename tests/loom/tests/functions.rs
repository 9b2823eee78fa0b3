//! A function of the host runs once at a time, and not after it was retired.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::spawn;
use meshvitals::{CheckId, Outcome, Reason, RunResult, Tick};
use meshvitals_loom::engine::{Callback, Function, Run};

const RUN: Run = Run { check: CheckId(1), cookie: 0, deadline: Tick(0) };

/// Counts how many are inside.
struct Counts(Arc<AtomicUsize>);

impl Callback for Counts {
    fn run(&self, _: &Run) -> RunResult {
        assert_eq!(self.0.fetch_add(1, Ordering::Relaxed), 0, "one at a time");
        self.0.fetch_sub(1, Ordering::Relaxed);
        RunResult::pass()
    }
}

fn function() -> (Arc<Function>, Arc<AtomicUsize>) {
    let inside = Arc::new(AtomicUsize::new(0));
    let function = Function::new(Box::new(Counts(Arc::clone(&inside))));
    (Arc::new(function), inside)
}

#[test]
fn two_threads_never_run_it_at_once() {
    loom::model(|| {
        let (function, _) = function();
        let other = Arc::clone(&function);
        let other = spawn(move || other.call(&RUN));
        let mine = function.call(&RUN);
        let theirs = other.join().unwrap();
        for result in [mine, theirs] {
            let refused = (Outcome::Local, Reason::STILL_RUNNING);
            let passed = result.outcome == Outcome::Pass;
            assert!(passed || (result.outcome, result.reason) == refused);
        }
    });
}

#[test]
fn no_call_starts_once_it_was_retired() {
    loom::model(|| {
        let (function, _) = function();
        let other = Arc::clone(&function);
        let other = spawn(move || other.call(&RUN));
        function.retire();
        assert_eq!(function.call(&RUN).outcome, Outcome::Local);
        other.join().unwrap();
        // A call that was under way and comes back must not make it callable again.
        assert_eq!(function.call(&RUN).outcome, Outcome::Local);
    });
}
