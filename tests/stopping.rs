//! Stopping while the engine works: the thread ends, whatever it was doing.

use meshvitals::{Kinds, Monitor};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn a_stop_in_the_middle_of_the_work_ends_the_thread_every_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts; what is connected to this way never comes into the listener's queue.
    let probe = format!(r#""tcp": {{"address": "{address}", "connect": "fast"}}"#);
    let document = |number| format!(r#"{{"name": "c{number}", {probe}, "interval": "10ms"}}"#);
    let documents: Vec<String> = (0..5_000).map(document).collect();
    let monitor = Monitor::new(Some(r#"{"system_checks": false}"#)).unwrap();
    monitor.register_many(&format!("[{}]", documents.join(","))).unwrap();
    let results = monitor.subscribe(Kinds::RESULT, 64).unwrap();
    for round in 0..20 {
        monitor.start().unwrap();
        // In the middle of the work: results have just come and many more are due.
        let mut seen = 0;
        while seen < 5_000 {
            let events = results.poll(1_000, Some(Duration::from_secs(30))).unwrap();
            assert!(!events.is_empty(), "the engine does nothing");
            seen += events.len();
        }
        let stopped = monitor.stop(Duration::from_secs(10));
        assert!(stopped.is_ok(), "round {round}: {stopped:?}");
        while results.poll(1_000, Some(Duration::ZERO)).is_ok_and(|events| !events.is_empty()) {}
    }
}
