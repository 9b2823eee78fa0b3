//! What becomes of triggers whose level, check or cgroup changes. None of them is ever fired: the
//! cgroups are empty.

use super::*;
use crate::sys::pressure_trigger::tests::{Cgroup, runtime};
use std::future::poll_fn;

fn levels(triggers: &Triggers) -> Vec<(u64, f64)> {
    triggers.armed.iter().map(|armed| (armed.check.0, armed.enter)).collect()
}

#[test]
fn a_check_has_one_trigger_and_there_are_so_many_at_most() {
    let Some(cgroup) = Cgroup::new("limit") else { return };
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut triggers = Triggers::default();
    let arm = |triggers: &mut Triggers, check, enter| {
        triggers.arm(CheckId(check), &cgroup.file(), Line::Some, enter);
    };
    for enter in [10.0, 10.0, 20.0] {
        arm(&mut triggers, 1, enter);
    }
    assert_eq!((levels(&triggers), triggers.fds().count()), (vec![(1, 20.0)], 1));
    for check in 2..=LIMIT as u64 + 1 {
        arm(&mut triggers, check, 10.0);
    }
    assert_eq!(triggers.fds().count(), LIMIT);
    triggers.disarm(CheckId(1));
    assert_eq!(triggers.fds().count(), LIMIT - 1);
    arm(&mut triggers, 99, 10.0);
    assert_eq!((triggers.fds().count(), triggers.armed[LIMIT - 1].check), (LIMIT, CheckId(99)));
}

#[test]
fn what_is_refused_is_not_waited_for() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut triggers = Triggers::default();
    triggers.arm(CheckId(1), Path::new("/proc/self/status"), Line::Some, 10.0);
    assert_eq!((levels(&triggers), triggers.fds().count()), (vec![(1, 10.0)], 0));
    assert!(!triggers.is_waiting());
}

#[test]
fn a_trigger_whose_cgroup_is_gone_is_let_go_and_tells_nothing() {
    let Some(cgroup) = Cgroup::new("let-go") else { return };
    let runtime = runtime();
    let mut triggers = Triggers::default();
    {
        let _entered = runtime.enter();
        triggers.arm(CheckId(1), &cgroup.file(), Line::Some, 50.0);
    }
    assert!(triggers.is_waiting());
    cgroup.remove();
    runtime.block_on(poll_fn(|context| {
        assert!(!triggers.poll(context));
        if triggers.is_waiting() { Poll::Pending } else { Poll::Ready(()) }
    }));
    assert_eq!((triggers.fds().count(), triggers.take_fired()), (0, Vec::new()));
    // Asked again at each run, it would be refused at each.
    let _entered = runtime.enter();
    triggers.arm(CheckId(1), &cgroup.file(), Line::Some, 50.0);
    assert!(!triggers.is_waiting());
}
