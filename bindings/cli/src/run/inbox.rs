//! What reaches the main loop: events of the monitor, signals, keys.
//!
//! Each source has a thread that waits for it and sends it on; the threads end with the process.

use crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};
use meshvitals::{Event, Subscription};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

/// Something that happened.
pub enum Message {
    /// The monitor has news.
    Events(Vec<Event>),
    /// The terminal has another size.
    Resized,
    /// Whoever watches wants to end.
    End,
}

/// Events that are taken at once.
const PORTION: usize = 256;

/// Sends on the events of a subscription until its monitor stops.
pub fn events(subscription: Arc<Subscription>, sender: Sender<Message>) -> io::Result<()> {
    spawn("events", move || {
        while let Ok(events) = subscription.poll(PORTION, None) {
            if !events.is_empty() && sender.send(Message::Events(events)).is_err() {
                return;
            }
        }
        let _ = sender.send(Message::End);
    })
}

/// Sends on that a signal asks for the end.
pub fn signals(sender: Sender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    spawn("signals", move || {
        for _ in signals.forever() {
            if sender.send(Message::End).is_err() {
                return;
            }
        }
    })
}

/// Sends on the keys that mean something, and changes of size.
pub fn keys(sender: Sender<Message>) -> io::Result<()> {
    spawn("keys", move || {
        // An error means that there is no terminal any more; signals still end the command.
        while let Ok(event) = event::read() {
            let message = match event {
                event::Event::Resize(..) => Message::Resized,
                event::Event::Key(key) if key.kind == KeyEventKind::Press => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    match key.code {
                        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Message::End,
                        KeyCode::Char('c' | 'd') if control => Message::End,
                        KeyCode::Char('l') if control => Message::Resized,
                        _ => continue,
                    }
                }
                _ => continue,
            };
            if sender.send(message).is_err() {
                return;
            }
        }
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}
