//! Where the time of runs goes: one histogram for each kind of probe and each phase.
//!
//! Promises bounded memory, whatever the number of checks: there are as many kinds as the grammar
//! has, and a kind takes its histograms with its first run over the network. The bounds of the
//! buckets are fixed, so that those of several monitors can be added up.

use super::Phases;

/// The upper bounds of the buckets, in nanoseconds; one more bucket has no bound. The series
/// 1, 2.5, 5 from 100 µs to 1 min.
pub const BOUNDS_NS: [u64; 18] = [
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// The names of the phases, and of the whole.
pub const PHASES: [&str; 6] = ["resolve", "connect", "tls", "first_byte", "transfer", "total"];

/// How often a phase took how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The counts of the buckets, each by itself.
    pub counts: [u64; BOUNDS_NS.len() + 1],
    /// The sum of all, in nanoseconds.
    pub sum_ns: u64,
}

impl Histogram {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn add(&mut self, ns: u64) {
        let place = BOUNDS_NS.partition_point(|bound| *bound < ns);
        self.counts[place] += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }
}

/// The histograms of a kind of probe, in the order of [`PHASES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfKind {
    /// The key of the probe in a document.
    pub probe: &'static str,
    /// One for each phase.
    pub phases: [Histogram; PHASES.len()],
}

/// The histograms of a monitor.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<OfKind>);

impl Latencies {
    /// Adds a run. A phase that did not happen is not counted, and neither is a run without any:
    /// it was not over the network.
    pub fn add(&mut self, probe: &'static str, phases: &Phases, total_ns: u64) {
        let Phases { resolve_ns, connect_ns, tls_ns, first_byte_ns, transfer_ns } = *phases;
        let spent = [resolve_ns, connect_ns, tls_ns, first_byte_ns, transfer_ns];
        if spent.iter().all(|ns| *ns == 0) {
            return;
        }
        let place = match self.0.iter().position(|kind| kind.probe == probe) {
            Some(place) => place,
            None => {
                self.0.push(OfKind { probe, ..OfKind::default() });
                self.0.len() - 1
            }
        };
        let all = spent.into_iter().chain([total_ns]);
        for (histogram, ns) in self.0[place].phases.iter_mut().zip(all) {
            if ns > 0 {
                histogram.add(ns);
            }
        }
    }

    /// The kinds that have run.
    pub fn kinds(&self) -> &[OfKind] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let cases = [
            (1, 0),
            (100_000, 0),
            (100_001, 1),
            (250_000, 1),
            (60_000_000_000, 17),
            (60_000_000_001, 18),
            (u64::MAX, 18),
        ];
        for (ns, bucket) in cases {
            let mut histogram = Histogram::default();
            histogram.add(ns);
            assert_eq!((histogram.counts[bucket], histogram.count()), (1, 1), "{ns}");
        }
    }

    #[test]
    fn what_did_not_happen_is_not_counted() {
        let mut latencies = Latencies::default();
        latencies.add("cpu", &Phases::default(), 7);
        assert_eq!(latencies.kinds(), []);
        let phases = Phases { connect_ns: 5, ..Phases::default() };
        latencies.add("tcp", &phases, 9);
        latencies.add("tcp", &phases, 9);
        latencies.add("http", &phases, 9);
        let names: Vec<_> = latencies.kinds().iter().map(|kind| kind.probe).collect();
        assert_eq!(names, ["tcp", "http"]);
        let counts = latencies.kinds()[0].phases.each_ref().map(Histogram::count);
        assert_eq!(counts, [0, 2, 0, 0, 0, 2]);
        assert_eq!(latencies.kinds()[0].phases[5].sum_ns, 18);
    }
}
