//! Random calls: whatever the host program does, what it reads hangs together.

use crate::rig::{MS, Rig, S, external, pass};
use meshvitals::{CheckId, Event, Kind, Kinds, Monitor, Outcome, Reason, RunResult, Status, Tick};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);

#[derive(Clone, Debug)]
enum Call {
    Register(usize, usize),
    Replace(usize, usize),
    Unregister(usize),
    Pause(usize, bool),
    Override(usize, Option<(i32, u64)>),
    Beat(usize, i32),
    Answer(usize, i32),
    CheckNow(usize),
    Advance(u64),
    Step,
    Poll(usize),
    Stop,
}

fn call() -> impl Strategy<Value = Call> {
    let name = 0usize..NAMES;
    let kind = 0usize..DOCUMENTS.len();
    let span = prop_oneof![Just(0), 1u64..50 * MS, 1u64..3 * S, 1u64..200 * S];
    let forced = prop::option::of((0i32..4, 0u64..20_000));
    prop_oneof![
        6 => (name.clone(), kind.clone()).prop_map(|(name, kind)| Call::Register(name, kind)),
        3 => (name.clone(), kind).prop_map(|(name, kind)| Call::Replace(name, kind)),
        2 => name.clone().prop_map(Call::Unregister),
        2 => (name.clone(), any::<bool>()).prop_map(|(name, on)| Call::Pause(name, on)),
        2 => (name.clone(), forced).prop_map(|(name, forced)| Call::Override(name, forced)),
        4 => (name.clone(), 1i32..6).prop_map(|(name, outcome)| Call::Beat(name, outcome)),
        12 => (0usize..8, 1i32..6).prop_map(|(place, outcome)| Call::Answer(place, outcome)),
        2 => name.prop_map(Call::CheckNow),
        4 => span.prop_map(Call::Advance),
        12 => Just(Call::Step),
        8 => (1usize..20).prop_map(Call::Poll),
        1 => Just(Call::Stop),
    ]
}

const NAMES: usize = 6;
const DOCUMENTS: [&str; 8] = [
    r#""external": {}, "tags": ["readiness"]"#,
    r#""external": {}, "interval": "1s", "timeout": "3s", "failure_threshold": 1"#,
    r#""external": {}, "interval": "2s", "critical": false, "linger": "2s", "tags": ["own"]"#,
    r#""external": {}, "interval": "5s", "depends_on": ["c0"], "first_result_decides": "any""#,
    r#""external": {}, "interval": "5s", "depends_on": ["c1", "c2"], "tags": ["own", "startup"]"#,
    r#""external": {}, "interval": "500ms", "timeout": "10ms", "role": "inform""#,
    r#""heartbeat": {"ttl": "3s"}, "tags": ["liveness"]"#,
    r#""heartbeat": {"ttl": "1s"}, "failure_threshold": 3, "critical": false"#,
];

fn written(name: usize, kind: usize) -> String {
    format!(r#"{{"name": "c{name}", {}}}"#, DOCUMENTS[kind])
}

/// What a reader of events knows.
#[derive(Default)]
struct Story {
    shown: HashMap<CheckId, (Status, u64)>,
    gone: Vec<CheckId>,
    requests: Vec<Event>,
}

impl Story {
    fn hear(&mut self, event: Event) {
        match event.kind {
            Kind::Status => {
                assert!(!self.gone.contains(&event.check), "after its end: {event:?}");
                let (shown, sequence) = *self
                    .shown
                    .entry(event.check)
                    // The event with which a subscription begins has the number of the last change.
                    .or_insert((
                        event.previous,
                        event.sequence.wrapping_sub(1 + u64::from(event.merged)),
                    ));
                assert_eq!(event.previous, shown, "{event:?}");
                let next = sequence.wrapping_add(1 + u64::from(event.merged));
                assert_eq!(event.sequence, next, "{event:?}");
                self.shown.insert(event.check, (event.status, event.sequence));
            }
            Kind::Due => self.requests.push(event),
            Kind::Cancel => self.requests.retain(|due| due.token != event.token),
            Kind::Removed => {
                self.shown.remove(&event.check);
                self.gone.push(event.check);
            }
            _ => {}
        }
    }
}

/// The slow, obvious form of the aggregation.
fn aggregate(monitor: &Monitor, member: impl Fn(&meshvitals::Snapshot) -> bool) -> Status {
    let all: Vec<_> =
        monitor.list().unwrap().iter().map(|&id| monitor.snapshot(id).unwrap()).collect();
    let hidden = |mask: u8| mask & 1 == 0 && mask & 6 != 0;
    let counted: Vec<_> = all.iter().filter(|one| member(one) && !hidden(one.mask.0)).collect();
    let critical = |status| counted.iter().any(|one| one.critical && one.status == status);
    let any = |status| counted.iter().any(|one| one.status == status);
    if critical(Status::Unhealthy) {
        Status::Unhealthy
    } else if critical(Status::Unknown) {
        Status::Unknown
    } else if any(Status::Degraded) || any(Status::Unhealthy) {
        Status::Degraded
    } else {
        Status::Healthy
    }
}

fn check_consistency(monitor: &Monitor, stopped: bool) {
    for id in monitor.list().unwrap() {
        let one = monitor.snapshot(id).unwrap();
        let cell = monitor.cell(id).unwrap();
        assert_eq!(cell.status(id), one.status, "{one:?}");
        assert_eq!(cell.fresh_until(), one.fresh_until, "{one:?}");
        let masked = one.mask.0 != 0;
        assert!(masked || one.status == one.measured, "{one:?}");
        assert!(one.mask.0 & 1 != 0 || !masked || one.status == Status::Unknown, "{one:?}");
        let known = one.status != Status::Unknown;
        assert!(!known || monitor.status(id) == one.status, "known, so fresh: {one:?}");
        assert_eq!(monitor.find(&one.name).unwrap(), id);
    }
    for id in monitor.list_groups().unwrap() {
        let group = monitor.snapshot(id).unwrap();
        let whole = &*group.name == "overall";
        let expected = aggregate(monitor, |one| whole || one.tags.contains(&group.name));
        let expected = if stopped { Status::Unknown } else { expected };
        assert_eq!(group.status, expected, "{}", group.name);
        let cell = monitor.cell(id).unwrap();
        assert_eq!((cell.status(id), cell.fresh_until()), (group.status, group.fresh_until));
        assert_eq!(monitor.status(id), group.status, "{} is fresh", group.name);
    }
}

/// The slow, obvious form of the plan: who sleeps until then sleeps over no check.
fn check_plan(monitor: &Monitor, planned: Tick) {
    for id in monitor.list().unwrap() {
        let one = monitor.snapshot(id).unwrap();
        assert!(one.in_flight > 0 || planned <= one.next, "{planned:?} is too late for {one:?}");
    }
}

fn result(outcome: i32) -> RunResult {
    RunResult::new(Outcome::from_number(outcome).unwrap(), Reason::REPORTED)
}

fn play(calls: Vec<Call>, capacity: usize) {
    let monitor = Monitor::new(Some(r#"{"clock": "manual"}"#)).unwrap();
    let kinds = Kinds::STATUS.and(Kinds::DUE).and(Kinds::LIFE);
    let events = monitor.subscribe(kinds, capacity).unwrap();
    let mut story = Story::default();
    // From a stop to the next turn, which begins a new life.
    let mut stopped = false;
    let find = |name: usize| monitor.find(&format!("c{name}"));
    for call in calls {
        // Refusals are fine; what matters is what holds afterwards.
        match call.clone() {
            Call::Register(name, kind) => drop(monitor.register(&written(name, kind))),
            Call::Replace(name, kind) => drop(monitor.replace(&written(name, kind))),
            Call::Unregister(name) => drop(find(name).and_then(|id| monitor.unregister(id))),
            Call::Pause(name, on) => drop(find(name).and_then(|id| monitor.pause(id, on))),
            Call::Override(name, forced) => {
                let forced = forced.map(|(s, ms)| (Status::from_number(s).unwrap(), ms));
                drop(find(name).and_then(|id| monitor.override_status(id, forced)));
                // An override of no length is over with the next turn.
                let _ = monitor.advance(monitor.now());
                stopped = false;
            }
            Call::Beat(name, outcome) => {
                drop(find(name).and_then(|id| monitor.report(id, 0, result(outcome), Tick(0))));
            }
            Call::Answer(place, outcome) => {
                if place < story.requests.len() {
                    let due = story.requests.swap_remove(place);
                    drop(monitor.report(due.check, due.token, result(outcome), Tick(0)));
                }
            }
            Call::CheckNow(name) => drop(find(name).and_then(|id| monitor.check_now(id))),
            Call::Advance(span) => {
                check_plan(&monitor, monitor.advance(monitor.now().after(span)).unwrap());
                stopped = false;
            }
            Call::Step => {
                stopped = false;
                let next = monitor.advance(monitor.now()).unwrap();
                check_plan(&monitor, next);
                if next != Tick::NEVER {
                    assert!(next >= monitor.now(), "{next:?}");
                    check_plan(&monitor, monitor.advance(next).unwrap());
                }
            }
            Call::Poll(limit) => match events.poll(limit, NOW) {
                Ok(events) => events.into_iter().for_each(|event| story.hear(event)),
                Err(_) => {
                    drop(monitor.advance(monitor.now()));
                    stopped = false;
                }
            },
            Call::Stop => {
                monitor.stop(Duration::ZERO).unwrap();
                stopped = true;
            }
        }
        check_consistency(&monitor, stopped);
    }
    while let Ok(rest) = events.poll(64, NOW) {
        if rest.is_empty() {
            break;
        }
        rest.into_iter().for_each(|event| story.hear(event));
    }
    for id in monitor.list().unwrap().into_iter().chain(monitor.list_groups().unwrap()) {
        let shown = story.shown.get(&id).map(|(status, _)| *status);
        let status = monitor.snapshot(id).unwrap().status;
        assert!(shown.is_none_or(|shown| shown == status), "{shown:?} is not {status}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_called_everything_that_is_read_agrees(
        calls in prop::collection::vec(call(), 1..120),
        capacity in prop_oneof![Just(1usize), Just(4), Just(4096)],
    ) {
        play(calls, capacity);
    }

    /// Answers that always arrive in time never make a check UNHEALTHY, however late our own
    /// turns are; the host polls and answers at the same late moments.
    #[test]
    fn a_trace_in_which_every_answer_arrives_never_leaves_healthy(
        lags in prop::collection::vec(
            prop_oneof![Just(0), 1u64..20 * MS, 1u64..2 * S, 1u64..500 * S], 1..150),
        timeout in prop_oneof![Just("10ms"), Just("1s"), Just("1m")],
        threshold in 1u32..3,
    ) {
        let rig = Rig::new();
        let more = format!(
            r#""timeout": "{timeout}", "failure_threshold": {threshold}, "interval": "1s""#);
        let id = rig.register(&external("c", &more));
        rig.make_healthy(id);
        for lag in lags {
            let planned = rig.planned();
            rig.advance_to(planned.0.max(rig.now()).saturating_add(lag));
            for event in rig.take() {
                match event.kind {
                    Kind::Due => drop(rig.monitor.report(id, event.token, pass(), Tick(0))),
                    Kind::Status => prop_assert_ne!(event.status, Status::Unhealthy),
                    _ => prop_assert!(false, "{:?}", event),
                }
            }
        }
    }

    /// The same with a run in flight while our timers are late: the answer was given in time and
    /// reaches us with the turn that is late.
    #[test]
    fn an_answer_that_waits_for_our_late_turn_is_not_silence(
        rounds in prop::collection::vec((0u64..900 * MS, 0u64..100 * S), 1..100),
    ) {
        let rig = Rig::new();
        let id = rig.register(&external("c", r#""failure_threshold": 1"#));
        rig.make_healthy(id);
        for (answered, lag) in rounds {
            let due = rig.advance_to_due(id);
            let at = due.at.after(answered);
            rig.advance_to(due.deadline.0 + 20 * MS + lag);
            let reported = rig.monitor.report(id, due.token, pass(), at);
            prop_assert!(reported.is_ok(), "{:?}", reported);
            prop_assert_eq!(rig.monitor.snapshot(id).unwrap().measured, Status::Healthy);
        }
    }
}
