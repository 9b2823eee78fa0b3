//! Connections that outlive the run that made them, to hear at once what a target has to say.
//!
//! A run asks as any other does; beside its question it may have opened a stream on which the
//! target tells of changes. The stream is kept, and what it says only makes the check run at once:
//! every result is still that of a run on a connection of its own, so a stream that is dead without
//! a word costs nothing but the hurry. The trap: a target that changes its mind for ever, or that
//! drops each stream, must not set the pace of the monitor; between two regular runs it gets a few
//! runs and no more.

use super::run::Step;
use super::{Done, Net};
use crate::model::{Addresses, CheckId, Outcome, Reason, RunResult};
use crate::probe::talk::Progress;
use crate::time::Tick;
use hashbrown::HashMap;
use std::mem::take;

/// The number of a run that is over and whose connection is kept.
const KEPT: u64 = 0;
/// Connections kept at once; checks beyond that run at their interval.
const LIMIT: usize = 1_024;
/// Runs after which a stream is made anew, on a connection of that time.
const RENEWAL: u32 = 20;
/// Runs that a stream may ask for between two regular ones.
const HURRIES: u32 = 10;

/// The stream of a check.
#[derive(Debug, Default)]
struct Watch {
    /// The run that made its connection; none if the target offers no stream.
    place: Option<usize>,
    /// Runs since then.
    runs: u32,
    /// Whether one of them was regular.
    was_regular: bool,
    /// Runs that it asked for since the last regular one.
    hurries: u32,
    /// It asked for a run, which has not begun.
    is_waiting: bool,
    /// It told of a change while a run was on its way, which may have asked before.
    has_news: bool,
    /// A run came to something that the stream had not told.
    is_doubtful: bool,
}

/// The streams of all checks.
#[derive(Debug, Default)]
pub struct Watches {
    by_check: HashMap<CheckId, Watch, foldhash::fast::RandomState>,
    /// Checks that must run at once.
    fired: Vec<CheckId>,
}

impl Watches {
    /// Whether a run of this check is to open a stream.
    pub fn wants(&self, check: CheckId) -> bool {
        match self.by_check.get(&check) {
            None => self.by_check.len() < LIMIT,
            Some(watch) => watch.is_doubtful || watch.runs > RENEWAL,
        }
    }

    /// A run of this check begins.
    fn begins(&mut self, check: CheckId) {
        let Some(watch) = self.by_check.get_mut(&check) else { return };
        watch.runs += 1;
        if !take(&mut watch.is_waiting) {
            watch.was_regular = true;
            watch.hurries = 0;
        }
    }

    /// A run of this check has asked for a stream and got none.
    pub fn refused(&mut self, check: CheckId) {
        let watch = self.by_check.entry(check).or_default();
        (watch.runs, watch.is_doubtful) = (0, false);
    }

    /// A run of this check has ended so.
    pub fn ended(&mut self, check: CheckId, result: &RunResult) {
        let told = [Reason::MATCH_NOT_SERVING, Reason::MATCH_UNKNOWN_SERVICE];
        let is_alive = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
        if let Some(watch) = self.by_check.get_mut(&check) {
            watch.is_doubtful |= !is_alive && !told.contains(&result.reason);
        }
    }

    /// Keeps the connection of a run, in the place of the one that is answered.
    fn keep(&mut self, check: CheckId, place: usize) -> Option<usize> {
        let watch = self.by_check.entry(check).or_default();
        let old = take(watch);
        *watch = Watch {
            place: Some(place),
            hurries: old.hurries,
            is_waiting: old.is_waiting,
            has_news: old.has_news,
            ..Watch::default()
        };
        old.place
    }

    fn fire(&mut self, check: CheckId) {
        let Some(watch) = self.by_check.get_mut(&check) else { return };
        watch.has_news = false;
        if watch.hurries < HURRIES && !watch.is_waiting {
            watch.hurries += 1;
            watch.is_waiting = true;
            self.fired.push(check);
        }
    }

    /// The stream of a check is over. One that said something since the last regular run is worth
    /// a look; one that never said anything is not offered, and not asked for at each run.
    fn lost(&mut self, check: CheckId, has_spoken: bool) {
        let Some(watch) = self.by_check.get_mut(&check) else { return };
        watch.place = None;
        if !has_spoken {
            return;
        }
        let is_news = watch.was_regular;
        self.by_check.remove(&check);
        if is_news {
            self.fired.push(check);
        }
    }
}

impl Net {
    /// Says whose run this is, of checks that want to hear of changes; to be called when it has
    /// just been started.
    pub fn watch_for(&mut self, run: u64, check: CheckId) {
        if let Some(&place) = self.places.get(&run) {
            self.runs[place].check = Some(check);
        }
        self.watches.begins(check);
    }

    /// Keeps no stream of a check any more.
    pub fn unwatch(&mut self, check: CheckId) {
        let watch = self.watches.by_check.remove(&check);
        if let Some(place) = watch.and_then(|watch| watch.place) {
            self.remove(place);
        }
    }

    /// Whether any check must run at once.
    pub fn has_fired(&self) -> bool {
        !self.watches.fired.is_empty()
    }

    /// Takes the checks that must run at once.
    pub fn take_fired(&mut self) -> Vec<CheckId> {
        take(&mut self.watches.fired)
    }

    /// Connections that are kept.
    pub(super) fn kept(&self) -> usize {
        self.watches.by_check.values().filter(|watch| watch.place.is_some()).count()
    }

    /// Ends a run whose verdict is known and whose conversation goes on.
    pub(super) fn keep(&mut self, place: usize, done: &mut Vec<Done>) {
        let run = &mut self.runs[place];
        let (Some(check), Step::Talking(talk)) = (run.check, &run.step) else { return };
        let is_kept = talk.trace().after(|after| take(&mut after.is_kept));
        let Some(result) = talk.trace().verdict().filter(|_| is_kept) else { return };
        let (now, token) = (talk.trace().ended(), run.token);
        let result = run.placed(result);
        let is_alive = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
        let is_only = run.addresses.as_ref().is_none_or(|all| all.len() == 1);
        if run.expired || !(is_only || is_alive && run.rule() == Addresses::Any) {
            return self.pass_on(place, result, now, done);
        }
        let result = run.timed(result, now);
        self.places.remove(&token);
        self.alarms.set(token, &mut run.alarm, None);
        run.token = KEPT;
        done.push(Done { run: token, result, finished: now });
        if let Some(old) = self.watches.keep(check, place) {
            self.remove(old);
        }
        self.run_over(check);
        self.told(place);
    }

    /// The verdict is about one of several addresses, none of which is watched.
    fn pass_on(&mut self, place: usize, result: RunResult, now: Tick, done: &mut Vec<Done>) {
        if self.conclude(place, (result, false), now, done) {
            self.connect(place, now, done);
        }
    }

    /// An edge of a connection that is kept; false if this is none.
    pub(super) fn hear(&mut self, place: usize) -> bool {
        let run = &mut self.runs[place];
        let (KEPT, Step::Talking(talk)) = (run.token, &mut run.step) else { return false };
        let is_over = match talk.go_on() {
            Progress::Wait => false,
            Progress::Yield => self.again(place).is_some(),
            Progress::Ended(_) => true,
        };
        if is_over {
            self.lost(place)
        } else {
            self.told(place)
        }
        true
    }

    fn lost(&mut self, place: usize) {
        let run = &self.runs[place];
        let (Some(check), Step::Talking(talk)) = (run.check, &run.step) else { return };
        let has_spoken = talk.trace().after(|after| after.has_spoken);
        self.watches.lost(check, has_spoken);
        self.remove(place);
    }

    fn told(&mut self, place: usize) {
        let run = &self.runs[place];
        let (Some(check), Step::Talking(talk)) = (run.check, &run.step) else { return };
        if !talk.trace().after(|after| take(&mut after.has_news)) {
            return;
        }
        if self.is_running(check) {
            if let Some(watch) = self.watches.by_check.get_mut(&check) {
                watch.has_news = true;
            }
        } else {
            self.watches.fire(check);
        }
    }

    fn is_running(&self, check: CheckId) -> bool {
        self.runs.iter().any(|(_, run)| run.check == Some(check) && run.token != KEPT)
    }

    /// A run of this check is over.
    pub(super) fn run_over(&mut self, check: CheckId) {
        let has_news = self.watches.by_check.get(&check).is_some_and(|watch| watch.has_news);
        if has_news && !self.is_running(check) {
            self.watches.fire(check);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: CheckId = CheckId(7);

    fn fired(watches: &mut Watches) -> usize {
        take(&mut watches.fired).len()
    }

    #[test]
    fn a_restless_target_gets_so_many_runs_between_two_regular_ones() {
        let mut watches = Watches::default();
        watches.fire(CHECK);
        assert_eq!(fired(&mut watches), 0, "nothing is kept");
        watches.keep(CHECK, 0);
        for _ in 0..2 {
            for turn in 0..3 * HURRIES {
                watches.fire(CHECK);
                watches.fire(CHECK);
                assert_eq!(fired(&mut watches), usize::from(turn < HURRIES));
                if turn < HURRIES {
                    watches.begins(CHECK);
                }
            }
            watches.begins(CHECK);
        }
    }

    #[test]
    fn a_stream_made_anew_does_not_begin_to_count_anew() {
        let mut watches = Watches::default();
        watches.keep(CHECK, 0);
        for turn in 0..2 * HURRIES {
            watches.fire(CHECK);
            assert_eq!(fired(&mut watches), usize::from(turn < HURRIES));
            if turn < HURRIES {
                watches.begins(CHECK);
            }
            assert_eq!(watches.keep(CHECK, 1), Some(usize::from(turn > 0)));
        }
    }

    #[test]
    fn the_end_of_a_stream_is_looked_into_if_a_regular_run_has_seen_it() {
        let mut watches = Watches::default();
        watches.keep(CHECK, 0);
        watches.lost(CHECK, true);
        assert!(fired(&mut watches) == 0 && watches.wants(CHECK), "it may be dropped each time");
        watches.keep(CHECK, 0);
        watches.begins(CHECK);
        watches.lost(CHECK, true);
        assert!(fired(&mut watches) == 1 && watches.wants(CHECK));
    }

    #[test]
    fn a_stream_that_is_not_offered_is_asked_for_now_and_then() {
        let mut watches = Watches::default();
        for refusal in 0..2 {
            if refusal == 0 {
                watches.refused(CHECK);
            } else {
                watches.keep(CHECK, 0);
                watches.begins(CHECK);
                watches.lost(CHECK, false);
            }
            assert!(!watches.wants(CHECK) && fired(&mut watches) == 0);
            (0..=RENEWAL).for_each(|_| watches.begins(CHECK));
            assert!(watches.wants(CHECK));
        }
    }

    #[test]
    fn a_stream_is_in_doubt_when_a_run_fails_otherwise() {
        let mut watches = Watches::default();
        watches.keep(CHECK, 0);
        let fail = |reason| RunResult::new(Outcome::Fail, reason);
        watches.ended(CHECK, &RunResult::pass());
        watches.ended(CHECK, &fail(Reason::MATCH_NOT_SERVING));
        assert!(!watches.wants(CHECK));
        watches.ended(CHECK, &fail(Reason::CONNECT_TIMEOUT));
        assert!(watches.wants(CHECK));
        assert_eq!(watches.keep(CHECK, 1), Some(0));
        assert!(!watches.wants(CHECK));
    }

    #[test]
    fn connections_are_kept_for_so_many_checks() {
        let mut watches = Watches::default();
        for number in 0..LIMIT as u64 {
            watches.keep(CheckId(number), 0);
        }
        assert!(!watches.wants(CheckId(LIMIT as u64)));
    }
}
