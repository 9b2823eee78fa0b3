//! The rows of the result and how they are shown: as text, Markdown and JSON.
//!
//! A row compares our figure with the raw one of the same rounds, or with a fixed limit. The
//! ratio is the median of the ratios within each round, hence not always the ratio of the two
//! medians beside it.

use crate::machine::Machine;
use crate::rounds::{median, ratio};
use std::fmt::Write;

/// What a row must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Ours is at least this share of the raw figure.
    RatioAtLeast(f64),
    /// Ours is at most this multiple of the raw figure.
    RatioAtMost(f64),
    /// Our figure is at least this.
    AtLeast(f64),
    /// Our figure is at most this.
    AtMost(f64),
    /// None: the row is there to compare with.
    Shown,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The number of the goal (`P1`), or of the group that the row belongs to.
    pub id: &'static str,
    /// What was measured.
    pub name: String,
    /// The unit of both figures.
    pub unit: &'static str,
    /// The median of our figures.
    pub ours: f64,
    /// The median of the raw figures, if the row has them.
    pub raw: Option<f64>,
    /// Ours to raw.
    pub ratio: Option<f64>,
    /// What must be reached.
    pub goal: Goal,
    /// Over how many rounds the medians are.
    pub rounds: usize,
}

impl Row {
    /// A row that compares figures of the same rounds.
    pub fn compared(
        id: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        (ours, raw): (&[f64], &[f64]),
        goal: Goal,
    ) -> Row {
        Row {
            raw: Some(median(raw)),
            ratio: Some(ratio(ours, raw)),
            ..Row::alone(id, name, unit, ours, goal)
        }
    }

    /// A row of figures that stand alone.
    pub fn alone(
        id: &'static str,
        name: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        goal: Goal,
    ) -> Row {
        let (ours, rounds) = (median(ours), ours.len());
        Row { id, name: name.into(), unit, ours, raw: None, ratio: None, goal, rounds }
    }

    /// Whether the goal is reached; nothing where there is none. NaN reaches nothing.
    pub fn reached(&self) -> Option<bool> {
        let ratio = self.ratio.unwrap_or(f64::NAN);
        match self.goal {
            Goal::RatioAtLeast(limit) => Some(ratio >= limit),
            Goal::RatioAtMost(limit) => Some(ratio <= limit),
            Goal::AtLeast(limit) => Some(self.ours >= limit),
            Goal::AtMost(limit) => Some(self.ours <= limit),
            Goal::Shown => None,
        }
    }

    fn cells(&self, against: &str) -> [String; 8] {
        let optional =
            |figure: Option<f64>| figure.filter(|f| f.is_finite()).map_or(String::new(), short);
        // A limit that was computed from figures has more digits than anybody can use.
        let rounded = |limit: f64| (limit * 100.0).round() / 100.0;
        let goal = match self.goal {
            Goal::RatioAtLeast(limit) => format!("≥ {limit} × {against}"),
            Goal::RatioAtMost(limit) => format!("≤ {limit} × {against}"),
            Goal::AtLeast(limit) => format!("≥ {} {}", rounded(limit), self.unit),
            Goal::AtMost(limit) => format!("≤ {} {}", rounded(limit), self.unit),
            Goal::Shown => String::new(),
        };
        let reached = match self.reached() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        [
            self.id.to_owned(),
            self.name.clone(),
            format!("{} {}", short(self.ours), self.unit),
            optional(self.raw),
            optional(self.ratio),
            goal,
            reached.to_owned(),
            self.rounds.to_string(),
        ]
    }
}

/// A figure in as few digits as say enough.
fn short(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1000.0 => format!("{figure:.0}"),
        size if size >= 100.0 => format!("{figure:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{figure:.2}"),
        _ => format!("{figure:.4}"),
    }
}

/// The table in Markdown, its columns aligned, so that it serves a terminal as well. `against` is
/// the name of what our figures are compared with.
pub fn markdown(against: &str, rows: &[Row]) -> String {
    let headings = ["#", "what", "ours", against, "ratio", "goal", "reached", "rounds"];
    let mut lines = vec![headings.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| row.cells(against)));
    let width =
        |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, cells) in lines.iter().enumerate() {
        for (cell, width) in cells.iter().zip(widths) {
            let padding = " ".repeat(width - cell.chars().count());
            text.push_str(&format!("| {cell}{padding} "));
        }
        text.push_str("|\n");
        if index == 0 {
            let rule = widths.map(|width| format!("| {} ", "-".repeat(width)));
            text.push_str(&format!("{}|\n", rule.concat()));
        }
    }
    text
}

/// The rows and the machine as JSON.
pub fn json(against: &str, machine: &Machine, rows: &[Row]) -> String {
    let mut text = String::from("{\n  \"machine\": {");
    let _ = write!(
        text,
        "\"kernel\": {}, \"processor\": {}, \"cpus\": {}, \"architecture\": {}}},\n  \"rows\": [",
        quoted(&machine.kernel),
        quoted(&machine.processor),
        machine.cpus,
        quoted(machine.architecture)
    );
    for (index, row) in rows.iter().enumerate() {
        let reached = row.reached().map_or("null".to_owned(), |yes| yes.to_string());
        let goal = row.cells(against)[5].clone();
        let _ = write!(
            text,
            "{}\n    {{\"id\": {}, \"name\": {}, \"unit\": {}, \"ours\": {}, {}: {}, \
             \"ratio\": {}, \"goal\": {}, \"reached\": {reached}, \"rounds\": {}}}",
            if index == 0 { "" } else { "," },
            quoted(row.id),
            quoted(&row.name),
            quoted(row.unit),
            number(Some(row.ours)),
            quoted(against),
            number(row.raw),
            number(row.ratio),
            quoted(&goal),
            row.rounds
        );
    }
    text.push_str("\n  ]\n}\n");
    text
}

fn number(figure: Option<f64>) -> String {
    figure.filter(|f| f.is_finite()).map_or("null".to_owned(), |f| f.to_string())
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(goal: Goal) -> Row {
        Row::compared("P1", "checks", "1/s", (&[90.0, 95.0, 80.0], &[100.0, 100.0, 100.0]), goal)
    }

    #[test]
    fn a_goal_is_reached_or_not() {
        assert_eq!(row(Goal::RatioAtLeast(0.9)).reached(), Some(true));
        assert_eq!(row(Goal::RatioAtLeast(0.95)).reached(), Some(false));
        assert_eq!(row(Goal::RatioAtMost(0.9)).reached(), Some(true));
        assert_eq!(row(Goal::AtMost(89.0)).reached(), Some(false));
        assert_eq!(row(Goal::AtLeast(90.0)).reached(), Some(true));
        assert_eq!(row(Goal::Shown).reached(), None);
    }

    #[test]
    fn what_was_not_measured_reaches_nothing() {
        let row = Row::alone("P7", "memory", "B", &[], Goal::AtMost(256.0));
        assert_eq!(row.reached(), Some(false));
        let row = Row::alone("P7", "memory", "B", &[1.0], Goal::RatioAtMost(1.0));
        assert_eq!(row.reached(), Some(false));
    }

    #[test]
    fn the_table_is_aligned() {
        let text = markdown("raw", &[row(Goal::RatioAtLeast(0.95)), row(Goal::Shown)]);
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 4);
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
        assert!(text.contains("| P1 | checks | 90.00 1/s | 100.0 | 0.90  | ≥ 0.95 × raw | no "));
    }

    #[test]
    fn json_is_well_formed_whatever_the_figures() {
        let machine = Machine {
            kernel: "6".to_owned(),
            processor: "a \"b\" \\".to_owned(),
            cpus: 2,
            architecture: "x",
        };
        let mut odd = row(Goal::Shown);
        odd.ratio = Some(f64::NAN);
        let text = json("raw", &machine, &[row(Goal::AtMost(1.0)), odd]);
        assert!(text.contains(r#""processor": "a \"b\" \\""#));
        assert!(text.contains(r#""ratio": null, "goal": "", "reached": null"#));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert_eq!(text.matches("},\n").count(), 2, "between machine and rows, and two rows");
    }
}
