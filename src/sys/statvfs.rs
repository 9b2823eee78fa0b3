//! How full a filesystem is, as the system counts it.
//!
//! The trap: the calls can hang for ever on a network filesystem whose server is gone, so they
//! belong on a thread that may be lost.

use rustix::fs::{StatVfsMountFlags, statfs, statvfs};
use rustix::io::{Errno, retry_on_intr};

/// The blocks of a filesystem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// The size of a block in bytes.
    pub block_bytes: u64,
    /// All blocks.
    pub blocks: u64,
    /// Blocks that are free, for the superuser too.
    pub free: u64,
    /// Blocks that are free for everybody.
    pub available: u64,
    /// All inodes; 0 where they are not counted.
    pub inodes: u64,
    /// Inodes that are free, for the superuser too.
    pub inodes_free: u64,
    /// Inodes that are free for everybody.
    pub inodes_available: u64,
    /// Whether it, or the mount of it, is read-only.
    pub read_only: bool,
    /// What tells filesystems apart, as far as they say so.
    pub id: u64,
}

/// The space of the filesystem on which `path` lies. May block.
///
/// # Errors
///
/// What the system answers.
pub fn space(path: &str) -> Result<Space, Errno> {
    let found = retry_on_intr(|| statvfs(path))?;
    Ok(Space {
        block_bytes: found.f_frsize,
        blocks: found.f_blocks,
        free: found.f_bfree,
        available: found.f_bavail,
        inodes: found.f_files,
        inodes_free: found.f_ffree,
        inodes_available: found.f_favail,
        read_only: found.f_flag.contains(StatVfsMountFlags::RDONLY),
        id: found.f_fsid,
    })
}

/// Whether the filesystem on which `path` lies is an overlay of others. May block.
///
/// # Errors
///
/// What the system answers.
pub fn is_overlay(path: &str) -> Result<bool, Errno> {
    let kind = retry_on_intr(|| statfs(path))?.f_type;
    // The number is one of 32 bits, whatever the width of the field.
    Ok(kind as u32 == libc::OVERLAYFS_SUPER_MAGIC as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_space() {
        let space = space("/").unwrap();
        assert!(space.block_bytes >= 512);
        assert!(space.free <= space.blocks);
        assert!(space.inodes_free <= space.inodes);
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        assert_eq!(space("/proc/self/no-such-file"), Err(Errno::NOENT));
        assert_eq!(space("with\0zero"), Err(Errno::INVAL));
        assert_eq!(is_overlay("/proc/self/no-such-file"), Err(Errno::NOENT));
    }

    #[test]
    fn what_lies_below_proc_is_no_overlay() {
        assert_eq!(is_overlay("/proc/self"), Ok(false));
    }
}
