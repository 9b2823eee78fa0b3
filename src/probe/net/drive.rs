//! How a run gets from its start to its end.
//!
//! `connect` takes it as far as it comes without waiting, `ready` goes on from there with every
//! edge, and `conclude` decides whether a verdict about one address ends the run.

use super::addresses::{Tally, share};
use super::run::{Job, Next, Step};
use super::{Done, Net};
use crate::model::{Addresses, Outcome, Reason, RunResult, Target};
use crate::probe::http::{Exchange, Progress};
use crate::probe::talk::{self, Ended, Talk};
use crate::probe::{errno, tcp};
use crate::sys::epoll::Ready;
use crate::sys::socket::{self, Connected, Errno, Family, Kind};
use crate::time::Tick;
use std::sync::Arc;

/// Spare buffers kept: as many as usually run at once.
const SPARE_LIMIT: usize = 64;

/// The verdict about one address, and whether its connection is in a state that is known well
/// enough for the socket to be used again.
type Verdict = (RunResult, bool);

impl Net {
    /// Connects to the current address, and to the next ones while it is decided at once.
    pub(super) fn connect(&mut self, place: usize, now: Tick, done: &mut Vec<Done>) {
        let run = &mut self.runs[place];
        let left = run.left();
        let alarm = (left > 1 && !run.expired).then(|| share(now, run.deadline, left));
        self.alarms.set(run.token, &mut run.alarm, alarm);
        while let Some(verdict) = self.try_connect(place) {
            if !self.conclude(place, verdict, now, done) {
                return;
            }
        }
    }

    /// An edge of the socket of a run.
    pub(super) fn ready(&mut self, place: usize, ready: Ready, now: Tick, done: &mut Vec<Done>) {
        if self.hear(place) {
            return;
        }
        let verdict = self.advance(place, ready, now);
        if let Some(next) = self.runs[place].next.take() {
            return self.go_on(place, next, done);
        }
        let Some(verdict) = verdict else { return self.keep(place, done) };
        // A conversation computes, and its deadline is compared with the time after that.
        let now = match &self.runs[place].step {
            Step::Talking(talk) => talk.trace().ended(),
            _ => now,
        };
        if self.conclude(place, verdict, now, done) {
            self.connect(place, now, done);
        }
    }

    /// Leaves the connection of a run for the one of the conversation that follows.
    fn go_on(&mut self, place: usize, next: Next, done: &mut Vec<Done>) {
        let run = &mut self.runs[place];
        let now = match &run.step {
            Step::Talking(talk) => talk.trace().ended(),
            _ => run.began,
        };
        run.mark(now);
        let was_in_datagrams = run.kind() == Kind::Datagram;
        if let Next::Elsewhere(next, warning) = next {
            run.warning = warning.map(|warning| run.placed(warning)).or(run.warning.take());
            let before = std::mem::replace(&mut run.job, Job::Talk(next.into()));
            run.in_datagrams = was_in_datagrams.then_some(before);
        }
        run.step = Step::Connecting;
        run.uses = 0;
        if was_in_datagrams {
            // What fits no datagram is asked for over a stream, of the one that said so.
            if let Some(socket) = run.socket.take() {
                self.sockets.close(socket);
            }
            return self.connect(place, now, done);
        }
        // Whatever the rule for several addresses, it holds for those of the new place.
        (run.addresses, run.place, run.tally) = (None, 0, Tally::default());
        if let Some(socket) = run.socket.take() {
            self.disconnected |= self.sockets.reuse(socket);
        }
        self.begin(place, now, done);
    }

    fn try_connect(&mut self, place: usize) -> Option<Verdict> {
        let run = &mut self.runs[place];
        let address = run.address();
        let family = address.as_ref().map_or(Family::Unix, Family::of);
        let socket = match self.sockets.open((family, run.kind()), place, self.turn) {
            Ok(socket) => socket,
            Err(error) => return Some((run.failure(errno::of_setup(error), error), false)),
        };
        run.socket = Some(socket);
        let fd = self.sockets.fd(socket)?;
        let connected = match (&address, run.target()) {
            (Some(address), _) => {
                if run.holds_back_ack() {
                    socket::hold_back_ack(fd);
                }
                socket::connect(fd, address).map_err(|error| (errno::of_connect(error), error))
            }
            (None, Target::Unix(path)) => socket::connect_unix(fd, path)
                .map_err(|error| (errno::of_connect_unix(error), error)),
            // Only a name without addresses, which the resolver never answers.
            (None, _) => Err((errno::of_setup(Errno::INVAL), Errno::INVAL)),
        };
        match (connected, &run.job) {
            (Err((class, error)), _) => return Some((run.failure(class, error), false)),
            (Ok(Connected::Now), Job::Tcp(_)) if family == Family::Unix => {
                return Some(match tcp::look(fd) {
                    Ok(result) => (run.placed(result), false),
                    Err((class, error)) => (run.failure(class, error), false),
                });
            }
            _ => {}
        }
        // A connection that is made already shows as an edge like any other; so does a socket for
        // datagrams, which is connected at once.
        let error = self.sockets.register(socket, &self.epoll).err()?;
        Some((run.failure(errno::of_setup(error), error), false))
    }

    fn advance(&mut self, place: usize, ready: Ready, now: Tick) -> Option<Verdict> {
        let run = &mut self.runs[place];
        let fd = self.sockets.fd(run.socket?)?;
        if matches!(run.step, Step::Connecting) {
            if ready.is_broken() {
                // Closed without an error: the reset was taken note of elsewhere.
                let error = socket::take_error(fd).unwrap_or(Errno::CONNRESET);
                let class = match run.target() {
                    Target::Unix(_) => errno::of_connect_unix(error),
                    _ => errno::of_connect(error),
                };
                return Some((run.failure(class, error), false));
            }
            if !ready.is_writable() {
                return None;
            }
            if let Some(address) = run.address()
                && socket::is_own_peer(fd, &address)
            {
                let class = (Outcome::Fail, Reason::CONNECT_REFUSED);
                return Some((run.failure(class, Errno::CONNREFUSED), false));
            }
            run.mark(now);
            if matches!(run.job, Job::Tcp(_)) {
                return Some((run.placed(tcp::judge(ready)), true));
            }
            run.step = match &run.job {
                Job::Talk(spec) => {
                    let config = match self.configs.get(spec) {
                        Ok(config) => config,
                        Err(error) => {
                            let result = RunResult::new(Outcome::Local, Reason::LOCAL_FAILED);
                            return Some((result.with_message(&error.to_string()), false));
                        }
                    };
                    run.spent = run.phases;
                    let fd = self.sockets.share(run.socket?)?;
                    let talk = Talk::new(Arc::clone(spec), config, fd);
                    let is_wanted = run.check.is_some_and(|check| self.watches.wants(check));
                    talk.trace().after(|after| after.is_wanted = is_wanted);
                    Step::Talking(talk)
                }
                _ => Step::Exchanging(Exchange::new(self.spare.pop().unwrap_or_default())),
            };
        }
        if let Step::Talking(talk) = &mut run.step {
            return match talk.go_on() {
                talk::Progress::Wait => None,
                talk::Progress::Yield => self.again(place),
                talk::Progress::Ended(Ended::Verdict(result, line)) => {
                    let is_whole = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
                    let is_stale = is_stale(&result) && !talk.trace().has_answer();
                    // What else a kept connection tells, the other addresses may not.
                    let has_others = !is_whole && matches!(run.target(), Target::Name(_));
                    if run.uses > 0 && (is_stale || has_others) {
                        run.next = Some(Next::Afresh);
                        return None;
                    }
                    run.kept = line.filter(|_| is_whole && run.rule() == Addresses::Any);
                    Some((run.placed(result), is_whole))
                }
                talk::Progress::Ended(Ended::Elsewhere(next, warning)) => {
                    run.next = Some(Next::Elsewhere(next, warning));
                    None
                }
            };
        }
        let (Job::Http(spec), Step::Exchanging(exchange)) = (&run.job, &mut run.step) else {
            return None;
        };
        let sending = match exchange.is_sent() {
            true => Ok(()),
            false => exchange.send(fd, spec, &mut self.output),
        };
        // A server may answer before it has read everything, and then its answer counts.
        let is_ended = ready.is_ended() || ready.is_broken() || sending.is_err();
        if !(ready.is_readable() || is_ended) {
            return None;
        }
        let had_answer = exchange.has_answer();
        let progress = exchange.receive(fd, spec, &mut self.input, is_ended);
        if exchange.has_answer() && !had_answer {
            run.phases.first_byte_ns = now.since(run.began);
            run.began = now;
        }
        match (progress, sending) {
            (Progress::Verdict(result), Ok(())) => Some((run.placed(result), true)),
            (Progress::Verdict(result), Err(_)) if result.reason != Reason::RECEIVE_CLOSED => {
                Some((run.placed(result), false))
            }
            (_, Err(error)) => Some((run.failure(errno::of_send(error), error), false)),
            (Progress::Broken(class, error), Ok(())) => Some((run.failure(class, error), false)),
            (Progress::Wait, Ok(())) => None,
            (Progress::Yield, Ok(())) => self.again(place),
        }
    }

    /// Has the socket of a run that has more to do reported once more.
    pub(super) fn again(&mut self, place: usize) -> Option<Verdict> {
        let run = &self.runs[place];
        let error = self.sockets.repeat(run.socket?, &self.epoll).err()?;
        Some((run.failure(errno::of_setup(error), error), false))
    }

    /// Ends the run with the verdict about its current address, or says that the next one is to
    /// be tried.
    pub(super) fn conclude(
        &mut self,
        place: usize,
        (result, can_reuse): Verdict,
        now: Tick,
        done: &mut Vec<Done>,
    ) -> bool {
        let run = &mut self.runs[place];
        let kept = run.kept.take();
        if let Some(socket) = run.socket.take() {
            if let Some(line) = kept {
                self.park(place, socket, line);
            } else if can_reuse {
                self.disconnected |= self.sockets.reuse(socket);
            } else {
                self.sockets.close(socket);
            }
        }
        let run = &mut self.runs[place];
        let is_last = run.left() <= 1 || run.expired;
        if let Some(verdict) = run.tally.add(run.rule(), result, is_last) {
            let verdict = match run.warning.take() {
                Some(warning) if verdict.outcome == Outcome::Pass => warning,
                _ => verdict,
            };
            self.finish(place, verdict, now, done);
            return false;
        }
        run.mark(now);
        run.place += 1;
        if let Some(job) = run.in_datagrams.take() {
            run.job = job;
        }
        let step = std::mem::replace(&mut run.step, Step::Connecting);
        self.recycle(step);
        true
    }

    /// Ends a run with a result.
    pub(super) fn finish(
        &mut self,
        place: usize,
        result: RunResult,
        now: Tick,
        done: &mut Vec<Done>,
    ) {
        let run = &mut self.runs[place];
        let token = run.token;
        let result = run.timed(result, now);
        if let Some(check) = run.check {
            self.watches.ended(check, &result);
            let listens = |talk: &Talk| talk.trace().after(|after| after.is_kept);
            if matches!(&run.step, Step::Talking(talk) if listens(talk)) {
                self.watches.refused(check);
            }
        }
        self.remove(place);
        done.push(Done { run: token, result, finished: now });
    }

    /// Forgets a run and closes its connection. False if it waited for a name that was never
    /// asked for.
    pub(super) fn remove(&mut self, place: usize) -> bool {
        let run = self.runs.remove(place);
        self.places.remove(&run.token);
        let mut alarm = run.alarm;
        self.alarms.set(run.token, &mut alarm, None);
        if let Some(socket) = run.socket {
            self.sockets.close(socket);
        }
        let mut was_asked = true;
        if let (Step::Resolving, Target::Name(name), Some(resolver)) =
            (&run.step, run.target(), &mut self.resolver)
        {
            was_asked = resolver.forget(name, run.token);
        }
        self.recycle(run.step);
        if let Some(check) = run.check {
            self.run_over(check);
        }
        was_asked
    }

    fn recycle(&mut self, step: Step) {
        if let Step::Exchanging(exchange) = step {
            let mut buffers = exchange.into_buffers();
            if self.spare.len() < SPARE_LIMIT && buffers.recycle() {
                self.spare.push(buffers);
            }
        }
    }
}

/// Whether this can mean that a connection had ended before it was used again.
fn is_stale(result: &RunResult) -> bool {
    let broken = Reason::SEND_FAILED.0..=Reason::RECEIVE_FAILED.0;
    result.outcome == Outcome::Fail && broken.contains(&result.reason.0)
}
