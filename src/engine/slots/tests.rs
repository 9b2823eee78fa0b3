//! Who runs when slots are short, by a clock that the tests move.

use super::world::{Unused, World};
use super::*;
use crate::model::{CheckId, Outcome, RunResult};
use crate::time::{MILLISECOND, SECOND, Tick};
use proptest::prelude::*;

const TIMEOUT: u64 = 1_400 * MILLISECOND;

#[test]
fn however_many_targets_hang_the_others_run_on_time() {
    for (healthy, holes) in [(99, 1), (50, 50), (1, 99)] {
        let mut world = World::new(8);
        // The slack is 10 ms; every check has a start of its own.
        let name = |number| format!("c{number}");
        let bad: Vec<_> =
            (0..holes).map(|number| world.add_hanging(&name(number), number * 10)).collect();
        let good: Vec<_> =
            (holes..healthy + holes).map(|number| world.add(&name(number), number * 10)).collect();
        world.advance_to(60 * SECOND);
        assert!(bad.iter().all(|&id| world.is_suspect(id)), "each has hung once");
        world.advance_to(160 * SECOND);
        for (number, id) in (holes..).zip(good) {
            let due = (60..160).map(|second| second * SECOND + number * 10 * MILLISECOND);
            assert!(due.eq(world.starts_of(id, 60 * SECOND)), "{holes} of 100 hang");
        }
        let runs: Vec<_> = bad.iter().map(|&id| world.starts_of(id, 60 * SECOND).len()).collect();
        let (least, most) = (runs.iter().min().unwrap(), runs.iter().max().unwrap());
        assert!(*least > 0 && most - least <= 1, "they take turns: {runs:?}");
        world.expect_counts();
    }
}

#[test]
fn nobody_is_suspected_before_it_was_silent() {
    let mut world = World::new(4);
    for number in 0..8 {
        world.add_hanging(&format!("hole{number}"), 0);
    }
    let good = world.add("good", 10);
    world.advance_to(TIMEOUT - 1);
    assert_eq!(world.starts.len(), 4, "all slots are for whoever comes first");
    world.advance_to(2 * TIMEOUT - 1);
    assert_eq!(world.starts.len(), 8);
    assert!(world.starts_of(good, 0).is_empty(), "they were before it");
    world.advance_to(2 * TIMEOUT);
    assert_eq!(world.starts_of(good, 0), [2 * TIMEOUT]);
    assert_eq!(world.in_flight(), 3, "now a slot is kept for the only one that answers");
}

#[test]
fn with_as_many_slots_as_checks_nobody_waits() {
    let mut world = World::new(10);
    let mut all: Vec<_> =
        (0..9).map(|number| world.add_hanging(&format!("hole{number}"), 0)).collect();
    all.push(world.add("good", 0));
    world.advance_to(20 * SECOND);
    // Confirm runs are over by then.
    for (number, id) in all.into_iter().enumerate() {
        let starts = world.starts_of(id, 4 * SECOND);
        assert!(starts.iter().all(|at| at % SECOND == 0), "on the grid: {starts:?}");
        // A run that hangs lasts beyond the next start, which is left out.
        assert_eq!(starts.len(), if number == 9 { 17 } else { 8 });
    }
}

#[test]
fn with_one_slot_neither_side_starves_the_other() {
    let mut world = World::new(1);
    let holes = [world.add_hanging("a", 0), world.add_hanging("b", 0)];
    let good = [world.add("c", 0), world.add("d", 0)];
    world.advance_to(100 * SECOND);
    for id in holes.into_iter().chain(good) {
        let runs = world.starts_of(id, 0).len();
        assert!((34..=36).contains(&runs), "a round takes 2.8 s: {runs}");
    }
}

#[test]
fn others_that_never_cease_do_not_starve_suspects() {
    let mut world = World::new(2);
    let hole = world.add_hanging("hole", 0);
    world.advance_to(TIMEOUT);
    assert!(world.is_suspect(hole));
    // From now on they are slow, so that both slots are always wanted; they answer in the end.
    let slow: Vec<_> =
        (0..6).map(|number| world.add_hanging(&format!("slow{number}"), 0)).collect();
    let mut at = TIMEOUT;
    while at < 60 * SECOND {
        at += 500 * MILLISECOND;
        world.advance_to(at);
        for id in &slow {
            if let Some(token) = world.tokens.remove(id) {
                world.core.finish(token, RunResult::pass(), Tick(at));
            }
        }
    }
    assert!(slow.iter().all(|&id| !world.is_suspect(id)));
    assert!(world.starts_of(hole, TIMEOUT).len() >= 15, "{:?}", world.starts_of(hole, 0));
}

#[test]
fn only_silence_makes_suspect_and_only_an_answer_ends_that() {
    let mut world = World::new(2);
    let id = world.add_hanging("c", 0);
    world.advance_to(TIMEOUT);
    assert!(world.is_suspect(id));
    world.hanging.clear();
    for (outcome, suspect) in [
        (Outcome::Local, true),
        (Outcome::Fail, false),
        (Outcome::Local, false),
        (Outcome::Timeout, true),
        (Outcome::Warn, false),
        (Outcome::Timeout, true),
        (Outcome::Pass, false),
    ] {
        world.answers.insert(id, outcome);
        let runs = world.starts.len();
        while world.starts.len() == runs {
            world.advance_to(world.core.now().0 + 10 * MILLISECOND);
        }
        assert_eq!(world.is_suspect(id), suspect, "after {outcome:?}");
        world.expect_counts();
    }
}

/// A core with two slots, one of which a suspect holds while two others wait for it: these
/// three in the order of their turns, and a check that answers.
fn queued() -> (World, [CheckId; 3], CheckId) {
    let mut world = World::new(2);
    let mut holes = ["a", "b", "c"].map(|name| world.add_hanging(name, 0));
    let good = world.add("good", 0);
    world.advance_to(10 * SECOND);
    assert!(holes.iter().all(|&id| world.is_suspect(id)));
    assert_eq!(world.in_flight(), 1);
    // They take turns, so the one that started longest ago is the next, and the last one runs.
    holes.sort_by_key(|&id| world.starts_of(id, 0).last().copied());
    let [next, third, running] = holes;
    (world, [running, next, third], good)
}

#[test]
fn who_was_paused_replaced_or_removed_while_waiting_has_lost_its_place() {
    for change in ["pause", "replace", "remove"] {
        let (mut world, [_, next, third], _) = queued();
        let now = world.core.now().0;
        let name = world.core.snapshot(next).unwrap().name;
        let mut again = next;
        match change {
            "pause" => {
                world.core.pause(next, true).unwrap();
                world.core.pause(next, false).unwrap();
            }
            "replace" => {
                let more = r#", "initial_delay": 0, "failure_threshold": 9"#;
                again = world.core.replace(World::document(&name, more)).unwrap();
                assert!(world.is_suspect(again), "another policy is no other target");
            }
            _ => {
                world.core.unregister(&[next]).unwrap();
                again = world.add_hanging(&name, 0);
                assert!(!world.is_suspect(again), "another check");
            }
        }
        world.expect_counts();
        world.starts.clear();
        world.advance_to(now + 3 * TIMEOUT);
        let turn = |id| world.starts.iter().position(|start| start.1 == id).unwrap();
        // Another check is no suspect and need not wait for them.
        assert_eq!(turn(again) < turn(third), change == "remove", "{change}: {:?}", world.starts);
        world.expect_counts();
    }
}

#[test]
fn another_probe_is_another_target() {
    let (mut world, holes, _) = queued();
    let mut document = World::document("a", "");
    document.probe = ProbeSpec::External;
    let id = world.core.replace(document).unwrap();
    assert!(holes.contains(&id) && !world.is_suspect(id));
    world.expect_counts();
}

#[test]
fn a_stop_forgets_who_waited_and_who_was_suspect() {
    let (mut world, holes, good) = queued();
    world.core.stop(world.core.now());
    world.expect_counts();
    assert!(holes.iter().all(|&id| !world.is_suspect(id)));
    let now = world.core.now().0;
    world.core.start(Tick(now));
    world.starts.clear();
    world.advance_to(now + 10 * MILLISECOND);
    let first: Vec<_> = world.starts.iter().map(|start| start.1).collect();
    assert_eq!(first.len(), 2, "both slots are for whoever comes first");
    assert!(first.iter().all(|id| holes.contains(id)), "in the order of their registration");
    world.advance_to(now + 3 * TIMEOUT);
    assert!(!world.starts_of(good, now).is_empty());
}

#[test]
fn a_fork_forgets_them_too() {
    let (mut world, holes, _) = queued();
    world.core.forget_parent();
    world.expect_counts();
    assert!(holes.iter().all(|&id| !world.is_suspect(id)));
    assert!(world.core.slots.lanes[0].waiting.iter().all(VecDeque::is_empty));
}

#[test]
fn functions_that_overrun_and_come_back_leave_half_of_the_threads() {
    let mut world = World::new(64);
    let mut add = |name: String| {
        let mut document = World::document(&name, r#", "initial_delay": 0"#);
        document.probe = ProbeSpec::Callback;
        world.core.register_callback(document, || Box::new(Unused)).unwrap()
    };
    let slow: Vec<_> = (0..10).map(|number| add(format!("slow{number}"))).collect();
    let good = add("good".into());
    world.hanging.extend(&slow);
    // Each comes back a moment after its deadline.
    for step in 1..=600 {
        world.advance_to(step * 100 * MILLISECOND);
        for id in &slow {
            let index = world.core.index_of(*id).unwrap();
            let activity = world.core.table.get(index).unwrap().activity;
            if let Activity::Stuck(_) = activity {
                let now = world.core.now();
                world.core.finish(world.tokens[id], RunResult::pass(), now);
            }
        }
    }
    assert!(slow.iter().all(|&id| world.is_suspect(id)));
    let starts = world.starts_of(good, 30 * SECOND);
    assert!(starts.len() == 31 && starts.iter().all(|at| at % SECOND == 0), "{starts:?}");
    assert!(slow.iter().all(|&id| !world.starts_of(id, 30 * SECOND).is_empty()), "they as well");
    world.expect_counts();
}

#[derive(Clone, Debug)]
enum Call {
    Add(u8),
    Hang(u8, bool),
    Pause(u8, bool),
    Replace(u8, bool),
    Remove(u8),
    CheckNow(u8),
    Late(u8),
    Advance(u64),
    StopAndStart,
}

fn call() -> impl Strategy<Value = Call> {
    let name = || 0u8..10;
    prop_oneof![
        6 => name().prop_map(Call::Add),
        3 => (name(), any::<bool>()).prop_map(|(name, on)| Call::Hang(name, on)),
        2 => (name(), any::<bool>()).prop_map(|(name, on)| Call::Pause(name, on)),
        2 => (name(), any::<bool>()).prop_map(|(name, on)| Call::Replace(name, on)),
        1 => name().prop_map(Call::Remove),
        2 => name().prop_map(Call::CheckNow),
        2 => name().prop_map(Call::Late),
        8 => (0u64..4 * SECOND).prop_map(Call::Advance),
        1 => Just(Call::StopAndStart),
    ]
}

proptest! {
    #[test]
    fn whatever_is_called_no_slot_is_lost_and_everybody_gets_one(
        max_runs in 1usize..6,
        calls in prop::collection::vec(call(), 1..80),
    ) {
        let mut world = World::new(max_runs);
        let name = |number: u8| format!("c{number}");
        for call in calls {
            let find = |world: &World, number| world.core.find(&name(number));
            match call {
                Call::Add(n) if find(&world, n).is_none() => drop(world.add(&name(n), n.into())),
                Call::Add(_) => {}
                Call::Hang(n, on) => match find(&world, n) {
                    Some(id) if on => drop(world.hanging.insert(id)),
                    Some(id) => drop(world.hanging.remove(&id)),
                    None => {}
                },
                Call::Pause(n, on) => {
                    find(&world, n).map(|id| world.core.pause(id, on));
                }
                Call::Replace(n, external) if find(&world, n).is_some() => {
                    let mut document = World::document(&name(n), "");
                    if external {
                        document.probe = ProbeSpec::External;
                    }
                    world.core.replace(document).unwrap();
                }
                Call::Replace(..) => {}
                Call::Remove(n) => {
                    find(&world, n).map(|id| world.core.unregister(&[id]));
                }
                Call::CheckNow(n) => {
                    find(&world, n).map(|id| world.core.check_now(id));
                }
                Call::Late(n) => {
                    let token = find(&world, n).and_then(|id| world.tokens.remove(&id));
                    let now = world.core.now();
                    token.into_iter().for_each(|t| world.core.finish(t, RunResult::pass(), now));
                }
                Call::Advance(span) => world.advance_to(world.core.now().0 + span),
                Call::StopAndStart => {
                    let now = world.core.now();
                    world.core.stop(now);
                    world.core.start(now);
                }
            }
            world.expect_counts();
        }
        let now = world.core.now().0;
        world.advance_to(now + 40 * SECOND);
        for id in world.core.list() {
            let check = world.core.table.get(world.core.index_of(id).unwrap()).unwrap();
            let runs = check.probe != ProbeSpec::External && !check.mask.has(crate::model::Mask::PAUSED);
            prop_assert!(!runs || !world.starts_of(id, now).is_empty(), "{} starves", check.name);
        }
    }
}

#[test]
fn what_looks_at_a_path_is_of_a_filesystem() {
    use crate::model::ProbeSpec;
    use crate::model::signal::{SignalSpec, TABLE};
    for row in TABLE {
        let path = row.path.then(|| "/".into());
        let spec = SignalSpec { signal: row.signal, levels: row.levels(), path };
        let expected = if row.path { Class::Disk } else { Class::Free };
        assert_eq!(Class::of(&ProbeSpec::Signal(spec.into())), expected, "{}", row.key);
    }
}
