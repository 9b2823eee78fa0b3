//! The arguments of the command, and the help that explains them.

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const RUN_CODES: &str = "\
Exit codes with --once, by the overall status:
  0  HEALTHY
  1  DEGRADED
  2  UNHEALTHY
  3  UNKNOWN

Without --once: 0 after q, Ctrl-C, a signal to end, or when nobody reads the output any more.
Always: 64 for wrong arguments or a wrong configuration, 70 if the monitor cannot start or
stdout cannot be written. Without --once also if stdout is closed.

Examples:
  meshvitals run
  meshvitals run --once --json
  meshvitals run --config checks.toml | tee health.log";

const CHECK_CODES: &str = "\
Exit codes, by the outcome:
  0  pass
  1  warn
  2  fail or timeout
  3  local: the fault is on this side, nothing is known about the target
  64 the document is wrong; the error names the key, the value and what is allowed

Examples:
  meshvitals check '{\"name\": \"db\", \"tcp\": {\"address\": \"127.0.0.1:5432\"}}'
  meshvitals check '{\"name\": \"web\", \"http\": {\"url\": \"http://127.0.0.1:8080/health\"}}'
  meshvitals check - < check.json";

/// Watches health: this machine, what listens on it, and what a configuration says.
#[derive(Debug, Parser)]
#[command(name = "meshvitals", version, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(RunArgs),
    Check(CheckArgs),
    Schema(SchemaArgs),
    #[command(hide = true)]
    Pages(PagesArgs),
}

/// Watch until told to stop, or once: this machine by default, or what a file says.
///
/// Without --config: the CPU, the memory and the disk of this machine, and every TCP port that
/// listens on it. Ports that begin to listen later are added; a port that closes stays and turns
/// UNHEALTHY. In a terminal a live table (q or Ctrl-C ends it), elsewhere one line an event.
#[derive(Debug, Group)]
#[command(after_help = RUN_CODES)]
pub struct RunArgs {
    /// What to watch: a monitor's document as TOML or JSON; - reads JSON or TOML from stdin
    ///
    /// The keys are those of `meshvitals schema monitor`. Ports are not searched for then. Checks
    /// whose results a program gives (external, callback, heartbeat) are refused: there is none.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Wait until every check has a status, at most a minute, print the report, and exit with a
    /// code for it
    #[arg(long)]
    pub once: bool,
    /// JSON: one object a line, an event each, whose `subject` is a check or a group; with --once
    /// the full report as one object
    #[arg(long)]
    pub json: bool,
    /// No colours; the environment variable NO_COLOR does the same
    #[arg(long)]
    pub no_color: bool,
    /// Time between two runs of a check that names none, such as 5s or 250ms [default: 2s
    /// without --config]
    #[arg(long, value_name = "DURATION")]
    pub interval: Option<String>,
}

/// Run one check once and show where the time went.
#[derive(Debug, Group)]
#[command(after_help = CHECK_CODES)]
pub struct CheckArgs {
    /// The document of the check, as JSON; - reads it from stdin
    #[arg(value_name = "DOCUMENT")]
    pub document: String,
    /// Run the program of an exec check; without it such a check is refused
    #[arg(long)]
    pub allow_exec: bool,
    /// The result as one JSON object
    #[arg(long)]
    pub json: bool,
    /// No colours; the environment variable NO_COLOR does the same
    #[arg(long)]
    pub no_color: bool,
}

/// Print the JSON Schema of the documents.
#[derive(Debug, Group)]
pub struct SchemaArgs {
    /// Which document; without it the schema of both
    #[arg(value_enum)]
    pub document: Option<Document>,
}

/// Write the manual pages and the completions of shells, for whoever installs the command.
#[derive(Debug, Group)]
pub struct PagesArgs {
    /// Where; the layout below it is that of /usr/share
    #[arg(value_name = "DIRECTORY")]
    pub directory: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Document {
    /// A check
    Check,
    /// A monitor's configuration
    Monitor,
}
