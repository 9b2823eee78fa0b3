//! The live table in a terminal: drawn, resized, left as it was found.

use super::support::{BOUND, ended, meshvitals};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

fn pair() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
    grantpt(&ours).expect("granted");
    unlockpt(&ours).expect("unlocked");
    let name = ptsname(&ours, Vec::new()).expect("a name");
    let theirs = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
    (ours, theirs)
}

fn resize(terminal: &OwnedFd, columns: u16) {
    let size = Winsize { ws_row: 30, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("a size");
}

/// What the command writes, as it comes.
struct Output {
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Output {
    fn of(terminal: &OwnedFd) -> Output {
        let mut file = File::from(terminal.try_clone().expect("a copy"));
        let (sender, pieces) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = file.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Output { pieces, seen: String::new() }
    }

    /// Reads until what came since the last call contains all of `parts`.
    #[track_caller]
    fn expect(&mut self, parts: &[&str]) {
        self.seen.clear();
        let mut bytes = Vec::new();
        while !parts.iter().all(|part| self.seen.contains(part)) {
            let Ok(piece) = self.pieces.recv_timeout(BOUND) else {
                panic!("no {parts:?} in {:?}", self.seen);
            };
            bytes.extend(piece);
            self.seen = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

#[test]
fn the_table_is_drawn_follows_the_size_and_gives_the_terminal_back() {
    let (ours, theirs) = pair();
    resize(&ours, 100);
    let before = tcgetattr(&theirs).expect("modes");
    let end = || Stdio::from(theirs.try_clone().expect("a copy"));
    let mut child = meshvitals(&["run"])
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .env("TERM", "xterm")
        .spawn()
        .expect("the command runs");
    let mut output = Output::of(&ours);
    // Alternate screen, hidden cursor, a row with a colour and its value, the footer.
    output.expect(&[
        "\u{1b}[?1049h",
        "\u{1b}[?25l",
        "meshvitals  ",
        "STATUS     NAME",
        "\u{1b}[32mHEALTHY  \u{1b}[0m  system.memory",
        " % of 90 %",
        "q to quit",
    ]);
    let raw = tcgetattr(&theirs).expect("modes");
    assert!(!raw.local_modes.contains(LocalModes::ICANON), "keys come one by one");
    resize(&ours, 16);
    output.expect(&["STATUS     NAME…"]);
    File::from(ours.try_clone().expect("a copy")).write_all(b"q").expect("a key");
    output.expect(&["\u{1b}[?1049l", "\u{1b}[?25h"]);
    assert_eq!(ended(&mut child).code(), Some(0));
    let after = tcgetattr(&theirs).expect("modes");
    assert_eq!(after.local_modes, before.local_modes);
    assert_eq!(after.input_modes, before.input_modes);
}
