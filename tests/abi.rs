//! Holds the C boundary together: the committed header, the sources it is generated from, the
//! symbols of the shared library, and the tables of numbers must say the same.
//!
//! After a change of `src/ffi`, `UPDATE_HEADER=1 cargo test --test abi` rewrites the committed
//! header. The trap: the header is read by shape, so each test insists that it found something.

#[path = "abi/contract.rs"]
mod contract;
#[path = "abi/guard.rs"]
mod guard;
#[path = "abi/header.rs"]
mod header;
#[path = "abi/skeleton.rs"]
mod skeleton;
#[path = "support/mod.rs"]
mod support;

use meshvitals::{Code, Kind, Kinds, Mask, Outcome, Reason, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

const HEADER: &str = "include/meshvitals.h";
const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/meshvitals.h"));

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file of the tests' own.
fn write(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the directory for temporary files can be written");
    path
}

#[track_caller]
fn run(command: Command) -> String {
    support::outcome(command).unwrap_or_else(|report| panic!("{report}"))
}

#[track_caller]
fn tool(name: &str, arguments: &[&str], file: &Path) -> String {
    let mut command = Command::new(name);
    command.args(arguments).arg(file);
    run(command)
}

#[test]
fn the_committed_header_is_the_generated_one() {
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(root().join(HEADER), GENERATED).expect("the header can be written");
    }
    assert!(GENERATED.len() > 10_000, "the build script wrote a header");
    let same = read(HEADER) == GENERATED;
    assert!(same, "{HEADER} is old: UPDATE_HEADER=1 cargo test --test abi rewrites it");
}

const STRICT: &[&str] =
    &["-Wall", "-Wextra", "-Wshadow", "-Wpadded", "-pedantic", "-Werror", "-I", "include"];

#[track_caller]
fn compile(compiler: &str, standard: &str, more: &[&str], file: &Path) {
    let mut command = Command::new(compiler);
    command.current_dir(root()).arg(format!("-std={standard}")).args(STRICT).args(more).arg(file);
    run(command);
}

#[test]
fn the_header_compiles_alone_in_every_standard() {
    let body = "#include \"meshvitals.h\"\nextern meshvitals_result_t something;\n\
                meshvitals_result_t something = MESHVITALS_RESULT_INIT;\n";
    let c = write("alone.c", body);
    for standard in ["c99", "c11", "c17"] {
        compile("cc", standard, &["-fsyntax-only"], &c);
    }
    let cpp = write("alone.cpp", body);
    for standard in ["c++11", "c++17", "c++20"] {
        compile("c++", standard, &["-fsyntax-only"], &cpp);
    }
}

#[test]
fn two_includers_link_also_when_one_is_cpp() {
    let body = "#include \"meshvitals.h\"\n#include \"meshvitals.h\"\n";
    let reads = "(int)meshvitals_cell_status_at(0, 1, 2) + (int)(meshvitals_version() >> 31)";
    let main = format!("{body}int other(void);\nint main(void) {{ return other() + {reads}; }}\n");
    let c = write("one.c", &main);
    let other = format!("{body}extern \"C\" int other(void) {{ return {reads}; }}\n");
    let cpp = write("two.cpp", &other);
    let object = cpp.with_extension("o");
    let object = object.to_string_lossy();
    compile("c++", "c++11", &["-c", "-o", &object], &cpp);
    let program = support::compile(&["cc", "-std=c99", &object], &c.to_string_lossy(), "includers");
    run(Command::new(program));
}

#[test]
fn every_function_says_what_it_returns_and_who_may_call() {
    let functions = header::functions(&read(HEADER));
    assert!(functions.len() >= contract::FUNCTIONS.len());
    for function in functions {
        for word in ["Returns: ", "Threads: ", "Ownership: ", "Since: "] {
            let found = function.comment.contains(word);
            assert!(found, "{} does not say `{word}`\n{}", function.name, function.comment);
        }
    }
}

/// The declaration of a function, from its brackets on.
fn declaration<'a>(header: &'a str, name: &str) -> &'a str {
    // The last place where it stands: the example at the top calls some of them.
    let declared = header.rsplit(&format!("{name}(")).next().unwrap_or_default();
    declared.split(';').next().unwrap_or_default()
}

#[test]
fn every_function_that_takes_a_handle_is_called_in_a_forked_child() {
    let header = read(HEADER);
    let handles = ["meshvitals_monitor_t *m", "meshvitals_subscription_t *s"];
    let takes_one = |name: &str| handles.iter().any(|h| declaration(&header, name).contains(h));
    let functions = header::functions(&header);
    let taking: Vec<_> = functions.iter().filter(|f| takes_one(&f.name)).collect();
    assert!(taking.len() > 25, "functions were found");
    let program = read("tests/c/guest_fork.c");
    for function in taking {
        assert!(program.contains(&format!("{}(", function.name)), "{}", function.name);
    }
}

#[test]
fn every_function_that_takes_a_document_says_how_long_it_may_be() {
    let header = read(HEADER);
    let functions = header::functions(&header);
    let takes_one = |name: &str| declaration(&header, name).contains("_json");
    let taking: Vec<_> = functions.iter().filter(|f| takes_one(&f.name)).collect();
    assert_eq!(taking.len(), 6, "new, register, _many, _callback, replace, probe_once");
    for function in taking {
        assert!(function.comment.contains("at most 64 MiB"), "{}", function.name);
    }
}

#[test]
fn the_library_exports_what_the_header_declares() {
    let header = read(HEADER);
    // Functions that the header defines itself are in no library.
    let inline =
        |name: &str| header.contains(&format!("static inline meshvitals_status_t {name}("));
    let declared: BTreeSet<String> = header::functions(&header)
        .into_iter()
        .map(|function| function.name)
        .filter(|name| !inline(name))
        .collect();
    let listed: BTreeSet<String> =
        read("bindings/c/symbols.txt").lines().map(str::to_owned).collect();
    let library = support::library().join("libmeshvitals.so");
    let exported: BTreeSet<String> = tool("nm", &["-D", "--defined-only"], &library)
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(|name| name.split('@').next().unwrap_or_default().to_owned())
        .collect();
    assert!(declared.len() > 30, "functions were found");
    assert_eq!(declared, listed, "the header, symbols.txt");
    assert_eq!(exported, listed, "the library, symbols.txt");
}

#[test]
fn the_library_has_its_soname_and_stays_when_it_is_closed() {
    let dynamic = tool("readelf", &["-d"], &support::library().join("libmeshvitals.so"));
    assert!(dynamic.contains("[libmeshvitals.so.0]"), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn no_name_that_programs_are_built_on_is_gone() {
    let header = read(HEADER);
    let functions: Vec<String> =
        header::functions(&header).into_iter().map(|function| function.name).collect();
    for name in contract::FUNCTIONS {
        assert!(functions.iter().any(|known| known == name), "{name} is gone");
    }
    let types = header::types(&header);
    for (name, fields) in contract::TYPES {
        let known = types.get(*name).unwrap_or_else(|| panic!("{name} is gone"));
        let kept: Vec<&String> = known.iter().filter(|f| fields.contains(&f.as_str())).collect();
        assert_eq!(kept, fields.to_vec(), "{name}");
    }
    assert_eq!(header::constants(&header, "MESHVITALS_ERROR_"), table(contract::CODES));
}

fn table<N: Copy + Into<i64>>(rows: &[(&str, N)]) -> BTreeMap<String, i64> {
    rows.iter().map(|(name, number)| ((*name).to_owned(), (*number).into())).collect()
}

/// `NotFound` as C writes it.
fn in_capitals(name: &str) -> String {
    let mut capitals = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !capitals.is_empty() {
            capitals.push('_');
        }
        capitals.extend(letter.to_uppercase());
    }
    capitals
}

#[track_caller]
fn expect_constants(prefix: &str, rows: impl IntoIterator<Item = (String, i64)>) {
    let found = header::constants(&read(HEADER), prefix);
    assert!(!found.is_empty(), "{prefix}* was found");
    assert_eq!(found, rows.into_iter().collect(), "the header, the library's own table: {prefix}*");
}

#[test]
fn the_numbers_of_the_header_are_those_of_the_library() {
    let codes = Code::ALL.iter().filter(|code| **code != Code::Ok);
    expect_constants(
        "MESHVITALS_ERROR_",
        codes.map(|code| (in_capitals(&format!("{code:?}")), i64::from(*code as i32))),
    );
    assert_eq!(header::constants(&read(HEADER), "MESHVITALS_OK")[""], i64::from(Code::Ok as i32));
    expect_constants("MESHVITALS_STATUS_", Status::ALL.map(|s| (s.word().to_owned(), s as i64)));
    let outcomes = (-1000..=1000).filter_map(Outcome::from_number);
    expect_constants(
        "MESHVITALS_OUTCOME_",
        outcomes.map(|outcome| (outcome.word().to_uppercase(), outcome as i64)),
    );
    let reasons = Reason::ALL.iter().map(|(reason, name)| ((*name).to_owned(), reason.0.into()));
    let first_of_host = ("FIRST_OF_HOST".to_owned(), Reason::FIRST_OF_HOST.into());
    expect_constants("MESHVITALS_REASON_", reasons.chain([first_of_host]));
}

/// The name of a kind in the header; a new kind does not compile until it has one.
fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Status => "STATUS",
        Kind::Due => "CHECK_DUE",
        Kind::Cancel => "CHECK_CANCEL",
        Kind::Result => "RESULT",
        Kind::Registered => "REGISTERED",
        Kind::Removed => "REMOVED",
        Kind::Stopped => "STOPPED",
        Kind::Forked => "FORKED",
        Kind::Log => "LOG",
    }
}

#[test]
fn the_kinds_and_masks_of_the_header_are_those_of_the_library() {
    let kinds = [
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
    expect_constants("MESHVITALS_EVENT_", kinds.map(|k| (kind_name(k).to_owned(), k as i64)));
    let wanted = table(&[
        ("STATUS", Kinds::STATUS.0),
        ("DUE", Kinds::DUE.0),
        ("RESULT", Kinds::RESULT.0),
        ("LIFE", Kinds::LIFE.0),
        ("LOG", Kinds::LOG.0),
    ]);
    assert_eq!(wanted.values().sum::<i64>(), i64::from(Kinds::ALL.0));
    expect_constants("MESHVITALS_KIND_", wanted);
    expect_constants(
        "MESHVITALS_MASK_",
        table(&[
            ("OVERRIDE", Mask::OVERRIDE.0),
            ("PAUSED", Mask::PAUSED.0),
            ("BLOCKED", Mask::BLOCKED.0),
            ("STALE", Mask::STALE.0),
        ]),
    );
}

#[test]
fn the_version_is_that_of_the_package() {
    let part = |text: &str| text.parse::<i64>().expect("a number");
    let parts = ["MAJOR", "MINOR", "PATCH"].map(str::to_owned);
    let numbers = [
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
    ];
    let version = numbers[0] << 16 | numbers[1] << 8 | numbers[2];
    expect_constants("MESHVITALS_VERSION_", parts.into_iter().zip(numbers));
    assert_eq!(header::constants(&read(HEADER), "MESHVITALS_VERSION")[""], version);
    assert_eq!(i64::from(meshvitals::ffi::life::meshvitals_version()), version);
}
