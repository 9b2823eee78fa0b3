//! The terminal: taken over with care, and given back whatever happens.
//!
//! The table is drawn on the alternate screen, so that leaving shows what was there before. The
//! trap is a panic: its message would vanish with the alternate screen, so the screen is given
//! back before it is written.

use super::paint::{Line, ansi};
use super::table::Room;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};
use std::io::{self, IsTerminal, Write};
use std::panic;

/// The terminal while it is ours.
pub struct Screen {
    colour: bool,
    /// Whether keys can be read.
    pub keys: bool,
}

impl Screen {
    /// Takes the terminal.
    pub fn take(colour: bool) -> io::Result<Screen> {
        let keys = io::stdin().is_terminal() && enable_raw_mode().is_ok();
        // Made first, so that what fails half-way is given back too.
        let screen = Screen { colour, keys };
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            usual(panic);
        }));
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(screen)
    }

    /// The room that there is now.
    pub fn room(&self) -> Room {
        let (columns, rows) = size().unwrap_or((80, 24));
        // Some terminals that are none say that they have no size.
        let or = |size: u16, usual| if size == 0 { usual } else { usize::from(size) };
        Room { columns: or(columns, 80), rows: Some(or(rows, 24)) }
    }

    /// Shows these lines and nothing else.
    pub fn show(&self, lines: &[Line]) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        queue!(out, BeginSynchronizedUpdate, MoveTo(0, 0))?;
        for (row, line) in lines.iter().enumerate() {
            queue!(out, MoveTo(0, row.try_into().unwrap_or(u16::MAX)))?;
            write!(out, "{}", ansi(line, self.colour))?;
            queue!(out, Clear(ClearType::UntilNewLine))?;
        }
        if lines.len() < self.room().rows.unwrap_or(0) {
            queue!(out, MoveTo(0, lines.len().try_into().unwrap_or(u16::MAX)))?;
            queue!(out, Clear(ClearType::FromCursorDown))?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// The terminal as it was; harmless when repeated.
fn give_back() {
    let _ = execute!(io::stdout(), EnableLineWrap, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
