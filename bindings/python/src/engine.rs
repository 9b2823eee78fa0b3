//! The engine object: a monitor with the calls that are not about one check.

use crate::errors::Raise;
use crate::handle::{self, Check, Group, Handle, duration};
use crate::host::Host;
use crate::report;
use crate::subscription::Subscription;
use meshvitals::model::document::{Defaults, parse_check};
use meshvitals::{CheckId, Error, Kinds, Tick};
use pyo3::prelude::*;
use std::sync::Arc;

/// A monitor; `meshvitals.Monitor` wraps it.
#[pyclass(frozen, module = "meshvitals._native")]
pub struct Engine {
    host: Arc<Host>,
}

/// How a call names a check.
#[derive(FromPyObject)]
enum Which<'py> {
    Handle(Bound<'py, Handle>),
    Name(String),
    Id(u64),
}

impl Engine {
    /// Makes a call on the monitor without the interpreter's lock.
    fn call<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Host) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        py.detach(|| call(&self.host)).or_raise(py)
    }

    fn resolve(&self, py: Python<'_>, which: Which<'_>) -> PyResult<CheckId> {
        match which {
            Which::Handle(handle) => Ok(handle.get().check_id()),
            Which::Name(name) => self.call(py, |host| host.find(&name)),
            Which::Id(id) => Ok(CheckId(id)),
        }
    }

    fn checks_of(&self, py: Python<'_>, ids: Vec<CheckId>) -> PyResult<Vec<Py<Check>>> {
        ids.into_iter().map(|id| handle::check(py, &self.host, id)).collect()
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (config=None))]
    fn new(py: Python<'_>, config: Option<&str>) -> PyResult<Engine> {
        Ok(Engine { host: py.detach(|| Host::new(config)).or_raise(py)? })
    }

    /// Starts the background thread.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        self.call(py, |host| host.start())
    }

    /// Stops it and waits up to `timeout` seconds; None: the `stop_timeout` of the configuration.
    #[pyo3(signature = (timeout=None))]
    fn stop(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<()> {
        let timeout = timeout.map(|seconds| duration("timeout", seconds)).transpose();
        let timeout = timeout.or_raise(py)?.unwrap_or_else(|| self.host.stop_timeout());
        self.call(py, |host| host.stop(timeout))
    }

    /// Moves a manual monitor and does what is due; answers when the next turn is needed.
    fn advance(&self, py: Python<'_>, now_ns: u64) -> PyResult<Option<u64>> {
        let next = self.call(py, |host| host.advance(Tick(now_ns)))?;
        Ok((next != Tick::NEVER).then_some(next.0))
    }

    /// The monitor's clock.
    #[getter]
    fn now_ns(&self) -> u64 {
        self.host.now().0
    }

    /// The seconds that stopping waits if it is not told otherwise.
    #[getter]
    fn stop_timeout(&self) -> f64 {
        self.host.stop_timeout().as_secs_f64()
    }

    /// Registers a check.
    fn register(&self, py: Python<'_>, document: &str) -> PyResult<Py<Check>> {
        let id = self.call(py, |host| host.register(document))?;
        handle::check(py, &self.host, id)
    }

    /// Registers the checks of a JSON array, all or none.
    fn register_many(&self, py: Python<'_>, documents: &str) -> PyResult<Vec<Py<Check>>> {
        let ids = self.call(py, |host| host.register_many(documents))?;
        self.checks_of(py, ids)
    }

    /// Registers a check, or puts its document in the place of the check of its name.
    fn replace(&self, py: Python<'_>, document: &str) -> PyResult<Py<Check>> {
        let id = self.call(py, |host| host.replace(document))?;
        handle::check(py, &self.host, id)
    }

    /// Removes checks, all or none.
    fn unregister(&self, py: Python<'_>, checks: Vec<Which<'_>>) -> PyResult<Vec<u64>> {
        let ids = checks.into_iter().map(|check| self.resolve(py, check));
        let ids = ids.collect::<PyResult<Vec<CheckId>>>()?;
        self.call(py, |host| host.unregister_many(&ids))?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }

    /// The check of a name or an id.
    fn check(&self, py: Python<'_>, which: Which<'_>) -> PyResult<Py<Check>> {
        let id = self.resolve(py, which)?;
        if self.call(py, |host| host.list_groups())?.contains(&id) {
            let what = format!("a check of the id {:#x}, which is that of a group,", id.0);
            return Err(Error::NotFound { what }).or_raise(py);
        }
        handle::check(py, &self.host, id)
    }

    /// The group of a name.
    fn group(&self, py: Python<'_>, name: &str) -> PyResult<Py<Group>> {
        let id = self.call(py, |host| host.group_find(name))?;
        handle::group(py, &self.host, id)
    }

    /// Every check.
    fn checks(&self, py: Python<'_>) -> PyResult<Vec<Py<Check>>> {
        let ids = self.call(py, |host| host.list())?;
        self.checks_of(py, ids)
    }

    /// Every group, the whole first.
    fn groups(&self, py: Python<'_>) -> PyResult<Vec<Py<Group>>> {
        let ids = self.call(py, |host| host.list_groups())?;
        ids.into_iter().map(|id| handle::group(py, &self.host, id)).collect()
    }

    /// Everything known, as text.
    fn render(&self, py: Python<'_>, format: &str) -> PyResult<String> {
        self.call(py, |host| host.render(format))
    }

    /// Subscribes to events.
    fn subscribe(&self, py: Python<'_>, kinds: u32, capacity: usize) -> PyResult<Subscription> {
        let queue = self.call(py, |host| host.subscribe(Kinds(kinds), capacity))?;
        Ok(Subscription::new(&self.host, queue, !self.host.is_manual()))
    }
}

/// Refuses a check document that no monitor would take.
#[pyfunction]
pub fn validate(py: Python<'_>, document: &str) -> PyResult<()> {
    parse_check(document, &Defaults::default()).map(drop).or_raise(py)
}

/// Runs the probe of a check document once.
#[pyfunction]
#[pyo3(signature = (document, config=None))]
pub fn probe_once(py: Python<'_>, document: &str, config: Option<&str>) -> PyResult<Py<PyAny>> {
    let result = py.detach(|| meshvitals::probe_once(config, document)).or_raise(py)?;
    report::result_of(py, &result)
}
