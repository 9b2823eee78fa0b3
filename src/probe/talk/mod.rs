//! Conversations: protocols as straight-line code over a connection that the reactor has made.
//!
//! A conversation is a future without a runtime. The reactor resolves and connects as for any
//! other run, then polls the future at every edge of its socket; deadlines, forks, cancelling and
//! manual use work as for the others, because nothing here knows of time or threads. The trap: a
//! future may wake itself (it has more to do, or wants to let others have their turn), which must
//! not turn into a loop; after a few rounds the socket is asked to report once more.

mod config;
mod failure;
mod line;
mod load;
mod socket;
mod tls;
mod trace;

pub use config::{Config, Configs};
pub use failure::Failure;
pub use line::Line;
pub use load::{load, load_all};
pub use trace::Trace;

use crate::model::{Outcome, Protocol, Reason, RunResult, TalkSpec};
use crate::probe::{dns, udp};
use crate::sync::{AtomicBool, Ordering};
use crate::sys::socket::Kind;
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
    /// The verdict is known.
    Verdict(RunResult),
    /// The protocol wants to be spoken anew, on a stream.
    OverStream,
}

/// A conversation on its way.
pub struct Talk {
    future: Pin<Box<dyn Future<Output = Option<RunResult>> + Send>>,
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
    pub fn new(
        spec: Arc<TalkSpec>,
        config: Option<Config>,
        (fd, kind): (Arc<OwnedFd>, Kind),
    ) -> Talk {
        let trace = Arc::new(Trace::new(time::monotonic));
        let line = Line::new((Socket::new(fd), kind), config, Arc::clone(&trace));
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
            if let Poll::Ready(result) = self.future.as_mut().poll(&mut context) {
                return result.map_or(Progress::OverStream, Progress::Verdict);
            }
            if !self.woken.0.load(Ordering::Relaxed) {
                return Progress::Wait;
            }
        }
        Progress::Yield
    }
}

/// The verdict; none if the protocol wants to be spoken anew, on a stream.
async fn converse(spec: Arc<TalkSpec>, mut line: Line, trace: Arc<Trace>) -> Option<RunResult> {
    let ended = speak(&spec, &mut line).await;
    if line.wants_stream() {
        return None;
    }
    let result = ended.unwrap_or_else(|failure| failure.result(trace.doing().1));
    let result = match (&spec.tls, line.expires_ms()) {
        (Some(tls), Some(expires_ms)) => certified(result, expires_ms, tls.warn_ns),
        _ => result,
    };
    trace.decide(result.clone());
    line.part().await;
    Some(result)
}

async fn speak(spec: &TalkSpec, line: &mut Line) -> Result<RunResult, Failure> {
    if let Some(tls) = &spec.tls
        && !spec.protocol.upgrades()
    {
        line.encrypt(&tls.name).await?;
    }
    match &spec.protocol {
        Protocol::Tls => Ok(RunResult::pass()),
        Protocol::Udp(spec) => udp::speak(spec, line).await,
        Protocol::Dns(spec) => dns::speak(spec, line).await,
    }
}

/// The result with the age of the certificate: a pass that will soon be none is a warning.
fn certified(result: RunResult, expires_ms: i64, warn_ns: u64) -> RunResult {
    let left_s = (expires_ms - time::unix_ms()) as f64 / 1_000.0;
    let result = result.with_value(left_s);
    if result.outcome != Outcome::Pass || left_s * 1e9 >= warn_ns as f64 {
        return result;
    }
    let text = format!("the certificate expires in {}", days(left_s));
    let warned = RunResult::new(Outcome::Warn, Reason::TLS_EXPIRES_SOON).with_message(&text);
    RunResult { value: left_s, ..warned }
}

/// "12.3 d", or hours where that is little.
fn days(seconds: f64) -> String {
    match seconds / 86_400.0 {
        days if days < 2.0 => format!("{:.1} h", seconds / 3_600.0),
        days => format!("{days:.1} d"),
    }
}
