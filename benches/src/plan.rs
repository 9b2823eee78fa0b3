//! What to measure and how long: the arguments of the command.

use std::time::Duration;

/// The help text.
pub const HELP: &str = "\
Measures meshvitals against raw loops and rewrites docs/performance.md.

  make bench ARGS=\"[--only P1,P6] [--rounds 5] [--quick] [--no-docs]\"

  --only     the rows of these numbers; nothing is written to docs/
  --rounds   how many interleaved rounds the medians are over (at least 5 for a claim)
  --quick    one round and short windows, to see that everything runs; nothing is written to
             docs/
  --no-docs  prints only

  make bench-peers ARGS=\"[--rounds 5] [--quick] [--no-docs]\"

measures beside HAProxy, and rewrites only the table of that.
";

/// The plan of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The numbers of the rows; empty for all.
    pub only: Vec<String>,
    /// Rounds per row.
    pub rounds: usize,
    /// Whether this only looks whether everything runs.
    pub quick: bool,
    /// Whether the result is written to `docs/`.
    pub docs: bool,
}

impl Plan {
    /// The plan of these arguments.
    ///
    /// # Errors
    ///
    /// The argument that is not understood.
    pub fn new(arguments: impl IntoIterator<Item = String>) -> Result<Plan, String> {
        let mut plan = Plan { only: Vec::new(), rounds: 5, quick: false, docs: true };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => {
                    let list = arguments.next().unwrap_or_default();
                    plan.only = list.split(',').map(|id| id.trim().to_uppercase()).collect();
                    plan.docs = false;
                }
                "--rounds" => {
                    let count = arguments.next().unwrap_or_default();
                    let parsed = count.parse().ok().filter(|n| *n > 0);
                    plan.rounds = parsed.ok_or(format!("--rounds {count}: a number from 1"))?;
                }
                "--quick" => (plan.quick, plan.docs, plan.rounds) = (true, false, 1),
                "--no-docs" => plan.docs = false,
                other => return Err(format!("{other} is not understood")),
            }
        }
        Ok(plan)
    }

    /// Whether the rows of this number are wanted.
    pub fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }

    /// How long a contender measures in one round.
    pub fn window(&self) -> Duration {
        if self.quick { Duration::from_millis(200) } else { Duration::from_secs(2) }
    }

    /// This many probes, or a tenth of them when in a hurry.
    pub fn probes(&self, count: u64) -> u64 {
        if self.quick { count / 10 } else { count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Result<Plan, String> {
        Plan::new(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn everything_is_measured_unless_told_otherwise() {
        let plan = plan("").unwrap();
        assert!(plan.wants("P1") && plan.wants("P13") && plan.docs);
        assert!(plan.rounds >= 5);
    }

    #[test]
    fn a_part_or_a_hurry_writes_no_documents() {
        let part = plan("--only p1,P6").unwrap();
        assert!(part.wants("P1") && part.wants("P6") && !part.wants("P7") && !part.docs);
        assert!(!plan("--quick").unwrap().docs);
        assert_eq!(plan("--quick --rounds 3").unwrap().rounds, 3);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(plan("--fast").is_err());
        assert!(plan("--rounds 0").is_err());
        assert!(plan("--rounds").is_err());
    }
}
