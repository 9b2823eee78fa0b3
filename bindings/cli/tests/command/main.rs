//! The command as it is used: the real binary, real sockets, a pseudo terminal.

mod check;
mod help;
mod run;
mod support;
mod terminal;
