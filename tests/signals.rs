//! The README of the system probes is the table of the signals, with its rules and defaults.

use meshvitals::model::Role;
use meshvitals::model::signal::{Row, TABLE, Worse};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probe/system/README.md");

const HEAD: &str = "\
# Signals

What a host and a process run out of. Each kind is the key of a check's probe:
`{\"name\": \"pressure\", \"memory_pressure\": {}}` takes everything from this table,
and each of its numbers can be given:

```json
{\"name\": \"inodes\", \"disk_inodes\": {\"path\": \"/var\", \"degraded_enter\": 80,
 \"degraded_exit\": 70, \"unhealthy_enter\": 95, \"unhealthy_exit\": 90, \"hold\": \"2m\"},
 \"role\": \"inform\"}
```

- A value at its *enter* level or beyond means DEGRADED or UNHEALTHY once it has
  held so long; it is over when the value was better than *exit* for as long. Then
  the counts of the check decide, `degraded_threshold` and the others, as for any
  check. While a value is on its way the message says so. A pause is a break, and
  so is a last value that was too old: what was on its way begins anew, and what
  was entered stays so.
- *Role*: `gate` may become UNHEALTHY, `inform` stops at DEGRADED and is not
  critical. Only what is exhausted gates: replicas run out together, and taking all
  of them out of service helps nobody. `role` and `critical` of the check decide.
- A level that is *off* is not judged until the document gives one.
- What a system does not offer is UNKNOWN with a reason, never a default number. A
  rate needs two samples; the first is no evidence, and neither is a counter that
  runs backwards.
- The report and `meshvitals check` give with each value its unit (as UCUM writes
  it), its limit, its scope (the host, this process, a cgroup, a path) and the name
  of its formula; `last` is the time of its sample. Checks of one turn share what
  they read.
- Where the kernel grants triggers it tells when the stalled share of 2 s exceeds the
  *enter* level of DEGRADED, and the check of that pressure runs at once.

The levels are starting values, from the thresholds of the kubelet, netdata,
systemd-oomd and the kernel's documents. The paths of files are those of Linux.

";

fn pair(levels: Option<(f64, f64)>, worse: Worse) -> String {
    let (sign, back) = match worse {
        Worse::Above => ("≥", "<"),
        Worse::Below => ("≤", ">"),
    };
    levels.map_or("off".into(), |(enter, exit)| format!("{sign} {enter}, {back} {exit}"))
}

fn line(row: &Row) -> String {
    let role = match row.role {
        Role::Gate => "gate",
        Role::Inform => "inform",
    };
    let (degraded, unhealthy) = (pair(row.degraded, row.worse), pair(row.unhealthy, row.worse));
    let path = if row.path { ", of a `path`" } else { "" };
    format!(
        "| `{}` | {}{path} | {} | {degraded} | {unhealthy} | {} s | {role} | {} |\n",
        row.key,
        row.about,
        row.unit.name(),
        row.hold_s,
        row.source
    )
}

#[test]
fn the_readme_of_the_system_probes_is_the_table() {
    let mut text = HEAD.to_owned();
    text += "| key | what | unit | DEGRADED enter, exit | UNHEALTHY enter, exit | hold | role | source and formula |\n";
    text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    text.extend(TABLE.iter().map(line));
    if std::env::var_os("UPDATE_SIGNALS").is_some() {
        std::fs::write(PATH, &text).expect("the README can be written");
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        committed == text,
        "src/probe/system/README.md is not what the table gives; write it anew with \
         UPDATE_SIGNALS=1 cargo test --test signals"
    );
}
