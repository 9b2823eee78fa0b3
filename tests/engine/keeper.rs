//! A callback that the test holds by the hand: it says when it is called, and waits to return.

use crate::rig::{PATIENCE, pass};
use meshvitals::{Callback, CheckId, Monitor, Run, RunResult};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A function that says when it is called and waits until it may return.
struct Gate {
    called: Sender<()>,
    open: Mutex<Receiver<()>>,
    inside: Arc<AtomicUsize>,
    dropped: Sender<()>,
}

impl Callback for Gate {
    fn run(&self, _: &Run) -> RunResult {
        assert_eq!(self.inside.fetch_add(1, SeqCst), 0, "twice at once");
        let _ = self.called.send(());
        let _ = self.open.lock().unwrap().recv_timeout(PATIENCE);
        self.inside.fetch_sub(1, SeqCst);
        pass()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.dropped.send(());
    }
}

/// The test's side of a gate.
pub struct Keeper {
    pub id: CheckId,
    pub called: Receiver<()>,
    open: Option<Sender<()>>,
    pub dropped: Receiver<()>,
}

impl Keeper {
    pub fn register(monitor: &Monitor, document: &str) -> Keeper {
        let (called_at, called) = channel();
        let (open, opened) = channel();
        let (dropped_at, dropped) = channel();
        let inside = Arc::new(AtomicUsize::new(0));
        let open_at = Mutex::new(opened);
        let gate = Gate { called: called_at, open: open_at, inside, dropped: dropped_at };
        let id = monitor.register_callback(document, gate).unwrap();
        Keeper { id, called, open: Some(open), dropped }
    }

    #[track_caller]
    pub fn expect_call(&self) {
        self.called.recv_timeout(PATIENCE).expect("it is never called");
    }

    pub fn let_return(&self) {
        self.open.as_ref().unwrap().send(()).unwrap();
    }

    /// From now on every call returns at once.
    pub fn let_all_return(&mut self) {
        self.open = None;
    }
}
