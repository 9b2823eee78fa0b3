//! The resolver against lookups that answer, hang and come back.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::sync::atomic::{AtomicUsize, Ordering};

const LONG: Duration = Duration::from_secs(60);

fn name(host: &str) -> Arc<NameTarget> {
    Arc::new(NameTarget::new(host, 80))
}

/// The runs that were answered, when the next answers are there.
fn expect_answers(resolver: &mut Resolver) -> Vec<(u64, Found)> {
    let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(&*resolver, PollFlags::IN)], Some(&limit)).unwrap();
    assert_eq!(ready, 1, "no answer came");
    let mut answers = Vec::new();
    resolver.answers(|run, found| answers.push((run, found.clone())));
    answers
}

/// Waits for answers, but only a moment; says whether there are any.
fn pause(resolver: &Resolver) -> bool {
    let moment = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    poll(&mut [PollFd::new(resolver, PollFlags::IN)], Some(&moment)).unwrap() > 0
}

/// A resolver with a count of its own, for names that hang hang for all that is tested here.
fn alone(lookup: Lookup) -> Resolver {
    Resolver::counted(lookup, Box::leak(Box::new(Hanging::new()))).unwrap()
}

/// A lookup that never returns, like getaddrinfo in an outage.
fn hang(_: &NameTarget) -> Found {
    loop {
        std::thread::park();
    }
}

#[test]
fn a_name_gets_its_addresses() {
    let mut resolver = Resolver::new().unwrap();
    resolver.ask(&name("localhost"), 7).unwrap();
    let answers = expect_answers(&mut resolver);
    assert_eq!(answers.len(), 1);
    let (run, found) = &answers[0];
    assert_eq!(*run, 7);
    assert!(found.as_ref().unwrap().iter().all(|a| a.ip().is_loopback() && a.port() == 80));
}

#[test]
fn runs_that_wait_for_the_same_name_share_one_question() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static GATE: Mutex<()> = Mutex::new(());
    let closed = GATE.lock().unwrap();
    let mut resolver = Resolver::with(|_| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        drop(GATE.lock().unwrap());
        Ok([SocketAddr::from(([127, 0, 0, 1], 1))].into())
    })
    .unwrap();
    for run in 0..5 {
        resolver.ask(&name("one"), run).unwrap();
    }
    resolver.forget(&name("one"), 3);
    drop(closed);
    let mut runs: Vec<u64> = expect_answers(&mut resolver).iter().map(|a| a.0).collect();
    runs.sort_unstable();
    assert_eq!(runs, [0, 1, 2, 4]);
    assert_eq!(ASKED.load(Ordering::SeqCst), 1);
}

#[test]
fn a_name_without_addresses_is_not_found() {
    let mut resolver = Resolver::with(|_| Ok([].into())).unwrap();
    resolver.ask(&name("empty"), 1).unwrap();
    assert_eq!(expect_answers(&mut resolver), [(1, Err(Failure::NO_ADDRESS))]);
}

#[test]
fn the_queue_is_bounded_and_names_that_nobody_waits_for_leave_it() {
    let mut resolver = alone(hang);
    let names: Vec<_> = (0..2 * QUEUE_LIMIT).map(|n| name(&format!("host-{n}"))).collect();
    let mut taken = Vec::new();
    for (run, name) in names.iter().enumerate() {
        match resolver.ask(name, run as u64) {
            Ok(()) => taken.push(run),
            Err(refusal) => assert!(matches!(refusal, Refusal::Full)),
        }
    }
    // The threads may have taken one each before the queue was full.
    assert!((QUEUE_LIMIT..=QUEUE_LIMIT + THREADS).contains(&taken.len()), "{}", taken.len());
    let last = *taken.last().unwrap();
    assert!(!resolver.forget(&names[last], last as u64), "it was never asked for");
    resolver.ask(&names[2 * QUEUE_LIMIT - 1], 1).unwrap();
}

#[test]
fn names_that_hang_do_not_keep_the_others_waiting() {
    let mut resolver = alone(|name| match &*name.host {
        "quick" => Ok([SocketAddr::from(([127, 0, 0, 1], 1))].into()),
        _ => hang(name),
    });
    let stuck: Vec<_> = (0..20).map(|n| name(&format!("stuck-{n}"))).collect();
    for (run, name) in (0..).zip(&stuck) {
        resolver.ask(name, run).unwrap();
    }
    let all_hang =
        |resolver: &Resolver| lock(&resolver.shared.queue).names.len() == stuck.len() - THREADS;
    assert!((0..10_000).any(|_| all_hang(&resolver) || pause(&resolver)), "no thread began");
    resolver.ask(&name("quick"), 99).unwrap();
    // Their deadlines pass, as often as it takes: each round two more are written off.
    let mut answered = None;
    for _ in 0..10_000 {
        for (run, name) in (0..).zip(&stuck) {
            resolver.forget(name, run);
            resolver.ask(name, run).unwrap();
        }
        pause(&resolver);
        resolver.answers(|run, found| answered = Some((run, found.is_ok())));
        if answered.is_some() {
            break;
        }
    }
    assert_eq!(answered, Some((99, true)));
    assert!(lock(&resolver.shared.queue).threads <= THREADS + stuck.len());
}

#[test]
fn threads_that_come_back_from_a_name_that_hung_end_if_there_are_enough() {
    static GATE: Mutex<()> = Mutex::new(());
    let closed = GATE.lock().unwrap();
    let mut resolver = Resolver::with(|_| {
        drop(GATE.lock().unwrap());
        Err(Failure::NO_ADDRESS)
    })
    .unwrap();
    let names: Vec<_> = (0..8).map(|n| name(&format!("slow-{n}"))).collect();
    let now = |resolver: &Resolver| {
        let queue = lock(&resolver.shared.queue);
        (queue.written_off(), queue.threads)
    };
    let mut rounds = 0..10_000;
    while now(&resolver).0 < names.len() && rounds.next().is_some() {
        names.iter().for_each(|name| resolver.ask(name, 1).unwrap());
        pause(&resolver);
        for name in &names {
            resolver.forget(name, 1);
        }
    }
    let (written_off, threads) = now(&resolver);
    assert!(written_off == names.len() && threads > THREADS, "{written_off} {threads}");
    drop(closed);
    while now(&resolver) != (0, THREADS) && rounds.next().is_some() {
        pause(&resolver);
        resolver.answers(|_, _| ());
    }
    assert_eq!(now(&resolver), (0, THREADS));
}

#[test]
fn its_threads_are_waited_for_until_every_name_has_come_back() {
    static GATE: Mutex<()> = Mutex::new(());
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let closed = GATE.lock().unwrap();
    let mut resolver = Resolver::with(|_| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        drop(GATE.lock().unwrap());
        Err(Failure::NO_ADDRESS)
    })
    .unwrap();
    let threads = resolver.threads();
    assert!(threads.wait(LONG), "they start with the first name");
    // One more than there are threads: what is queued must not be asked any more.
    for run in 0..=THREADS as u64 {
        resolver.ask(&name(&format!("host-{run}")), run).unwrap();
    }
    while ASKED.load(Ordering::SeqCst) < THREADS {
        std::thread::yield_now();
    }
    drop(resolver);
    assert!(!threads.wait(Duration::ZERO), "the names hang");
    drop(closed);
    assert!(threads.wait(LONG));
    assert_eq!(ASKED.load(Ordering::SeqCst), THREADS);
}

#[test]
fn threads_that_have_nothing_to_do_end_with_it() {
    let mut resolver = Resolver::new().unwrap();
    let threads = resolver.threads();
    resolver.ask(&name("localhost"), 1).unwrap();
    assert_eq!(expect_answers(&mut resolver).len(), 1);
    assert!(!threads.wait(Duration::ZERO), "they wait for the next name");
    drop(resolver);
    assert!(threads.wait(LONG));
}

#[test]
fn names_that_hang_are_counted_together_and_no_thread_is_started_beyond_their_limit() {
    static GATE: Mutex<()> = Mutex::new(());
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static HANGING: Hanging = Hanging::new();
    fn look_up(name: &NameTarget) -> Found {
        if &*name.host != "quick" {
            ASKED.fetch_add(1, Ordering::SeqCst);
            drop(GATE.lock().unwrap());
        }
        Ok([SocketAddr::from(([127, 0, 0, 1], 1))].into())
    }
    let resolver = || Resolver::counted(look_up, &HANGING).unwrap();
    let ask_and_hang = |resolver: &mut Resolver, count: usize| {
        resolver.ask(&name("slow"), 1).unwrap();
        while ASKED.load(Ordering::SeqCst) < count {
            std::thread::yield_now();
        }
    };
    let closed = GATE.lock().unwrap();
    let mut early = resolver();
    early.ask(&name("quick"), 1).unwrap();
    assert_eq!(expect_answers(&mut early).len(), 1);
    let limit = hanging::LIMIT as usize;
    let mut threads = Vec::new();
    for count in 1..=limit {
        // As one probe does it: its name may be given up before it is.
        let mut once = resolver();
        threads.push(once.threads());
        ask_and_hang(&mut once, count);
        if count % 2 == 0 {
            assert!(once.forget(&name("slow"), 1));
        }
    }

    let mut late = resolver();
    assert!(matches!(late.ask(&name("quick"), 1), Err(Refusal::Hanging)));
    assert!(late.threads().wait(Duration::ZERO), "no thread was started");
    // The thread that there is goes on, until it hangs as well.
    early.ask(&name("quick"), 2).unwrap();
    assert_eq!(expect_answers(&mut early).len(), 1);
    ask_and_hang(&mut early, limit + 1);
    early.ask(&name("quick"), 3).unwrap();
    assert!(early.forget(&name("slow"), 1));
    assert!(!early.forget(&name("quick"), 3), "no other took its place");
    assert!(matches!(early.ask(&name("other"), 4), Err(Refusal::Hanging)));

    drop(closed);
    assert!(threads.iter().all(|threads| threads.wait(LONG)));
    late.ask(&name("quick"), 1).unwrap();
    assert_eq!(expect_answers(&mut late).len(), 1);
}

#[test]
fn the_families_take_turns() {
    let list = |text: &str| -> Vec<SocketAddr> {
        text.split_whitespace().map(|ip| SocketAddr::new(ip.parse().unwrap(), 1)).collect()
    };
    let cases = [
        ("", ""),
        ("1.1.1.1", "1.1.1.1"),
        ("::1 ::2 ::3 1.1.1.1 1.1.1.2", "::1 1.1.1.1 ::2 1.1.1.2 ::3"),
        ("1.1.1.1 ::1 ::2 ::3", "1.1.1.1 ::1 ::2 ::3"),
        ("::1 ::2", "::1 ::2"),
    ];
    for (found, expected) in cases {
        assert_eq!(alternate(&list(found)), list(expected), "{found}");
    }
}
