//! Looks that wait for one another, at paths of which no mount table tells.

use super::*;
use crate::engine::workers::Pool;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

struct Bench {
    disks: Disks,
    pool: Pool,
    inbox: Arc<Inbox>,
}

/// An instant in seconds.
fn at(seconds: u64) -> Tick {
    Tick(seconds * SECOND)
}

impl Bench {
    fn new(inbox: &Arc<Inbox>) -> Bench {
        let pool = Pool::new("mv-test", 4, 8, 1);
        let inbox = Arc::clone(inbox);
        Bench { disks: Disks::new(pool.clone(), Arc::clone(&inbox)), pool, inbox }
    }

    /// Starts a look that takes five seconds at most and passes at once.
    fn start(&mut self, token: u64, path: &str, now: u64) {
        self.disks.start(token, path, (at(now), at(now + 5)), RunResult::pass);
    }

    /// Starts one that comes back when its sender is dropped; it is under way.
    fn hang(&mut self, token: u64, path: &str, now: u64) -> Sender<()> {
        let (release, released) = channel::<()>();
        let (start, started) = channel();
        self.disks.start(token, path, (at(now), at(now + 5)), move || {
            start.send(()).unwrap();
            let _ = released.recv();
            RunResult::pass()
        });
        started.recv_timeout(LONG).expect("the look begins");
        release
    }

    /// What has come, at this instant.
    fn collect(&mut self, now: u64) -> Vec<(u64, Outcome, Reason)> {
        let mut done = Vec::new();
        self.inbox.take(&mut done);
        self.disks.go_on(&done, at(now));
        done.into_iter().map(|done| (done.run, done.result.outcome, done.result.reason)).collect()
    }

    /// What comes next, however long it takes.
    #[track_caller]
    fn next(&mut self, now: u64) -> Vec<(u64, Outcome, Reason)> {
        let until = time::monotonic().after(time::nanoseconds(LONG));
        loop {
            let done = self.collect(now);
            if !done.is_empty() {
                return done;
            }
            assert!(time::monotonic() < until, "nothing comes");
            std::thread::yield_now();
        }
    }

    fn close(mut self) {
        self.disks.close();
        self.pool.close();
        assert!(self.pool.wait_idle(LONG));
    }
}

const PASS: (Outcome, Reason) = (Outcome::Pass, Reason::NONE);
const LATE: (Outcome, Reason) = (Outcome::Local, Reason::POOL_EXHAUSTED);

fn of(token: u64, (outcome, reason): (Outcome, Reason)) -> Vec<(u64, Outcome, Reason)> {
    vec![(token, outcome, reason)]
}

#[test]
fn a_look_waits_for_the_one_at_its_place_and_for_no_other() {
    let mut bench = Bench::new(&Arc::default());
    let first = bench.hang(1, "a", 0);
    bench.start(2, "a", 0);
    bench.start(3, "b", 0);
    assert_eq!(bench.next(1), of(3, PASS));
    drop(first);
    assert_eq!(bench.next(2), of(1, PASS));
    assert_eq!(bench.next(2), of(2, PASS));
    bench.close();
}

#[test]
fn a_place_that_was_silent_for_all_of_its_time_has_timed_out_and_others_had_bad_luck() {
    let mut bench = Bench::new(&Arc::default());
    let first = bench.hang(1, "a", 10);
    bench.start(2, "a", 10);
    bench.start(3, "a", 9);
    assert_eq!(bench.disks.expire(3, at(14)), Some(None));
    assert_eq!(bench.collect(14), of(3, LATE), "four seconds of five");
    let silent = bench.disks.expire(1, at(15)).unwrap().unwrap();
    assert_eq!((silent.outcome, silent.reason), (Outcome::Timeout, Reason::TIMEOUT));
    assert_eq!(silent.message.as_str(), "a does not answer");
    let still = (Outcome::Timeout, Reason::STILL_RUNNING);
    assert_eq!(bench.disks.expire(2, at(15)), Some(None));
    assert_eq!(bench.collect(15), of(2, (Outcome::Timeout, Reason::TIMEOUT)));
    bench.start(4, "a", 20);
    assert_eq!(bench.collect(20), of(4, still), "at once, and without a thread");
    drop(first);
    assert_eq!(bench.next(21), of(1, PASS), "late, which the engine finds");
    bench.start(5, "a", 22);
    assert_eq!(bench.next(22), of(5, PASS));
    bench.close();
}

#[test]
fn who_had_to_wait_and_then_ran_out_of_time_blames_nobody() {
    let mut bench = Bench::new(&Arc::default());
    let first = bench.hang(1, "a", 0);
    let (release, released) = channel::<()>();
    let (start, started) = channel();
    bench.disks.start(2, "a", (at(0), at(5)), move || {
        start.send(()).unwrap();
        let _ = released.recv();
        RunResult::pass()
    });
    drop(first);
    assert_eq!(bench.next(4), of(1, PASS));
    started.recv_timeout(LONG).expect("its turn");
    let result = bench.disks.expire(2, at(5)).unwrap().unwrap();
    assert_eq!((result.outcome, result.reason), LATE);
    drop(release);
    bench.close();
}

#[test]
fn what_nobody_wants_any_more_does_not_begin() {
    let mut bench = Bench::new(&Arc::default());
    let first = bench.hang(1, "a", 0);
    bench.start(2, "a", 0);
    assert!(bench.disks.cancel(2) && !bench.disks.cancel(2));
    assert_eq!(bench.collect(1), of(2, LATE), "the engine hears that it is over");
    assert!(bench.disks.cancel(1));
    drop(first);
    assert_eq!(bench.next(2), of(1, PASS));
    bench.close();
}

#[test]
fn nobody_looks_in_the_next_life_where_somebody_still_does() {
    let inbox = Arc::default();
    let mut bench = Bench::new(&inbox);
    let first = bench.hang(1, "a", 0);
    bench.disks.close();
    let mut next = Bench::new(&inbox);
    next.start(2, "a", 100);
    assert_eq!(next.collect(100), of(2, (Outcome::Timeout, Reason::STILL_RUNNING)));
    drop(first);
    assert_eq!(next.next(101), of(1, PASS));
    next.close();
    bench.close();
}
