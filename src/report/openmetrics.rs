//! The report as OpenMetrics text, for Prometheus and its relatives.
//!
//! A status is a set of four series, of which one is 1, so that a query can name it by its word.
//! Families hold only the checks to which they apply: a check without a value has no
//! `meshvitals_check_value`.

use core::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::{View, word};
use crate::error::{Code, Error};
use crate::model::latency::{BOUNDS_NS, PHASES};
use crate::model::{Snapshot, Status};
use crate::time::Tick;

/// The report of a view as OpenMetrics text, with its end mark.
///
/// # Errors
///
/// LIMIT when the encoder refuses, which no name or number makes it do.
pub fn openmetrics(view: View) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(view)));
    let mut text = String::new();
    encode(&mut text, &registry)
        .map_err(|_| Error::refused(Code::Limit, "the metrics cannot be written"))?;
    Ok(text)
}

#[derive(Debug)]
struct Families(View);

/// What a family of numbers takes from a snapshot; `None` leaves the series out.
type Number = fn(&View, &Snapshot) -> Option<f64>;

/// Families with one number a check: name, help, unit, number.
const NUMBERS: &[(&str, &str, Option<Unit>, Number)] = &[
    ("meshvitals_check_latency", "How long the last run took.", Some(Unit::Seconds), |_, check| {
        (check.runs > 0).then(|| seconds(check.latency_ns))
    }),
    (
        "meshvitals_check_value",
        "The value that the last run measured; of resources the share in use.",
        None,
        |_, check| (!check.value.is_nan()).then_some(check.value),
    ),
    ("meshvitals_check_threshold", "The value from which there is a warning.", None, |_, check| {
        (!check.threshold.is_nan()).then_some(check.threshold)
    }),
    ("meshvitals_check_failures", "Failures in a row.", None, |_, check| {
        Some(check.failures.into())
    }),
    (
        "meshvitals_check_critical",
        "1 if groups become unhealthy with the check.",
        None,
        |_, check| Some(f64::from(u8::from(check.critical))),
    ),
    (
        "meshvitals_check_since_timestamp",
        "Since when the status holds.",
        Some(Unit::Seconds),
        |_, check| Some(check.since_unix_ms as f64 / 1e3),
    ),
    (
        "meshvitals_check_last_run_timestamp",
        "When the last run ended.",
        Some(Unit::Seconds),
        |view, check| date(view, check.last),
    ),
];

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let view = &self.0;
        let mut family = encoder.encode_descriptor(
            "meshvitals_check_status",
            "1 for the status that the check has, 0 for the others.",
            None,
            MetricType::Gauge,
        )?;
        statuses(&mut family, "check", &view.checks)?;
        let mut family = encoder.encode_descriptor(
            "meshvitals_check_runs",
            "Runs that ended since the check was registered.",
            None,
            MetricType::Counter,
        )?;
        for check in &view.checks {
            family
                .encode_family(&[("check", &*check.name)])?
                .encode_counter::<NoLabelSet, u64, f64>(&check.runs, None)?;
        }
        for (name, help, unit, number) in NUMBERS {
            let mut family =
                encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
            for check in &view.checks {
                if let Some(number) = number(view, check) {
                    family.encode_family(&[("check", &*check.name)])?.encode_gauge(&number)?;
                }
            }
        }
        let mut family = encoder.encode_descriptor(
            "meshvitals_group_status",
            "1 for the status that the group has, 0 for the others.",
            None,
            MetricType::Gauge,
        )?;
        statuses(&mut family, "group", &view.groups)?;
        let mut family = encoder.encode_descriptor(
            "meshvitals_group_answer",
            "1 if a probe of an orchestrator that asks for the group gets a yes.",
            None,
            MetricType::Gauge,
        )?;
        for group in &view.groups {
            family
                .encode_family(&[("group", &*group.name)])?
                .encode_gauge(&i64::from(group.answer))?;
        }
        let mut family = encoder.encode_descriptor(
            "meshvitals_run_phase",
            "How long the phases of runs over the network took, by the kind of the probe.",
            Some(&Unit::Seconds),
            MetricType::Histogram,
        )?;
        for kind in view.latencies.kinds() {
            for (phase, found) in PHASES.iter().zip(&kind.phases).filter(|(_, h)| h.count() > 0) {
                let bounds = BOUNDS_NS.iter().map(|ns| seconds(*ns)).chain([f64::INFINITY]);
                let buckets: Vec<(f64, u64)> = bounds.zip(found.counts).collect();
                family
                    .encode_family(&[("probe", kind.probe), ("phase", *phase)])?
                    .encode_histogram::<NoLabelSet>(
                        seconds(found.sum_ns),
                        found.count(),
                        &buckets,
                        None,
                    )?;
            }
        }
        Ok(())
    }
}

fn statuses(
    family: &mut MetricEncoder<'_>,
    key: &str,
    snapshots: &[Snapshot],
) -> Result<(), fmt::Error> {
    for snapshot in snapshots {
        for status in Status::ALL {
            family
                .encode_family(&[(key, &*snapshot.name), ("status", word(status))])?
                .encode_gauge(&i64::from(snapshot.status == status))?;
        }
    }
    Ok(())
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

fn date(view: &View, at: Tick) -> Option<f64> {
    view.date(at).map(|ms| ms as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::super::sample::view;
    use super::*;

    fn lines() -> Vec<String> {
        openmetrics(view()).expect("text").lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn expect(line: &str) {
        assert!(lines().iter().any(|other| other == line), "{line}\nin {:#?}", lines());
    }

    #[test]
    fn exactly_one_status_of_a_check_is_1() {
        expect("meshvitals_check_status{check=\"system.disk\",status=\"healthy\"} 1");
        expect("meshvitals_check_status{check=\"system.disk\",status=\"unhealthy\"} 0");
        expect("meshvitals_group_status{group=\"overall\",status=\"unhealthy\"} 1");
        let set = lines().iter().filter(|l| l.contains("_status{") && l.ends_with(" 1")).count();
        assert_eq!(set, 5, "four checks and one group");
    }

    #[test]
    fn every_family_has_its_type_help_and_unit() {
        expect("# TYPE meshvitals_check_latency_seconds gauge");
        expect("# UNIT meshvitals_check_latency_seconds seconds");
        expect("# TYPE meshvitals_check_runs counter");
        expect("meshvitals_check_runs_total{check=\"system.disk\"} 12");
        let types = lines().iter().filter(|line| line.starts_with("# TYPE")).count();
        let helps = lines().iter().filter(|line| line.starts_with("# HELP")).count();
        assert_eq!((types, helps), (12, 12));
        assert_eq!(lines().last().map(String::as_str), Some("# EOF"));
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        expect("meshvitals_check_value{check=\"system.disk\"} 0.72");
        let values = lines().iter().filter(|l| l.starts_with("meshvitals_check_value{")).count();
        assert_eq!(values, 1);
        let latencies =
            lines().iter().filter(|l| l.starts_with("meshvitals_check_latency_seconds{")).count();
        assert_eq!(latencies, 3, "one never ran");
    }

    #[test]
    fn phases_are_histograms_whose_buckets_add_up() {
        let of = |rest: &str| format!("meshvitals_run_phase_seconds_{rest}");
        let total = "{probe=\"tcp\",phase=\"total\"}";
        expect(&of(&format!("count{total} 2")));
        expect(&of(&format!("sum{total} 0.0024")));
        expect(&of("bucket{le=\"0.0005\",probe=\"tcp\",phase=\"total\"} 1"));
        expect(&of("bucket{le=\"0.0025\",probe=\"tcp\",phase=\"total\"} 2"));
        expect(&of("bucket{le=\"+Inf\",probe=\"tcp\",phase=\"total\"} 2"));
        assert!(!lines().iter().any(|line| line.contains("phase=\"tls\"")), "it never happened");
    }

    #[test]
    fn names_are_escaped() {
        expect("meshvitals_check_failures{check=\"quo\\\"te \\\\ back\"} 3.0");
        expect("meshvitals_check_failures{check=\"系統\"} 0.0");
    }
}
