//! The three ways in which a program brings its own checks: the example of the README.
//!
//! `cargo run --example custom` ends when all three are HEALTHY.
#![expect(clippy::print_stdout, reason = "an example talks to its terminal")]

use meshvitals::{Callback, Kind, Kinds, Monitor, Run, RunResult, Status, Tick};

/// Stands for a queue of the program.
struct QueueIsShort;

impl Callback for QueueIsShort {
    fn run(&self, _: &Run) -> RunResult {
        RunResult::pass().with_value(3.0)
    }
}

fn main() -> Result<(), meshvitals::Error> {
    let monitor = Monitor::new(Some(r#"{"system_checks": false, "start_spread": 0}"#))?;
    let events = monitor.subscribe(Kinds::STATUS.and(Kinds::DUE), 256)?;

    // Callback: the library calls the program, on a thread of its own and under a deadline.
    monitor.register_callback(r#"{"name": "queue", "callback": {}}"#, QueueIsShort)?;
    // External: the library says when; the program runs the check where it likes and reports.
    let replica = monitor.register(r#"{"name": "replica", "external": {}, "timeout": "2s"}"#)?;
    // Heartbeat: the program reports whenever it likes; silence beyond the ttl is a failure.
    let jobs = monitor.register(r#"{"name": "jobs", "heartbeat": {"ttl": "30s"}}"#)?;

    monitor.start()?;
    monitor.beat(jobs)?;
    while monitor.overall() != Status::Healthy {
        for event in events.poll(64, None)? {
            match event.kind {
                Kind::Due => monitor.report(replica, event.token, RunResult::pass(), Tick(0))?,
                _ => println!("{}: {}", monitor.snapshot(event.check)?.name, event.status),
            }
        }
    }
    Ok(())
}
