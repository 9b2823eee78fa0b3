//! The CPU share between the samples of one owner.
//!
//! `probe_once` has no sample before its own and must wait for a second. Who samples again and
//! again keeps one of these, and learns the share of all the time in between.

use crate::report;
use meshvitals::model::Level;
use meshvitals::probe::system::HostSampler;
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// No status is derived from it here: who samples knows the threshold.
const ANY: Level = Level { threshold: 1.0 };

/// What was seen at the last sample.
#[pyclass(frozen, module = "meshvitals._native")]
pub struct CpuSampler {
    host: Mutex<HostSampler>,
}

#[pymethods]
impl CpuSampler {
    #[new]
    fn new() -> CpuSampler {
        CpuSampler { host: Mutex::new(HostSampler::new()) }
    }

    /// The share in use since the last sample; LOCAL (NO_SAMPLE) at the first.
    fn sample(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let result = py.detach(|| {
            let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
            host.cpu(ANY, meshvitals::time::monotonic())
        });
        report::result_of(py, &result)
    }
}
