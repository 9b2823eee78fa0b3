//! The benchmarks of `docs/performance.md`: meshvitals against raw loops that do the same system
//! calls and nothing else.
//!
//! Absolute times say little about a machine that others use as well, so rows are ratios of
//! figures taken in turns. CPU time is the prober's own; what is probed runs in another process,
//! which is this binary again with the argument `target`. With the argument `peers` it measures
//! beside another prober instead.

mod engine;
mod machine;
mod memory;
mod os;
mod peers;
mod plan;
mod raw;
mod report;
mod rounds;
mod rows;
mod table;
mod target;

use machine::Machine;
use plan::{HELP, Plan};
use report::Sheet;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use table::Row;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("target") => target::serve(&mut io::stdin(), &mut io::stdout()),
        Some("memory") => memory::run(&arguments[1..], &mut io::stdout()),
        Some("prober") => {
            peers::prober::run(&arguments[1..], io::stdin().lock(), &mut io::stdout())
        }
        Some("peers") => bench_peers(&arguments[1..]),
        Some("--help" | "-h" | "help") => io::stdout().write_all(HELP.as_bytes()),
        _ => bench(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do about an error stream that is gone.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: Vec<String>) -> io::Result<()> {
    let plan = Plan::new(arguments).map_err(|problem| io::Error::other(problem + "\n\n" + HELP))?;
    os::raise_open_files();
    let target = target::Target::start(&std::env::current_exe()?)?;
    let machine = Machine::this();
    let docs = plan.docs;
    let bench = rows::Bench { plan, ports: target.ports };
    let rows = rows::measure(&bench, |rows| {
        for row in rows {
            let _ = writeln!(io::stderr(), "{} {}: {:.2} {}", row.id, row.name, row.ours, row.unit);
        }
    })?;
    show(&report::RAW, &format!("Measured on {}.", machine.line()), docs, &machine, &rows)
}

fn bench_peers(arguments: &[String]) -> io::Result<()> {
    let plan = Plan::new(arguments.to_vec())
        .map_err(|problem| io::Error::other(problem + "\n\n" + HELP))?;
    if !plan.only.is_empty() {
        return Err(io::Error::other("peers are measured together: --only has no meaning"));
    }
    os::raise_open_files();
    let target = target::Target::start(&std::env::current_exe()?)?;
    let machine = Machine::this();
    let (rows, peer) = peers::rows(&plan, target)?;
    let what = format!("Measured beside {peer} on {}.", machine.line());
    show(&report::PEERS, &what, plan.docs, &machine, &rows)
}

/// Prints a table, and writes it into the documentation if that is wanted.
fn show(sheet: &Sheet, what: &str, docs: bool, machine: &Machine, rows: &[Row]) -> io::Result<()> {
    let text = format!("\n{what}\n\n{}", table::markdown(sheet.against, rows));
    io::stdout().write_all(text.as_bytes())?;
    if docs {
        // The crate's own directory is one below the root.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        report::write(&root.join("docs"), sheet, what, machine, rows)?;
    }
    Ok(())
}
