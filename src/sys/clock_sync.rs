//! Whether the kernel believes that its clock is right.
//!
//! A daemon that keeps the clock (chronyd, ntpd, systemd-timesyncd) tells the kernel so again and
//! again; when it does not, the kernel holds the clock for unsynchronised after some hours. See
//! adjtimex(2). The trap: it is the clock of the whole machine, also in a container.

use rustix::io::Errno;

/// Whether nothing keeps the clock right.
///
/// # Errors
///
/// What the system answers; some sandboxes permit no look either.
pub fn unsynchronised() -> Result<bool, Errno> {
    // SAFETY: `timex` consists of integers, for which zeros are valid.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a whole `timex` of our own; with no mode set the call changes
    // nothing of the clock and only fills it in.
    let answer = unsafe { libc::adjtimex(&mut state) };
    if answer < 0 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(loose(answer, state.status))
}

fn loose(answer: i32, status: i32) -> bool {
    answer == libc::TIME_ERROR || status & libc::STA_UNSYNC != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_word_of_the_kernel_is_enough() {
        use libc::{STA_INS, STA_NANO, STA_PLL, STA_UNSYNC, TIME_ERROR, TIME_INS, TIME_OK};
        let cases = [
            (TIME_OK, STA_PLL | STA_NANO, false),
            (TIME_INS, STA_PLL | STA_INS, false),
            (TIME_OK, STA_PLL | STA_UNSYNC, true),
            (TIME_ERROR, STA_PLL, true),
            (TIME_ERROR, STA_UNSYNC, true),
        ];
        for (answer, status, expected) in cases {
            assert_eq!(loose(answer, status), expected, "{answer} {status:#x}");
        }
    }
}
