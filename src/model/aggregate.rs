//! One status for a set of checks, and the answer that a probe of an orchestrator gets.
//!
//! A tally counts members by status and criticality, so that a change of one member costs the
//! same in a group of ten as in one of a million.

use super::Status;

/// How a member counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its published status.
    pub status: Status,
    /// Whether the group becomes UNHEALTHY with it.
    pub critical: bool,
    /// Paused, blocked or not applicable: not counted at all.
    pub left_out: bool,
}

/// Members by criticality and status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    critical: [u32; 4],
    other: [u32; 4],
}

impl Tally {
    /// Counts a member.
    pub fn add(&mut self, member: Member) {
        if let Some(count) = self.count(member) {
            *count += 1;
        }
    }

    /// Takes out a member that was counted with exactly these properties.
    pub fn remove(&mut self, member: Member) {
        if let Some(count) = self.count(member) {
            *count -= 1;
        }
    }

    fn count(&mut self, member: Member) -> Option<&mut u32> {
        let side = if member.critical { &mut self.critical } else { &mut self.other };
        (!member.left_out).then(|| &mut side[member.status as usize])
    }

    /// Whether anything is known of any member.
    pub fn knows(&self) -> bool {
        let known = |side: &[u32; 4]| side.iter().skip(1).any(|&count| count > 0);
        known(&self.critical) || known(&self.other)
    }

    /// The status of the whole: UNHEALTHY if a critical member is, else UNKNOWN if a critical
    /// member is, else DEGRADED if any member is or a non-critical one is UNHEALTHY, else
    /// HEALTHY. Nothing counted is HEALTHY.
    pub fn status(&self) -> Status {
        let has = |side: &[u32; 4], status: Status| side[status as usize] > 0;
        if has(&self.critical, Status::Unhealthy) {
            Status::Unhealthy
        } else if has(&self.critical, Status::Unknown) {
            Status::Unknown
        } else if has(&self.critical, Status::Degraded)
            || has(&self.other, Status::Degraded)
            || has(&self.other, Status::Unhealthy)
        {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }
}

/// Whether a member takes part in deciding that the group has this status: its freshness
/// limits that of the group.
pub fn decides(group: Status, member: Member) -> bool {
    let functional = member.status.is_functional();
    !member.left_out
        && match group {
            Status::Unknown => false,
            Status::Unhealthy => member.critical && member.status == Status::Unhealthy,
            Status::Degraded => {
                (member.critical && functional)
                    || matches!(member.status, Status::Degraded | Status::Unhealthy)
            }
            Status::Healthy => member.critical && functional,
        }
}

/// Which question a group answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May traffic be sent? Also the question of the whole and of the user's own groups.
    Ready,
    /// Is the process alive, or should it be restarted?
    Alive,
    /// Has the start-up finished?
    Started,
}

impl Question {
    /// The question that a group of this name answers.
    pub fn of(group: &str) -> Question {
        match group {
            "liveness" => Question::Alive,
            "startup" => Question::Started,
            _ => Question::Ready,
        }
    }

    /// The answer: `last` is the previous one, false before the first, and `waiting` says
    /// whether a critical member was never functional yet.
    pub fn answer(self, status: Status, last: bool, waiting: bool) -> bool {
        match self {
            Question::Ready => match status {
                Status::Healthy | Status::Degraded => true,
                Status::Unhealthy => false,
                Status::Unknown => last,
            },
            Question::Alive => status != Status::Unhealthy,
            Question::Started => last || !waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Degraded, Healthy, Unhealthy, Unknown};
    use proptest::prelude::*;

    fn member(status: Status, critical: bool) -> Member {
        Member { status, critical, left_out: false }
    }

    fn of(members: &[Member]) -> Status {
        let mut tally = Tally::default();
        members.iter().for_each(|&member| tally.add(member));
        tally.status()
    }

    #[test]
    fn the_rules_are_applied_in_order() {
        let out = Member { status: Unhealthy, critical: true, left_out: true };
        for (members, status, why) in [
            (vec![], Healthy, "an empty group"),
            (vec![member(Healthy, true)], Healthy, "all well"),
            (vec![member(Unhealthy, true), member(Unknown, true)], Unhealthy, "worst first"),
            (vec![member(Unknown, true), member(Degraded, true)], Unknown, "then the unknown"),
            (vec![member(Unhealthy, false), member(Healthy, true)], Degraded, "not critical"),
            (vec![member(Unknown, false), member(Healthy, true)], Healthy, "unknown, not critical"),
            (vec![member(Degraded, false)], Degraded, "one warning is not hidden by many"),
            (vec![out, member(Healthy, true)], Healthy, "paused and blocked do not count"),
        ] {
            assert_eq!(of(&members), status, "{why}");
        }
    }

    #[test]
    fn each_question_has_its_answer() {
        use Question::{Alive, Ready, Started};
        for (question, status, last, waiting, answer) in [
            (Ready, Healthy, false, false, true),
            (Ready, Degraded, false, false, true),
            (Ready, Unhealthy, true, false, false),
            (Ready, Unknown, false, true, false),
            (Ready, Unknown, true, false, true),
            (Alive, Unknown, false, true, true),
            (Alive, Unhealthy, true, false, false),
            (Started, Healthy, false, true, false),
            (Started, Healthy, false, false, true),
            (Started, Unhealthy, true, true, true),
        ] {
            assert_eq!(question.answer(status, last, waiting), answer, "{question:?} {status}");
        }
    }

    proptest! {
        #[test]
        fn removing_a_member_undoes_adding_it(
            members in prop::collection::vec((0i32..4, any::<bool>(), any::<bool>()), 0..20),
            extra in (0i32..4, any::<bool>(), any::<bool>()),
        ) {
            let make = |(status, critical, left_out)| Member {
                status: Status::from_number(status).unwrap(), critical, left_out,
            };
            let mut tally = Tally::default();
            members.into_iter().for_each(|m| tally.add(make(m)));
            let before = tally;
            tally.add(make(extra));
            tally.remove(make(extra));
            prop_assert_eq!(tally, before);
        }
    }
}
