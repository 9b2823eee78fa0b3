//! How a run gets from its start to its end.
//!
//! `begin` and `connect` take it as far as it comes without waiting, `ready` goes on from there
//! with every edge, and `conclude` decides whether a verdict about one address ends the run.

use super::run::{Job, Step};
use super::{Done, Net, RESOLVER};
use crate::model::{Outcome, Reason, RunResult, Target};
use crate::probe::http::{Exchange, Progress};
use crate::probe::resolver::{Found, Refusal, Resolver};
use crate::probe::talk::{self, Talk};
use crate::probe::{errno, tcp};
use crate::sys::epoll::Ready;
use crate::sys::socket::{self, Connected, Errno, Family};
use crate::time::{self, Tick};
use std::sync::Arc;

/// Spare buffers kept: as many as usually run at once.
const SPARE_LIMIT: usize = 64;

/// The verdict about one address, and whether its connection is in a state that is known well
/// enough for the socket to be used again.
type Verdict = (RunResult, bool);

impl Net {
    /// Asks for the name of a new run, or connects where there is none.
    pub(super) fn begin(&mut self, place: usize, now: Tick, done: &mut Vec<Done>) {
        let run = &mut self.runs[place];
        let Target::Name(name) = run.target() else { return self.connect(place, now, done) };
        let name = Arc::clone(name);
        run.step = Step::Resolving;
        let token = run.token;
        let asked = match self.resolver() {
            Ok(resolver) => resolver.ask(&name, token),
            Err(error) => Err(Refusal::NoThread(error)),
        };
        let (text, number) = match asked {
            Ok(()) => return,
            Err(Refusal::Full) => ("too many names wait to be resolved".to_owned(), 0),
            Err(Refusal::Hanging) => {
                ("too many names hang in the resolver of this machine".to_owned(), 0)
            }
            Err(Refusal::NoThread(error)) => {
                (format!("no thread: {error}"), error.raw_os_error().unwrap_or(0))
            }
        };
        let result = RunResult::new(Outcome::Local, Reason::LOCAL_RESOLVER)
            .with_detail(number)
            .with_message(&text);
        let result = self.runs[place].placed(result);
        self.finish(place, result, now, done);
    }

    fn resolver(&mut self) -> std::io::Result<&mut Resolver> {
        if self.resolver.is_none() {
            self.set_resolver(Resolver::new()?)?;
        }
        self.resolver.as_mut().ok_or_else(|| std::io::ErrorKind::Other.into())
    }

    pub(super) fn set_resolver(&mut self, resolver: Resolver) -> std::io::Result<()> {
        self.epoll.add_readable(&resolver, RESOLVER)?;
        self.resolver = Some(resolver);
        Ok(())
    }

    /// Hands the answers of the resolver to the runs that wait for them.
    pub(super) fn resolved(&mut self, now: Tick, done: &mut Vec<Done>) {
        let mut answers: Vec<(u64, Found)> = Vec::new();
        if let Some(resolver) = &mut self.resolver {
            resolver.answers(|run, found| answers.push((run, found.clone())));
        }
        for (token, found) in answers {
            let Some(&place) = self.places.get(&token) else { continue };
            let run = &mut self.runs[place];
            match found {
                Ok(addresses) => {
                    run.mark(now);
                    run.step = Step::Connecting;
                    run.addresses = Some(addresses);
                    self.connect(place, now, done);
                }
                Err(failure) => {
                    let (outcome, reason) = errno::of_resolve(failure);
                    let result = RunResult::new(outcome, reason)
                        .with_detail(failure.number)
                        .with_message(&reason.to_string());
                    let result = run.placed(result);
                    self.finish(place, result, now, done);
                }
            }
        }
    }

    /// Connects to the current address, and to the next ones while it is decided at once.
    fn connect(&mut self, place: usize, now: Tick, done: &mut Vec<Done>) {
        while let Some(verdict) = self.try_connect(place) {
            if !self.conclude(place, verdict, now, done) {
                return;
            }
        }
    }

    /// An edge of the socket of a run.
    pub(super) fn ready(&mut self, place: usize, ready: Ready, now: Tick, done: &mut Vec<Done>) {
        let Some(verdict) = self.advance(place, ready, now) else { return };
        // A conversation computes, and its deadline is compared with the time after that.
        let now = match self.runs[place].step {
            Step::Talking(_) => time::monotonic(),
            _ => now,
        };
        if self.conclude(place, verdict, now, done) {
            self.connect(place, now, done);
        }
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
                    let connection = (self.sockets.share(run.socket?)?, run.kind());
                    Step::Talking(Talk::new(Arc::clone(spec), config, connection))
                }
                _ => Step::Exchanging(Exchange::new(self.spare.pop().unwrap_or_default())),
            };
        }
        if let Step::Talking(talk) = &mut run.step {
            return match talk.go_on() {
                talk::Progress::Wait => None,
                talk::Progress::Yield => self.again(place),
                talk::Progress::OverStream => self.over_stream(place, now),
                talk::Progress::Verdict(result) => {
                    let is_whole = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
                    Some((run.placed(result), is_whole))
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

    /// Begins anew at the same address, on a stream.
    fn over_stream(&mut self, place: usize, now: Tick) -> Option<Verdict> {
        let run = &mut self.runs[place];
        run.mark(now);
        (run.step, run.over_stream) = (Step::Connecting, true);
        if let Some(socket) = run.socket.take() {
            self.sockets.close(socket);
        }
        self.try_connect(place)
    }

    /// Has the socket of a run that has more to do reported once more.
    fn again(&mut self, place: usize) -> Option<Verdict> {
        let run = &self.runs[place];
        let error = self.sockets.repeat(run.socket?, &self.epoll).err()?;
        Some((run.failure(errno::of_setup(error), error), false))
    }

    /// Ends the run with the verdict about its current address, or says that the next one is to
    /// be tried.
    fn conclude(
        &mut self,
        place: usize,
        (result, can_reuse): Verdict,
        now: Tick,
        done: &mut Vec<Done>,
    ) -> bool {
        let run = &mut self.runs[place];
        if let Some(socket) = run.socket.take() {
            if can_reuse {
                self.disconnected |= self.sockets.reuse(socket);
            } else {
                self.sockets.close(socket);
            }
        }
        let is_alive = matches!(result.outcome, Outcome::Pass | Outcome::Warn);
        let is_last = run.addresses.as_ref().is_none_or(|all| run.place + 1 >= all.len());
        if is_alive {
            self.finish(place, result, now, done);
            return false;
        }
        // An address that answered says more than one that this machine could not reach.
        let before = run.failed.take();
        let told = match before {
            Some(before)
                if before.outcome != Outcome::Local && result.outcome == Outcome::Local =>
            {
                *before
            }
            _ => result,
        };
        if is_last || run.expired {
            self.finish(place, told, now, done);
            return false;
        }
        run.failed = Some(Box::new(told));
        run.mark(now);
        run.place += 1;
        run.over_stream = false;
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
        self.remove(place);
        done.push(Done { run: token, result, finished: now });
    }

    /// Forgets a run and closes its connection. False if it waited for a name that was never
    /// asked for.
    pub(super) fn remove(&mut self, place: usize) -> bool {
        let run = self.runs.remove(place);
        self.places.remove(&run.token);
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
