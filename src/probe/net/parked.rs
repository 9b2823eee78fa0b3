//! Connections that are kept for the next run of the same check.
//!
//! A connection stands for the specification of its check, which is one object for all its runs;
//! once that is gone the connection is closed. It lies among the sockets like any other, so that a
//! child after a fork finds and closes it. The trap: the other side may end it at any time. An end
//! that is seen closes it here; one that is not yet seen is found by the next run, which then
//! tries once more on a fresh connection.

use super::Net;
use super::run::{Job, Run, Step};
use crate::model::TalkSpec;
use crate::probe::talk::{Line, Talk};
use crate::sys::socket::{self, Errno};
use hashbrown::HashMap;
use std::sync::{Arc, Weak};

/// Connections kept.
const LIMIT: usize = 128;

#[derive(Debug)]
struct Entry {
    spec: Weak<TalkSpec>,
    line: Box<Line>,
    socket: usize,
    /// Runs that it has served.
    uses: u32,
}

/// The connections, by the address of their specification.
#[derive(Debug, Default)]
pub struct Parked(HashMap<usize, Entry, foldhash::fast::RandomState>);

impl Parked {
    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

fn key(spec: &Arc<TalkSpec>) -> usize {
    Arc::as_ptr(spec).addr()
}

impl Net {
    /// Gives a run the connection that was kept for it; false if it has to make one.
    pub(super) fn resume(&mut self, place: usize) -> bool {
        let run = &mut self.runs[place];
        let Job::Talk(spec) = &run.job else { return false };
        let Some(entry) = self.parked.0.remove(&key(spec)) else { return false };
        if entry.uses >= spec.protocol.fresh_every().unwrap_or(0) {
            self.sockets.close(entry.socket);
            return false;
        }
        // Nothing was asked, so whatever is there is the end, or the answer to somebody else.
        let is_silent = self
            .sockets
            .fd(entry.socket)
            .is_some_and(|socket| matches!(socket::receive(socket, &mut [0]), Err(Errno::AGAIN)));
        self.sockets.adopt(entry.socket, place, self.turn);
        if !is_silent || self.sockets.repeat(entry.socket, &self.epoll).is_err() {
            self.sockets.close(entry.socket);
            return false;
        }
        run.spent = run.phases;
        run.step = Step::Talking(Talk::again(Arc::clone(spec), *entry.line));
        run.socket = Some(entry.socket);
        run.uses = entry.uses;
        true
    }

    /// Keeps the connection of a run.
    pub(super) fn park(&mut self, place: usize, socket: usize, line: Box<Line>) {
        let Run { job: Job::Talk(spec), uses, .. } = &self.runs[place] else {
            return self.sockets.close(socket);
        };
        if self.parked.0.len() >= LIMIT || self.parked.0.contains_key(&key(spec)) {
            return self.sockets.close(socket);
        }
        let entry = Entry { spec: Arc::downgrade(spec), line, socket, uses: uses + 1 };
        self.sockets.rest(socket);
        self.parked.0.insert(key(spec), entry);
    }

    /// Closes the connections whose check is gone.
    pub(super) fn close_unused(&mut self) {
        self.close_parked(|entry| entry.spec.strong_count() == 0);
    }

    /// Closes the connection whose socket tells that the other side has said or ended something.
    pub(super) fn disturbed(&mut self, data: u64) {
        let Some(socket) = self.sockets.idle(data) else { return };
        self.close_parked(|entry| entry.socket == socket);
    }

    fn close_parked(&mut self, is_over: impl Fn(&Entry) -> bool) {
        let sockets = &mut self.sockets;
        self.parked.0.retain(|_, entry| {
            let is_over = is_over(entry);
            if is_over {
                sockets.close(entry.socket);
            }
            !is_over
        });
    }
}
