//! What a reader found of one signal, on its way to being a result.
//!
//! Says what was measured, not what it means: levels and holding are for the engine.

use crate::model::RunResult;
use crate::model::signal::Measure;
use std::borrow::Cow;

/// One number with where it is from.
#[derive(Debug)]
pub(super) struct Reading {
    value: f64,
    /// "working set 1.9 GiB of 2.0 GiB", without the scope.
    figures: String,
    measure: Measure,
}

impl Reading {
    /// A value that both levels are compared with.
    pub(super) fn new(formula: &'static str, value: f64, figures: String) -> Reading {
        let scope = Cow::Borrowed("host");
        let measure =
            Measure { formula, scope, limit: f64::NAN, degraded: value, unhealthy: value };
        Reading { value, figures, measure }
    }

    /// The same in another unit.
    pub(super) fn valued(mut self, value: f64) -> Reading {
        (self.value, self.measure.degraded, self.measure.unhealthy) = (value, value, value);
        self
    }

    /// Whose value it is; without this the host's.
    pub(super) fn of(mut self, scope: impl Into<Cow<'static, str>>) -> Reading {
        self.measure.scope = scope.into();
        self
    }

    /// What it is a part of.
    pub(super) fn limit(mut self, limit: f64) -> Reading {
        self.measure.limit = limit;
        self
    }

    /// Another number decides on DEGRADED; NaN never does.
    pub(super) fn degraded_by(mut self, value: f64) -> Reading {
        self.measure.degraded = value;
        self
    }

    /// Another number decides on UNHEALTHY; NaN never does.
    pub(super) fn unhealthy_by(mut self, value: f64) -> Reading {
        self.measure.unhealthy = value;
        self
    }

    /// The result, which the engine judges.
    pub(super) fn result(self) -> RunResult {
        let mut result = RunResult::pass().with_value(self.value).with_message(&self.figures);
        result.measure = Some(Box::new(self.measure));
        result
    }
}
