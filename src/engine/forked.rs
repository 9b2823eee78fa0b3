//! A monitor in a forked child: its locks are free, its copies of descriptors closed, and whatever
//! owned them is leaked; starting it makes everything anew.
//!
//! The trap is the number of a descriptor: once it is closed it may be given to the host program,
//! so it must be closed once only, also in a child of the child, and never by the drop of what
//! owned it. Therefore a life is marked, and forgotten instead of dropped.

use super::core::Core;
use super::driver::Driver;
use super::inner::{Inner, Log};
use super::lifecycle::Life;
use crate::probe::exec::{self, Leash};
use crate::sync::{Arc, Ordering, lock};
use crate::sys::fork::{self, Held, Hold};
use crate::sys::guard::OwnedGuard;

/// The locks that a fork must find free: entered life, driver, core, log, programs.
struct Locks {
    programs: Vec<OwnedGuard<exec::State>>,
    log: OwnedGuard<Option<Arc<Log>>>,
    core: OwnedGuard<Core>,
    drivers: Vec<OwnedGuard<Driver>>,
    life: OwnedGuard<Life>,
}

impl Hold for Inner {
    fn hold(self: Arc<Self>) -> Box<dyn Held> {
        let life = OwnedGuard::lock(Arc::clone(&self.life));
        let drivers: Vec<OwnedGuard<Driver>> =
            life.runners.iter().map(|runner| OwnedGuard::lock(runner.driver())).collect();
        let core = OwnedGuard::lock(Arc::clone(&self.core));
        let log = OwnedGuard::lock(Arc::clone(&self.log));
        let programs = drivers.iter().flat_map(|driver| driver.programs());
        let programs = programs.map(Leash::hold).collect();
        Box::new(Locks { programs, log, core, drivers, life })
    }
}

impl Held for Locks {
    fn leave_in_child(&mut self) {
        if !self.life.abandoned {
            // Copies of sockets would keep the parent's connections open, and a server that forks
            // again and again would run out of numbers.
            self.life.abandoned = true;
            self.drivers.iter().for_each(|driver| driver.abandon());
            self.programs.iter().for_each(|program| program.abandon());
        }
        self.programs.iter_mut().for_each(OwnedGuard::leave);
        self.log.leave();
        self.core.leave();
        self.drivers.iter_mut().for_each(OwnedGuard::leave);
        self.life.leave();
    }
}

impl Inner {
    /// In a child: leaks what belongs to the parent's threads and subscriptions, and lets calls
    /// in again. A manual monitor goes on at the instant to which it was advanced.
    pub(super) fn forget_parent(&self, life: &mut Life) {
        std::mem::forget(std::mem::take(life));
        let mut core = lock(&self.core);
        core.forget_parent();
        core.restore_cells();
        if self.manual {
            core.start(self.manual_now());
        }
        drop(core);
        // Last: other threads of the child are refused until here.
        self.generation.store(fork::generation(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Monitor;
    use crate::error::{Code, Error};
    use crate::model::Kinds;
    use crate::sync::Ordering;
    use crate::sys::fork;

    #[test]
    fn a_child_hears_of_the_fork_whatever_else_is_wrong() {
        let monitor = Monitor::new(None).unwrap();
        // As a child finds it.
        monitor.inner.generation.store(fork::generation().wrapping_sub(1), Ordering::Release);
        let expect_forked = |refused: Option<Error>| {
            assert_eq!(refused.expect("a refusal").code(), Code::Forked);
        };
        expect_forked(monitor.register("{").err());
        expect_forked(monitor.register_many("{").err());
        expect_forked(monitor.replace("{").err());
        expect_forked(monitor.subscribe(Kinds(0), 0).err());
        expect_forked(monitor.render("xml").err());
        monitor.inner.generation.store(fork::generation(), Ordering::Release);
    }
}
