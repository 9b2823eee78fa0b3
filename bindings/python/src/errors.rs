//! The library's errors as Python's exceptions.
//!
//! `meshvitals.errors` knows which class belongs to which code; what crosses is the code, the
//! sentence and the key.
//!
//! The trap is the end of the interpreter: before Python 3.14 it ends daemon threads wherever they
//! next wait for its lock, by unwinding their stack, and a stack with our frames on it ends the
//! process instead. Code of Python may wait for the lock at any function. So nothing that a
//! thread calls all the time may run such code from here: exceptions, like the other objects, are
//! made by what is written in C.

use crate::tables;
use meshvitals::Error;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
static ROOT: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception of an error.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error).map_or_else(|failure| failure, PyErr::from_value)
}

/// Fetches what is kept here.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    CLASSES.import(py, "meshvitals.errors", "_CLASSES")?;
    ROOT.import(py, "meshvitals.errors", "Error").map(drop)
}

fn make<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let code = error.code() as i64;
    let special = CLASSES.import(py, "meshvitals.errors", "_CLASSES")?.get_item(code)?;
    let class = match special {
        Some(class) => class,
        None => ROOT.import(py, "meshvitals.errors", "Error")?.clone().into_any(),
    };
    let message = error.to_string();
    let exception = class.call_method1(intern!(py, "__new__"), (&class, &message))?;
    // Some of Python's own classes leave them to `__init__`.
    exception.setattr(intern!(py, "args"), (&message,))?;
    exception.setattr(intern!(py, "message"), message)?;
    exception.setattr(intern!(py, "code"), tables::code(py, code)?)?;
    exception.setattr(intern!(py, "key"), error.key())?;
    Ok(exception)
}

/// Results that can be raised.
pub trait Raise<T> {
    /// The value, or the exception of the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T, Error> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}
