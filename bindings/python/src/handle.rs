//! Handles: a check or a group in somebody's hand, whose status is read with no lock.
//!
//! Promises: `status` and the truth value load one word and allocate nothing; they stay valid
//! after the check is removed and after the monitor is gone, and read UNKNOWN then. Does not
//! promise that what they say is fresh should the engine be starved: `fresh_status` compares the
//! time. A handle keeps its monitor alive.

use crate::errors::Raise;
use crate::host::Host;
use crate::{report, tables};
use meshvitals::engine::publish::Cell;
use meshvitals::{CheckId, Error, RunResult, Status, Tick};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::time::Duration;

/// A check or a group. Its truth value is whether it is functional: HEALTHY or DEGRADED.
///
/// >>> import meshvitals
/// >>> monitor = meshvitals.Monitor()
/// >>> isinstance(monitor.overall, meshvitals.Handle)
/// True
#[pyclass(subclass, frozen, weakref, module = "meshvitals._native")]
pub struct Handle {
    cell: &'static Cell,
    id: CheckId,
    name: Py<PyString>,
    host: Arc<Host>,
}

/// A check.
///
/// >>> import meshvitals
/// >>> monitor = meshvitals.Monitor()
/// >>> db = monitor.register(meshvitals.Tcp("127.0.0.1:5432"), name="db")
/// >>> db.name, db.status.name, bool(db)
/// ('db', 'UNKNOWN', False)
#[pyclass(extends = Handle, frozen, module = "meshvitals._native")]
pub struct Check;

/// A named set of checks with one status.
///
/// >>> import meshvitals
/// >>> monitor = meshvitals.Monitor()
/// >>> monitor.group("liveness").answer
/// True
#[pyclass(extends = Handle, frozen, module = "meshvitals._native")]
pub struct Group;

/// The handle of a check of this monitor.
pub fn check(py: Python<'_>, host: &Arc<Host>, id: CheckId) -> PyResult<Py<Check>> {
    let handle = Handle::new(py, host, id)?;
    Py::new(py, PyClassInitializer::from(handle).add_subclass(Check))
}

/// The handle of a group of this monitor.
pub fn group(py: Python<'_>, host: &Arc<Host>, id: CheckId) -> PyResult<Py<Group>> {
    let handle = Handle::new(py, host, id)?;
    Py::new(py, PyClassInitializer::from(handle).add_subclass(Group))
}

impl Handle {
    fn new(py: Python<'_>, host: &Arc<Host>, id: CheckId) -> PyResult<Handle> {
        let name = py.detach(|| host.name(id)).or_raise(py)?;
        let no_cell = || Error::NotFound { what: format!("the cell of the id {:#x}", id.0) };
        let cell = host.cell(id).ok_or_else(no_cell).or_raise(py)?;
        Ok(Handle { cell, id, name: PyString::new(py, &name).unbind(), host: Arc::clone(host) })
    }

    /// Makes a call on the monitor without the interpreter's lock.
    fn call<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Host, CheckId) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        py.detach(|| call(&self.host, self.id)).or_raise(py)
    }

    /// Which check or group it stands for.
    pub fn check_id(&self) -> CheckId {
        self.id
    }
}

#[pymethods]
impl Handle {
    /// The status as the engine last published it: one load, no lock, nothing allocated.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<&'py Py<PyAny>> {
        tables::status(py, self.cell.status(self.id))
    }

    /// The same, UNKNOWN if it is too old by the clock: for who must not trust the engine.
    #[getter]
    fn fresh_status<'py>(&self, py: Python<'py>) -> PyResult<&'py Py<PyAny>> {
        tables::status(py, self.host.status(self.id))
    }

    fn __bool__(&self) -> bool {
        self.cell.status(self.id).is_functional()
    }

    /// The name.
    #[getter]
    fn name(&self) -> &Py<PyString> {
        &self.name
    }

    /// The number that events carry; unique in this process, never reused.
    #[getter]
    fn id(&self) -> u64 {
        self.id.0
    }

    /// Everything known at this instant.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let seen = self.call(py, |host, id| host.snapshot(id))?;
        report::snapshot(py, &self.host, &seen)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Handle>().is_ok_and(|other| other.get().id == self.id)
    }

    fn __hash__(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one(self.id.0)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let this = slf.get();
        let class = slf.get_type().name()?;
        let status = this.cell.status(this.id);
        Ok(format!("<{class} {} {status}>", this.name.bind(slf.py()).repr()?))
    }
}

#[pymethods]
impl Check {
    /// Asks for a run now and returns at once; the answer is a RESULT event.
    fn check_now(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.as_super().get().call(slf.py(), |host, id| host.check_now(id))
    }

    /// Runs no more until it is resumed; the status is UNKNOWN meanwhile.
    fn pause(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.as_super().get().call(slf.py(), |host, id| host.pause(id, true))
    }

    /// Ends a pause; the next run is due now.
    fn resume(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.as_super().get().call(slf.py(), |host, id| host.pause(id, false))
    }

    /// Publishes a status for so many seconds, whatever is measured.
    fn override_status(
        slf: &Bound<'_, Self>,
        status: &Bound<'_, PyAny>,
        seconds: f64,
    ) -> PyResult<()> {
        let py = slf.py();
        let number = status.extract::<i32>()?;
        let unknown = || Error::range("status", number, "0 to 3, the numbers of Status");
        let status = Status::from_number(number).ok_or_else(unknown).or_raise(py)?;
        let ttl_ms = duration("seconds", seconds).or_raise(py)?.as_millis();
        let ttl_ms = u64::try_from(ttl_ms).unwrap_or(u64::MAX);
        slf.as_super().get().call(py, |host, id| host.override_status(id, Some((status, ttl_ms))))
    }

    /// Ends an override.
    fn clear_override(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.as_super().get().call(slf.py(), |host, id| host.override_status(id, None))
    }

    /// Reports the result of a run that was asked for, or, with the token 0, a heartbeat.
    #[pyo3(signature = (token, outcome, *, reason=None, value=None, message="", detail=0,
        latency=0.0, finished_ns=0))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn report(
        slf: &Bound<'_, Self>,
        token: u64,
        outcome: i32,
        reason: Option<i32>,
        value: Option<f64>,
        message: &str,
        detail: i32,
        latency: f64,
        finished_ns: u64,
    ) -> PyResult<()> {
        let py = slf.py();
        let make = || -> Result<RunResult, Error> {
            let latency = duration("latency", latency)?;
            let mut result = report::result(outcome, reason, value, message)?;
            result.latency_ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
            Ok(result.with_detail(detail))
        };
        let result = make().or_raise(py)?;
        let finished = Tick(finished_ns);
        slf.as_super().get().call(py, |host, id| host.report(id, token, result, finished))
    }
}

#[pymethods]
impl Group {
    /// What a probe of an orchestrator is told: readiness, liveness and startup have rules of
    /// their own.
    #[getter]
    fn answer(slf: &Bound<'_, Self>) -> PyResult<bool> {
        slf.as_super().get().call(slf.py(), |host, id| host.answer(id))
    }
}

/// Seconds as a duration.
pub fn duration(key: &str, seconds: f64) -> Result<Duration, Error> {
    let refused = |_| Error::range(key, seconds, "seconds, 0 or more");
    Duration::try_from_secs_f64(seconds).map_err(refused)
}
