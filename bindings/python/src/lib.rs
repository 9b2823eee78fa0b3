//! The module `meshvitals._native`: the engine as Python sees it.
//!
//! Thin on purpose: what can be said in Python is said there. Promises: the interpreter's lock is
//! released around every call that can wait or takes a lock of the engine, and no thread of the
//! engine ever enters the interpreter. The exception is reading a cell, which takes no lock.

mod engine;
mod errors;
mod event;
mod handle;
mod host;
mod report;
mod sampler;
mod subscription;
mod tables;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Objects are kept in statics, so no second interpreter of the process may come in, also not as
/// the first: the statics would outlive it. Python refuses that from 3.12 on, unless the
/// interpreter shares the lock of the main one, and before that does not ask.
fn refuse_other_interpreters(_attached: Python<'_>) -> PyResult<()> {
    const MAIN: i64 = 0;
    // SAFETY: this thread holds the interpreter's lock, so there is a current interpreter.
    if unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) } == MAIN {
        return Ok(());
    }
    Err(PyImportError::new_err("meshvitals._native does not support loading in subinterpreters"))
}

/// Fetches everything that is kept in statics. A thread that did so at its first need could be in
/// the middle of it when another forks, and the child would wait for it for ever.
#[pyfunction]
fn prepare(py: Python<'_>) -> PyResult<()> {
    tables::prepare(py)?;
    errors::prepare(py)?;
    report::prepare(py)
}

/// The native half of the package `meshvitals`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    refuse_other_interpreters(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    tables::add_to(module)?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<handle::Handle>()?;
    module.add_class::<handle::Check>()?;
    module.add_class::<handle::Group>()?;
    module.add_class::<subscription::Subscription>()?;
    module.add_class::<subscription::Watch>()?;
    module.add_class::<event::Event>()?;
    module.add_class::<sampler::CpuSampler>()?;
    module.add_function(wrap_pyfunction!(prepare, module)?)?;
    module.add_function(wrap_pyfunction!(engine::validate, module)?)?;
    module.add_function(wrap_pyfunction!(engine::probe_once, module)?)?;
    module.add_function(wrap_pyfunction!(tables::reason_text, module)?)?;
    module.add_function(wrap_pyfunction!(tables::code_text, module)?)
}
