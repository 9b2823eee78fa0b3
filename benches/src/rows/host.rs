//! P9: what a sample of the host costs: CPU, memory and the root filesystem.
//!
//! The raw loop reads the same files on descriptors that stay open, and asks statvfs; it parses
//! nothing. Beside it stands what others need for the same three figures: the sysinfo crate, which
//! opens its files each time, and psutil where there is a Python that has it.

use super::Bench;
use crate::os::file;
use crate::rounds::interleaved;
use crate::table::{Goal, Row};
use meshvitals::Tick;
use meshvitals::model::{DiskSpec, Level};
use meshvitals::probe::system::{HostSampler, disk};
use std::hint::black_box;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use sysinfo::{Disks, MemoryRefreshKind, System};

const LEVEL: Level = Level { threshold: 0.9 };
/// Far enough apart that no text of the sample before serves.
const STEP_NS: u64 = 20_000_000;
/// Far enough apart that the cgroups are looked for each time.
const MINUTE_NS: u64 = 60_000_000_000;
/// The same three figures from psutil, in microseconds a sample.
const PSUTIL: &str = "import psutil, timeit\n\
    f = lambda: (psutil.cpu_percent(), psutil.virtual_memory(), psutil.disk_usage('/'))\n\
    f(); print(timeit.timeit(f, number=2000) / 2000 * 1e6)";

/// The rows.
pub fn rows(bench: &Bench) -> io::Result<Vec<Row>> {
    let times = bench.plan.probes(20_000) as usize;
    let mut sampler = HostSampler::new();
    let root = DiskSpec { path: "/".into(), level: LEVEL };
    let (mut now, mut later) = (Tick(1), Tick(1));
    // Twice, so that every file is open and every buffer has its size.
    for _ in 0..2 {
        now = sample(&mut sampler, &root, now, STEP_NS);
    }
    let kept: Vec<i32> = sampler.fds().map(|fd| fd.as_raw_fd()).collect();
    let mut system = System::new().map_err(io::Error::other)?;
    let mut looking = HostSampler::new();
    let mut disks = Disks::new().map_err(io::Error::other)?;
    let figures = interleaved(
        bench.plan.rounds,
        &mut [
            &mut || Ok(each_us(times, || now = sample(&mut sampler, &root, now, STEP_NS))),
            &mut || Ok(each_us(times, || read_all(&kept))),
            &mut || {
                Ok(each_us(times / 10, || {
                    system.refresh_cpu_usage();
                    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
                    disks.refresh(true);
                }))
            },
            &mut || {
                Ok(each_us(times / 10, || later = sample(&mut looking, &root, later, MINUTE_NS)))
            },
        ],
    )?;
    let name = format!("a sample of CPU, memory and disk, {} files", kept.len());
    let mut rows = vec![
        Row::compared("P9", name, "µs", (&figures[0], &figures[1]), Goal::RatioAtMost(1.15)),
        Row::alone("P9", "the same figures from the sysinfo crate", "µs", &figures[2], Goal::Shown),
    ];
    let name = "a sample that looks for the cgroups, one each minute";
    rows.push(Row::alone("P9", name, "µs", &figures[3], Goal::Shown));
    if let Some(us) = psutil() {
        rows.push(Row::alone("P9", "the same figures from psutil", "µs", &[us], Goal::Shown));
    }
    Ok(rows)
}

fn sample(sampler: &mut HostSampler, root: &DiskSpec, now: Tick, step_ns: u64) -> Tick {
    black_box((sampler.cpu(LEVEL, now), sampler.memory(LEVEL, now), disk(root)));
    now.after(step_ns)
}

fn read_all(kept: &[i32]) {
    let mut buffer = [0; 16_384];
    for &fd in kept {
        let read = file::read_start(fd, &mut buffer).unwrap_or(0);
        assert!(read > 0, "a file that cannot be read");
    }
    file::examine(c"/").expect("the root filesystem");
    black_box(&mut buffer);
}

fn each_us(times: usize, mut work: impl FnMut()) -> f64 {
    let times = times.max(1);
    let begin = Instant::now();
    (0..times).for_each(|_| work());
    begin.elapsed().as_secs_f64() * 1e6 / times as f64
}

/// What psutil needs, if there is one: the tests of the Python package have it.
fn psutil() -> Option<f64> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv-installed/bin/python");
    let python = if tests.exists() { tests } else { "python3".into() };
    let output = Command::new(python).args(["-c", PSUTIL]).output().ok()?;
    str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
}
