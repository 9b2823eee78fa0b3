//! Watches this machine and one port until the port is down: the example of the README.
//!
//! `cargo run --example watch -- 127.0.0.1:5432`
#![expect(clippy::print_stdout, reason = "an example talks to its terminal")]

use meshvitals::{Kinds, Monitor, Status};

fn main() -> Result<(), meshvitals::Error> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:5432".into());
    // CPU, memory and disk are watched unless the configuration says otherwise.
    let monitor = Monitor::new(Some(r#"{"memory_threshold": 0.95}"#))?;
    let db = monitor.register(&format!(
        r#"{{"name": "db", "tcp": {{"address": "{address}"}},
             "interval": "2s", "timeout": "500ms", "tags": ["readiness"]}}"#
    ))?;
    let events = monitor.subscribe(Kinds::STATUS, 256)?;
    monitor.start()?;
    // A read takes no lock and no system call: it may stand where requests are routed.
    while monitor.status(db) != Status::Unhealthy {
        for event in events.poll(64, None)? {
            let name = monitor.snapshot(event.check)?.name;
            println!("{name}: {} -> {} ({})", event.previous, event.status, event.reason);
        }
    }
    let ready = monitor.group_find("readiness")?;
    println!("ready: {}", monitor.answer(ready)?);
    Ok(())
}
