//! How many hours a filesystem still lasts.
//!
//! The trend is the median of the slopes of all pairs of samples (Theil and Sen; P. K. Sen,
//! "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968), which up to 29 % of
//! wild samples do not move. Promises at most [`MOST`] samples a path, and nothing of a path that
//! nobody has asked about for [`WINDOW_NS`].
//!
//! The trap: until the samples span [`SPAN_NS`] there is no trend, and checks that run less often
//! than every [`WINDOW_NS`] never have one.

use super::super::disk::refused;
use super::super::reading::Reading;
use super::space::without;
use crate::model::signal::bytes;
use crate::model::{Outcome, Reason, RunResult};
use crate::sync::{Arc, Mutex, lock};
use crate::sys::statvfs::{self, Space};
use crate::time::{SECOND, Tick};
use std::collections::HashMap;

/// How far back samples count.
const WINDOW_NS: u64 = 50 * MINUTE;
/// What they have to span.
const SPAN_NS: u64 = 10 * MINUTE;
const MINUTE: u64 = 60 * SECOND;
/// Kept samples of one path, with the present one.
const MOST: usize = 64;
/// Kept samples are this far apart, so that a whole window has room.
const SPACING_NS: u64 = WINDOW_NS / (MOST as u64 - 2);
/// Longer than a year is not filling up at all.
const CAP_HOURS: f64 = 8760.0;
const HOUR_NS: f64 = 3600.0 * SECOND as f64;

/// What is remembered of filesystems between two samples; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Past(Arc<Mutex<HashMap<Box<str>, History>>>);

/// One path.
#[derive(Debug, Default)]
struct History {
    /// Which filesystem the path was on.
    id: u64,
    /// Oldest first.
    samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sample {
    at: Tick,
    /// In bytes.
    available: u64,
}

/// What the samples of a path say.
#[derive(Debug, PartialEq)]
enum Trend {
    /// They are so many, and span so much.
    Short { count: usize, span_ns: u64 },
    /// Bytes an hour.
    Slope(f64),
}

pub(super) fn fill(path: &str, past: &Past, now: Tick) -> RunResult {
    // Not under the lock, for it may hang.
    match statvfs::space(path) {
        Ok(space) => follow(space, path, past, now),
        Err(error) => refused(error, path),
    }
}

fn follow(space: Space, path: &str, past: &Past, now: Tick) -> RunResult {
    if space.blocks == 0 {
        return without("size", path);
    }
    let available = space.available.saturating_mul(space.block_bytes);
    let trend = past.take(path, space.id, Sample { at: now, available });
    tell(available, trend, path)
}

fn tell(available: u64, trend: Trend, path: &str) -> RunResult {
    let left = bytes(available);
    let (hours, figures) = match trend {
        // What is full needs no trend.
        _ if available == 0 => (0.0, "nothing available".to_owned()),
        Trend::Short { count, span_ns } => {
            let (needed, spanned) = (SPAN_NS / MINUTE, span_ns / MINUTE);
            let message = format!(
                "needs samples over {needed} min, has {count} over {spanned} min, on {path}"
            );
            return RunResult::new(Outcome::Local, Reason::NO_SAMPLE).with_message(&message);
        }
        Trend::Slope(slope) if slope < 0.0 && available as f64 / -slope < CAP_HOURS => {
            let figures = format!("{left} available, {} less each hour", bytes(-slope as u64));
            (available as f64 / -slope, figures)
        }
        Trend::Slope(_) => (CAP_HOURS, format!("{left} available, not filling up")),
    };
    Reading::new("statvfs.fill", hours, figures).of(path.to_owned()).result()
}

impl Past {
    /// Takes a sample of a path on the filesystem `id`; the trend with it.
    fn take(&self, path: &str, id: u64, sample: Sample) -> Trend {
        let mut paths = lock(&self.0);
        if !paths.contains_key(path) {
            let old =
                |history: &History| history.samples.last().is_none_or(|l| l.is_old(sample.at));
            paths.retain(|_, history| !old(history));
            paths.insert(path.into(), History::default());
        }
        paths.get_mut(path).map_or(Trend::Slope(0.0), |history| history.take(id, sample))
    }
}

impl History {
    fn take(&mut self, id: u64, sample: Sample) -> Trend {
        if self.id != id {
            // Another filesystem was mounted there.
            *self = History { id, samples: Vec::new() };
        }
        self.samples.retain(|old| !old.is_old(sample.at));
        let mut present = [Sample::default(); MOST];
        let kept = self.samples.len().min(MOST - 1);
        present[..kept].copy_from_slice(&self.samples[..kept]);
        present[kept] = sample;
        let spaced = |last: &Sample| sample.at.since(last.at) >= SPACING_NS;
        if kept < MOST - 1 && self.samples.last().is_none_or(spaced) {
            self.samples.push(sample);
        }
        let all = &present[..=kept];
        let span_ns = sample.at.since(all[0].at);
        match slope(all).filter(|_| span_ns >= SPAN_NS) {
            Some(slope) => Trend::Slope(slope),
            None => Trend::Short { count: all.len(), span_ns },
        }
    }
}

impl Sample {
    fn is_old(&self, now: Tick) -> bool {
        now.since(self.at) > WINDOW_NS
    }
}

/// The median slope of all pairs, in bytes an hour; none without two instants.
fn slope(samples: &[Sample]) -> Option<f64> {
    let mut slopes = [0.0; MOST * (MOST - 1) / 2];
    let mut count = 0;
    for (index, later) in samples.iter().enumerate() {
        for earlier in &samples[..index] {
            let time_ns = later.at.since(earlier.at);
            if time_ns > 0 && count < slopes.len() {
                let bytes = later.available as f64 - earlier.available as f64;
                slopes[count] = bytes * HOUR_NS / time_ns as f64;
                count += 1;
            }
        }
    }
    let slopes = &mut slopes[..count];
    slopes.sort_unstable_by(f64::total_cmp);
    let (low, high) = (slopes.get(count.checked_sub(1)? / 2)?, slopes.get(count / 2)?);
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests;
