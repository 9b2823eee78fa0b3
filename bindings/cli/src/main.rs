//! The command `meshvitals`: watches this machine, runs single checks, prints the schema.
//!
//! It is one more user of the public Rust interface and knows nothing that other programs cannot
//! know. Output that nobody reads any more is no error: the command ends quietly.

mod args;
mod check;
mod closed;
mod config;
mod output;
mod pages;
mod ports;
mod run;
mod schema;
mod words;

use args::{Args, Command};
use clap::Parser;
use clap::error::ErrorKind;
use output::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout; nobody may be listening there.
            let _ = error.print();
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked { ExitCode::SUCCESS } else { ExitCode::from(output::USAGE) };
        }
    };
    let ended = match args.command {
        Command::Run(run) => run::run(&run),
        Command::Check(check) => check::check(&check),
        Command::Schema(schema) => schema::print(&schema),
        Command::Pages(pages) => pages::write(&pages),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Told { code, text }) => {
            eprintln!("meshvitals: {text}");
            ExitCode::from(code)
        }
    }
}
