//! How full a filesystem is, as the system counts it.
//!
//! The trap: the call can hang for ever on a network filesystem whose server is gone, so it
//! belongs on a thread that may be lost.

use rustix::io::{Errno, retry_on_intr};

/// The blocks of a filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The size of a block in bytes.
    pub block_bytes: u64,
    /// All blocks.
    pub blocks: u64,
    /// Blocks that are free, for the superuser too.
    pub free: u64,
    /// Blocks that are free for everybody.
    pub available: u64,
}

/// The space of the filesystem on which `path` lies. May block.
///
/// # Errors
///
/// What the system answers.
pub fn space(path: &str) -> Result<Space, Errno> {
    let found = retry_on_intr(|| rustix::fs::statvfs(path))?;
    Ok(Space {
        block_bytes: found.f_frsize,
        blocks: found.f_blocks,
        free: found.f_bfree,
        available: found.f_bavail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_space() {
        let space = space("/").unwrap();
        assert!(space.block_bytes >= 512);
        assert!(space.free <= space.blocks);
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        assert_eq!(space("/proc/self/no-such-file"), Err(Errno::NOENT));
        assert_eq!(space("with\0zero"), Err(Errno::INVAL));
    }
}
