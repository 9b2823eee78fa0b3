//! Whether a filesystem takes no writes, by what the kernel says of it.
//!
//! `statvfs` tells of the mount and of the filesystem. Since Linux 6.6 a filesystem that stops
//! after an error need not say so there, but only among its options: ext4 as `emergency_ro`. The
//! trap: a disk can refuse writes and say nothing of it at all, which only a write finds out.

use super::super::disk::refused;
use super::super::reading::Reading;
use super::super::unreadable;
use crate::model::{Outcome, Reason, RunResult};
use crate::sys::mounts::{self, MOUNTS, lists, mount_of};
use crate::sys::statvfs::space;
use std::path::Path;

/// The options of a filesystem that say so.
const OPTIONS: [&str; 2] = ["ro", "emergency_ro"];

pub(super) fn read_only(path: &str) -> RunResult {
    let found = space(path).and_then(|space| Ok((space, mounts::place(path)?)));
    let (space, (device, real)) = match found {
        Ok(found) => found,
        Err(error) => return refused(error, path),
    };
    if space.read_only {
        return told(true, "read-only by ST_RDONLY of statvfs".into(), path);
    }
    match mounts::text() {
        Ok(text) => by_options(&text, device, &real, path),
        Err(error) => unreadable(MOUNTS, error),
    }
}

fn by_options(text: &[u8], device: (u32, u32), real: &Path, path: &str) -> RunResult {
    let Some(mount) = mount_of(text, device, real) else {
        let message = format!("{MOUNTS} has no mount with the path, on {path}");
        return RunResult::new(Outcome::Local, Reason::LOCAL_UNSUPPORTED).with_message(&message);
    };
    let kind = String::from_utf8_lossy(mount.kind);
    let option = OPTIONS.into_iter().find(|option| lists(mount.options, option));
    let figures = match option {
        Some(option) => format!("read-only by the option {option} of its {kind}"),
        None => format!("not read-only, {kind}"),
    };
    told(option.is_some(), figures, path)
}

fn told(read_only: bool, figures: String, path: &str) -> RunResult {
    let value = f64::from(u8::from(read_only));
    Reading::new("filesystem.read_only", value, figures).of(path.to_owned()).result()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    /// A host whose second disk had an error, and a container with a volume.
    const TEXT: &str = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,errors=remount-ro
30 27 8:1 / /data rw,relatime shared:3 - ext4 /dev/sda1 rw,emergency_ro,errors=remount-ro
31 27 8:17 / /old rw - ext4 /dev/sdb1 ro,errors=remount-ro
32 27 8:33 / /show ro,relatime - xfs /dev/sdc1 rw,attr2
33 27 0:41 / /run/my\\040volume rw - fuse.sshfs me@there:/ro rw,user_id=0
";

    fn of(text: &str, device: (u32, u32), path: &str) -> RunResult {
        by_options(text.as_bytes(), device, Path::new(path), path)
    }

    #[test]
    fn the_options_of_the_filesystem_decide_and_not_those_of_the_mount() {
        let cases = [
            ((254, 0), "/", 0.0, "not read-only, ext4"),
            ((8, 1), "/data/db", 1.0, "read-only by the option emergency_ro of its ext4"),
            ((8, 17), "/old", 1.0, "read-only by the option ro of its ext4"),
            // A mount that is read-only is told by statvfs.
            ((8, 33), "/show", 0.0, "not read-only, xfs"),
            ((0, 41), "/run/my volume/a", 0.0, "not read-only, fuse.sshfs"),
        ];
        for (device, path, value, figures) in cases {
            let result = of(TEXT, device, path);
            assert_eq!((result.outcome, result.value), (Outcome::Pass, value), "{path}");
            assert_eq!(result.message.as_str(), figures, "{path}");
            assert_eq!(result.measure.unwrap().scope, path);
        }
    }

    #[test]
    fn a_path_without_a_mount_is_no_evidence() {
        for text in ["", "nonsense", "27 1 254:0 / / rw,relatime - ext4"] {
            let result = of(text, (254, 0), "/");
            let told = (result.outcome, result.reason);
            assert_eq!(told, (Outcome::Local, Reason::LOCAL_UNSUPPORTED), "{text}");
            assert!(result.message.as_str().starts_with(MOUNTS));
        }
    }

    #[test]
    fn a_text_that_cannot_be_read_is_our_own_want() {
        let result = unreadable(MOUNTS, Errno::MFILE);
        assert_eq!(result.reason, Reason::LOCAL_NO_DESCRIPTORS);
    }

    #[test]
    fn the_directory_of_this_test_can_be_written_to() {
        let path = std::env::temp_dir();
        let result = read_only(path.to_str().unwrap());
        assert_eq!((result.outcome, result.value), (Outcome::Pass, 0.0), "{result:?}");
    }
}
