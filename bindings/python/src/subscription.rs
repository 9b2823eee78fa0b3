//! Subscriptions: a queue of events with a descriptor.
//!
//! Waiting happens on the descriptor, without the interpreter's lock, and returns when a signal
//! arrives, so that Ctrl-C works. The trap is closing while another thread waits: the queue is
//! kept until that thread has left, and it is woken.

use crate::errors::Raise;
use crate::event::{Event, Named};
use crate::handle::duration;
use crate::host::Host;
use meshvitals::{Code, Error};
use pyo3::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A queue of events. It outlives its monitor: then it gives the rest, and says `Stopped`.
#[pyclass(frozen, weakref, module = "meshvitals._native")]
pub struct Subscription {
    /// None once it is closed.
    open: Mutex<Option<Arc<meshvitals::Subscription>>>,
    /// The same for who must not lock.
    closed: AtomicBool,
    host: Weak<Host>,
    waits: bool,
}

impl Subscription {
    /// Takes a subscription of this monitor; one of a manual monitor never waits.
    pub fn new(host: &Arc<Host>, queue: meshvitals::Subscription, waits: bool) -> Subscription {
        let open = Mutex::new(Some(Arc::new(queue)));
        Subscription { open, closed: AtomicBool::new(false), host: Arc::downgrade(host), waits }
    }

    /// The place of the queue. Locked for an instant and with the interpreter's lock only, which
    /// a fork holds: so no child finds it locked by a thread that it does not have.
    fn place(&self) -> MutexGuard<'_, Option<Arc<meshvitals::Subscription>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what there is, with its names: everything that locks, so that the interpreter's lock
    /// is given up once a batch and not once an event.
    fn take(&self, queue: &meshvitals::Subscription, limit: usize) -> Result<Vec<Named>, Error> {
        let events = queue.poll(limit, Some(Duration::ZERO));
        if self.closed.load(Ordering::Acquire) {
            // Whoever else waits was woken by the same wake, which this poll has just taken.
            queue.wake()?;
        }
        let host = self.host.upgrade();
        Ok(events?.into_iter().map(|event| Named::new(host.as_deref(), event)).collect())
    }

    fn queue(&self, py: Python<'_>) -> PyResult<Arc<meshvitals::Subscription>> {
        let closed = || Error::refused(Code::Stopped, "the subscription is closed");
        self.place().clone().ok_or_else(closed).or_raise(py)
    }
}

/// Keeps a descriptor open for an event loop.
#[pyclass(frozen, module = "meshvitals._native")]
pub struct Watch {
    descriptor: i32,
    _queue: Arc<meshvitals::Subscription>,
}

#[pymethods]
impl Watch {
    /// The descriptor.
    fn fileno(&self) -> i32 {
        self.descriptor
    }
}

#[pymethods]
impl Subscription {
    /// Takes up to `limit` events, waiting up to `timeout` seconds for the first; None: as long
    /// as it takes. Empty when the time passed, after `wake`, and when another thread was faster.
    #[pyo3(signature = (limit=64, timeout=None))]
    fn poll(&self, py: Python<'_>, limit: usize, timeout: Option<f64>) -> PyResult<Vec<Event>> {
        let patience = timeout.map(|seconds| duration("timeout", seconds)).transpose();
        let mut patience = patience.or_raise(py)?;
        if !self.waits {
            patience = Some(Duration::ZERO);
        }
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        let queue = self.queue(py)?;
        if patience != Some(Duration::ZERO) {
            while !py.detach(|| wait(&queue, until)).or_raise(py)? {
                py.check_signals()?;
            }
        }
        let events = py.detach(|| self.take(&queue, limit)).or_raise(py)?;
        Ok(events.into_iter().map(|event| Event::new(py, event)).collect())
    }

    /// The descriptor that is readable while there is something to take.
    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        let queue = self.queue(py)?;
        let fd = queue.fd().or_raise(py)?;
        Ok(fd.as_raw_fd())
    }

    /// The descriptor for an event loop: it stays open while the object lives, also after `close`,
    /// because a loop that watches a closed descriptor is broken.
    fn watch(&self, py: Python<'_>) -> PyResult<Watch> {
        let queue = self.queue(py)?;
        let descriptor = queue.fd().or_raise(py)?.as_raw_fd();
        Ok(Watch { descriptor, _queue: queue })
    }

    /// Makes a poll that waits, or else the next one, return without an event.
    fn wake(&self, py: Python<'_>) -> PyResult<()> {
        let queue = self.queue(py)?;
        py.detach(|| queue.wake()).or_raise(py)
    }

    /// Events that were merged into others, or dropped where that is allowed.
    #[getter]
    fn merged(&self, py: Python<'_>) -> PyResult<u64> {
        let queue = self.queue(py)?;
        Ok(py.detach(|| queue.merged()))
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Ends it; polls that wait return. Closing twice is fine. In a forked child it gives back the
    /// copy of the descriptor, also if a thread of the parent was inside a poll.
    fn close(&self, py: Python<'_>) {
        self.closed.store(true, Ordering::Release);
        let queue = self.place().take();
        py.detach(|| {
            if let Some(queue) = queue {
                // Refused in a forked child only, where nobody waits.
                let _ = queue.wake();
                queue.leave_in_child();
            }
        });
    }
}

/// Waits until the descriptor is readable or the time has come; false after a signal.
fn wait(queue: &meshvitals::Subscription, until: Option<Instant>) -> Result<bool, Error> {
    let fd = queue.fd()?;
    let left = until.map(|at| at.saturating_duration_since(Instant::now()));
    let left = left.and_then(|left| Timespec::try_from(left).ok());
    match poll(&mut [PollFd::new(&fd, PollFlags::IN)], left.as_ref()) {
        Ok(_) => Ok(true),
        Err(Errno::INTR) => Ok(false),
        Err(error) => {
            Err(Error::refused(Code::Limit, format!("the queue cannot be waited for: {error}")))
        }
    }
}
