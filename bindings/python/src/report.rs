//! Snapshots and results on their way between the engine and Python's dataclasses.

use crate::host::{Host, seconds};
use crate::tables;
use meshvitals::model::signal::Measure;
use meshvitals::{Error, Outcome, Reason, RunResult, Snapshot};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict, PyTuple, PyType};

static SNAPSHOT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static RESULT: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Fetches what is kept here.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    SNAPSHOT.import(py, "meshvitals.snapshots", "Snapshot")?;
    RESULT.import(py, "meshvitals.results", "Result").map(drop)
}

/// A figure that may be missing.
pub fn figure(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// The dataclass `Snapshot` of what is known.
pub fn snapshot(py: Python<'_>, host: &Host, seen: &Snapshot) -> PyResult<Py<PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("name", &*seen.name)?;
    fields.set_item("id", seen.check.0)?;
    fields.set_item("probe", seen.probe)?;
    fields.set_item("status", tables::status(py, seen.status)?)?;
    fields.set_item("measured", tables::status(py, seen.measured)?)?;
    fields.set_item("reason", tables::reason_member(py, seen.reason.0.into())?)?;
    fields.set_item("message", seen.message.as_str())?;
    fields.set_item("mask", tables::mask(py, seen.mask.0.into())?)?;
    fields.set_item("answer", seen.answer)?;
    fields.set_item("critical", seen.critical)?;
    fields.set_item("tags", PyTuple::new(py, seen.tags.iter().map(|tag| &**tag))?)?;
    fields.set_item("cookie", seen.cookie)?;
    fields.set_item("runs", seen.runs)?;
    fields.set_item("in_flight", seen.in_flight)?;
    fields.set_item("failures", seen.failures)?;
    fields.set_item("passes", seen.passes)?;
    fields.set_item("value", figure(seen.value))?;
    fields.set_item("threshold", figure(seen.threshold))?;
    set_measure(&fields, seen.unit, seen.measure.as_ref())?;
    fields.set_item("latency", seconds(seen.latency_ns))?;
    fields.set_item("since", host.date_of(seen.since))?;
    fields.set_item("last", host.date(seen.last))?;
    fields.set_item("next", host.date(seen.next))?;
    fields.set_item("fresh_until", host.date(seen.fresh_until))?;
    filled(SNAPSHOT.import(py, "meshvitals.snapshots", "Snapshot")?, &fields)
}

/// Where a value is from; `None` in every field where there is nothing to tell.
fn set_measure(
    fields: &Bound<'_, PyDict>,
    unit: Option<&str>,
    measure: Option<&Measure>,
) -> PyResult<()> {
    fields.set_item("unit", unit)?;
    fields.set_item("limit", measure.and_then(|measure| figure(measure.limit)))?;
    fields.set_item("scope", measure.map(|measure| &*measure.scope))?;
    fields.set_item("formula", measure.map(|measure| measure.formula))
}

/// The dataclass `Result` of a result.
pub fn result_of(py: Python<'_>, result: &RunResult) -> PyResult<Py<PyAny>> {
    let phases = [
        ("resolve", result.phases.resolve_ns),
        ("connect", result.phases.connect_ns),
        ("tls", result.phases.tls_ns),
        ("first_byte", result.phases.first_byte_ns),
        ("transfer", result.phases.transfer_ns),
    ];
    let fields = PyDict::new(py);
    fields.set_item("outcome", tables::outcome(py, result.outcome as i64)?)?;
    fields.set_item("reason", tables::reason_member(py, result.reason.0.into())?)?;
    fields.set_item("value", figure(result.value))?;
    fields.set_item("message", result.message.as_str())?;
    fields.set_item("detail", result.detail)?;
    fields.set_item("latency", seconds(result.latency_ns))?;
    fields.set_item("phases", phases.map(|(name, ns)| (name, seconds(ns))).into_py_dict(py)?)?;
    filled(RESULT.import(py, "meshvitals.results", "Result")?, &fields)
}

/// An object of a dataclass with all its fields, made without its `__init__`: see `errors`.
fn filled(class: &Bound<'_, PyType>, fields: &Bound<'_, PyDict>) -> PyResult<Py<PyAny>> {
    let py = class.py();
    let object = class.call_method1(intern!(py, "__new__"), (class,))?;
    object.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?.update(fields.as_mapping())?;
    Ok(object.unbind())
}

/// A result of the host program. One that is not a pass and gives no reason was "reported".
pub fn result(
    outcome: i32,
    reason: Option<i32>,
    value: Option<f64>,
    message: &str,
) -> Result<RunResult, Error> {
    let unknown = || Error::range("outcome", outcome, "1 to 5, the numbers of Outcome");
    let outcome = Outcome::from_number(outcome).ok_or_else(unknown)?;
    let reason = match reason {
        Some(number) => tables::reason(number)?,
        None if outcome == Outcome::Pass => Reason::NONE,
        None => Reason::REPORTED,
    };
    let value = value.unwrap_or(f64::NAN);
    Ok(RunResult::new(outcome, reason).with_value(value).with_message(message))
}
