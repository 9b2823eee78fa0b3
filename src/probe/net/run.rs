//! One run in flight: what it is to do, how far it came, and what its messages say.

use super::addresses::{Tally, aged};
use crate::model::{
    Addresses, CheckId, Connect, HttpSpec, Outcome, Phases, Protocol, Reason, RunResult, TalkSpec,
    Target, TcpSpec,
};
use crate::probe::errno::Class;
use crate::probe::http::{self, Exchange};
use crate::probe::talk::{Line, Talk};
use crate::sys::socket::{Errno, Kind};
use crate::time::Tick;
use std::borrow::Cow;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the run is to do.
#[derive(Debug)]
pub enum Job {
    /// Connect.
    Tcp(TcpSpec),
    /// Connect and exchange.
    Http(Arc<HttpSpec>),
    /// Connect and speak a protocol.
    Talk(Arc<TalkSpec>),
}

/// How far it came.
#[derive(Debug)]
pub enum Step {
    /// Waits for its name and has no socket.
    Resolving,
    Connecting,
    Exchanging(Exchange),
    Talking(Talk),
}

/// What follows a conversation that ended without a verdict.
#[derive(Debug)]
pub enum Next {
    /// Another one, and what this one warns of.
    Elsewhere(Box<TalkSpec>, Option<RunResult>),
    /// The same on a fresh connection.
    Afresh,
}

#[derive(Debug)]
pub struct Run {
    /// The number that the engine gave it.
    pub token: u64,
    /// Its check, if that wants to hear of changes.
    pub check: Option<CheckId>,
    pub job: Job,
    pub step: Step,
    /// The place of its socket, if it has one.
    pub socket: Option<usize>,
    /// The addresses of its name and which of them is the current one.
    pub addresses: Option<Arc<[SocketAddr]>>,
    pub place: usize,
    /// What the addresses before the current one came to.
    pub tally: Tally,
    /// How old the addresses are, if the resolver did not tell them now.
    pub age_ns: Option<u64>,
    pub deadline: Tick,
    /// When to go on without waiting any longer.
    pub alarm: Option<Tick>,
    /// What it began as, if it goes on over a stream; the next address is asked like that again.
    pub in_datagrams: Option<Job>,
    /// Its deadline has passed; no further address is tried.
    pub expired: bool,
    pub started: Tick,
    /// When the current phase began.
    pub began: Tick,
    pub phases: Phases,
    /// The same when the current conversation began.
    pub spent: Phases,
    /// What follows a conversation that ended without a verdict.
    pub next: Option<Next>,
    /// How many runs the connection has served before.
    pub uses: u32,
    /// The line that the next run may use.
    pub kept: Option<Box<Line>>,
    /// What conversations before the current one warn of.
    pub warning: Option<RunResult>,
}

impl Run {
    pub fn new(token: u64, job: Job, deadline: Tick, now: Tick) -> Run {
        Run {
            token,
            check: None,
            job,
            step: Step::Connecting,
            socket: None,
            addresses: None,
            place: 0,
            tally: Tally::default(),
            age_ns: None,
            deadline,
            alarm: None,
            in_datagrams: None,
            expired: false,
            started: now,
            began: now,
            phases: Phases::default(),
            spent: Phases::default(),
            next: None,
            uses: 0,
            kept: None,
            warning: None,
        }
    }

    pub fn target(&self) -> &Target {
        match &self.job {
            Job::Tcp(spec) => &spec.target,
            Job::Http(spec) => &spec.target,
            Job::Talk(spec) => &spec.target,
        }
    }

    /// The address to connect to now, `None` for a unix socket. An IPv4 address in IPv6
    /// clothes is undressed: it needs an IPv4 route, and it would leave a socket behind that
    /// can be used for nothing else.
    pub fn address(&self) -> Option<SocketAddr> {
        let address = match (self.target(), &self.addresses) {
            (Target::V4(address), _) => SocketAddr::V4(*address),
            (Target::V6(address), _) => SocketAddr::V6(**address),
            (Target::Name(_), Some(addresses)) => *addresses.get(self.place)?,
            _ => return None,
        };
        Some(match address {
            SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
                Some(ip) => SocketAddr::from((ip, v6.port())),
                None => address,
            },
            SocketAddr::V4(_) => address,
        })
    }

    /// What travels on its socket.
    pub fn kind(&self) -> Kind {
        match &self.job {
            Job::Talk(spec) if spec.protocol.in_datagrams() => Kind::Datagram,
            _ => Kind::Stream,
        }
    }

    /// Whether the last segment of the handshake can be held back: for a request, which takes
    /// its place, and where the check asks for it.
    pub fn holds_back_ack(&self) -> bool {
        match &self.job {
            Job::Tcp(spec) => spec.connect == Connect::Fast,
            Job::Http(_) => true,
            // The other side may be the one that speaks first.
            Job::Talk(_) => false,
        }
    }

    /// Ends the current phase and begins the next. What came before the first byte and what
    /// came after it are told apart by the exchange.
    pub fn mark(&mut self, now: Tick) {
        let spent = now.since(self.began);
        if let Step::Talking(talk) = &self.step {
            let phases = talk.trace().phases(now);
            let spent = &self.spent;
            self.phases.tls_ns = spent.tls_ns.saturating_add(phases.tls_ns);
            self.phases.first_byte_ns = spent.first_byte_ns.saturating_add(phases.first_byte_ns);
            self.phases.transfer_ns = spent.transfer_ns.saturating_add(phases.transfer_ns);
            self.began = now;
            return;
        }
        let phase = match &self.step {
            Step::Resolving => &mut self.phases.resolve_ns,
            Step::Connecting => &mut self.phases.connect_ns,
            Step::Exchanging(exchange) if exchange.has_answer() => &mut self.phases.transfer_ns,
            Step::Exchanging(_) | Step::Talking(_) => &mut self.phases.first_byte_ns,
        };
        *phase = phase.saturating_add(spent);
        self.began = now;
    }

    /// The rule for several addresses.
    pub fn rule(&self) -> Addresses {
        match self.target() {
            Target::Name(name) => name.rule,
            _ => Addresses::Any,
        }
    }

    /// The addresses that are left, the current one included; 1 where there is no name.
    pub fn left(&self) -> usize {
        self.addresses.as_ref().map_or(1, |all| all.len().saturating_sub(self.place))
    }

    /// The result with the times of the run.
    pub fn timed(&mut self, mut result: RunResult, now: Tick) -> RunResult {
        self.mark(now);
        if let Some(age_ns) = self.age_ns {
            let before = result.message.as_str();
            let separator = if before.is_empty() { "" } else { "; " };
            let text = format!("{before}{separator}{}", aged(age_ns));
            result = result.with_message(&text);
        }
        result.latency_ns = now.since(self.started);
        result.phases = self.phases;
        result
    }

    /// The result with the place in front of what it says, if it says something.
    pub fn placed(&self, result: RunResult) -> RunResult {
        if result.message.as_str().is_empty() {
            return result;
        }
        let text = format!("{}: {}", self.title(), result.message.as_str());
        result.with_message(&text)
    }

    /// The result of an error.
    pub fn failure(&self, (outcome, reason): Class, errno: Errno) -> RunResult {
        let mut text = format!("{}: {reason}", self.title());
        if matches!((self.target(), errno), (Target::Unix(_), Errno::AGAIN)) {
            text.push_str(" (its queue is full)");
        } else if says_little(reason) {
            let _ = write!(text, " ({})", std::io::Error::from(errno));
        }
        RunResult::new(outcome, reason).with_detail(errno.raw_os_error()).with_message(&text)
    }

    /// The result at the deadline.
    pub fn timeout(&self) -> RunResult {
        if let Step::Talking(talk) = &self.step
            && let Some(verdict) = talk.trace().verdict()
        {
            return self.placed(verdict);
        }
        let reason = match &self.step {
            Step::Resolving => Reason::RESOLVE_TIMEOUT,
            Step::Connecting => Reason::CONNECT_TIMEOUT,
            Step::Exchanging(exchange) if exchange.is_sent() => Reason::RECEIVE_TIMEOUT,
            Step::Exchanging(_) => Reason::SEND_TIMEOUT,
            Step::Talking(talk) => talk.trace().doing().0.timeout(),
        };
        let step = match &self.step {
            Step::Talking(talk) => talk.trace().doing().1,
            _ => Cow::Borrowed(""),
        };
        let separator = if step.is_empty() { "" } else { ": " };
        let mut text = format!("{}: {step}{separator}{reason}", self.title());
        if let Some(failed) = self.tally.failed() {
            let _ = write!(text, "; before, {}", failed.message.as_str());
        }
        RunResult::new(Outcome::Timeout, reason).with_message(&text)
    }

    /// What the run is doing and where.
    pub fn title(&self) -> String {
        match (&self.step, &self.job) {
            (Step::Resolving, _) => format!("resolve {}", self.site()),
            (Step::Exchanging(_), Job::Http(spec)) => {
                format!("{} at {}", http::title(spec), self.site())
            }
            (Step::Talking(_), Job::Talk(spec)) => {
                let what = match &spec.protocol {
                    Protocol::Http(http) => http::title(&http.request),
                    protocol => protocol.key().to_owned(),
                };
                format!("{what} at {}", self.site())
            }
            _ => format!("connect to {}", self.site()),
        }
    }

    fn site(&self) -> String {
        match (self.target(), self.address()) {
            (Target::Unix(path), _) => path.to_string(),
            (Target::Name(name), None) => format!("{}:{}", name.host, name.port),
            (Target::Name(name), Some(address)) => format!("{} ({address})", name.host),
            (Target::V4(address), _) => address.to_string(),
            (Target::V6(address), _) => address.to_string(),
        }
    }
}

/// Whether the reason needs the words of the system beside it.
fn says_little(reason: Reason) -> bool {
    reason.0 >= Reason::LOCAL_NO_DESCRIPTORS.0
        || matches!(reason, Reason::CONNECT_FAILED | Reason::SEND_FAILED | Reason::RECEIVE_FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NameTarget;
    use crate::probe::errno;

    fn run(target: Target) -> Run {
        Run::new(1, Job::Tcp(TcpSpec { target, connect: Connect::Full }), Tick::NEVER, Tick(0))
    }

    #[test]
    fn a_message_says_what_happened_and_where() {
        let refused = |run: &Run| {
            let class = errno::of_connect(Errno::CONNREFUSED);
            run.failure(class, Errno::CONNREFUSED).message.as_str().to_owned()
        };
        let by_address = run(SocketAddr::from(([127, 0, 0, 1], 81)).into());
        assert_eq!(refused(&by_address), "connect to 127.0.0.1:81: connection refused");

        let name = NameTarget::new("db", 5432);
        let mut by_name = run(Target::Name(name.into()));
        by_name.step = Step::Resolving;
        assert_eq!(
            by_name.timeout().message.as_str(),
            "resolve db:5432: timed out resolving the name"
        );
        by_name.step = Step::Connecting;
        by_name.addresses = Some(["[::1]:5432".parse().unwrap()].into());
        assert_eq!(refused(&by_name), "connect to db ([::1]:5432): connection refused");

        let local = by_address.failure(errno::of_setup(Errno::MFILE), Errno::MFILE);
        assert_eq!(
            local.message.as_str(),
            "connect to 127.0.0.1:81: local: out of file descriptors (Too many open files (os error 24))"
        );
    }

    #[test]
    fn a_timeout_tells_what_the_addresses_before_came_to() {
        let mut run = run(SocketAddr::from(([127, 0, 0, 1], 81)).into());
        let failed = RunResult::new(Outcome::Fail, Reason::CONNECT_REFUSED);
        run.tally.add(Addresses::Any, failed.with_message("connect to x: no"), false);
        let text = "connect to 127.0.0.1:81: timed out connecting; before, connect to x: no";
        assert_eq!(run.timeout().message.as_str(), text);
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_connected_to_as_ipv4() {
        let run = run("[::ffff:127.0.0.1]:81".parse::<SocketAddr>().unwrap().into());
        assert_eq!(run.address(), Some("127.0.0.1:81".parse().unwrap()));
    }

    #[test]
    fn the_time_of_every_phase_is_counted_once() {
        let name = NameTarget::new("db", 5432);
        let mut run = run(Target::Name(name.into()));
        run.step = Step::Resolving;
        run.mark(Tick(5));
        run.step = Step::Connecting;
        let result = run.timed(RunResult::pass(), Tick(12));
        assert_eq!((result.phases.resolve_ns, result.phases.connect_ns), (5, 7));
        assert_eq!(result.latency_ns, 12);
    }
}
