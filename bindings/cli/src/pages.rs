//! `meshvitals pages`: the manual pages and the completions of shells, made from the arguments.
//!
//! Not shown in the help: `make install` and packagers call it once.

use crate::args::{Args, PagesArgs};
use crate::output::Failure;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::fs;
use std::io;
use std::path::Path;

/// Where shells look for completions, below the data directory.
const COMPLETIONS: &[(Shell, &str, &str)] = &[
    (Shell::Bash, "bash-completion/completions", "meshvitals"),
    (Shell::Fish, "fish/vendor_completions.d", "meshvitals.fish"),
    (Shell::Zsh, "zsh/site-functions", "_meshvitals"),
];

/// Writes everything below the directory.
pub fn write(args: &PagesArgs) -> Result<u8, Failure> {
    all(&args.directory)
        .map_err(|error| Failure::internal(format!("{}: {error}", args.directory.display())))?;
    Ok(0)
}

/// The command as the help shows it. Completions would offer what is hidden, too.
fn shown() -> Command {
    let all = Args::command();
    let subcommands = all.get_subcommands().filter(|one| !one.is_hide_set());
    Command::new("meshvitals")
        .about(all.get_about().cloned().unwrap_or_default())
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(subcommands.cloned())
}

fn all(directory: &Path) -> io::Result<()> {
    for (shell, place, name) in COMPLETIONS {
        let place = directory.join(place);
        fs::create_dir_all(&place)?;
        let mut text = Vec::new();
        clap_complete::generate(*shell, &mut shown(), "meshvitals", &mut text);
        fs::write(place.join(name), text)?;
    }
    let pages = directory.join("man/man1");
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(shown(), pages)
}
