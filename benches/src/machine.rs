//! The machine that was measured: kernel, processor, number of CPUs. Never its name.

use std::fs;

/// What a reader needs to know about the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Release of the kernel, without what the distributor added.
    pub kernel: String,
    /// The processor, as it calls itself.
    pub processor: String,
    /// CPUs that this process may use.
    pub cpus: usize,
    /// Architecture.
    pub architecture: &'static str,
}

impl Machine {
    /// This machine.
    pub fn this() -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Machine {
            kernel: kernel(&read("/proc/sys/kernel/osrelease")),
            processor: processor(&read("/proc/cpuinfo")),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            architecture: std::env::consts::ARCH,
        }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let Machine { kernel, processor, cpus, architecture } = self;
        format!("{processor}, {cpus} CPUs, Linux {kernel} ({architecture})")
    }
}

/// `6.18.44-some-builder` is `6.18.44`: the rest may tell whose machine it is.
fn kernel(release: &str) -> String {
    let numbers = release.trim().split(|c: char| !(c.is_ascii_digit() || c == '.')).next();
    numbers.filter(|n| !n.is_empty()).unwrap_or("unknown").to_owned()
}

fn processor(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim());
    name.unwrap_or("unknown processor").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_of_the_kernel_is_told() {
        assert_eq!(kernel("6.18.44-acme-build7\n"), "6.18.44");
        assert_eq!(kernel(""), "unknown");
    }

    #[test]
    fn the_processor_is_its_model_name() {
        assert_eq!(processor("vendor_id\t: X\nmodel name\t: X 9000\n"), "X 9000");
        assert_eq!(processor(""), "unknown processor");
    }
}
