//! The stable numbers of the library by the names that the vectors give them.

use meshvitals::{Code, Kind, Kinds, Mask, Outcome, Reason, Status};
use serde_json::Value;

const KINDS: [(&str, Kind); 9] = [
    ("STATUS", Kind::Status),
    ("CHECK_DUE", Kind::Due),
    ("CHECK_CANCEL", Kind::Cancel),
    ("RESULT", Kind::Result),
    ("REGISTERED", Kind::Registered),
    ("REMOVED", Kind::Removed),
    ("STOPPED", Kind::Stopped),
    ("FORKED", Kind::Forked),
    ("LOG", Kind::Log),
];

const WANTED: [(&str, Kinds); 5] = [
    ("STATUS", Kinds::STATUS),
    ("DUE", Kinds::DUE),
    ("RESULT", Kinds::RESULT),
    ("LIFE", Kinds::LIFE),
    ("LOG", Kinds::LOG),
];

const MASKS: [(&str, Mask); 4] = [
    ("OVERRIDE", Mask::OVERRIDE),
    ("PAUSED", Mask::PAUSED),
    ("BLOCKED", Mask::BLOCKED),
    ("STALE", Mask::STALE),
];

/// Every number with its table and its name.
pub fn all() -> impl Iterator<Item = (&'static str, String, i64)> {
    let row = |table, name: &str, number: i64| (table, name.to_owned(), number);
    let codes = Code::ALL.iter().map(move |&code| ("code", code_name(code), code as i64));
    let statuses = Status::ALL.map(|s| row("status", s.word(), s as i64));
    let outcomes = (0..=255).filter_map(Outcome::from_number);
    let outcomes = outcomes.map(|o| ("outcome", o.word().to_uppercase(), o as i64));
    let reasons = Reason::ALL.iter().map(move |(r, name)| row("reason", name, r.0.into()));
    let first_of_host = row("reason", "FIRST_OF_HOST", Reason::FIRST_OF_HOST.into());
    codes
        .chain(statuses)
        .chain(outcomes)
        .chain(reasons)
        .chain([first_of_host])
        .chain(KINDS.map(|(name, kind)| row("event", name, kind as i64)))
        .chain(WANTED.map(|(name, kinds)| row("kind", name, kinds.0.into())))
        .chain(MASKS.map(|(name, mask)| row("mask", name, mask.0.into())))
}

/// `NotFound` as the vectors write it.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

/// The number of a name.
pub fn number(table: &str, name: &str) -> Result<i64, String> {
    let found = all().find(|(of, known, _)| *of == table && known == name);
    found.map(|(_, _, number)| number).ok_or_else(|| format!("`{name}` is no {table}"))
}

/// The name of a number; the number itself if it has none.
pub fn name(table: &str, number: i64) -> String {
    let found = all().find(|(of, _, known)| *of == table && *known == number);
    found.map_or_else(|| number.to_string(), |(_, name, _)| name)
}

/// Compares a line of `codes.jsonl` with the library's tables.
pub fn replay(case: &Value) -> Result<(), String> {
    let (table, wanted) = (super::text(case, "table"), super::text(case, "name"));
    let number = case["number"].as_i64().expect("a number");
    let short = i32::try_from(number).expect("32 bits");
    let text = match table {
        "code" => Code::from_number(short).map_or(c"unknown code", Code::text),
        "reason" => Reason(short).text(),
        _ => c"",
    };
    let text = text.to_str().expect("UTF-8");
    if case["text"].as_str().unwrap_or_default() != text {
        return Err(format!("the text is `{text}`"));
    }
    if wanted.is_empty() {
        let named = name(table, number);
        return if named == number.to_string() { Ok(()) } else { Err(format!("it is {named}")) };
    }
    match self::number(table, wanted)? {
        known if known == number => Ok(()),
        known => Err(format!("{wanted} is {known}")),
    }
}
