//! Two lives that overlap: each is woken for itself, and no result is lost between them.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const TOKEN: u64 = 7;

/// Two lives of one monitor, the later one second.
fn lives() -> [Driver; 2] {
    let inbox = Arc::new(Inbox::default());
    [Driver::new(1, Arc::clone(&inbox)).unwrap(), Driver::new(1, inbox).unwrap()]
}

fn is_woken(driver: &Driver) -> bool {
    let fd = driver.waiting_fd().unwrap();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&at_once)).unwrap() == 1
}

fn result() -> RunResult {
    RunResult::pass()
}

#[test]
fn a_life_that_looks_first_does_not_take_the_wake_of_the_other() {
    let mut lives = lives();
    for (looks_first, other) in [(0, 1), (1, 0)] {
        lives[0].wake().wake();
        lives[1].wake().wake();
        lives[looks_first].collect(&mut Vec::new());
        assert!(is_woken(&lives[other]) && !is_woken(&lives[looks_first]));
        lives[other].collect(&mut Vec::new());
        assert!(!is_woken(&lives[other]));
    }
}

#[test]
fn a_result_of_the_earlier_life_wakes_the_later_one() {
    let [earlier, mut later] = lives();
    Reporter::new(Arc::clone(&earlier.inbox), TOKEN).say(result(), Tick(5));
    assert!(is_woken(&later) && !is_woken(&earlier));
    let mut done = Vec::new();
    later.collect(&mut done);
    assert_eq!(done.iter().map(|done| done.run).collect::<Vec<_>>(), [TOKEN]);
}

#[test]
fn what_the_earlier_life_has_taken_at_its_end_is_left_to_the_later_one() {
    let [mut earlier, mut later] = lives();
    Reporter::new(Arc::clone(&later.inbox), TOKEN).say(result(), Tick(5));
    let mut done = Vec::new();
    earlier.collect(&mut done);
    later.collect(&mut Vec::new());
    assert!(!is_woken(&later));
    earlier.hand_on(&mut done);
    assert!(is_woken(&later) && done.is_empty());
    later.collect(&mut done);
    assert_eq!(done.len(), 1);
}
