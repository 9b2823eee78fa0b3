//! Programs of others: they know the prefix, and nothing of this tree.

use crate::support::{Prefix, VERSION, outcome, run, tool};
use std::fs;
use std::process::Command;

/// What a program in C does: the library that it was linked with is the one of its header, and
/// works.
const C: &str = r#"
#include <meshvitals.h>
int main(void) {
    meshvitals_monitor_t *monitor = 0;
    meshvitals_check_id_t id = 0;
    int good = meshvitals_version() == MESHVITALS_VERSION &&
               meshvitals_monitor_new("{\"clock\": \"manual\"}", &monitor, 0) == 0 &&
               meshvitals_register(monitor, "{\"name\": \"a\", \"external\": {}}", &id, 0) == 0 &&
               meshvitals_cell_status(meshvitals_cell(monitor, id), id) == 0;
    meshvitals_monitor_free(monitor);
    return !good;
}
"#;

const CPP: &str = r#"
#include <meshvitals.hpp>
int main() {
    namespace mv = meshvitals;
    mv::Monitor monitor(mv::MonitorDocument{}.clock("manual"));
    const mv::Check check = monitor.register_check(mv::CheckDocument("a", mv::External{}));
    return check.status() == mv::Status::unknown ? 0 : 1;
}
"#;

/// A program that is linked with the shared library says so.
fn needs_the_shared_library(program: &str) -> bool {
    run("readelf", &["-d", program], &[]).contains("[libmeshvitals.so.0]")
}

fn write(prefix: &Prefix, name: &str, text: &str) -> String {
    let path = prefix.below(name);
    let directory = std::path::Path::new(&path).parent().expect("it lies below");
    fs::create_dir_all(directory).expect("the prefix can be written");
    fs::write(&path, text).expect("the prefix can be written");
    path
}

#[test]
fn pkg_config_links_shared_and_static() {
    let prefix = Prefix::installed("pkg-config", &[]);
    let Some(pkg_config) = tool("pkg-config", "apt-get install pkg-config") else { return };
    let lib = prefix.below("lib");
    let path = prefix.below("lib/pkgconfig");
    let asks = |arguments: &[&str]| {
        run(pkg_config, arguments, &[("PKG_CONFIG_PATH", &path)]).trim().to_owned()
    };
    assert_eq!(asks(&["--modversion", "meshvitals"]), VERSION);
    for (compiler, name, text) in [("cc", "main.c", C), ("c++", "main.cpp", CPP)] {
        let source = write(&prefix, name, text);
        for (package, shared) in [("meshvitals", true), ("meshvitals-static", false)] {
            let program = prefix.below(&format!("{name}-{package}"));
            let flags = asks(&["--cflags", "--libs", package]);
            let mut arguments = vec!["-Wall", "-Werror", &source, "-o", &program];
            arguments.extend(flags.split_whitespace());
            run(compiler, &arguments, &[]);
            assert_eq!(needs_the_shared_library(&program), shared, "{program}");
            let place = if shared { lib.as_str() } else { "/nowhere" };
            run(&program, &[], &[("LD_LIBRARY_PATH", place)]);
        }
    }
    // Where only the static library is installed, the usual question is enough.
    for name in ["libmeshvitals.so", "libmeshvitals.so.0"] {
        fs::remove_file(prefix.below(&format!("lib/{name}"))).expect("it was installed");
    }
    let (source, program) = (prefix.below("main.c"), prefix.below("only-static"));
    let flags = asks(&["--static", "--cflags", "--libs", "meshvitals"]);
    let mut arguments = vec![source.as_str(), "-o", &program];
    arguments.extend(flags.split_whitespace());
    run("cc", &arguments, &[]);
    run(&program, &[], &[]);
}

#[test]
fn cmake_finds_the_package_also_when_it_was_moved() {
    let prefix = Prefix::installed("cmake", &[]);
    let Some(cmake) = tool("cmake", "apt-get install cmake") else { return };
    write(&prefix, "consumer/main.c", C);
    write(&prefix, "consumer/main.cpp", CPP);
    let project = |version: &str| {
        format!(
            "cmake_minimum_required(VERSION 3.13)\nproject(consumer C CXX)\n\
             set(CMAKE_CXX_STANDARD 17)\nfind_package(meshvitals {version} REQUIRED)\n\
             foreach(kind meshvitals static)\n\
             add_executable(c_${{kind}} main.c)\nadd_executable(cpp_${{kind}} main.cpp)\n\
             target_link_libraries(c_${{kind}} PRIVATE meshvitals::${{kind}})\n\
             target_link_libraries(cpp_${{kind}} PRIVATE meshvitals::${{kind}})\nendforeach()\n"
        )
    };
    let source = prefix.below("consumer");
    let configure = |version: &str, place: &str| {
        write(&prefix, "consumer/CMakeLists.txt", &project(version));
        let build = prefix.below("build");
        let _ = fs::remove_dir_all(&build);
        let mut command = Command::new(cmake);
        command.args(["-S", &source, "-B", &build]).arg(format!("-DCMAKE_PREFIX_PATH={place}"));
        outcome(command)
    };
    let moved = Prefix::empty("cmake-moved");
    for part in ["lib", "include"] {
        fs::rename(prefix.below(part), moved.below(part)).expect("it can be moved");
    }
    let place = moved.path().display().to_string();
    configure("0.1", &place).expect("the package is found");
    let build = prefix.below("build");
    run(cmake, &["--build", &build], &[]);
    for program in ["c_meshvitals", "cpp_meshvitals", "c_static", "cpp_static"] {
        let path = format!("{build}/{program}");
        assert_eq!(needs_the_shared_library(&path), program.ends_with("meshvitals"), "{program}");
        run(&path, &[], &[]);
    }
    for (version, fits) in [("", true), (VERSION, true), ("0.99", false), ("1.0", false)] {
        let answer = configure(version, &place);
        assert_eq!(answer.is_ok(), fits, "{version}: {answer:?}");
    }
}

#[test]
fn cgo_links_shared_and_static() {
    let prefix = Prefix::installed("cgo", &[]);
    let Some(go) = tool("go", "https://go.dev/dl") else { return };
    let source = "package main\n\n// #cgo pkg-config: PACKAGE\n// #include <meshvitals.h>\n\
        import \"C\"\n\nfunc main() {\n\tif C.meshvitals_version() != C.MESHVITALS_VERSION {\n\
        \t\tpanic(\"another library\")\n\t}\n}\n";
    for (package, shared) in [("meshvitals", true), ("meshvitals-static", false)] {
        let directory = format!("go-{package}");
        write(&prefix, &format!("{directory}/main.go"), &source.replace("PACKAGE", package));
        write(&prefix, &format!("{directory}/go.mod"), "module consumer\n\ngo 1.21\n");
        let program = prefix.below(&format!("{directory}/consumer"));
        let mut command = Command::new(go);
        command
            .current_dir(prefix.below(&directory))
            .args(["build", "-o", &program])
            .env("PKG_CONFIG_PATH", prefix.below("lib/pkgconfig"))
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=mod");
        if let Err(report) = outcome(command) {
            panic!("{package}: {report}");
        }
        assert_eq!(needs_the_shared_library(&program), shared, "{package}");
        run(&program, &[], &[("LD_LIBRARY_PATH", &prefix.below("lib"))]);
    }
}
