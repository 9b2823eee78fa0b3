//! Descriptors and tasks against their limits.
//!
//! Each of them is refused at once when its limit is reached, whatever else is left: `accept` and
//! `open` fail with EMFILE, `fork` and `clone` with EAGAIN.

mod descriptors;
mod tasks;

use super::numbers::{numbers, percent};
use super::reading::Reading;
use super::{none, unreadable};
use crate::model::RunResult;
use crate::sys::turn_file::TurnFile;
use crate::time::Tick;
use std::os::fd::BorrowedFd;
use std::path::Path;

const FILE_NR: &str = "/proc/sys/fs/file-nr";
/// What the kernel takes for no limit of open files: the largest number that it can count to.
const NO_LIMIT: u64 = i64::MAX as u64;

#[derive(Debug)]
pub(super) struct Sampler {
    descriptors: descriptors::Sampler,
    files: TurnFile,
    tasks: tasks::Sampler,
}

impl Sampler {
    /// Figures of the files below this directory: `/`, or a recorded tree.
    pub(super) fn new(root: &Path) -> Sampler {
        Sampler {
            descriptors: descriptors::Sampler::new(root),
            files: TurnFile::new(root.join("proc/sys/fs/file-nr")),
            tasks: tasks::Sampler::new(root),
        }
    }

    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.files.fd().into_iter().chain(self.tasks.fds())
    }

    pub(super) fn descriptors(&mut self, now: Tick) -> RunResult {
        self.descriptors.sample(now)
    }

    pub(super) fn system_descriptors(&mut self, now: Tick) -> RunResult {
        match self.files.text(now).map(numbers) {
            Err(error) => unreadable(FILE_NR, error),
            Ok(None) => none("/proc/sys/fs/file-nr has not three numbers"),
            Ok(Some([open, _, limit])) => {
                let figures = match limit {
                    NO_LIMIT.. => format!("{open} open files, without a limit"),
                    _ => format!("{open} of {limit} open files"),
                };
                let limited = if limit >= NO_LIMIT { f64::NAN } else { limit as f64 };
                Reading::new("host.file_nr", percent(open, limit), figures).limit(limited).result()
            }
        }
    }

    pub(super) fn tasks(&mut self, now: Tick) -> RunResult {
        self.tasks.sample(now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::Recorded;
    use super::*;
    use crate::model::Outcome;

    fn files(text: &str) -> RunResult {
        let tree = Recorded::new("");
        tree.write("proc/sys/fs/file-nr", text);
        Sampler::new(tree.root()).system_descriptors(Tick(0))
    }

    #[test]
    fn open_files_of_the_machine_are_held_against_their_limit() {
        let result = files("900\t0\t1000\n");
        assert_eq!((result.outcome, result.value), (Outcome::Pass, 90.0));
        assert_eq!(result.message.as_str(), "900 of 1000 open files");
        let measure = result.measure.unwrap();
        assert_eq!((measure.limit, &*measure.scope), (1000.0, "host"));
        let unlimited = files("900\t0\t9223372036854775807\n");
        assert!(unlimited.value >= 0.0 && unlimited.value < 1e-9, "{unlimited:?}");
        assert_eq!(unlimited.message.as_str(), "900 open files, without a limit");
        assert!(unlimited.measure.unwrap().limit.is_nan());
    }

    #[test]
    fn a_text_without_the_numbers_is_no_figure() {
        for text in ["", "900", "900 0", "900 0 much", "99999999999999999999 0 1000"] {
            let result = files(text);
            assert_eq!(result.outcome, Outcome::Local, "{text}");
            assert!(result.message.as_str().contains("file-nr"), "{result:?}");
        }
        let nowhere = Recorded::new("");
        let result = Sampler::new(nowhere.root()).system_descriptors(Tick(0));
        assert_eq!(result.outcome, Outcome::Local);
        assert!(result.message.as_str().contains(FILE_NR), "{result:?}");
    }

    #[test]
    fn this_machine_has_open_files() {
        let mut sampler = Sampler::new(Path::new("/"));
        let result = sampler.system_descriptors(Tick(0));
        let text = std::fs::read_to_string(FILE_NR).unwrap();
        let limit: f64 = text.split_whitespace().nth(2).unwrap().parse().unwrap();
        let measure = result.measure.expect("a figure");
        assert!(result.value > 0.0 && (measure.limit == limit || measure.limit.is_nan()));
        assert_eq!(sampler.fds().count(), 1);
    }
}
