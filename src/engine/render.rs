//! Reports about a monitor as text.
//!
//! Small monitors are seen at one instant. Large ones are read in portions, so that a scrape does
//! not hold up the checks; what a status reads is then still what was published when it was read.

use super::core::Core;
use super::monitor::Monitor;
use super::publish;
use crate::error::Error;
use crate::model::{CheckId, Reason, Snapshot, Status};
use crate::report::{self, FORMATS, View};
use crate::time::{self, Tick};

/// Snapshots that are taken without leaving the lock.
const PORTION: usize = 2_048;

impl Monitor {
    /// Everything known, as text: `json` or `openmetrics`.
    ///
    /// A status that is too old reads UNKNOWN, as with [`Monitor::status`].
    ///
    /// # Errors
    ///
    /// RANGE for another format; FORKED.
    ///
    /// # Examples
    ///
    /// ```
    /// let monitor = meshvitals::Monitor::new(None)?;
    /// assert!(monitor.render("json")?.contains("\"name\":\"system.cpu\""));
    /// assert!(monitor.render("openmetrics")?.ends_with("# EOF\n"));
    /// # Ok::<(), meshvitals::Error>(())
    /// ```
    pub fn render(&self, format: &str) -> Result<String, Error> {
        self.inner.check_fork()?;
        match format {
            "json" => Ok(report::json(&self.view()?)),
            "openmetrics" => report::openmetrics(self.view()?),
            other => Err(Error::range("format", format!("\"{other}\""), FORMATS)),
        }
    }

    fn view(&self) -> Result<View, Error> {
        let now = self.now();
        let (unix_ms, groups, ids, mut checks, latencies) = self.inner.call(|core| {
            // The dates of a manual clock count from when its monitor was made.
            let unix_ms = if self.inner.manual { core.unix_ms(now) } else { time::unix_ms() };
            let groups = portion(core, &core.list_groups(), now);
            let ids = core.list();
            let checks = portion(core, &ids[..ids.len().min(PORTION)], now);
            Ok((unix_ms, groups, ids, checks, core.latencies.clone()))
        })?;
        for rest in ids.chunks(PORTION).skip(1) {
            checks.extend(self.inner.call(|core| Ok(portion(core, rest, now)))?);
        }
        let overall = groups.first().map_or(Status::Unknown, |whole| whole.status);
        Ok(View { now, unix_ms, overall, groups, checks, latencies })
    }
}

/// The snapshots of those ids that are still there.
fn portion(core: &Core, ids: &[CheckId], now: Tick) -> Vec<Snapshot> {
    ids.iter().filter_map(|&id| core.snapshot(id).ok()).map(|seen| aged(seen, now)).collect()
}

/// What is too old says so, as if its cell had been read.
fn aged(mut snapshot: Snapshot, now: Tick) -> Snapshot {
    let Some(cell) = publish::cell(snapshot.check) else { return snapshot };
    let status = cell.status_at(snapshot.check, now);
    if status != snapshot.status {
        (snapshot.status, snapshot.reason) = (status, Reason::STALE);
        snapshot.answer &= snapshot.probe == "group" || status.is_functional();
    }
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::time::SECOND;

    const CONFIG: &str = r#"{"clock": "manual", "checks": [
        {"name": "jobs", "heartbeat": {"ttl": "30s"}, "tags": ["readiness"]}]}"#;

    fn manual() -> (Monitor, CheckId) {
        let monitor = Monitor::new(Some(CONFIG)).expect("a monitor");
        monitor.advance(Tick(SECOND)).expect("a turn");
        let id = monitor.find("jobs").expect("the check");
        monitor.beat(id).expect("a beat");
        (monitor, id)
    }

    fn report(monitor: &Monitor) -> serde_json::Value {
        serde_json::from_str(&monitor.render("json").expect("a report")).expect("JSON")
    }

    #[test]
    fn a_report_has_the_whole_the_groups_and_the_checks() {
        let (monitor, _) = manual();
        let report = report(&monitor);
        assert_eq!(report["status"], "healthy");
        assert_eq!(report["groups"][0]["name"], "overall");
        assert_eq!(report["groups"][1]["name"], "readiness");
        assert_eq!(report["groups"][1]["checks"], 1);
        assert_eq!(report["checks"][0]["name"], "jobs");
        assert_eq!(report["checks"][0]["status"], "healthy");
        assert_eq!(report["checks"][0]["last_unix_ms"], report["unix_ms"]);
    }

    #[test]
    fn a_status_that_is_too_old_is_not_reported() {
        let (monitor, id) = manual();
        let fresh_until = monitor.snapshot(id).expect("a snapshot").fresh_until;
        let snapshot = monitor.snapshot(id).expect("a snapshot");
        assert_eq!(aged(snapshot.clone(), fresh_until.before(1)).status, Status::Healthy);
        let old = aged(snapshot, fresh_until);
        assert_eq!((old.status, old.reason), (Status::Unknown, Reason::STALE));
        assert!(!old.answer);
    }

    #[test]
    fn every_check_of_a_large_monitor_is_there_once() {
        let (monitor, _) = manual();
        let documents: Vec<String> = (0..PORTION * 2 + 7)
            .map(|n| format!(r#"{{"name": "n{n}", "heartbeat": {{"ttl": "30s"}}}}"#))
            .collect();
        monitor.register_many(&format!("[{}]", documents.join(","))).expect("checks");
        let report = report(&monitor);
        let checks = report["checks"].as_array().expect("checks");
        let names: std::collections::HashSet<&str> =
            checks.iter().filter_map(|check| check["name"].as_str()).collect();
        assert_eq!((checks.len(), names.len()), (PORTION * 2 + 8, PORTION * 2 + 8));
    }

    #[test]
    fn another_format_is_refused_with_those_that_there_are() {
        let (monitor, _) = manual();
        let error = monitor.render("xml").expect_err("no such format");
        assert_eq!((error.code(), error.key()), (Code::Range, "format"));
        assert_eq!(
            error.to_string(),
            "format: \"xml\" is not accepted; allowed: json, openmetrics"
        );
    }
}
