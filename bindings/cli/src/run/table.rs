//! The table: the whole, one row a check, and the latest events, as lines of a given width.
//!
//! Pure: what it shows it is handed. The worst stands on top; where there is no room for all, a
//! line says how many more there are.

use super::lines::explain;
use super::paint::{Line, Tone, tone};
use crate::words::{age, clean, duration, fit, value};
use meshvitals::{Snapshot, Status};
use unicode_width::UnicodeWidthStr;

/// What there is room for.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub columns: usize,
    /// `None` for paper without an end.
    pub rows: Option<usize>,
}

/// What is shown.
pub struct Scene<'a> {
    pub overall: Status,
    pub unix_ms: i64,
    pub checks: &'a [Snapshot],
    /// The latest last.
    pub events: &'a [Line],
    /// How to leave; without it the table is not live.
    pub footer: Option<&'a str>,
}

/// Columns of everything but the name and the note.
const STATUS: usize = 9;
const SINCE: usize = 8;
const VALUE: usize = 14;
const LATENCY: usize = 8;
const NAME: (usize, usize) = (12, 36);
/// Events that are shown if there are that many.
const EVENTS: usize = 6;

/// Draws the scene.
pub fn draw(scene: &Scene<'_>, room: Room) -> Vec<Line> {
    let mut sorted: Vec<&Snapshot> = scene.checks.iter().collect();
    sorted.sort_by_key(|check| std::cmp::Reverse(urgency(check.status)));
    let events = &scene.events[scene.events.len().saturating_sub(EVENTS)..];
    let mut lines = vec![header(scene), Line::new()];
    let widths = Widths::of(&sorted, room.columns);
    lines.push(widths.titles());
    // The header, a blank and the titles; the events with a blank; the footer with a blank.
    let around = 3 + if events.is_empty() { 0 } else { 1 + events.len() } + 2;
    let places = room.rows.map_or(usize::MAX, |rows| rows.saturating_sub(around).max(1));
    let shown = if sorted.len() <= places { sorted.len() } else { places - 1 };
    lines.extend(sorted[..shown].iter().map(|check| widths.row(check, scene.unix_ms)));
    if shown < sorted.len() {
        let rest = &sorted[shown..];
        lines.push(vec![(Tone::Faint, format!("… {} more: {}", rest.len(), counts(rest)))]);
    }
    if !events.is_empty() {
        lines.push(Line::new());
        lines.extend(events.iter().cloned());
    }
    if let Some(footer) = scene.footer {
        lines.push(Line::new());
        lines.push(vec![(Tone::Faint, footer.to_owned())]);
    }
    lines.truncate(room.rows.unwrap_or(usize::MAX));
    lines.into_iter().map(|line| cut(line, room.columns)).collect()
}

fn header(scene: &Scene<'_>) -> Line {
    let all: Vec<&Snapshot> = scene.checks.iter().collect();
    vec![
        (Tone::Strong, "meshvitals  ".to_owned()),
        (tone(scene.overall), scene.overall.to_string()),
        (Tone::Plain, format!("  {} checks: {}", all.len(), counts(&all))),
    ]
}

fn counts(checks: &[&Snapshot]) -> String {
    let order = [Status::Unhealthy, Status::Degraded, Status::Unknown, Status::Healthy];
    let each = order.into_iter().filter_map(|status| {
        let count = checks.iter().filter(|check| check.status == status).count();
        (count > 0).then(|| format!("{count} {}", status.word().to_ascii_lowercase()))
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What is shown first.
fn urgency(status: Status) -> u8 {
    match status {
        Status::Healthy => 0,
        Status::Unknown => 1,
        Status::Degraded => 2,
        Status::Unhealthy => 3,
    }
}

/// The widths of the columns that depend on what is in them.
struct Widths {
    name: usize,
    note: usize,
}

impl Widths {
    fn of(checks: &[&Snapshot], columns: usize) -> Widths {
        let longest = checks.iter().map(|check| clean(&check.name).width()).max().unwrap_or(0);
        let name = longest.clamp(NAME.0, NAME.1);
        let others = STATUS + name + SINCE + VALUE + LATENCY + 2 * 5;
        Widths { name, note: columns.saturating_sub(others) }
    }

    fn titles(&self) -> Line {
        let (name, note) = (fit("NAME", self.name), fit("NOTE", self.note));
        let text = format!(
            "{}  {name}  {:>SINCE$}  {:>VALUE$}  {:>LATENCY$}  {note}",
            fit("STATUS", STATUS),
            "SINCE",
            "VALUE",
            "LATENCY"
        );
        vec![(Tone::Faint, text)]
    }

    fn row(&self, check: &Snapshot, unix_ms: i64) -> Line {
        let since = age((unix_ms - check.since_unix_ms).max(0) as u64 / 1_000);
        let value = value(check.value, check.threshold, check.unit);
        let ran = check.runs > 0 && check.latency_ns > 0;
        let latency = if ran { duration(check.latency_ns) } else { String::new() };
        let note = explain(check.reason, check.message.as_str());
        vec![
            (tone(check.status), fit(check.status.word(), STATUS)),
            (Tone::Plain, format!("  {}", fit(&clean(&check.name), self.name))),
            (Tone::Plain, format!("  {since:>SINCE$}  {value:>VALUE$}  {latency:>LATENCY$}  ")),
            (Tone::Faint, fit(&note, self.note)),
        ]
    }
}

/// The line in at most `columns`.
fn cut(line: Line, columns: usize) -> Line {
    let mut left = columns;
    let mut kept = Line::new();
    for (tone, text) in line {
        let width = text.width();
        if width <= left {
            left -= width;
            kept.push((tone, text));
        } else {
            kept.push((tone, fit(&text, left)));
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests;
