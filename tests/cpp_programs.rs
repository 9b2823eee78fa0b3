//! The C++ binding: its headers compile alone and in every way that they promise, they leave
//! nothing of the C interface out, and the programs of `tests/cpp` hold.
//!
//! Each program is compiled twice, with exceptions and without, and checks itself. The programs
//! that find memory errors run under the sanitizers and valgrind as the C programs do.

#[path = "support/mod.rs"]
mod support;
#[path = "support/vectors.rs"]
mod vectors;

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{compile, outcome};

const STRICT: &[&str] = &["-pedantic", "-Wshadow", "-Wconversion", "-Wold-style-cast"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn binding() -> String {
    root().join("bindings/cpp").display().to_string()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The headers of the binding with their texts, the one that includes all of them last.
fn headers() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join("bindings/cpp/meshvitals")).expect("the headers");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> =
        names.map(|name| format!("meshvitals/{}", name.to_str().expect("UTF-8"))).collect();
    names.sort();
    names.push("meshvitals.hpp".to_owned());
    assert!(names.len() > 10, "the headers were found");
    names.into_iter().map(|name| (name.clone(), read(&format!("bindings/cpp/{name}")))).collect()
}

/// Compiles a program of `tests/cpp` and runs it.
#[track_caller]
fn run_with(flags: &[&str], source: &str, program: &str, arguments: &[&str]) {
    if let Err(report) = outcome(command(flags, source, program, arguments)) {
        panic!("{report}");
    }
}

#[track_caller]
fn command(flags: &[&str], source: &str, program: &str, arguments: &[&str]) -> Command {
    let program = build(flags, source, program);
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

#[track_caller]
fn build(flags: &[&str], source: &str, program: &str) -> PathBuf {
    let binding = binding();
    let compiler = [&["c++", "-I", &binding][..], flags].concat();
    let source = root().join("tests/cpp").join(source);
    compile(&compiler, source.to_str().expect("UTF-8"), program)
}

const THROWING: &[&str] = &["-std=c++17", "-pedantic", "-Wshadow"];
const RETURNING: &[&str] = &["-std=c++20", "-pedantic", "-Wshadow", "-fno-exceptions", "-fno-rtti"];

/// Runs a program with exceptions and without.
#[track_caller]
fn run(name: &str, arguments: &[&str]) {
    let source = format!("{name}.cpp");
    run_with(THROWING, &source, &format!("{name}_throwing"), arguments);
    run_with(RETURNING, &source, &format!("{name}_returning"), arguments);
}

#[test]
fn builders_write_documents_that_the_library_takes() {
    run("documents", &[]);
}

#[test]
fn callables_of_every_shape_are_checks_and_are_destroyed_once() {
    run("callbacks", &[]);
}

#[test]
fn a_program_that_moves_the_clock_sees_exact_statuses_and_events() {
    run("manual", &[]);
}

#[test]
fn handles_own_what_they_hold_and_outlive_what_they_name() {
    run("handles", &[]);
}

#[test]
fn eight_threads_share_a_monitor() {
    run("threads", &["60"]);
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let files = vectors::files();
    run("conformance", &files.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_runner_that_ran_no_vector_fails_and_so_does_a_file_that_nobody_knows() {
    for (file, says) in [("events.jsonl", "no case ran"), ("new.jsonl", "nobody replays it")] {
        let empty = vectors::empty(file);
        let command = command(THROWING, "conformance.cpp", "conformance_of_nothing", &[&empty]);
        let report = outcome(command).expect_err("nothing ran");
        assert!(report.contains(says), "{report}");
    }
}

const SANITIZED: &[&str] =
    &["-std=c++17", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1"];

#[test]
fn callables_handles_and_threads_are_clean_under_the_sanitizers() {
    run_with(SANITIZED, "callbacks.cpp", "callbacks_sanitized", &[]);
    run_with(SANITIZED, "handles.cpp", "handles_sanitized", &[]);
    run_with(SANITIZED, "threads.cpp", "threads_sanitized", &["20"]);
}

#[test]
fn callables_handles_and_threads_lose_no_memory() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        let note = "skipped: valgrind is not installed";
        writeln!(std::io::stderr(), "{note}").expect("the reason can be told");
        return;
    }
    for (name, arguments) in [("callbacks", &[][..]), ("handles", &[]), ("threads", &["2"])] {
        let source = format!("{name}.cpp");
        let program = build(THROWING, &source, &format!("{name}_valgrind"));
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--quiet", "--error-exitcode=99", "--leak-check=full"])
            .args(["--errors-for-leak-kinds=definite", "--show-leak-kinds=definite"])
            // Threads that only read must not keep those that work from their turn.
            .arg("--fair-sched=yes")
            .arg(program)
            .args(arguments);
        if let Err(report) = outcome(valgrind) {
            panic!("{report}");
        }
    }
}

/// Compiles a text with every compiler that is there, and does not link it.
#[track_caller]
fn expect_compiles(name: &str, text: &str, flags: &[&str]) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).expect("the directory for temporary files can be written");
    let mut ran = 0;
    for compiler in ["g++", "clang++"] {
        if Command::new(compiler).arg("--version").output().is_err() {
            continue;
        }
        let mut command = Command::new(compiler);
        command
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-Werror"])
            .args(STRICT)
            .args(flags)
            .args(["-I", &binding(), "-I"])
            .arg(root().join("include"))
            .arg(&file);
        if let Err(report) = outcome(command) {
            panic!("{name} {flags:?}: {report}");
        }
        ran += 1;
    }
    assert!(ran > 0, "there is g++ or clang++");
}

#[test]
fn every_header_compiles_alone() {
    for (name, _) in headers() {
        let text = format!("#include \"{name}\"\n#include \"{name}\"\n");
        // Not the header's own name, which would be found instead of it.
        expect_compiles(&name.replace(['/', '.'], "_alone_"), &text, &["-std=c++17", "-x", "c++"]);
    }
}

#[test]
fn the_headers_compile_in_every_standard_and_choice() {
    let text = "#include \"meshvitals.hpp\"\nint main() { return MESHVITALS_EXCEPTIONS; }\n";
    for standard in ["-std=c++17", "-std=c++20", "-std=gnu++17"] {
        expect_compiles("choice_default.cpp", text, &[standard]);
        expect_compiles("choice_none.cpp", text, &[standard, "-fno-exceptions", "-fno-rtti"]);
        expect_compiles("choice_macro.cpp", text, &[standard, "-DMESHVITALS_EXCEPTIONS=0"]);
    }
}

#[test]
fn files_that_chose_differently_are_one_program() {
    let other = "#include \"meshvitals.hpp\"\n\
        int other() { auto monitor = meshvitals::Monitor::make(\"[]\");\n\
        return monitor ? 1 : static_cast<int>(monitor.error().code()); }\n";
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other_choice.cpp");
    std::fs::write(&file, other).expect("the directory for temporary files can be written");
    let object = file.with_extension("o");
    let mut command = Command::new("c++");
    command
        .args(["-std=c++17", "-c", "-fno-exceptions", "-I", &binding(), "-I"])
        .arg(root().join("include"))
        .args([Path::new("-o"), &object, &file]);
    outcome(command).expect("it compiles");
    let main = "#include \"meshvitals.hpp\"\nint other();\nint main() {\n\
        try { meshvitals::Monitor monitor(\"[]\"); } catch (const meshvitals::Error& error) {\n\
        return other() == static_cast<int>(error.code()) && other() < 0 ? 0 : 1; }\nreturn 2; }\n";
    let file = file.with_file_name("two_choices.cpp");
    std::fs::write(&file, main).expect("the directory for temporary files can be written");
    let flags = ["c++", "-std=c++17", "-I", &binding(), object.to_str().expect("UTF-8")];
    let program = compile(&flags, file.to_str().expect("UTF-8"), "two_choices");
    if let Err(report) = outcome(Command::new(program)) {
        panic!("{report}");
    }
}

/// A callable's type may be shared by files with and without exceptions; its throw is caught.
#[test]
fn a_file_without_exceptions_does_not_take_them_from_others() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let write = |name: &str, text: &str| {
        std::fs::write(dir.join(name), text).expect("the directory for temporary files");
    };
    write(
        "thrower.h",
        "#include \"meshvitals.hpp\"\nstruct Thrower { bool throws; bool operator()();\n};\n\
         static int outcome_of(bool throws) { namespace mv = meshvitals;\n\
         auto monitor = mv::Monitor::make(\"{\\\"clock\\\": \\\"manual\\\"}\");\n\
         if (!monitor) return -1;\n\
         auto check = monitor->register_callback(mv::CheckDocument(\"a\", mv::Callback{})\n\
         .initial_delay(std::chrono::seconds(0)).first_result_decides(\"any\"), Thrower{throws});\n\
         if (!check || !monitor->advance(mv::Time())) return -2;\n\
         return static_cast<int>(check->status()); }\n",
    );
    write(
        "thrower_without.cpp",
        "#include \"thrower.h\"\nint without() { return outcome_of(false); }\n",
    );
    write(
        "thrower.cpp",
        "#include \"thrower.h\"\nint without();\n\
         bool Thrower::operator()() { if (throws) throw 7; return true; }\n\
         int main() { return without() == 1 && outcome_of(true) != 1 ? 0 : 1; }\n",
    );
    let object = dir.join("thrower_without.o");
    let mut command = Command::new("c++");
    command
        .args(["-std=c++17", "-c", "-fno-exceptions", "-I", &binding(), "-I"])
        .arg(root().join("include"))
        .args([Path::new("-o"), &object, &dir.join("thrower_without.cpp")]);
    outcome(command).expect("it compiles");
    // First, so that what both define is taken from the file without exceptions.
    let object = object.to_str().expect("UTF-8");
    let flags = ["c++", "-std=c++17", "-DMESHVITALS_EXCEPTIONS=0", "-I", &binding(), object];
    let main = dir.join("thrower.cpp");
    let program = compile(&flags, main.to_str().expect("UTF-8"), "two_kinds_of_files");
    if let Err(report) = outcome(Command::new(program)) {
        panic!("{report}");
    }
}

/// The words of a text that begin with a prefix.
fn words<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !letters(c)).filter(|word| word.starts_with(prefix)).collect()
}

#[test]
fn nothing_of_the_c_interface_is_left_out() {
    let c = read("include/meshvitals.h");
    let cpp: String = headers().into_iter().map(|(_, text)| text).collect();
    let known = words(&cpp, "MESHVITALS_");
    let defined = c.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    // Numbers; what fills a struct in C is a constructor in C++.
    let numbers = defined.filter(|(_, value)| value.parse::<i64>().is_ok());
    let constants: Vec<&str> = numbers.map(|(name, _)| name).collect();
    assert!(constants.len() > 100, "the constants were found");
    for name in constants.into_iter().filter(|name| !name.starts_with("MESHVITALS_VERSION")) {
        assert!(known.contains(name), "{name} is in no header of the C++ binding");
    }
    let called = words(&cpp, "meshvitals_");
    let symbols = read("bindings/c/symbols.txt");
    assert!(symbols.lines().count() > 30, "the functions were found");
    for name in symbols.lines() {
        // The number beside MESHVITALS_VERSION needs no wrapping; what is not built has no shape.
        let left_out = ["meshvitals_version", "meshvitals_report_traffic"].contains(&name);
        // A status is read from its cell.
        let inlined = name == "meshvitals_status";
        assert_ne!(called.contains(name), left_out || inlined, "{name}");
    }
    assert!(c.contains("own requests. Not built yet."), "report_traffic can be wrapped now");
}

#[test]
fn every_key_of_the_documents_can_be_built() {
    let schema: Value = serde_json::from_str(&read("docs/schema.json")).expect("JSON");
    let builders = ["database", "document", "messaging", "parts", "probe", "service", "tls"]
        .map(|name| read(&format!("bindings/cpp/meshvitals/{name}.hpp")))
        .concat();
    let definitions = schema["$defs"].as_object().expect("definitions");
    let mut count = 0;
    for (definition, meaning) in definitions {
        for key in meaning["properties"].as_object().into_iter().flat_map(|keys| keys.keys()) {
            let written = builders.contains(&format!("\"{key}\""));
            assert!(written, "no builder writes {key} of {definition}");
            count += 1;
        }
    }
    assert!(count > 60, "the keys were found");
}
