//! The monitor: the lock around the core, and the calls of the host program.
//!
//! Every call compares the process generation before it touches a lock or looks at an argument,
//! so that a forked child gets that error, whatever else is wrong, instead of a hang. What runs foreign code (drops of callbacks, the log) happens
//! after the lock is left.

use super::callback::Callback;
use super::core::Core;
use super::inner::{Inner, Log, Sink};
use super::lifecycle::Life;
use super::publish::{self, Cell};
use super::subscribe::Subscription;
use super::workers;
use crate::error::Error;
use crate::model::document;
use crate::model::name::OVERALL;
use crate::model::{CheckId, Kinds, Outcome, RunResult, Snapshot, Status};
use crate::probe::talk;
use crate::sync::{Arc, AtomicU32, AtomicU64, Mutex, Ordering, lock};
use crate::sys::fork;
use crate::time::{self, Tick};
use std::time::Duration;

/// A health engine: checks, a background thread, and what it publishes. All calls may be made
/// from any thread; dropping it stops it.
///
/// # Examples
///
/// ```
/// use meshvitals::{Monitor, Status};
///
/// let monitor = Monitor::new(None)?;
/// monitor.start()?;
/// let id = monitor.register(
///     r#"{"name": "db", "tcp": {"address": "127.0.0.1:5432"}, "tags": ["readiness"]}"#,
/// )?;
/// assert_eq!(monitor.status(id), Status::Unknown);
/// # Ok::<(), meshvitals::Error>(())
/// ```
pub struct Monitor {
    pub(crate) inner: Arc<Inner>,
}

/// Numbers of monitors, for the owner words of their ids; 0 is no monitor.
static NEXT_NUMBER: AtomicU32 = AtomicU32::new(1);

impl Monitor {
    /// Makes a monitor from a configuration document; `None` is `{}`. Nothing runs until
    /// [`Monitor::start`]; a manual monitor runs when it is advanced.
    ///
    /// # Errors
    ///
    /// DOCUMENT or RANGE with the place, EXISTS for a name that stands twice, LIMIT.
    pub fn new(config: Option<&str>) -> Result<Monitor, Error> {
        let mut spec = document::parse_monitor(config)?;
        let manual = spec.manual;
        let mut system = document::system_checks(&spec);
        let mut checks = std::mem::take(&mut spec.checks);
        talk::load_all(&mut checks).map_err(|error| error.below("/checks"))?;
        let defaults = spec.defaults.clone();
        let stop_timeout = Duration::from_nanos(spec.stop_timeout_ns);
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let now = if manual { Tick(0) } else { time::monotonic() };
        let mut core = Core::new(&spec, number, now, time::unix_ms())?;
        let filled = (|| {
            if !manual {
                core.add_own()?;
            }
            core.register(std::mem::take(&mut system), true)?;
            core.register(checks, true).map_err(|error| error.below("/checks"))?;
            core.find_group(OVERALL).ok_or_else(|| Error::NotFound { what: OVERALL.into() })
        })();
        let overall = match filled {
            Ok(overall) => overall,
            Err(error) => {
                core.clear();
                return Err(error);
            }
        };
        let inner = Arc::new(Inner {
            core: Arc::new(Mutex::new(core)),
            life: Arc::new(Mutex::new(Life::default())),
            log: Arc::new(Mutex::new(None)),
            manual,
            number,
            generation: AtomicU32::new(fork::generation()),
            manual_now: AtomicU64::new(0),
            overall,
            defaults,
            stop_timeout,
        });
        let held: Arc<dyn fork::Hold> = inner.clone();
        fork::watch(&held);
        Ok(Monitor { inner })
    }

    /// Registers a check from its document.
    ///
    /// # Errors
    ///
    /// DOCUMENT or RANGE with the place; EXISTS; MODE; LIMIT.
    pub fn register(&self, document: &str) -> Result<CheckId, Error> {
        let spec = self.parse(document)?;
        self.inner.call(|core| Ok(core.register(vec![spec], false)?[0]))
    }

    /// Registers the checks of a JSON array, all or none.
    ///
    /// # Errors
    ///
    /// As [`Monitor::register`], with the index of the document in the place.
    pub fn register_many(&self, documents: &str) -> Result<Vec<CheckId>, Error> {
        self.register_many_within(documents, usize::MAX)
    }

    /// The same, refused with RANGE if the array has more checks than there is room for.
    pub(crate) fn register_many_within(
        &self,
        documents: &str,
        room: usize,
    ) -> Result<Vec<CheckId>, Error> {
        self.inner.check_fork()?;
        let mut specs = document::parse_checks(documents, &self.inner.defaults)?;
        if specs.len() > room {
            let allowed = format!("at least {}, as many as the array has checks", specs.len());
            return Err(Error::range("capacity", room, allowed));
        }
        talk::load_all(&mut specs)?;
        self.inner.call(|core| core.register(specs, true))
    }

    /// Registers a callback check with its function.
    ///
    /// # Errors
    ///
    /// As [`Monitor::register`]; then the callback is dropped here.
    pub fn register_callback(
        &self,
        document: &str,
        callback: impl Callback + 'static,
    ) -> Result<CheckId, Error> {
        self.register_callback_with(document, || Box::new(callback))
    }

    /// The same, with a function that is made only when nothing can fail any more.
    pub(crate) fn register_callback_with(
        &self,
        document: &str,
        make: impl FnOnce() -> Box<dyn Callback>,
    ) -> Result<CheckId, Error> {
        let spec = self.parse(document)?;
        self.inner.call(|core| core.register_callback(spec, make))
    }

    /// Registers a check, or puts its document in the place of the check of its name. The same
    /// document changes nothing; another schedule or level keeps the counts; what measures something
    /// else begins anew.
    ///
    /// # Errors
    ///
    /// As [`Monitor::register`] without EXISTS; MODE for callback checks.
    pub fn replace(&self, document: &str) -> Result<CheckId, Error> {
        let spec = self.parse(document)?;
        self.inner.call(|core| core.replace(spec))
    }

    fn parse(&self, document: &str) -> Result<document::CheckSpec, Error> {
        self.inner.check_fork()?;
        let mut spec = document::parse_check(document, &self.inner.defaults)?;
        talk::load(&mut spec.probe)?;
        Ok(spec)
    }

    /// Removes a check; a run in flight is forgotten.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn unregister(&self, id: CheckId) -> Result<(), Error> {
        self.unregister_many(&[id])
    }

    /// Removes checks, all or none.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn unregister_many(&self, ids: &[CheckId]) -> Result<(), Error> {
        self.inner.call(|core| core.unregister(ids))
    }

    /// The id of a check by its name.
    ///
    /// # Errors
    ///
    /// NOT_FOUND.
    pub fn find(&self, name: &str) -> Result<CheckId, Error> {
        let found = self.inner.call(|core| Ok(core.find(name)))?;
        found.ok_or_else(|| Error::NotFound { what: format!("a check named \"{name}\"") })
    }

    /// The name of a check or group.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn name(&self, id: CheckId) -> Result<Box<str>, Error> {
        self.inner.call(|core| core.name(id))
    }

    /// The ids of all checks.
    ///
    /// # Errors
    ///
    /// FORKED.
    pub fn list(&self) -> Result<Vec<CheckId>, Error> {
        self.inner.call(|core| Ok(core.list()))
    }

    /// The ids of all groups, the whole first.
    ///
    /// # Errors
    ///
    /// FORKED.
    pub fn list_groups(&self) -> Result<Vec<CheckId>, Error> {
        self.inner.call(|core| Ok(core.list_groups()))
    }

    /// The status of a check or group: UNKNOWN if it is too old, or the id unknown. Takes no
    /// lock.
    pub fn status(&self, id: CheckId) -> Status {
        let Some(cell) = publish::cell(id) else { return Status::Unknown };
        cell.status_at(id, self.coarse_now())
    }

    /// The status of the whole.
    pub fn overall(&self) -> Status {
        self.status(self.inner.overall)
    }

    /// The id of a group: a tag, `readiness`, `liveness`, `startup`, or `overall` for the whole.
    /// The group of a tag ends with the last check that has it; then its id is stale, and a later
    /// group of its name has another.
    ///
    /// # Errors
    ///
    /// NOT_FOUND.
    pub fn group_find(&self, name: &str) -> Result<CheckId, Error> {
        let found = self.inner.call(|core| Ok(core.find_group(name)))?;
        found.ok_or_else(|| Error::NotFound { what: format!("a group named \"{name}\"") })
    }

    /// The cell of a check or group, valid for ever; it reads UNKNOWN once the id is stale. None
    /// for an id that never was.
    pub fn cell(&self, id: CheckId) -> Option<&'static Cell> {
        publish::cell(id).filter(|_| publish::was_given_out(id))
    }

    /// Everything known about a check or group.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn snapshot(&self, id: CheckId) -> Result<Snapshot, Error> {
        self.inner.call(|core| core.snapshot(id))
    }

    /// What a probe of an orchestrator is told about a group; of a check, whether it is
    /// functional.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn answer(&self, id: CheckId) -> Result<bool, Error> {
        Ok(self.snapshot(id)?.answer)
    }

    /// Subscribes to events. With STATUS it begins with one event for each check, then for each
    /// group: its present status, with the reason INITIAL.
    ///
    /// # Errors
    ///
    /// RANGE for the mask or the capacity, BUSY for a second DUE, LIMIT without descriptors.
    pub fn subscribe(&self, kinds: Kinds, capacity: usize) -> Result<Subscription, Error> {
        self.inner.subscribe(kinds, capacity)
    }

    /// Reports a heartbeat (`token` 0) or the result of an external check. `finished` 0 is now.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, STALE (also for a token that is out of date), MODE, RANGE.
    pub fn report(
        &self,
        id: CheckId,
        token: u64,
        result: RunResult,
        finished: Tick,
    ) -> Result<(), Error> {
        self.inner.call(|core| core.report(id, token, result, finished))
    }

    /// Reports a heartbeat that says that all is well.
    ///
    /// # Errors
    ///
    /// As [`Monitor::report`].
    pub fn beat(&self, id: CheckId) -> Result<(), Error> {
        self.report(id, 0, RunResult::new(Outcome::Pass, crate::model::Reason::NONE), Tick(0))
    }

    /// Asks for a run now and returns at once; the answer is a RESULT event.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, STALE, MODE, NOT_RUNNING.
    pub fn check_now(&self, id: CheckId) -> Result<(), Error> {
        self.inner.call(|core| core.check_now(id))
    }

    /// Pauses a check, or lets it go on.
    ///
    /// # Errors
    ///
    /// NOT_FOUND, STALE, MODE.
    pub fn pause(&self, id: CheckId, paused: bool) -> Result<(), Error> {
        self.inner.call(|core| core.pause(id, paused))
    }

    /// Publishes this status for so many milliseconds, whatever is measured; `None` ends that.
    ///
    /// # Errors
    ///
    /// NOT_FOUND or STALE.
    pub fn override_status(&self, id: CheckId, forced: Option<(Status, u64)>) -> Result<(), Error> {
        self.inner.call(|core| core.force_status(id, forced))
    }

    /// Sends the lines of the log up to a level (0 error to 3 detail) to a function, which is
    /// called on any thread and under no lock. `None` ends that.
    ///
    /// # Errors
    ///
    /// FORKED.
    pub fn set_log(&self, level: i32, sink: Option<Sink>) -> Result<(), Error> {
        self.set_log_with(level, || sink)
    }

    /// The same, with a function that is made only when nothing can fail any more.
    pub(crate) fn set_log_with(
        &self,
        level: i32,
        make: impl FnOnce() -> Option<Sink>,
    ) -> Result<(), Error> {
        self.inner.check_fork()?;
        let log = make().map(|sink| Arc::new(Log { level, sink }));
        let old = std::mem::replace(&mut *lock(&self.inner.log), log);
        workers::as_owner(self.inner.number.into(), || drop(old));
        Ok(())
    }

    /// How long dropping this monitor waits for its threads: `stop_timeout` of its configuration.
    pub fn stop_timeout(&self) -> Duration {
        self.inner.stop_timeout
    }

    /// Whether the program moves the clock.
    pub fn is_manual(&self) -> bool {
        self.inner.manual
    }

    /// The clock of everything this monitor says, in nanoseconds; manual: the last advance.
    pub fn now(&self) -> Tick {
        if self.inner.manual { self.inner.manual_now() } else { time::monotonic() }
    }

    /// The same, on Linux up to 4 ms behind and several times cheaper.
    fn coarse_now(&self) -> Tick {
        if self.inner.manual { self.inner.manual_now() } else { time::coarse() }
    }
}
