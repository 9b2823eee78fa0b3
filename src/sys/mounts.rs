//! What is mounted where, from the kernel's own text (`/proc/self/mountinfo`, proc(5)).
//!
//! The options of a line are of two kinds: those of the mount, and at its end those of the
//! filesystem, which all its mounts share. Pure but for [`place`] and [`text`]: text in, lines
//! out. The traps: a path may lie on a device that no line names (subvolumes of btrfs), and a
//! later line covers an earlier one with the same mount point. [`place`] can hang for ever on a
//! network filesystem whose server is gone.

use rustix::fs::{major, minor, stat};
use rustix::io::{Errno, retry_on_intr};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where the kernel tells the mounts that this process sees.
pub const MOUNTS: &str = "/proc/self/mountinfo";

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub struct Mount<'a> {
    /// The device of the filesystem, major and minor.
    pub device: (u32, u32),
    /// Which directory of the filesystem is shown.
    pub root: PathBuf,
    /// Where it is shown.
    pub point: PathBuf,
    /// The type of the filesystem.
    pub kind: &'a [u8],
    /// The options of the filesystem, with commas.
    pub options: &'a [u8],
}

/// The lines of the text that can be read.
pub fn mounts(text: &[u8]) -> impl Iterator<Item = Mount<'_>> {
    text.split(|&byte| byte == b'\n').filter_map(mount)
}

/// A line: number, parent, device, root, mount point, options, optional fields, a hyphen, type,
/// source, options of the filesystem.
fn mount(line: &[u8]) -> Option<Mount<'_>> {
    let mut words = line.split(|&byte| byte == b' ');
    let (major, minor) = str::from_utf8(words.nth(2)?).ok()?.split_once(':')?;
    let device = (major.parse().ok()?, minor.parse().ok()?);
    let (root, point) = (unescape(words.next()?), unescape(words.next()?));
    let mut rest = words.skip_while(|&word| word != b"-").skip(1);
    let kind = rest.next()?;
    let options = rest.nth(1)?;
    Some(Mount { device, root, point, kind, options })
}

/// The mount on which a path lies, without links in it, whose file is on `device`: of the mounts
/// of that device the one that is nearest above the path, or any if none is above it, for they
/// share what is told of the filesystem. Where no line has the device, of all mounts.
pub fn mount_of<'a>(text: &'a [u8], device: (u32, u32), path: &Path) -> Option<Mount<'a>> {
    let rank = |mount: &Mount<'_>| {
        let near = path.starts_with(&mount.point).then(|| mount.point.components().count());
        (mount.device == device, near)
    };
    mounts(text).filter(|mount| rank(mount) > (false, None)).max_by_key(rank)
}

/// The device of a path and the path without links. May block.
///
/// # Errors
///
/// What the system answers.
pub fn place(path: &str) -> Result<((u32, u32), PathBuf), Errno> {
    let device = retry_on_intr(|| stat(path))?.st_dev;
    let real = std::fs::canonicalize(path).map_err(errno)?;
    Ok(((major(device), minor(device)), real))
}

/// The text of [`MOUNTS`].
///
/// # Errors
///
/// What reading it answers.
pub fn text() -> Result<Vec<u8>, Errno> {
    std::fs::read(MOUNTS).map_err(errno)
}

fn errno(error: std::io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// Whether a list with commas has a word.
pub fn lists(list: &[u8], word: &str) -> bool {
    list.split(|&byte| byte == b',').any(|part| part == word.as_bytes())
}

/// Blanks and backslashes are written as three octal digits.
fn unescape(text: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| str::from_utf8(digits).ok());
        match digits.map(|digits| u8::from_str_radix(digits, 8)) {
            Some(Ok(escaped)) if byte == b'\\' => {
                plain.push(escaped);
                rest = &after[3..];
            }
            _ => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    PathBuf::from(OsStr::from_bytes(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard
30 27 8:1 / /data rw - xfs /dev/sda1 rw,attr2
31 27 8:1 /logs /var/log ro - xfs /dev/sda1 rw,attr2
32 27 0:40 /@home /home rw - btrfs /dev/sdb rw,subvol=/@home
33 30 0:50 / /data/my\\040disk rw - tmpfs  rw,size=4k
34 33 0:51 / /data/my\\040disk rw - tmpfs over ro
";

    /// The point and the type of the mount that is found.
    fn found(device: (u32, u32), path: &str) -> Option<(String, String)> {
        let mount = mount_of(TEXT.as_bytes(), device, Path::new(path))?;
        let kind = String::from_utf8_lossy(mount.kind).into_owned();
        Some((mount.point.to_str()?.to_owned(), kind))
    }

    #[test]
    fn the_nearest_mount_of_the_device_is_the_one_of_a_path() {
        let cases = [
            ((254, 0), "/", "/", "ext4"),
            ((254, 0), "/var/lib", "/", "ext4"),
            ((8, 1), "/data/a/b", "/data", "xfs"),
            ((8, 1), "/var/log/a", "/var/log", "xfs"),
            // A prefix of a name is no prefix of a path.
            ((254, 0), "/database", "/", "ext4"),
            ((0, 50), "/data/my disk/a", "/data/my disk", "tmpfs"),
            // A device of its own for each subvolume, which no line has.
            ((0, 99), "/home/a", "/home", "btrfs"),
            // Below a mount that covers it, by a bind mount that cannot be seen from here.
            ((8, 1), "/mnt/a", "/var/log", "xfs"),
        ];
        for (device, path, point, kind) in cases {
            assert_eq!(found(device, path), Some((point.into(), kind.into())), "{path}");
        }
    }

    #[test]
    fn a_later_mount_covers_an_earlier_one() {
        let text = TEXT.as_bytes();
        let path = Path::new("/data/my disk");
        assert_eq!(mount_of(text, (0, 99), path).unwrap().options, b"ro");
        // Its device says that it is the earlier one all the same, kept by an open descriptor.
        assert_eq!(mount_of(text, (0, 50), path).unwrap().options, b"rw,size=4k");
    }

    #[test]
    fn optional_fields_and_an_empty_source_do_not_shift_the_options() {
        let options: Vec<String> = mounts(TEXT.as_bytes())
            .map(|mount| String::from_utf8_lossy(mount.options).into_owned())
            .collect();
        let expected =
            ["rw", "rw,discard", "rw,attr2", "rw,attr2", "rw,subvol=/@home", "rw,size=4k", "ro"];
        assert_eq!(options, expected);
    }

    #[test]
    fn what_is_no_line_is_left_out() {
        let cases: [&[u8]; 8] = [
            b"",
            b"\n\n",
            b"27 1 254:0 / / rw",
            b"27 1 254:0 / / rw - ext4 /dev/vda",
            b"27 1 254 / / rw - ext4 /dev/vda rw",
            b"27 1 254:99999999999999999999 / / rw - ext4 /dev/vda rw",
            b"27 1 -1:0 / / rw - ext4 /dev/vda rw",
            b"27 1 \xff:\xfe / / rw - ext4 /dev/vda rw",
        ];
        for text in cases {
            assert_eq!(mounts(text).next(), None, "{}", text.escape_ascii());
        }
        assert_eq!(mount_of(b"", (0, 1), Path::new("/")), None);
    }

    #[test]
    fn blanks_in_paths_are_read_as_the_kernel_writes_them() {
        let cases = [
            (r"/run/my\040groups\134x", "/run/my groups\\x"),
            (r"\04", r"\04"),
            (r"\999a", r"\999a"),
            (r"\777", r"\777"),
            ("\\", "\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(unescape(text.as_bytes()), Path::new(expected));
        }
    }

    #[test]
    fn a_word_of_a_list_is_a_whole_one() {
        assert!(lists(b"rw,emergency_ro", "emergency_ro") && lists(b"ro", "ro"));
        assert!(!lists(b"rw,errors=remount-ro,nro,rom", "ro") && !lists(b"", "ro"));
    }

    #[test]
    fn this_machine_tells_where_proc_is_mounted() {
        let (device, real) = place("/proc/self/../.").unwrap();
        let text = text().unwrap();
        let mount = mount_of(&text, device, &real).unwrap();
        assert_eq!((mount.kind, mount.point), (&b"proc"[..], PathBuf::from("/proc")));
        assert_eq!(place("/proc/self/no-such-file").unwrap_err(), Errno::NOENT);
    }
}
