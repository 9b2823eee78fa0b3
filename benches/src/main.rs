//! The benchmarks of `docs/performance.md`: meshvitals against raw loops that do the same system
//! calls and nothing else.
//!
//! Absolute times say little about a machine that others use as well, so rows are ratios of
//! figures taken in turns. CPU time is the prober's own; what is probed runs in another process,
//! which is this binary again with the argument `target`.

mod engine;
mod machine;
mod memory;
mod os;
mod plan;
mod raw;
mod report;
mod rounds;
mod rows;
mod table;
mod target;

use machine::Machine;
use plan::{HELP, Plan};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("target") => target::serve(&io::stdin(), &mut io::stdout()),
        Some("memory") => memory::run(&arguments[1..], &mut io::stdout()),
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
    let text = format!("\n{}\n\n{}", machine.line(), table::markdown(&rows));
    io::stdout().write_all(text.as_bytes())?;
    if docs {
        // The crate's own directory is one below the root.
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
        report::write(&root.join("docs"), &machine, &rows)?;
    }
    Ok(())
}
