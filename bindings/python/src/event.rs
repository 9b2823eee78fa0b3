//! Events as Python objects: light, frozen, their fields made when they are asked for.

use crate::host::{Host, seconds};
use crate::{report, tables};
use meshvitals::Kind;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// One event. Fields that its kind does not use are 0, empty or None.
///
/// >>> import meshvitals
/// >>> monitor = meshvitals.Monitor(system_checks=False)
/// >>> events = monitor.events(meshvitals.Kinds.LIFE)
/// >>> jobs = monitor.register(meshvitals.Heartbeat("30s"), name="jobs")
/// >>> events.poll()
/// [<Event REGISTERED 'jobs'>]
#[pyclass(frozen, module = "meshvitals._native")]
pub struct Event {
    event: meshvitals::Event,
    name: Py<PyString>,
    time: Option<f64>,
}

/// An event with the name of its check and its date.
pub struct Named {
    event: meshvitals::Event,
    name: Box<str>,
    time: Option<f64>,
}

impl Named {
    /// Looks up the name, which takes a lock of the engine.
    pub fn new(host: Option<&Host>, event: meshvitals::Event) -> Named {
        let told = matches!(event.kind, Kind::Registered | Kind::Removed);
        let name = match host {
            _ if told => event.text.as_str().into(),
            Some(host) => host.name_or_empty(event.check),
            None => Box::default(),
        };
        let time = host.map(|host| host.date_of(event.at));
        Named { event, name, time }
    }
}

impl Event {
    /// The event as a Python object.
    pub fn new(py: Python<'_>, named: Named) -> Event {
        let Named { event, name, time } = named;
        Event { event, name: PyString::new(py, &name).unbind(), time }
    }
}

#[pymethods]
impl Event {
    /// What it says.
    #[getter]
    fn kind(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tables::kind(py, self.event.kind as i64)
    }

    /// The id of the check or group, 0 if it is about none.
    #[getter]
    fn id(&self) -> u64 {
        self.event.check.0
    }

    /// The name of the check or group; empty if it was removed meanwhile.
    #[getter]
    fn name(&self) -> &Py<PyString> {
        &self.name
    }

    /// Whether it is about a group, the whole included; a check may have the name of one.
    #[getter]
    fn is_group(&self) -> bool {
        self.event.is_group
    }

    /// The number given in the check's document.
    #[getter]
    fn cookie(&self) -> u64 {
        self.event.cookie
    }

    /// Counts the changes of status of one check, without gaps except by merging.
    #[getter]
    fn sequence(&self) -> u64 {
        self.event.sequence
    }

    /// When it happened, as `time.time()` counts; None once the monitor is gone.
    #[getter]
    fn time(&self) -> Option<f64> {
        self.time
    }

    /// When it happened, on the monitor's clock, which is that of `time.monotonic_ns()`.
    #[getter]
    fn at_ns(&self) -> u64 {
        self.event.at.0
    }

    /// DUE, CANCEL and RESULT: the run.
    #[getter]
    fn token(&self) -> u64 {
        self.event.token
    }

    /// DUE: when the report must be here, on the monitor's clock.
    #[getter]
    fn deadline_ns(&self) -> u64 {
        self.event.deadline.0
    }

    /// DUE: until when a late report is still told, on the monitor's clock.
    #[getter]
    fn linger_until_ns(&self) -> u64 {
        self.event.linger_until.0
    }

    /// STATUS: the status before.
    #[getter]
    fn previous<'py>(&self, py: Python<'py>) -> PyResult<&'py Py<PyAny>> {
        tables::status(py, self.event.previous)
    }

    /// STATUS: the status now; RESULT: the published status after the run.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<&'py Py<PyAny>> {
        tables::status(py, self.event.status)
    }

    /// Why.
    #[getter]
    fn reason(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        tables::reason_member(py, self.event.reason.0.into())
    }

    /// How many further events were merged into this one.
    #[getter]
    fn merged(&self) -> u32 {
        self.event.merged
    }

    /// The value of the last result.
    #[getter]
    fn value(&self) -> Option<f64> {
        report::figure(self.event.value)
    }

    /// RESULT: the outcome of the run.
    #[getter]
    fn outcome(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.event.outcome.map(|outcome| tables::outcome(py, outcome as i64)).transpose()
    }

    /// RESULT: the number that explains the reason; LOG: the level, 0 error to 3 detail.
    #[getter]
    fn detail(&self) -> i32 {
        self.event.detail
    }

    /// RESULT: how long the run took, in seconds.
    #[getter]
    fn latency(&self) -> f64 {
        seconds(self.event.latency_ns)
    }

    /// STATUS and RESULT: the message of the result or the cause of the mask; LOG: the line.
    #[getter]
    fn message(&self) -> &str {
        match self.event.kind {
            Kind::Registered | Kind::Removed => "",
            _ => self.event.text.as_str(),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let event = &self.event;
        let name = self.name.bind(py).repr()?;
        Ok(match event.kind {
            Kind::Status => {
                let (before, now) = (event.previous, event.status);
                format!("<Event STATUS {name} {before} -> {now} ({})>", event.reason)
            }
            Kind::Log => format!("<Event LOG {:?}>", event.text.as_str()),
            _ if event.check.0 == 0 => format!("<Event {}>", self.word(py)?),
            _ => format!("<Event {} {name}>", self.word(py)?),
        })
    }
}

impl Event {
    fn word(&self, py: Python<'_>) -> PyResult<String> {
        self.kind(py)?.getattr(py, "name")?.extract(py)
    }
}
