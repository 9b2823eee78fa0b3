//! Limits of real cgroups that change, nest and vanish while a monitor runs in them.
//!
//! Each test is started once more as a guest in cgroups of its own, which it changes, leaves and
//! removes. It needs the right to make cgroups; where that is missing the test says so and ends.

#[path = "limits/guest.rs"]
mod guest;

use guest::{Guest, MIB};
use meshvitals::{Event, Kinds, Monitor, Outcome, Subscription};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Results that are looked at before a test gives up: at ten milliseconds each, some minutes.
const MANY: usize = 20_000;

/// A monitor of memory and tasks, and what it tells.
struct Watch {
    monitor: Monitor,
    events: Subscription,
}

impl Watch {
    /// The levels of `tasks` are given; nothing has to hold.
    fn new(tasks: &str) -> Watch {
        let document = format!(
            r#"{{"system_checks": false, "start_spread": 0, "slack": "1ms",
                "defaults": {{"interval": "10ms", "initial_delay": 0}},
                "checks": [{{"name": "memory", "memory": {{}}}},
                           {{"name": "available", "memory_available": {{}}}},
                           {{"name": "kills", "oom_kills": {{}}}},
                           {{"name": "tasks", "tasks": {{"hold": 0{tasks}}}}}]}}"#
        );
        let monitor = Monitor::new(Some(&document)).expect("a monitor");
        let events = monitor.subscribe(Kinds::RESULT, 1 << 12).expect("a subscription");
        monitor.start().expect("a start");
        Watch { monitor, events }
    }

    /// The next results of a check, of which none may be for want of figures.
    fn results<'a>(&'a self, name: &str) -> impl Iterator<Item = Event> + 'a {
        let (id, after) = (self.monitor.find(name).expect("a check"), self.monitor.now());
        let more = || {
            let events = self.events.poll(64, Some(PATIENCE)).expect("events");
            assert!(!events.is_empty(), "no result came");
            let local = events.iter().find(|event| event.outcome == Some(Outcome::Local));
            assert!(local.is_none(), "{local:?}");
            events
        };
        let all = std::iter::repeat_with(more).flatten().take(MANY);
        all.filter(move |event| event.check == id && event.at > after)
    }

    /// Waits for a result of a check that says all of this.
    #[track_caller]
    fn expect(&self, name: &str, outcome: Outcome, words: &[&str]) -> Event {
        let mut last = None;
        for event in self.results(name) {
            let told = words.iter().all(|word| event.text.as_str().contains(word));
            if told && event.outcome == Some(outcome) {
                return event;
            }
            last = Some(event);
        }
        panic!("{name} never tells {words:?}, but {last:?}");
    }

    /// Waits until a check tells of no cgroup of this test.
    #[track_caller]
    fn expect_left(&self, name: &str, home: &str) {
        let left = self.results(name).any(|event| !event.text.as_str().contains(home));
        assert!(left, "{name} tells of {home} for ever");
    }
}

#[test]
fn a_cgroup_that_was_left_and_removed_is_told_of_no_more() {
    let Some(guest) = Guest::of("a_cgroup_that_was_left_and_removed_is_told_of_no_more") else {
        return;
    };
    guest.limit_memory("", Some(256 * MIB));
    guest.limit_tasks("", Some(200));
    let watch = Watch::new("");
    let home = guest.path();
    watch.expect(
        "memory",
        Outcome::Pass,
        &["of 256.0 MiB", &format!("limit of its cgroup {home}")],
    );
    watch.expect("available", Outcome::Pass, &[&format!("limit of the cgroup {home}")]);
    watch.expect("kills", Outcome::Pass, &[&format!("the cgroup {home}")]);
    watch.expect("tasks", Outcome::Pass, &[" of 200 tasks, limit of the cgroup", &home]);
    guest.leave_and_remove();
    for name in ["memory", "available", "kills", "tasks"] {
        watch.expect_left(name, &home);
    }
}

#[test]
fn limits_are_followed_when_they_change_go_and_come() {
    let Some(guest) = Guest::of("limits_are_followed_when_they_change_go_and_come") else {
        return;
    };
    let watch = Watch::new("");
    let home = guest.path();
    for mib in [256, 192, 320] {
        guest.limit_memory("", Some(mib * MIB));
        watch.expect("memory", Outcome::Pass, &[&format!("of {mib}.0 MiB"), &home]);
        guest.limit_memory("", None);
        watch.expect_left("memory", &home);
        watch.expect_left("available", &home);
    }
    // A limit of nothing is one, and has long been reached.
    guest.limit_tasks("", Some(0));
    let full = watch.expect("tasks", Outcome::Fail, &[" of 0 tasks", "limit of the cgroup", &home]);
    assert_eq!(full.value, 100.0);
    guest.limit_tasks("", Some(1));
    assert!(watch.expect("tasks", Outcome::Fail, &[" of 1 tasks", &home]).value > 100.0);
    guest.limit_tasks("", None);
    watch.expect_left("tasks", &home);
    guest.limit_tasks("", Some(200));
    watch.expect("tasks", Outcome::Pass, &[" of 200 tasks", &home]);
}

#[test]
fn the_tighter_of_nested_cgroups_is_told_while_that_changes() {
    let Some(guest) = Guest::of("the_tighter_of_nested_cgroups_is_told_while_that_changes") else {
        return;
    };
    guest.enter("inner");
    // What was charged before the move stays with the parent in version 1, and might be the most.
    let own = vec![1_u8; 16 * MIB as usize];
    guest.limit_memory("", Some(256 * MIB));
    guest.limit_memory("inner", Some(512 * MIB));
    guest.limit_tasks("", Some(100));
    guest.limit_tasks("inner", Some(200));
    let watch = Watch::new("");
    let (parent, inner) = (guest.path(), guest.path() + "/inner");
    let above = format!("limit of the parent cgroup {parent}");
    watch.expect("memory", Outcome::Pass, &["of 256.0 MiB", &above]);
    watch.expect("available", Outcome::Pass, &["of 256.0 MiB", &above]);
    watch.expect("tasks", Outcome::Pass, &[" of 100 tasks", &above]);
    guest.limit_memory("inner", Some(128 * MIB));
    guest.limit_tasks("inner", Some(50));
    watch.expect("memory", Outcome::Pass, &["of 128.0 MiB", "limit of its cgroup", &inner]);
    watch.expect("available", Outcome::Pass, &["of 128.0 MiB", "limit of the cgroup", &inner]);
    watch.expect("tasks", Outcome::Pass, &[" of 50 tasks", "limit of the cgroup", &inner]);
    guest.limit_memory("inner", None);
    guest.limit_tasks("inner", None);
    watch.expect("memory", Outcome::Pass, &["of 256.0 MiB", &above]);
    watch.expect("tasks", Outcome::Pass, &[" of 100 tasks", &above]);
    guest.limit_memory("", None);
    guest.limit_tasks("", None);
    watch.expect_left("memory", &parent);
    watch.expect_left("tasks", &parent);
    assert_eq!(std::hint::black_box(own).last(), Some(&1), "held until here");
}

#[test]
fn where_a_band_is_entered_and_left_at_one_level_the_level_itself_is_inside() {
    let test = "where_a_band_is_entered_and_left_at_one_level_the_level_itself_is_inside";
    let Some(guest) = Guest::of(test) else { return };
    let watch = Watch::new(r#", "degraded_enter": 50, "degraded_exit": 50"#);
    guest.limit_tasks("", Some(1_000));
    watch.expect("tasks", Outcome::Pass, &[" of 1000 tasks"]);
    let tasks = guest.tasks();
    for _ in 0..3 {
        let words = |limit: u64| format!("{tasks} of {limit} tasks");
        guest.limit_tasks("", Some(2 * tasks));
        let event = watch.expect("tasks", Outcome::Warn, &[&words(2 * tasks)]);
        assert_eq!(event.value, 50.0);
        // It stays so without a flap.
        for event in watch.results("tasks").take(20) {
            assert_eq!(event.outcome, Some(Outcome::Warn), "{event:?}");
        }
        guest.limit_tasks("", Some(2 * tasks + 1));
        watch.expect("tasks", Outcome::Pass, &[&words(2 * tasks + 1)]);
    }
}
