//! The probes that watch what a host or a process runs out of, with their levels.
//!
//! What a document leaves out is taken from the table of `model::signal`. A level that makes no
//! sense (left before it is entered) is refused with the numbers that it was compared with.

use std::sync::Arc;

use serde::Deserialize;

use super::host::{PATH_LIMIT, check_path};
use super::span::{HOUR, Span};
use super::value::{Given, Number, Text};
use crate::error::Error;
use crate::model::ProbeSpec;
use crate::model::signal::{Band, Signal, SignalSpec, Worse};

/// The largest level.
pub(super) const LEVEL_LIMIT: f64 = 1e18;

/// What a host or a process runs out of.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "signal", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct SignalDoc<'a> {
    /// Any path on the filesystem, of signals that watch one. Default: "/".
    #[serde(borrow)]
    pub path: Given<Text<'a>>,
    /// The value from which there is a warning. Default: by the kind.
    degraded_enter: Given<LevelNumber>,
    /// The value beyond which the warning ends. Default: by the kind, at most as far as
    /// degraded_enter.
    degraded_exit: Given<LevelNumber>,
    /// The value from which there is a failure; a check with the role inform stops at a warning.
    /// Default: by the kind.
    unhealthy_enter: Given<LevelNumber>,
    /// The value beyond which the failure ends. Default: by the kind, at most as far as
    /// unhealthy_enter.
    unhealthy_exit: Given<LevelNumber>,
    /// How long a value must hold before a level is entered or left. Default: by the kind.
    hold: Given<Span<'a, 0, { 24 * HOUR }>>,
}

/// A level in the unit of its kind.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct LevelNumber(Number);

impl LevelNumber {
    fn read(self, key: String) -> Result<f64, Error> {
        let number = self.0.real();
        if (0.0..=LEVEL_LIMIT).contains(&number) {
            return Ok(number);
        }
        Err(Error::range(key, self.0, format!("numbers from 0 to {LEVEL_LIMIT:e}")))
    }
}

impl SignalDoc<'_> {
    pub fn probe(&self, signal: Signal) -> Result<ProbeSpec, Error> {
        let row = signal.row();
        let mut levels = row.levels();
        let [enter, exit] = [&self.degraded_enter, &self.degraded_exit];
        levels.degraded =
            band(signal, levels.degraded, ["degraded_enter", "degraded_exit"], enter, exit)?;
        let [enter, exit] = [&self.unhealthy_enter, &self.unhealthy_exit];
        levels.unhealthy =
            band(signal, levels.unhealthy, ["unhealthy_enter", "unhealthy_exit"], enter, exit)?;
        if let Some(hold_ns) = self.hold.read(&format!("/{}/hold", row.key))? {
            levels.hold_ns = hold_ns;
        }
        let key = format!("/{}/path", row.key);
        let path = match (&self.path.0, row.path) {
            (Some(_), false) => {
                return Err(Error::document(key, "has no meaning here: only disk_* watch a path"));
            }
            (Some(Text(path)), true) => Some(check_path(path, PATH_LIMIT, &key)?),
            (None, true) => Some("/".into()),
            (None, false) => None,
        };
        Ok(ProbeSpec::Signal(Arc::new(SignalSpec { signal, levels, path })))
    }
}

/// The band that a document means over the one of the table.
fn band(
    signal: Signal,
    base: Option<Band>,
    keys: [&str; 2],
    enter: &Given<LevelNumber>,
    exit: &Given<LevelNumber>,
) -> Result<Option<Band>, Error> {
    let row = signal.row();
    let place = |key: &str| format!("/{}/{key}", row.key);
    let number =
        |given: &Given<LevelNumber>, key| given.0.map(|number| number.read(place(key))).transpose();
    let (given_enter, given_exit) = (number(enter, keys[0])?, number(exit, keys[1])?);
    let Some(enter) = given_enter.or(base.map(|base| base.enter)) else {
        return match given_exit {
            None => Ok(None),
            Some(_) => {
                let text = format!("needs {}, which {} has no default for", keys[0], row.key);
                Err(Error::document(place(keys[1]), text))
            }
        };
    };
    let (side, fits): (_, fn(f64, f64) -> bool) = match row.worse {
        Worse::Above => ("at most", |exit, enter| exit <= enter),
        Worse::Below => ("at least", |exit, enter| exit >= enter),
    };
    let exit = match given_exit {
        Some(exit) if !fits(exit, enter) => {
            let allowed = format!("{side} {}, which is {enter}", keys[0]);
            return Err(Error::range(place(keys[1]), exit, allowed));
        }
        Some(exit) => exit,
        None => base.map(|base| base.exit).filter(|&exit| fits(exit, enter)).unwrap_or(enter),
    };
    Ok(Some(Band { enter, exit }))
}
