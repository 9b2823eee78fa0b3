//! A monitor of a few checks that run all the time, and what it tells.

use meshvitals::{Event, Kinds, Monitor, Outcome, Status, Subscription};
use std::time::Duration;

pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Watch {
    pub monitor: Monitor,
    events: Subscription,
}

impl Watch {
    /// `checks` are documents with commas between; one failure and one success are enough.
    pub fn new(checks: &str) -> Watch {
        let monitor = Monitor::new(Some(&format!(
            r#"{{"system_checks": false, "start_spread": 0, "slack": "1ms",
                "defaults": {{"interval": "50ms", "timeout": "200ms", "initial_delay": 0,
                "failure_threshold": 1, "success_threshold": 1, "degraded_threshold": 1}},
                "checks": [{checks}]}}"#
        )));
        let monitor = monitor.expect("a monitor");
        let events = monitor.subscribe(Kinds::RESULT, 1_024).expect("a subscription");
        monitor.start().expect("a start");
        Watch { monitor, events }
    }

    /// What has come, or comes next.
    #[track_caller]
    pub fn results(&self) -> Vec<Event> {
        let events = self.events.poll(1_024, Some(PATIENCE)).expect("events");
        assert!(!events.is_empty(), "no result came");
        events
    }

    pub fn status(&self, name: &str) -> Status {
        self.monitor.status(self.monitor.find(name).expect("a check"))
    }

    /// The first result of a check that is of something later than now and has this outcome. One
    /// or the other may be of earlier, or too slow on a busy machine.
    #[track_caller]
    pub fn expect(&self, name: &str, outcome: Outcome) -> Event {
        let check = self.monitor.find(name).expect("a check");
        let after = self.monitor.now();
        let mut seen = 0;
        loop {
            let events = self.results();
            let own = events.into_iter().filter(|event| event.check == check && event.at > after);
            for event in own {
                if event.outcome == Some(outcome) {
                    return event;
                }
                seen += 1;
                assert!(seen < 100, "never {outcome:?}, but {event:?}");
            }
        }
    }

    /// Stops it, and nothing may hang.
    #[track_caller]
    pub fn stop(&self) {
        self.monitor.stop(PATIENCE).expect("a stop");
    }
}
