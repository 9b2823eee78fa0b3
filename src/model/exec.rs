//! A program to run, as data.

use core::fmt;

/// A program and its surroundings. Arguments and variables are secret.
#[derive(PartialEq, Eq)]
pub struct ExecSpec {
    /// The absolute path of the program, and its arguments.
    pub command: Box<[Box<str>]>,
    /// The absolute path of the directory in which it runs.
    pub directory: Box<str>,
    /// Its variables, by name in order.
    pub environment: Box<[(Box<str>, Box<str>)]>,
}

impl ExecSpec {
    /// The path of the program.
    pub fn program(&self) -> &str {
        self.command.first().map_or("", |program| program)
    }
}

impl fmt::Debug for ExecSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecSpec").field("program", &self.program()).finish_non_exhaustive()
    }
}
