//! Every kind of signal with its unit and its defaults; the one place where they stand.
//!
//! The levels are starting values, from the kubelet, netdata, systemd-oomd and the kernel's
//! documents; a document may give others. The README of `src/probe/system` is made from this
//! table, and a test compares them.

use super::{Band, Levels};
use crate::model::Role;
use crate::time::SECOND;

/// What the numbers of a kind count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Hundredths of the whole.
    Percent,
    /// Bytes.
    Bytes,
    /// Events in a second.
    PerSecond,
    /// Events.
    Events,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// 1 for yes, 0 for no.
    Truth,
}

/// Which way a value gets worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worse {
    /// Upwards.
    Above,
    /// Downwards.
    Below,
}

/// The defaults of a kind, and what it is.
#[derive(Debug)]
pub struct Row {
    /// The kind.
    pub signal: Signal,
    /// Its key in a document.
    pub key: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What is read, and how the value is made from it.
    pub source: &'static str,
    /// The unit of the value and of the levels.
    pub unit: Unit,
    /// Which way is worse.
    pub worse: Worse,
    /// Enter and exit of DEGRADED.
    pub degraded: Option<(f64, f64)>,
    /// Enter and exit of UNHEALTHY.
    pub unhealthy: Option<(f64, f64)>,
    /// How long a value must hold, in seconds.
    pub hold_s: u64,
    /// How far a check of the kind may go.
    pub role: Role,
    /// Whether it watches a path.
    pub path: bool,
}

macro_rules! table {
    ($($name:ident $key:literal $about:literal
       $unit:ident $worse:ident $degraded:expr, $unhealthy:expr, $hold:literal s, $role:ident $path:literal
       $source:literal;)+) => {
        /// The kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Signal {
            $(#[doc = $about] $name,)+
        }

        /// The rows, in the order of the kinds.
        pub const TABLE: &[Row] = &[$(Row {
            signal: Signal::$name, key: $key, about: $about, source: $source, unit: Unit::$unit,
            worse: Worse::$worse, degraded: $degraded, unhealthy: $unhealthy, hold_s: $hold,
            role: Role::$role, path: $path,
        },)+];
    };
}

table! {
    CpuUtilisation "cpu_utilisation" "CPU time in use, of the tightest limit"
        Percent Above Some((90.0, 75.0)), None, 60 s, Inform false
        "v2 `cpu.stat` usage_usec, v1 `cpuacct.usage`: used time ÷ wall time ÷ limit (`cpu.max`, v1 quota ÷ period, CPUs of the affinity); else `/proc/stat` without iowait and steal";
    CpuThrottling "cpu_throttling" "Periods in which a CPU quota stopped the process"
        Percent Above Some((25.0, 10.0)), None, 60 s, Inform false
        "`cpu.stat` nr_throttled ÷ nr_periods of at least 20 periods; DEGRADED only if the stopped time is 5 % of the wall time or more";
    CpuPressure "cpu_pressure" "Time in which something waited for a CPU"
        Percent Above Some((50.0, 25.0)), None, 60 s, Inform false
        "own cgroup's `cpu.pressure` some avg60; at the root of the machine `/proc/pressure/cpu`; a trigger over 2 s runs it at once";
    CpuSteal "cpu_steal" "CPU time that the hypervisor gave to others"
        Percent Above Some((10.0, 5.0)), None, 600 s, Inform false
        "`/proc/stat`: steal ÷ all";
    MemoryWorkingSet "memory_working_set" "Memory that cannot be had back at once, of the tightest limit"
        Percent Above Some((90.0, 80.0)), Some((98.0, 90.0)), 30 s, Gate false
        "v2 `memory.current` − inactive_file, v1 `memory.usage_in_bytes` − total_inactive_file, as the kubelet; the levels are held against that without the rest of the page cache (active_file), which gives way before a kill; else MemTotal − MemAvailable. UNHEALTHY only with memory pressure (some avg10 ≥ 10 %) or hits of the limit, where the kernel tells them; in v1, which tells no pressure of a cgroup, by the level alone";
    MemoryAvailable "memory_available" "Memory that can still be had without a kill"
        Bytes Below None, None, 30 s, Inform false
        "limit − usage + inactive_file + ½ active_file + ½ slab_reclaimable; else MemAvailable";
    MemoryUnreclaimable "memory_unreclaimable" "Memory that no reclaim gives back, of the limit"
        Percent Above None, None, 30 s, Inform false
        "v2 anon + shmem + slab_unreclaimable + kernel_stack + sock, v1 total_rss + total_shmem, ÷ limit; else AnonPages + Shmem + SUnreclaim + KernelStack, ÷ MemTotal; files in a tmpfs count";
    OomKills "oom_kills" "Kills for want of memory in the last ten minutes"
        Events Above Some((1.0, 1.0)), Some((2.0, 1.0)), 0 s, Inform false
        "own cgroup's v2 `memory.events` oom_kill, v1 `memory.oom_control` oom_kill, without a cgroup `/proc/vmstat`; counted from the first sample on; UNHEALTHY counts five minutes";
    MemoryLimitHits "memory_limit_hits" "How often the memory limit stopped an allocation"
        PerSecond Above None, None, 30 s, Inform false
        "v2 `memory.events` max (above the own cgroup `memory.events.local`), v1 `memory.failcnt`: of the limits that hold the process, the one that is hit most";
    MemoryPressure "memory_pressure" "Time in which something waited for memory"
        Percent Above Some((10.0, 5.0)), Some((30.0, 10.0)), 30 s, Gate false
        "`memory.pressure`: some avg10 for DEGRADED, full avg10 for UNHEALTHY; at the root of the machine `/proc/pressure/memory`, never UNHEALTHY; a trigger over 2 s runs it at once";
    MemoryPressureRising "memory_pressure_rising" "Memory pressure that is high and does not fall"
        Percent Above Some((10.0, 5.0)), None, 0 s, Inform false
        "the smaller of some avg60 and avg10; 0 while avg10 falls below 85 % of its last value; a trigger over 2 s runs it at once";
    Swap "swap" "Swap in use while pages come back from it"
        Percent Above Some((90.0, 80.0)), None, 60 s, Inform false
        "v2 `memory.swap.current` ÷ `memory.swap.max`, v1 memsw − memory, else SwapTotal − SwapFree; DEGRADED only while `/proc/vmstat` pswpin grows";
    DiskSpace "disk_space" "Space in use on a filesystem"
        Percent Above Some((90.0, 80.0)), Some((98.0, 90.0)), 60 s, Gate true
        "`statvfs`: used ÷ (used + available), as df; UNHEALTHY only with less than 1 GiB available, and always with less than 64 MiB";
    DiskInodes "disk_inodes" "Inodes in use on a filesystem"
        Percent Above Some((90.0, 80.0)), Some((98.0, 90.0)), 60 s, Gate true
        "`statvfs` f_files, f_ffree, f_favail; always UNHEALTHY with none available; without f_files not applicable";
    DiskReadOnly "disk_read_only" "A filesystem that cannot be written to"
        Truth Above None, Some((1.0, 1.0)), 0 s, Gate true
        "`statvfs` ST_RDONLY, or `ro` or `emergency_ro` among the options of the filesystem in `/proc/self/mountinfo`";
    DiskWrite "disk_write" "How long it takes to write one block and sync it"
        Seconds Above Some((1.0, 0.5)), None, 0 s, Gate true
        "creates, writes 4 KiB to, syncs and removes a file in the directory; any error is a failure";
    DiskFill "disk_fill" "Time until a filesystem is full"
        Hours Below Some((8.0, 48.0)), None, 60 s, Inform true
        "available ÷ the median slope of the last 10 to 50 minutes (Theil–Sen)";
    IoPressure "io_pressure" "Time in which all waited for input and output"
        Percent Above Some((30.0, 10.0)), None, 60 s, Inform false
        "own cgroup's `io.pressure` full avg60; at the root of the machine `/proc/pressure/io`; a trigger over 2 s runs it at once";
    Descriptors "descriptors" "Descriptors of this process, of its limit"
        Percent Above Some((85.0, 75.0)), Some((98.0, 90.0)), 0 s, Gate false
        "`/proc/self/fd` ÷ RLIMIT_NOFILE (soft)";
    SystemDescriptors "system_descriptors" "Open files of the whole machine"
        Percent Above Some((90.0, 85.0)), None, 0 s, Inform false
        "`/proc/sys/fs/file-nr`: first ÷ third number";
    Tasks "tasks" "Processes and threads, of the tightest limit"
        Percent Above Some((85.0, 75.0)), Some((98.0, 90.0)), 0 s, Gate false
        "`pids.current` ÷ `pids.max` of the cgroup and those above it, or `/proc/loadavg` tasks ÷ the smaller of threads-max and pid_max; or, where that is more and binds, the threads of this process ÷ RLIMIT_NPROC (soft), a lower bound, because the kernel does not tell how many tasks a user has; UNHEALTHY also when `pids.events` max grows";
    ListenOverflows "listen_overflows" "Connections that full accept queues dropped"
        PerSecond Above Some((1.0, 0.5)), None, 60 s, Inform false
        "`/proc/net/netstat` TcpExt: the larger of ListenOverflows and ListenDrops, in this network namespace";
    TcpMemory "tcp_memory" "Memory of TCP, of the level at which the kernel saves"
        Percent Above Some((100.0, 90.0)), None, 60 s, Inform false
        "`/proc/net/sockstat` TCP mem ÷ `/proc/sys/net/ipv4/tcp_mem` pressure";
    Conntrack "conntrack" "Entries of the connection tracking table"
        Percent Above Some((85.0, 75.0)), None, 60 s, Inform false
        "`nf_conntrack_count` ÷ `nf_conntrack_max` in `/proc/sys/net/netfilter`";
    InterfaceErrors "interface_errors" "Errors of the network interfaces"
        PerSecond Above Some((1.0, 0.1)), None, 60 s, Inform false
        "`/proc/net/dev`: errors of receiving and sending, all interfaces but lo";
    Ports "ports" "TCP sockets, of the ports for outgoing connections"
        Percent Above Some((85.0, 75.0)), None, 60 s, Inform false
        "`/proc/net/sockstat` and `sockstat6` TCP inuse + tw ÷ the size of `ip_local_port_range`; an upper bound, because listeners count and a port may serve several targets";
    ClockSync "clock_sync" "A clock that nothing keeps right"
        Truth Above Some((1.0, 1.0)), None, 60 s, Inform false
        "adjtimex: TIME_ERROR or STA_UNSYNC";
}

impl Signal {
    /// The row of a kind.
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Whether it is time in which something was stalled, of which the kernel can tell at once.
    pub fn is_pressure(self) -> bool {
        use Signal::{CpuPressure, IoPressure, MemoryPressure, MemoryPressureRising};
        matches!(self, CpuPressure | MemoryPressure | MemoryPressureRising | IoPressure)
    }

    /// The kind that a document calls so.
    pub fn of(key: &str) -> Option<Signal> {
        TABLE.iter().find(|row| row.key == key).map(|row| row.signal)
    }
}

impl Row {
    /// The levels where a document gives none.
    pub fn levels(&self) -> Levels {
        let band = |band: Option<(f64, f64)>| band.map(|(enter, exit)| Band { enter, exit });
        Levels {
            degraded: band(self.degraded),
            unhealthy: band(self.unhealthy),
            hold_ns: self.hold_s * SECOND,
        }
    }
}

impl Unit {
    /// The unit in words.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Percent => "percent",
            Unit::Bytes => "bytes",
            Unit::PerSecond => "events per second",
            Unit::Events => "events",
            Unit::Seconds => "seconds",
            Unit::Hours => "hours",
            Unit::Truth => "1 for yes and 0 for no",
        }
    }

    /// The word in reports, as in UCUM.
    pub const fn word(self) -> &'static str {
        match self {
            Unit::Percent => "%",
            Unit::Bytes => "By",
            Unit::PerSecond => "{event}/s",
            Unit::Events => "{event}",
            Unit::Truth => "{true}",
            Unit::Seconds => "s",
            Unit::Hours => "h",
        }
    }

    /// A number for people.
    pub fn tell(self, value: f64) -> String {
        match self {
            // What would round to nothing is told to the digit that counts.
            Unit::Percent if value > 0.0 && value < 0.05 => format!("{value:.1e} %"),
            Unit::Percent => format!("{value:.1} %"),
            Unit::Bytes => super::tell::bytes(value as u64),
            Unit::PerSecond => format!("{value:.1}/s"),
            Unit::Events | Unit::Truth => format!("{value:.0}"),
            Unit::Seconds => format!("{value:.3} s"),
            Unit::Hours => format!("{value:.1} h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_at_the_place_of_its_kind_and_can_be_found() {
        for row in TABLE {
            assert_eq!(row.signal.row().key, row.key);
            assert_eq!(Signal::of(row.key), Some(row.signal));
        }
        assert_eq!(Signal::of("load"), None);
    }

    #[test]
    fn a_small_share_is_not_told_as_nothing() {
        let told = [0.0, 0.001, 0.04, 0.05, 12.34].map(|value| Unit::Percent.tell(value));
        assert_eq!(told, ["0.0 %", "1.0e-3 %", "4.0e-2 %", "0.1 %", "12.3 %"]);
    }

    #[test]
    fn no_default_leaves_a_band_where_it_enters_it() {
        for row in TABLE {
            for (enter, exit) in [row.degraded, row.unhealthy].into_iter().flatten() {
                match row.worse {
                    Worse::Above => assert!(exit <= enter, "{}", row.key),
                    Worse::Below => assert!(exit >= enter, "{}", row.key),
                }
            }
        }
    }

    #[test]
    fn only_what_runs_out_may_take_a_service_out() {
        let gates: Vec<&str> =
            TABLE.iter().filter(|row| row.role == Role::Gate).map(|row| row.key).collect();
        let expected = [
            "memory_working_set",
            "memory_pressure",
            "disk_space",
            "disk_inodes",
            "disk_read_only",
            "disk_write",
            "descriptors",
            "tasks",
        ];
        assert_eq!(gates, expected);
    }
}
