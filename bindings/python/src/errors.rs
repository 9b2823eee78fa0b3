//! The library's errors as Python's exceptions.
//!
//! `meshvitals.errors` knows which class belongs to which code; what crosses is the code, the
//! sentence and the key.

use meshvitals::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The exception of an error.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = || -> PyResult<PyErr> {
        let make = MAKE.import(py, "meshvitals.errors", "_of_code")?;
        let arguments = (error.code() as i32, error.to_string(), error.key());
        Ok(PyErr::from_value(make.call1(arguments)?))
    };
    make().unwrap_or_else(|failure| failure)
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
