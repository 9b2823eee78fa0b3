//! Conversations: protocols as straight-line code over a connection that the reactor has made.
//!
//! A conversation is a future without a runtime. The reactor resolves and connects as for any
//! other run, then polls the future at every edge of its socket; deadlines, forks, cancelling and
//! manual use work as for the others, because nothing here knows of time or threads. The trap: a
//! future may wake itself (it has more to do, or wants to let others have their turn), which must
//! not turn into a loop; after a few rounds the socket is asked to report once more.

mod after;
mod config;
mod failure;
mod line;
mod load;
pub mod recorder;
mod shown;
mod socket;
mod tls;
mod trace;

pub use config::{Config, Configs};
pub use failure::Failure;
pub use line::{Line, Wire};
pub use load::{load, load_all};
pub use shown::shown;
pub use trace::Trace;

use crate::model::{Outcome, Protocol, Reason, RunResult, TalkSpec, TlsSpec};
use crate::probe::{
    amqp, dns, grpc, http, memcached, mqtt, mysql, nats, postgres, redis, script, smtp, udp,
};
use crate::sync::{AtomicBool, Ordering};
use crate::time;
use socket::Socket;
use std::fmt;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// How often a conversation that wakes itself goes on at once.
const ROUNDS: usize = 32;

/// How far a conversation came.
#[derive(Debug)]
pub enum Progress {
    /// The socket has to be waited for.
    Wait,
    /// There is more to do, but it is the turn of others.
    Yield,
    /// It has ended.
    Ended(Ended),
}

/// How a conversation ended.
#[derive(Debug)]
pub enum Ended {
    /// The verdict is known. The line comes along if the next run may use it.
    Verdict(RunResult, Option<Box<Line>>),
    /// The run goes on with another conversation. A result that comes along takes the place of a
    /// pass at its end.
    Elsewhere(Box<TalkSpec>, Option<RunResult>),
}

/// A conversation on its way.
pub struct Talk {
    future: Pin<Box<dyn Future<Output = Ended> + Send>>,
    trace: Arc<Trace>,
    woken: Arc<Woken>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk").field("trace", &self.trace).finish_non_exhaustive()
    }
}

impl Talk {
    /// A conversation on a connection that was made just now.
    pub fn new(spec: Arc<TalkSpec>, config: Option<Config>, fd: Arc<OwnedFd>) -> Talk {
        let trace = Arc::new(Trace::new(time::monotonic));
        let line = Line::new(Socket::new(fd), config, Arc::clone(&trace));
        Talk::on(spec, line, trace)
    }

    /// A conversation on a line that was kept.
    pub fn again(spec: Arc<TalkSpec>, mut line: Line) -> Talk {
        let trace = Arc::new(Trace::new(time::monotonic));
        line.renew(Arc::clone(&trace));
        Talk::on(spec, line, trace)
    }

    fn on(spec: Arc<TalkSpec>, line: Line, trace: Arc<Trace>) -> Talk {
        let future = Box::pin(converse(spec, line, Arc::clone(&trace)));
        let woken = Arc::new(Woken::default());
        let waker = Arc::clone(&woken).into();
        Talk { future, trace, woken, waker }
    }

    /// What it is doing.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Goes on as far as the socket lets it.
    pub fn go_on(&mut self) -> Progress {
        let mut context = Context::from_waker(&self.waker);
        for _ in 0..ROUNDS {
            self.woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(ended) = self.future.as_mut().poll(&mut context) {
                return Progress::Ended(ended);
            }
            if !self.woken.0.load(Ordering::Relaxed) {
                return Progress::Wait;
            }
        }
        Progress::Yield
    }
}

async fn converse(spec: Arc<TalkSpec>, mut line: Line, trace: Arc<Trace>) -> Ended {
    let judge = |ended, line: &Line| complete(ended, spec.tls.as_ref(), line.expires_ms(), &trace);
    let ended = speak(&spec, &mut line).await;
    let is_well = ended.is_ok();
    let result = judge(ended, &line);
    if let Some(next) = line.take_next() {
        return Ended::Elsewhere(
            next,
            Some(result).filter(|result| result.outcome == Outcome::Warn),
        );
    }
    trace.decide(result.clone());
    if is_well && let Err(refusal) = line.settle().await {
        return Ended::Verdict(judge(Err(refusal), &line), None);
    }
    line.part().await;
    Ended::Verdict(result, line.into_kept())
}

/// The result of a conversation that ended so, with what is known of the certificate.
pub fn complete(
    ended: Result<RunResult, Failure>,
    tls: Option<&TlsSpec>,
    expires_ms: Option<i64>,
    trace: &Trace,
) -> RunResult {
    let result = ended.unwrap_or_else(|failure| failure.result(&trace.doing().1));
    match (tls, expires_ms) {
        (Some(tls), Some(expires_ms)) => certified(result, expires_ms, tls.warn_ns),
        _ => result,
    }
}

async fn speak(spec: &TalkSpec, line: &mut Line) -> Result<RunResult, Failure> {
    let tls = spec.tls.as_ref();
    if let Some(tls) = tls
        && !spec.protocol.upgrades()
        && !line.is_kept()
    {
        line.encrypt(&tls.name).await?;
    }
    match &spec.protocol {
        Protocol::Tls => Ok(RunResult::pass()),
        Protocol::Udp(spec) => udp::speak(spec, line).await,
        Protocol::Dns(dns) => dns::speak(spec, dns, line).await,
        Protocol::Memcached(spec) => memcached::speak(spec, line).await,
        Protocol::Nats(spec) => nats::speak(spec, tls, line).await,
        Protocol::Mqtt(spec) => mqtt::speak(spec, line).await,
        Protocol::Amqp(spec) => amqp::speak(spec, line).await,
        Protocol::Smtp(spec) => smtp::speak(spec, tls, line).await,
        Protocol::Mysql(asked) => mysql::speak(asked, spec, line).await,
        Protocol::Postgres(asked) => postgres::speak(asked, spec, line).await,
        Protocol::Redis(spec) => redis::speak(spec, line).await,
        Protocol::Grpc(grpc) => grpc::speak(grpc, tls, line).await,
        Protocol::Http(http) => http::talk::speak(spec, http, line).await,
        Protocol::Script(script) => script::speak(script, spec.tls.as_ref(), line).await,
    }
}

/// The result with the age of the certificate: a pass that will soon be none is a warning.
fn certified(result: RunResult, expires_ms: i64, warn_ns: u64) -> RunResult {
    let left_s = (expires_ms - time::unix_ms()) as f64 / 1_000.0;
    // What the protocol has measured says more.
    let value = if result.value.is_nan() { left_s } else { result.value };
    let result = result.with_value(value);
    if result.outcome != Outcome::Pass || warn_ns == 0 || left_s * 1e9 >= warn_ns as f64 {
        return result;
    }
    let (reason, text) = match left_s {
        // Nobody verified it.
        left_s if left_s < 0.0 => {
            (Reason::TLS_EXPIRED, format!("the certificate expired {} ago", days(-left_s)))
        }
        left_s => {
            (Reason::TLS_EXPIRES_SOON, format!("the certificate expires in {}", days(left_s)))
        }
    };
    let warned = RunResult::new(Outcome::Warn, reason).with_message(&text);
    RunResult { value, ..warned }
}

/// "12.3 d", or hours where that is little.
fn days(seconds: f64) -> String {
    match seconds / 86_400.0 {
        days if days < 2.0 => format!("{:.1} h", seconds / 3_600.0),
        days => format!("{days:.1} d"),
    }
}
