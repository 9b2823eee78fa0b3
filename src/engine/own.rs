//! What `meshvitals.self` tells in words, besides its status and its level.
//!
//! Made when somebody asks, from what the core knows anyway: nothing wakes up for it. The trap:
//! it is as of the last turn, whose instant is that of the last run of the check; that may be far
//! back because nothing is due. Only the threads for callbacks are as of now: they are read where
//! their pool notes them, without its lock, which may be held while foreign code ends.

use super::core::Core;
use super::workers::Load;
use crate::time::SECOND;

impl Core {
    /// How the monitor is doing, in one sentence.
    pub(super) fn own_sentence(&self) -> String {
        let (count, oldest) = self.runs.in_flight();
        let mut text = format!("{count} in flight");
        if let Some(oldest) = oldest {
            let seconds = self.now.since(oldest) as f64 / SECOND as f64;
            text += &format!(", the oldest for {seconds:.1} s");
        }
        let [network, callbacks, handshakes, programs] = self.slots.waiting();
        let network = network + handshakes;
        if network + callbacks + programs > 0 {
            text += &format!(", waiting: {network} network, {callbacks} callback");
            if programs > 0 {
                text += &format!(", {programs} exec");
            }
        }
        let Load { busy, of, stuck } = self.callbacks.load();
        text += &format!(", callbacks: {busy} of {of} threads busy");
        if stuck > 0 {
            text += &format!(", {stuck} stuck");
        }
        let merged: u64 = self.mailboxes.iter().map(|mailbox| mailbox.merged()).sum();
        text + &format!(", {merged} events merged, {} local faults", self.health.faults())
    }
}
