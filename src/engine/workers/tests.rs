//! The pool: order, limits, and jobs that never come back.

use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};

const LONG: Duration = Duration::from_secs(60);

/// A job that says that it runs, and returns when its sender is dropped.
fn hang(pool: &Pool) -> (Ticket, Sender<()>) {
    let (release, released) = channel::<()>();
    let (start, started) = channel();
    let job = Box::new(move || {
        start.send(()).unwrap();
        let _ = released.recv();
    });
    let ticket = pool.submit(job).ok().expect("the pool takes a job");
    started.recv_timeout(LONG).expect("the job starts");
    (ticket, release)
}

/// A job that sends a number when it runs.
fn note(pool: &Pool, number: u32) -> (Result<Ticket, Job>, Receiver<u32>) {
    let (send, receive) = channel();
    (pool.submit(Box::new(move || send.send(number).unwrap())), receive)
}

/// Waits until the state is as wanted.
fn expect(pool: &Pool, wanted: impl Fn(&State) -> bool) {
    let state = lock(&pool.shared.state);
    let state = wait_while(&pool.shared.changed, state, LONG, |state| !wanted(state));
    assert!(wanted(&state));
}

/// Waits until the gauge shows this; not every step of a job is told to those who wait.
fn expect_load(pool: &Pool, wanted: Load) {
    let until = crate::time::monotonic().after(crate::time::nanoseconds(LONG));
    while pool.gauge().load() != wanted {
        assert!(crate::time::monotonic() < until, "{:?}", pool.gauge().load());
        std::thread::yield_now();
    }
}

fn expect_end(pool: &Pool) {
    pool.close();
    assert!(pool.wait_idle(LONG));
    assert_eq!((pool.stuck(), pool.queued()), (0, 0));
}

#[test]
fn threads_start_on_first_need_and_no_more_than_needed() {
    let pool = Pool::new("mv-test", 4, 64, 1);
    expect(&pool, |state| state.threads.is_empty());
    let (ran, received) = note(&pool, 1);
    assert!(ran.is_ok());
    assert_eq!(received.recv_timeout(LONG), Ok(1));
    assert_eq!(lock(&pool.shared.state).threads.len(), 1);
    expect_end(&pool);
}

#[test]
fn hung_jobs_do_not_starve_the_next_once_written_off() {
    let pool = Pool::new("mv-test", 4, 64, 1);
    let hung: Vec<_> = (0..4).map(|_| hang(&pool)).collect();
    let (fifth, received) = note(&pool, 5);
    assert!(fifth.is_ok());
    assert_eq!(pool.queued(), 1, "four at once is all there is");
    assert_eq!(pool.write_off(hung[2].0), WrittenOff::Running);
    assert_eq!(pool.write_off(hung[2].0), WrittenOff::Gone);
    assert_eq!(received.recv_timeout(LONG), Ok(5));
    assert_eq!(pool.stuck(), 1);
    expect(&pool, |state| state.threads.len() == 5);
    expect_load(&pool, Load { busy: 3, of: 4, stuck: 1 });
    drop(hung);
    // The one that was replaced is one too many when it comes back.
    expect(&pool, |state| state.threads.len() == 4 && state.stuck == 0);
    expect_load(&pool, Load { busy: 0, of: 4, stuck: 0 });
    expect_end(&pool);
}

#[test]
fn when_all_are_stuck_and_the_limit_is_reached_a_job_is_refused() {
    let pool = Pool::new("mv-test", 1, 2, 1);
    let (first, release_first) = hang(&pool);
    assert_eq!(pool.write_off(first), WrittenOff::Running);
    let (second, release_second) = hang(&pool);
    let (waiting, waited) = note(&pool, 3);
    assert!(waiting.is_ok(), "one thread is busy, not stuck");
    assert_eq!(pool.write_off(second), WrittenOff::Running);
    assert_eq!(pool.stuck(), 2);
    assert!(note(&pool, 4).0.is_err());
    assert_eq!(pool.queued(), 1, "what was refused is not queued");
    assert_eq!(pool.gauge().load(), Load { busy: 0, of: 0, stuck: 2 });
    drop(release_first);
    assert_eq!(waited.recv_timeout(LONG), Ok(3), "a thread that comes back takes what waits");
    let (again, received) = note(&pool, 5);
    assert!(again.is_ok());
    assert_eq!(received.recv_timeout(LONG), Ok(5));
    drop(release_second);
    expect_end(&pool);
}

#[test]
fn jobs_start_in_the_order_of_submission() {
    let pool = Pool::new("mv-test", 1, 1, 1);
    let (_, release) = hang(&pool);
    let (send, receive) = channel();
    for number in 0..100 {
        let send = send.clone();
        assert!(pool.submit(Box::new(move || send.send(number).unwrap())).is_ok());
    }
    drop((send, release));
    assert!(receive.iter().eq(0..100));
    expect_end(&pool);
}

#[test]
fn closing_drops_what_is_queued_and_refuses_what_comes() {
    let pool = Pool::new("mv-test", 1, 4, 1);
    let (_, release) = hang(&pool);
    let (queued, received) = note(&pool, 1);
    assert!(queued.is_ok());
    pool.close();
    assert!(received.recv_timeout(LONG).is_err(), "dropped without having run");
    assert!(note(&pool, 2).0.is_err());
    assert!(!pool.wait_idle(Duration::ZERO), "one job still runs");
    drop(release);
    expect_end(&pool);
    assert!(note(&pool, 3).0.is_err());
}

#[test]
fn a_panic_ends_the_job_and_not_the_pool() {
    let pool = Pool::new("mv-test", 1, 1, 1);
    // Without the panic hook, which would print.
    let panicking = Box::new(|| std::panic::resume_unwind(Box::new("on purpose")));
    assert!(pool.submit(panicking).is_ok());
    let (next, received) = note(&pool, 2);
    assert!(next.is_ok());
    assert_eq!(received.recv_timeout(LONG), Ok(2));
    expect_end(&pool);
}

#[test]
fn a_job_that_has_not_started_can_be_written_off() {
    let pool = Pool::new("mv-test", 1, 1, 1);
    let (_, release) = hang(&pool);
    let (queued, received) = note(&pool, 1);
    let ticket = queued.ok().unwrap();
    assert_eq!(pool.write_off(ticket), WrittenOff::Queued);
    assert!(received.recv_timeout(LONG).is_err(), "dropped without having run");
    assert_eq!(pool.write_off(ticket), WrittenOff::Gone);
    assert_eq!(pool.stuck(), 0);
    drop(release);
    expect_end(&pool);
}

#[test]
fn jobs_run_and_are_dropped_under_no_lock() {
    /// Asks the pool something, which would hang under its lock.
    struct Asks(Pool, Sender<usize>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let _ = self.1.send(self.0.queued());
        }
    }
    let pool = Pool::new("mv-test", 1, 1, 1);
    let (send, receive) = channel();
    let asking = || {
        let asks = Asks(pool.clone(), send.clone());
        Box::new(move || {
            assert_eq!(asks.0.stuck(), 0);
            drop(asks);
        })
    };
    assert!(pool.submit(asking()).is_ok());
    assert_eq!(receive.recv_timeout(LONG), Ok(0), "run");
    let (_, release) = hang(&pool);
    let ticket = pool.submit(asking()).ok().unwrap();
    assert_eq!(pool.write_off(ticket), WrittenOff::Queued);
    assert_eq!(receive.recv_timeout(LONG), Ok(0), "written off");
    assert!(pool.submit(asking()).is_ok());
    pool.close();
    assert_eq!(receive.recv_timeout(LONG), Ok(0), "closed");
    drop(release);
    expect_end(&pool);
}

#[test]
fn a_thread_knows_whose_it_is() {
    let pool = Pool::new("mv-test", 1, 1, 77);
    let (send, receive) = channel();
    let job = Box::new(move || send.send(current()).unwrap());
    assert!(pool.submit(job).is_ok());
    assert_eq!(receive.recv_timeout(LONG), Ok(Some(77)));
    assert_eq!(current(), None);
    expect_end(&pool);
}

#[test]
fn a_handle_may_go_to_any_thread() {
    fn goes_anywhere<T: Send + Sync + Clone + 'static>() {}
    goes_anywhere::<Pool>();
}
