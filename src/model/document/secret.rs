//! Secrets in documents: written there, in a file, or in a variable of the environment.
//!
//! Three keys stand for one secret: `password`, `password_file` and `password_env`, and so on for
//! other names. At most one of the three is given. No error repeats what stands under the first.

use super::explain::shown;
use super::value::{Given, Text};
use crate::error::Error;
use crate::model::{Secret, Source};

/// The longest secret, path or name of a variable, in bytes.
const LIMIT: usize = 4_095;

/// The secret of three keys, whose first is `name` and stands at `place`.
pub(super) fn secret(
    place: &str,
    name: &str,
    [text, file, variable]: [&Given<Text<'_>>; 3],
) -> Result<Option<Secret>, Error> {
    let at = |ending: &str| format!("{place}/{name}{ending}");
    let given = [(text, ""), (file, "_file"), (variable, "_env")];
    let mut found = given.iter().filter_map(|(key, ending)| Some((&*key.0.as_ref()?.0, *ending)));
    let Some((value, ending)) = found.next() else { return Ok(None) };
    if let Some((_, second)) = found.next() {
        let problem = format!(
            "{name}{ending} is there already; allowed: one of {name}, {name}_file, {name}_env"
        );
        return Err(Error::document(at(second), problem));
    }
    let key = at(ending);
    let fits = matches!(value.len(), 1..=LIMIT) && !value.contains('\0');
    let allowed = format!("1 to {LIMIT} bytes without NUL");
    Ok(Some(match ending {
        "" if !fits => return Err(Error::range(key, "(not shown)", allowed)),
        _ if !fits => return Err(Error::range(key, shown(value), allowed)),
        "" => Secret::given(value, &key),
        "_file" => Secret::new(Source::File(value.into()), &key),
        _ => Secret::new(Source::Environment(value.into()), &key),
    }))
}
