//! The library's tables of stable numbers, and the Python enumerations that are made of them.
//!
//! `meshvitals._tables` makes the enumerations, so that they are ordinary Python ones; here are
//! their members for the way back. No number is written down twice.

use meshvitals::{Code, Kind, Kinds, Mask, Outcome, Reason, Status};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

/// Rows of a table: the name of a member and its number.
type Rows = Vec<(String, i64)>;

/// Every kind of event.
const KINDS_OF_EVENTS: [Kind; 9] = [
    Kind::Status,
    Kind::Due,
    Kind::Cancel,
    Kind::Result,
    Kind::Registered,
    Kind::Removed,
    Kind::Stopped,
    Kind::Forked,
    Kind::Log,
];

/// Every bit of a subscription's mask, and all of them.
const MASKS_OF_EVENTS: [(&str, Kinds); 6] = [
    ("STATUS", Kinds::STATUS),
    ("DUE", Kinds::DUE),
    ("RESULT", Kinds::RESULT),
    ("LIFE", Kinds::LIFE),
    ("LOG", Kinds::LOG),
    ("ALL", Kinds::ALL),
];

/// What may lie over a measured status.
const MASKS_OF_STATUS: [(&str, Mask); 4] = [
    ("OVERRIDE", Mask::OVERRIDE),
    ("PAUSED", Mask::PAUSED),
    ("BLOCKED", Mask::BLOCKED),
    ("STALE", Mask::STALE),
];

/// `NotFound` as `NOT_FOUND`.
fn in_capitals(name: &str) -> String {
    let mut capitals = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !capitals.is_empty() {
            capitals.push('_');
        }
        capitals.push(letter.to_ascii_uppercase());
    }
    capitals
}

/// Puts the tables into the module.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let rows = |table: Vec<(String, i64)>| -> Rows { table };
    let statuses = Status::ALL.map(|status| (status.word().to_owned(), status as i64));
    module.add("STATUS", rows(statuses.into()))?;
    let outcomes = (1..).map_while(Outcome::from_number);
    let outcomes = outcomes.map(|outcome| (outcome.word().to_uppercase(), outcome as i64));
    module.add("OUTCOME", rows(outcomes.collect()))?;
    let codes = Code::ALL.iter().map(|&code| (in_capitals(&format!("{code:?}")), code as i64));
    module.add("CODE", rows(codes.collect()))?;
    let reasons = Reason::ALL.iter().map(|&(reason, name)| (name.to_owned(), reason.0.into()));
    module.add("REASON", rows(reasons.collect()))?;
    let kinds = KINDS_OF_EVENTS.map(|kind| (in_capitals(&format!("{kind:?}")), kind as i64));
    module.add("KIND", rows(kinds.into()))?;
    let kinds = MASKS_OF_EVENTS.map(|(name, mask)| (name.to_owned(), mask.0.into()));
    module.add("KINDS", rows(kinds.into()))?;
    let masks = MASKS_OF_STATUS.map(|(name, mask)| (name.to_owned(), mask.0.into()));
    module.add("MASK", rows(masks.into()))?;
    module.add("FIRST_REASON_OF_HOST", Reason::FIRST_OF_HOST)
}

/// The sentence of a reason.
#[pyfunction]
pub fn reason_text(reason: i32) -> String {
    Reason(reason).to_string()
}

/// The sentence of a code; none for a number that is not one.
#[pyfunction]
pub fn code_text(code: i32) -> Option<String> {
    Code::from_number(code).map(|code| code.text().to_string_lossy().into_owned())
}

/// A result's reason from its number.
pub fn reason(number: i32) -> Result<Reason, meshvitals::Error> {
    let known = Reason::ALL.iter().any(|&(reason, _)| reason.0 == number);
    if known || number >= Reason::FIRST_OF_HOST {
        return Ok(Reason(number));
    }
    let allowed = format!("a reason of the library, or {} and above", Reason::FIRST_OF_HOST);
    Err(meshvitals::Error::range("reason", number, allowed))
}

/// The four members of `Status`, in the order of their numbers: made once, so that reading a
/// status makes nothing.
static STATUSES: PyOnceLock<[Py<PyAny>; 4]> = PyOnceLock::new();

/// The member of a status.
pub fn status(py: Python<'_>, status: Status) -> PyResult<&Py<PyAny>> {
    let members = match STATUSES.get(py) {
        Some(members) => members,
        None => statuses(py)?,
    };
    Ok(&members[status as usize])
}

#[cold]
fn statuses(py: Python<'_>) -> PyResult<&[Py<PyAny>; 4]> {
    STATUSES.get_or_try_init(py, || {
        let class = py.import("meshvitals._tables")?.getattr("Status")?;
        let [unknown, healthy, degraded, unhealthy] =
            Status::ALL.map(|status| class.call1((status as i64,)).map(Bound::unbind));
        Ok([unknown?, healthy?, degraded?, unhealthy?])
    })
}

/// Makes a function that finds the member of a number in an enumeration of `meshvitals._tables`.
macro_rules! members {
    ($($(#[$doc:meta])* $function:ident: $class:literal;)+) => {$(
        $(#[$doc])*
        pub fn $function(py: Python<'_>, number: i64) -> PyResult<Py<PyAny>> {
            static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            let class = CLASS.import(py, "meshvitals._tables", $class)?;
            member(class, number)
        }
    )+};
}

/// Fetches what is kept here.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    status(py, Status::Unknown)?;
    outcome(py, Outcome::Pass as i64)?;
    reason_member(py, Reason::NONE.0.into())?;
    kind(py, Kind::Status as i64)?;
    mask(py, Mask::PAUSED.0.into())?;
    code(py, Code::Panic as i64).map(drop)
}

/// The member of a number. Those that are there are found without calling the class, which would
/// run code of Python: see `errors`.
fn member(class: &Bound<'_, PyType>, number: i64) -> PyResult<Py<PyAny>> {
    // Interned: the interpreter's cache of attributes keeps each other name it is asked with.
    let py = class.py();
    let known = class
        .getattr(intern!(py, "_value2member_map_"))?
        .cast_into::<PyDict>()?
        .get_item(number)?;
    Ok(known.map_or_else(|| class.call1((number,)), Ok)?.unbind())
}

members! {
    /// The member of `Code`.
    code: "Code";
    /// The member of `Outcome`.
    outcome: "Outcome";
    /// The member of `Reason`; numbers of the host have members too.
    reason_member: "Reason";
    /// The member of `Kind`.
    kind: "Kind";
    /// The member of `Mask`.
    mask: "Mask";
}
