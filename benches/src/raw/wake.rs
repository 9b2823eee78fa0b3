//! How long it takes from a wake to the end of the wait of another thread.
//!
//! The one thread waits, the other lets it fall asleep first and notes the time before it wakes
//! it. The raw pair does so through an eventfd.

use crate::os::eventfd::EventFd;
use crate::rounds::median;
use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Until the other thread is asleep again.
const PAUSE: Duration = Duration::from_micros(200);

/// The median of so many wakes through an eventfd, in microseconds.
pub fn raw_us(count: u64) -> io::Result<f64> {
    let fd = EventFd::new()?;
    median_us(count, || fd.wait(), || fd.wake())
}

/// The median of so many wakes, in microseconds: `wait` returns after one `wake`.
pub fn median_us(
    count: u64,
    wait: impl Fn() -> io::Result<()> + Send,
    wake: impl Fn() -> io::Result<()>,
) -> io::Result<f64> {
    let (awake, was_awake) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..count {
                let answer = wait().map(|()| Instant::now());
                // Nobody listens any more once the other side has failed.
                if awake.send(answer).is_err() {
                    break;
                }
            }
        });
        let mut spent = Vec::new();
        for _ in 0..count {
            std::thread::sleep(PAUSE);
            let begin = Instant::now();
            wake()?;
            let end = was_awake.recv().map_err(io::Error::other)??;
            spent.push((end - begin).as_nanos() as f64 / 1e3);
        }
        Ok(median(&spent))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wake_ends_one_wait() {
        assert!(raw_us(20).unwrap() > 0.0);
    }
}
