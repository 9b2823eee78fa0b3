//! The probe `exec`: a program and what it is given.
//!
//! Its arguments and variables are secret: passwords are handed over in either. Whether programs
//! may be run at all is not for a check to say, but for the monitor.

use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::explain::{before_value, push_key, shown};
use super::host::{PATH_LIMIT, check_path};
use super::value::{Given, List, Text};
use crate::error::Error;
use crate::model::{ExecSpec, ProbeSpec};

/// The longest arguments, or variables, of one program together, in bytes.
const BYTES_LIMIT: usize = 64 << 10;

/// The most variables.
pub(super) const VARIABLES_LIMIT: usize = 64;

/// Where programs that a program calls by their names are looked for, unless it is told.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs a program, without a shell: status 0 is a pass, 1 a warning, any other a failure. Only in a
/// monitor whose configuration says allow_exec.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "exec", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ExecDoc<'a> {
    /// The absolute path of the program and its arguments, which are secret:
    /// ["/usr/lib/nagios/plugins/check_load", "-w", "4,4,4"].
    #[serde(borrow)]
    command: List<Text<'a>, 256>,
    /// The absolute path of the directory in which it runs. Default: "/".
    #[serde(default)]
    directory: Given<Text<'a>>,
    /// Its variables, at most 64; their values are secret. Nothing of the host program's
    /// environment is handed on. Default: a PATH of the usual directories, also beside others.
    #[serde(default)]
    environment: Given<Variables<'a>>,
}

impl ExecDoc<'_> {
    pub fn probe(&self) -> Result<ProbeSpec, Error> {
        let directory = match &self.directory.0 {
            None => "/".into(),
            Some(Text(path)) => absolute(path, "/exec/directory")?,
        };
        let mut variables = BTreeMap::from([("PATH", USUAL_PATH)]);
        if let Some(given) = &self.environment.0 {
            given.add_to(&mut variables)?;
        }
        let environment = variables.iter().map(|(&name, &value)| (name.into(), value.into()));
        Ok(ProbeSpec::Exec(Arc::new(ExecSpec {
            command: self.command()?,
            directory,
            environment: environment.collect(),
        })))
    }

    fn command(&self) -> Result<Box<[Box<str>]>, Error> {
        let key = "/exec/command";
        let Some((Text(program), arguments)) = self.command.0.split_first() else {
            return Err(Error::range(key, "[]", "the absolute path of a program, and arguments"));
        };
        let program = absolute(program, "/exec/command/0")?;
        let bytes: usize = arguments.iter().map(|Text(text)| text.len() + 1).sum();
        if bytes > BYTES_LIMIT {
            let problem = format!("{bytes} bytes of arguments; allowed: at most {BYTES_LIMIT}");
            return Err(Error::document(key, problem));
        }
        if let Some(index) = arguments.iter().position(|Text(text)| text.contains('\0')) {
            let place = format!("{key}/{}", index + 1);
            return Err(Error::range(place, "(not shown)", "arguments without NUL"));
        }
        let arguments = arguments.iter().map(|Text(text)| (**text).into());
        Ok(std::iter::once(program).chain(arguments).collect())
    }
}

/// An absolute path: a relative one would mean something else after a change of directory, and a
/// bare name whatever comes first in a search.
fn absolute(path: &str, key: &str) -> Result<Box<str>, Error> {
    if !path.starts_with('/') {
        return Err(Error::range(key, shown(path), "absolute paths, which begin with /"));
    }
    check_path(path, PATH_LIMIT, key)
}

/// Variables, in the order of the document.
#[derive(Clone, Debug)]
pub(super) struct Variables<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Variables<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Variables<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of variables")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut variables = Vec::new();
                while let Some(variable) = map.next_entry()? {
                    variables.push(variable);
                }
                Ok(Variables(variables))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl Variables<'_> {
    fn add_to<'a>(&'a self, variables: &mut BTreeMap<&'a str, &'a str>) -> Result<(), Error> {
        let key = "/exec/environment";
        let length = |text: &Cow<'_, str>| text.len() + 1;
        let bytes: usize =
            self.0.iter().map(|(name, value)| length(&name.0) + length(&value.0)).sum();
        if self.0.len() > VARIABLES_LIMIT || bytes > BYTES_LIMIT {
            let problem = format!(
                "{} variables of {bytes} bytes; allowed: at most {VARIABLES_LIMIT} of {BYTES_LIMIT} bytes together",
                self.0.len(),
            );
            return Err(Error::document(key, problem));
        }
        let mut seen: Vec<&str> = Vec::with_capacity(self.0.len());
        for (Text(name), Text(value)) in &self.0 {
            let problem = if name.is_empty() || name.contains(['=', '\0']) {
                "is not the name of a variable; allowed: texts without = and NUL"
            } else if value.contains('\0') {
                "has a value with NUL; allowed: values without"
            } else if seen.contains(&&**name) {
                "stands there twice; allowed: each variable once"
            } else {
                seen.push(name);
                variables.insert(name, value);
                continue;
            };
            let mut place = format!("{key}/");
            push_key(&mut place, before_value(name));
            return Err(Error::document(place, problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::error::Error;
    use crate::model::document::{CheckSpec, Defaults, parse_check};
    use crate::model::{ExecSpec, ProbeSpec};
    use std::sync::Arc;

    fn read(keys: &str) -> Result<CheckSpec, Error> {
        parse_check(&format!(r#"{{"name": "x", "exec": {{{keys}}}}}"#), &Defaults::default())
    }

    #[track_caller]
    fn spec(keys: &str) -> Arc<ExecSpec> {
        let ProbeSpec::Exec(spec) = read(keys).unwrap().probe else { panic!("a program") };
        spec
    }

    #[track_caller]
    fn expect_refused(keys: &str, place: &str, words: &str) {
        let error = read(keys).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.key(), place, "{text}");
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn a_program_has_nothing_but_what_it_is_given_and_a_path() {
        let spec_ = spec(r#""command": ["/bin/x", "-p", "hunter2", ""]"#);
        assert_eq!(*spec_.command, ["/bin/x", "-p", "hunter2", ""].map(Box::from));
        assert_eq!((spec_.program(), &*spec_.directory), ("/bin/x", "/"));
        let [(path, usual)] = &*spec_.environment else { panic!("one variable") };
        assert!(&**path == "PATH" && usual.contains(":/usr/bin:"));
        assert!(!format!("{spec_:?}").contains("hunter2"));
        let given =
            r#""command": ["/x"], "directory": "/tmp", "environment": {"A": "b=c", "PATH": ""}"#;
        let pairs = [("A", "b=c"), ("PATH", "")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!((&*spec(given).environment, &*spec(given).directory), (&pairs[..], "/tmp"));
    }

    #[test]
    fn what_is_wrong_is_named_and_never_what_is_secret() {
        expect_refused("", "/exec/command", "is missing");
        expect_refused(r#""command": []"#, "/exec/command", "the absolute path of a program");
        expect_refused(r#""command": ["sh", "hunter2"]"#, "/exec/command/0", "begin with /");
        expect_refused(r#""command": "hunter2""#, "/exec/command", "an array");
        expect_refused(r#""command": ["/x", "hunter2\u0000"]"#, "/exec/command/1", "without NUL");
        let long = format!(r#""command": ["/x", "{}"]"#, "x".repeat(70_000));
        expect_refused(&long, "/exec/command", "70001 bytes of arguments; allowed: at most 65536");
        let x = r#""command": ["/x"], "#;
        expect_refused(&format!(r#"{x}"directory": "tmp""#), "/exec/directory", "begin with /");
        let environment = |text: &str| format!(r#"{x}"environment": {{{text}}}"#);
        let name = "is not the name of a variable";
        expect_refused(&environment(r#""A=hunter2": """#), "/exec/environment/A", name);
        expect_refused(&environment(r#""": "hunter2""#), "/exec/environment/", name);
        let twice = environment(r#""A": "hunter2", "A": "y""#);
        expect_refused(&twice, "/exec/environment/A", "stands there twice");
        let nul = environment(r#""A": "hunter2\u0000""#);
        expect_refused(&nul, "/exec/environment/A", "values without");
        expect_refused(&environment(r#""A": ["hunter2"]"#), "/exec/environment/A", "a text");
        expect_refused(&environment(r#""A=hunter2": 1"#), "/exec/environment/A", "a text");
    }
}
