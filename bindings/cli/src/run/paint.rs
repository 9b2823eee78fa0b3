//! Lines with tones, and how they look in a terminal.
//!
//! What draws speaks of tones; only this file knows colours.

use meshvitals::Status;

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Faint,
    Accent,
    Good,
    Warn,
    Bad,
}

/// Pieces of text, each with its tone.
pub type Line = Vec<(Tone, String)>;

/// The tone of a status.
pub fn tone(status: Status) -> Tone {
    match status {
        Status::Unknown => Tone::Faint,
        Status::Healthy => Tone::Good,
        Status::Degraded => Tone::Warn,
        Status::Unhealthy => Tone::Bad,
    }
}

/// The line as text, with the escape sequences of its tones if there are colours.
pub fn ansi(line: &Line, colour: bool) -> String {
    let mut text = String::new();
    for (tone, piece) in line {
        let code = match tone {
            Tone::Plain => "",
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Accent => "36",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "1;31",
        };
        if colour && !code.is_empty() {
            text.push_str(&format!("\u{1b}[{code}m{piece}\u{1b}[0m"));
        } else {
            text.push_str(piece);
        }
    }
    // Cells are filled with spaces; the last one need not be.
    text.truncate(text.trim_end_matches(' ').len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_only_the_text_is_left() {
        let line = vec![(Tone::Bad, "DOWN".to_owned()), (Tone::Plain, " a  ".to_owned())];
        assert_eq!(ansi(&line, false), "DOWN a");
        assert_eq!(ansi(&line, true), "\u{1b}[1;31mDOWN\u{1b}[0m a");
    }
}
