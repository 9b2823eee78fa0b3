//! `meshvitals run`: watches until told to stop, or once.
//!
//! One loop waits for the next message or the next beat. At a beat ports are searched for, ages
//! are drawn anew, and a reader that went away is noticed.

mod inbox;
mod lines;
pub mod paint;
mod screen;
mod session;

mod table;

use crate::args::RunArgs;
use crate::closed;
use crate::config::{self, Plan};
use crate::output::{self, Failure};
use crate::words;
use inbox::Message;
use meshvitals::model::Status;
use meshvitals::{Kind, Kinds, time};
use paint::{Line, Tone, ansi, tone};
use screen::Screen;
use session::{News, Session};
use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use table::{Room, Scene, draw};

/// Between two beats.
const BEAT: Duration = Duration::from_secs(1);
/// Beats between two searches for ports.
const SEARCH: u32 = 2;
/// Events that the table remembers.
const MEMORY: usize = 64;

/// Runs the command.
pub fn run(args: &RunArgs) -> Result<u8, Failure> {
    let plan = config::plan(args)?;
    if args.once {
        return once(args, &plan);
    }
    if closed::was_closed() {
        let text = "stdout: it is closed, so nobody would hear of anything; with --once the exit \
                    code answers alone";
        return Err(Failure::internal(text));
    }
    let no_room = |error: io::Error| Failure::internal(format!("cannot start: {error}"));
    let (sender, messages) = channel();
    // Before anything runs, so that no signal finds the command half-way.
    inbox::signals(sender.clone()).map_err(no_room)?;
    let mut session = Session::start(&plan, Kinds::STATUS.and(Kinds::LIFE))?;
    let mut face = Face::open(args, &session)?;
    inbox::events(session.subscription.clone(), sender.clone()).map_err(no_room)?;
    if face.reads_keys() {
        inbox::keys(sender).map_err(no_room)?;
    }
    let mut next = time::monotonic().after(BEAT.as_nanos() as u64);
    for beat in 1_u32.. {
        loop {
            let left = Duration::from_nanos(next.since(time::monotonic()));
            match messages.recv_timeout(left) {
                Ok(Message::Events(events)) => {
                    let news = events.iter().filter_map(|event| session.news(event)).collect();
                    face.hear(&session, news)?;
                }
                Ok(Message::Resized) => face.beat(&session)?,
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        // From now on, not from the last beat: a machine that slept has no beats to make up for.
        next = time::monotonic().after(BEAT.as_nanos() as u64);
        if beat.is_multiple_of(SEARCH) {
            session.find_ports()?;
        }
        face.beat(&session)?;
    }
    Ok(0)
}

/// Waits for every status, prints the report, and answers with the code of the whole.
fn once(args: &RunArgs, plan: &Plan) -> Result<u8, Failure> {
    let session = Session::start(plan, Kinds::STATUS.and(Kinds::RESULT))?;
    session.settle(plan.patience)?;
    // One look gives both the report and the code, which else could contradict each other.
    let json = session.monitor.render("json")?;
    let overall = overall_of(&json);
    let report = if args.json {
        json
    } else {
        let colour = output::colours(args.no_color);
        let columns = match crossterm::terminal::size() {
            Ok((columns, _)) if columns > 0 && io::stdout().is_terminal() => columns.into(),
            _ => 160,
        };
        let room = Room { columns, rows: None };
        let drawn = picture(&session, overall, &[], None, room);
        drawn.iter().map(|line| ansi(line, colour)).collect::<Vec<_>>().join("\n")
    };
    output::last(&report)?;
    Ok(match overall {
        Status::Healthy => 0,
        Status::Degraded => 1,
        Status::Unhealthy => 2,
        Status::Unknown => 3,
    })
}

/// The overall status of a report.
fn overall_of(json: &str) -> Status {
    let report: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let word = report["status"].as_str().unwrap_or_default();
    let known = Status::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(word));
    known.unwrap_or_default()
}

fn picture(
    session: &Session,
    overall: Status,
    events: &[Line],
    footer: Option<&str>,
    room: Room,
) -> Vec<Line> {
    let checks = session.checks();
    let scene = Scene { overall, unix_ms: time::unix_ms(), checks: &checks, events, footer };
    draw(&scene, room)
}

/// Where news goes.
enum Face {
    /// One line an event.
    Lines { json: bool },
    /// The live table.
    Table { screen: Screen, events: Vec<Line> },
}

impl Face {
    fn open(args: &RunArgs, session: &Session) -> Result<Face, Failure> {
        if args.json || !io::stdout().is_terminal() {
            output::line(&lines::opening(session, args.json))?;
            return Ok(Face::Lines { json: args.json });
        }
        let screen = Screen::take(output::colours(args.no_color))?;
        let mut face = Face::Table { screen, events: Vec::new() };
        face.beat(session)?;
        Ok(face)
    }

    fn reads_keys(&self) -> bool {
        matches!(self, Face::Table { screen, .. } if screen.keys)
    }

    fn hear(&mut self, session: &Session, news: Vec<News>) -> Result<(), Failure> {
        match self {
            Face::Lines { json } => {
                for news in &news {
                    output::line(&lines::event(news, *json))?;
                }
                Ok(())
            }
            Face::Table { events, .. } => {
                events.extend(news.iter().map(mention));
                let old = events.len().saturating_sub(MEMORY);
                events.drain(..old);
                self.beat(session)
            }
        }
    }

    fn beat(&mut self, session: &Session) -> Result<(), Failure> {
        match self {
            Face::Lines { .. } if output::is_closed() => Err(Failure::Closed),
            Face::Lines { .. } => Ok(()),
            Face::Table { screen, events } => {
                let footer = if screen.keys { "q to quit" } else { "Ctrl-C to quit" };
                let overall = session.monitor.overall();
                screen.show(&picture(session, overall, events, Some(footer), screen.room()))?;
                Ok(())
            }
        }
    }
}

/// An event as a line below the table.
fn mention(news: &News) -> Line {
    let date = words::date(news.unix_ms);
    // The day is known to whoever looks at a live table.
    let clock = date.split(['T', 'Z']).nth(1).unwrap_or_default();
    let name = words::clean(&news.name);
    let clock = (Tone::Faint, format!("{clock}  "));
    if news.kind == Kind::Registered {
        return vec![clock, (Tone::Plain, format!("{:<9}  {name}", "added"))];
    }
    let why = lines::why(news);
    let rest = format!("{name} (was {})", news.previous);
    let group = if news.is_group { "  group " } else { "  " };
    let status = (tone(news.status), format!("{:<9}", news.status.word()));
    let mut line = vec![clock, status, (Tone::Faint, group.to_owned()), (Tone::Plain, rest)];
    if !why.is_empty() {
        line.push((Tone::Faint, format!("  {why}")));
    }
    line
}
