//! Programs as processes in a group of their own: started, watched, killed with all they started.
//!
//! A program begins as if nobody had started it from within another process: every signal at its
//! default and none blocked, no descriptors but 0, 1 and 2 (where the system is older than glibc
//! 2.34, those of the host program that are not close-on-exec stay open), a directory and an
//! environment of its own. `posix_spawn` starts it, which copies no memory and runs no handlers of
//! `fork`, be they the host's or ours.
//!
//! The trap is the number of a process: it may be given to another one as soon as somebody has
//! waited for its end. So a group is killed only before that.

use rustix::io::{fcntl_dupfd_cloexec, ioctl_fionbio};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};
use std::ffi::{CStr, CString, c_char, c_int, c_short};
use std::mem::{MaybeUninit, transmute};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::null_mut;

pub use rustix::io::Errno;
pub use rustix::process::Pid;

/// What is started.
#[derive(Debug)]
pub struct Program<'a> {
    /// The path of its file.
    pub path: &'a CStr,
    /// What it is told, its own name first.
    pub arguments: &'a [CString],
    /// Its variables, as "name=value".
    pub environment: &'a [CString],
    /// Where it works.
    pub directory: &'a CStr,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// Somebody else has waited for it: the host program, or the system in its name.
    Unknown,
}

/// A pipe: where to read, which never waits, and where to write. Both are closed on exec.
///
/// # Errors
///
/// The system's error when descriptors are short.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    ioctl_fionbio(&read, true)?;
    // Where the host has closed its own 0, 1 or 2, the pipe may have got that number, which the
    // child is about to overwrite.
    let write = if write.as_raw_fd() < 3 { fcntl_dupfd_cloexec(&write, 3)? } else { write };
    Ok((read, write))
}

/// Starts a program that reads nothing and writes to these two. May take as long as the file of
/// the program takes to be read.
///
/// # Errors
///
/// The system's error of the start, or why the file cannot be run.
pub fn start(
    program: &Program<'_>,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> Result<Pid, Errno> {
    let actions = Actions::new(program.directory, stdout, stderr)?;
    let attributes = Attributes::new()?;
    let pointers = |texts: &[CString]| -> Vec<*mut c_char> {
        texts.iter().map(|text| text.as_ptr().cast_mut()).chain([null_mut()]).collect()
    };
    let (arguments, environment) = (pointers(program.arguments), pointers(program.environment));
    let mut pid = 0;
    // SAFETY: actions and attributes were initialised; the path and every text end with NUL and
    // both lists with NULL, and all of them outlive the call, which does not change them.
    numbered(unsafe {
        libc::posix_spawn(
            &mut pid,
            program.path.as_ptr(),
            actions.0.as_ptr(),
            attributes.0.as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
        )
    })?;
    Pid::from_raw(pid).ok_or(Errno::SRCH)
}

/// A descriptor that is readable when the process has ended.
///
/// # Errors
///
/// The system's error, also where it has no such thing.
pub fn watch(pid: Pid) -> Result<OwnedFd, Errno> {
    pidfd_open(pid, PidfdFlags::empty())
}

/// Kills every process of the group that this one leads. Nobody may have waited for its end.
pub fn kill(group: Pid) {
    // None is left, or none that may be killed: nothing can be done about either.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Waits until the process has ended, and leaves its number to it: false if somebody else has
/// taken it.
pub fn await_end(pid: Pid) -> bool {
    wait(pid, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).is_some()
}

/// Takes the end of the process, which must have come; its number is free then.
pub fn take_end(pid: Pid) -> End {
    wait(pid, WaitIdOptions::EXITED).unwrap_or(End::Unknown)
}

fn wait(pid: Pid, options: WaitIdOptions) -> Option<End> {
    loop {
        match waitid(WaitId::Pid(pid), options) {
            Err(Errno::INTR) => {}
            Ok(Some(status)) => {
                let signal = status.terminating_signal().map(End::Signal);
                return status.exit_status().map(End::Status).or(signal);
            }
            Ok(None) | Err(_) => return None,
        }
    }
}

fn numbered(number: c_int) -> Result<(), Errno> {
    if number == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(number)) }
}

/// What the child does before it becomes the program.
struct Actions(Box<MaybeUninit<libc::posix_spawn_file_actions_t>>);

impl Actions {
    fn new(
        directory: &CStr,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Actions, Errno> {
        let mut place = Box::new(MaybeUninit::uninit());
        // SAFETY: the place is valid for writes, and initialised where this succeeds.
        numbered(unsafe { libc::posix_spawn_file_actions_init(place.as_mut_ptr()) })?;
        let mut actions = Actions(place);
        let at = actions.0.as_mut_ptr();
        let (stdout, stderr) = (stdout.as_raw_fd(), stderr.as_raw_fd());
        let flags = libc::O_RDONLY;
        // SAFETY: `at` was initialised above; the path ends with NUL and is copied.
        unsafe {
            numbered(libc::posix_spawn_file_actions_addopen(
                at,
                0,
                c"/dev/null".as_ptr(),
                flags,
                0,
            ))?;
            numbered(libc::posix_spawn_file_actions_adddup2(at, stdout, 1))?;
            numbered(libc::posix_spawn_file_actions_adddup2(at, stderr, 2))?;
        }
        let later = Later::get();
        let change = later.change_directory.ok_or(Errno::NOSYS)?;
        // SAFETY: as above.
        numbered(unsafe { change(at, directory.as_ptr()) })?;
        if let Some(close) = later.close_from {
            // SAFETY: as above.
            numbered(unsafe { close(at, 3) })?;
        }
        Ok(actions)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: initialised when it was made.
        unsafe { libc::posix_spawn_file_actions_destroy(self.0.as_mut_ptr()) };
    }
}

type ChangeDirectory =
    unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, *const c_char) -> c_int;
type CloseFrom = unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, c_int) -> c_int;

/// What came to the system's library later than the rest (glibc 2.29 and 2.34), and must not keep
/// ours from being loaded where it is missing.
struct Later {
    change_directory: Option<ChangeDirectory>,
    close_from: Option<CloseFrom>,
}

impl Later {
    fn get() -> Later {
        let find = |name: &CStr| {
            // SAFETY: the name ends with NUL.
            let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        let change_directory = find(c"posix_spawn_file_actions_addchdir_np");
        let close_from = find(c"posix_spawn_file_actions_addclosefrom_np");
        Later {
            // SAFETY: functions of this name have this signature in every system that has them.
            change_directory: change_directory
                .map(|found| unsafe { transmute::<*mut libc::c_void, ChangeDirectory>(found) }),
            // SAFETY: as above.
            close_from: close_from
                .map(|found| unsafe { transmute::<*mut libc::c_void, CloseFrom>(found) }),
        }
    }
}

/// What the child is: the leader of a group, with signals as they are by default.
struct Attributes(Box<MaybeUninit<libc::posix_spawnattr_t>>);

impl Attributes {
    fn new() -> Result<Attributes, Errno> {
        let mut place = Box::new(MaybeUninit::uninit());
        // SAFETY: the place is valid for writes, and initialised where this succeeds.
        numbered(unsafe { libc::posix_spawnattr_init(place.as_mut_ptr()) })?;
        let mut attributes = Attributes(place);
        let at = attributes.0.as_mut_ptr();
        let flags = libc::POSIX_SPAWN_SETPGROUP
            | libc::POSIX_SPAWN_SETSIGDEF
            | libc::POSIX_SPAWN_SETSIGMASK;
        let mut signals = MaybeUninit::uninit();
        // SAFETY: `at` was initialised above; the set is initialised by the call before its use.
        unsafe {
            libc::sigfillset(signals.as_mut_ptr());
            numbered(libc::posix_spawnattr_setsigdefault(at, signals.as_ptr()))?;
            libc::sigemptyset(signals.as_mut_ptr());
            numbered(libc::posix_spawnattr_setsigmask(at, signals.as_ptr()))?;
            numbered(libc::posix_spawnattr_setpgroup(at, 0))?;
            numbered(libc::posix_spawnattr_setflags(at, flags as c_short))?;
        }
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised when it was made.
        unsafe { libc::posix_spawnattr_destroy(self.0.as_mut_ptr()) };
    }
}
