//! From a number to a band, with one level to enter it, one to leave it, and a time to hold.
//!
//! A value that hovers around one level flaps; between two it does not. A band is entered, and
//! left, when that was wanted without a break for the hold time, so that a peak is not an alarm.
//! The trap: a time in which nothing is measured is a break, and nobody here sees it pass.

use super::Worse;
use crate::time::Tick;

/// The level from which a band is entered, and that beyond which it is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Entered when the value is this or worse.
    pub enter: f64,
    /// Left when the value is better than this.
    pub exit: f64,
}

/// When a value means DEGRADED and when UNHEALTHY.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// The band of DEGRADED, unless the kind has none.
    pub degraded: Option<Band>,
    /// The band of UNHEALTHY, unless the kind has none.
    pub unhealthy: Option<Band>,
    /// How long a value must hold before a band is entered or left.
    pub hold_ns: u64,
}

impl Band {
    /// Whether a value lies in the band, for who is in it already and for who is not.
    fn holds(self, worse: Worse, value: f64, inside: bool) -> bool {
        let level = if inside { self.exit } else { self.enter };
        match worse {
            Worse::Above => value >= level,
            Worse::Below => value <= level,
        }
    }
}

/// Whether one band is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Latch {
    inside: bool,
    /// Since when the value has said otherwise.
    turned: Option<Tick>,
}

impl Latch {
    /// `wanted` says what the value speaks for; no value speaks for the outside.
    fn step(&mut self, wanted: bool, hold_ns: u64, at: Tick) {
        if wanted == self.inside {
            self.turned = None;
        } else if at.since(*self.turned.get_or_insert(at)) >= hold_ns {
            *self = Latch { inside: wanted, turned: None };
        }
    }
}

/// In which bands a check is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bands {
    degraded: Latch,
    unhealthy: Latch,
}

impl Bands {
    /// Takes the values that the two levels are compared with; the bands then.
    pub fn step(&mut self, levels: &Levels, worse: Worse, values: [f64; 2], at: Tick) {
        let bands = [levels.degraded, levels.unhealthy];
        for (latch, (band, value)) in
            [&mut self.degraded, &mut self.unhealthy].into_iter().zip(bands.into_iter().zip(values))
        {
            let wanted = band.is_some_and(|band| band.holds(worse, value, latch.inside));
            latch.step(wanted, levels.hold_ns, at);
        }
    }

    /// Nothing was measured for a while: who was on the way begins anew, who is inside stays.
    pub fn interrupt(&mut self) {
        (self.degraded.turned, self.unhealthy.turned) = (None, None);
    }

    /// Whether the band of DEGRADED is entered.
    pub fn degraded(&self) -> bool {
        self.degraded.inside
    }

    /// Whether that of UNHEALTHY is.
    pub fn unhealthy(&self) -> bool {
        self.unhealthy.inside
    }

    /// Since when a value has been on its way into a band that is not entered yet, or out of one
    /// that is: first of DEGRADED, then of UNHEALTHY.
    pub fn turning(&self) -> [Option<Tick>; 2] {
        [self.degraded, self.unhealthy].map(|latch| latch.turned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    const ABOVE: Levels = Levels {
        degraded: Some(Band { enter: 90.0, exit: 75.0 }),
        unhealthy: Some(Band { enter: 98.0, exit: 90.0 }),
        hold_ns: 30 * SECOND,
    };

    /// One letter a step: calm, Degraded, Unhealthy.
    fn trace(levels: &Levels, worse: Worse, steps: &[(u64, f64)]) -> String {
        let mut bands = Bands::default();
        let letter = |&(second, value): &(u64, f64)| {
            bands.step(levels, worse, [value, value], Tick(second * SECOND));
            match (bands.degraded(), bands.unhealthy()) {
                (_, true) => 'U',
                (true, false) => 'D',
                _ => 'c',
            }
        };
        steps.iter().map(letter).collect()
    }

    #[test]
    fn a_band_is_entered_and_left_when_the_value_has_held() {
        let cases: [(&[_], _, _); 8] = [
            (&[(0, 95.0), (15, 95.0), (30, 95.0)], "ccD", "held"),
            (&[(0, 95.0), (15, 80.0), (30, 95.0), (45, 95.0), (60, 95.0)], "ccccD", "a break"),
            (&[(0, 90.0), (30, 90.0)], "cD", "the level itself enters"),
            (&[(0, 95.0), (30, 95.0), (45, 76.0), (99, 75.0)], "cDDD", "between the levels"),
            (&[(0, 95.0), (30, 95.0), (45, 74.9), (75, 74.9)], "cDDc", "below exit, held"),
            (&[(0, 95.0), (30, 95.0), (45, 74.0), (60, 80.0), (75, 74.0)], "cDDDD", "a break out"),
            (&[(0, 95.0), (20, 99.0), (30, 99.0), (50, 99.0)], "ccDU", "each band by itself"),
            (&[(0, 99.0), (30, 99.0), (40, 89.0), (70, 89.0)], "cUUD", "from UNHEALTHY downwards"),
        ];
        for (steps, expected, why) in cases {
            assert_eq!(trace(&ABOVE, Worse::Above, steps), expected, "{why}");
        }
    }

    #[test]
    fn a_time_without_a_value_is_a_break_and_no_way_out() {
        let mut bands = Bands::default();
        let mut step = |second: u64, value| {
            bands.interrupt();
            bands.step(&ABOVE, Worse::Above, [value, value], Tick(second * SECOND));
            bands.step(&ABOVE, Worse::Above, [value, value], Tick((second + 30) * SECOND - 1));
            let before = bands.degraded();
            bands.step(&ABOVE, Worse::Above, [value, value], Tick((second + 30) * SECOND));
            (before, bands.degraded())
        };
        assert_eq!(step(0, 95.0), (false, true));
        assert_eq!(step(500, 80.0), (true, true), "between the levels");
        assert_eq!(step(900, 10.0), (true, false));
    }

    #[test]
    fn where_less_is_worse_the_levels_are_read_downwards() {
        let levels =
            Levels { degraded: Some(Band { enter: 8.0, exit: 48.0 }), unhealthy: None, hold_ns: 0 };
        let steps = [(0, 100.0), (1, 8.0), (2, 40.0), (3, 48.0), (4, 48.1), (5, 9.0)];
        assert_eq!(trace(&levels, Worse::Below, &steps), "cDDDcc");
    }

    #[test]
    fn what_is_no_number_enters_nothing_and_holds_nothing() {
        let steps = [(0, 95.0), (30, 95.0), (31, f64::NAN), (61, f64::NAN)];
        assert_eq!(trace(&ABOVE, Worse::Above, &steps), "cDDc");
        let off = Levels { degraded: None, unhealthy: None, hold_ns: 0 };
        assert_eq!(trace(&off, Worse::Above, &[(0, 1e9), (99, 1e9)]), "cc");
    }
}
