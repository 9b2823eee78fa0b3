//! What happens around `fork`: a generation that only a child sees move, and locks that are whole
//! on both sides.
//!
//! Promises: after [`watch`], a child never inherits a lock of the watched object that another
//! thread had entered; [`generation`] differs in a child from what it was in the parent, before
//! any lock is left there; what runs in the child's handler calls nothing that is not
//! async-signal-safe. Does not promise anything to a child made without the handlers of
//! `pthread_atfork` (a raw `clone`). Which descriptors are closed there is the engine's business.
//!
//! The first trap is the order of locks: the registry is entered before the locks of the
//! monitors, and those before the lock of [`hold_last`]. So [`watch`] must not be called under a
//! lock of a monitor, and nobody may fork under one. The second is memory: another thread may
//! have been inside the allocator, and not every system makes it usable again in a child. So the
//! child's handler gives no memory back, not even what was made for the fork.

use super::guard::{OwnedGuard, let_go};
use crate::sync::{Arc, AtomicBool, AtomicU32, Mutex, MutexGuard, Ordering, Weak, lock};
use std::cell::Cell;
use std::mem::{ManuallyDrop, forget};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

/// Something with locks that must not be copied into a child while they are held elsewhere.
pub trait Hold: Send + Sync {
    /// Enters every lock and returns what leaves them: in the parent when it is dropped.
    fn hold(self: Arc<Self>) -> Box<dyn Held>;
}

/// Locks that are held during a fork.
pub trait Held {
    /// Leaves them in the child, and closes there what must be closed. Called in the handler:
    /// takes no lock and no memory, and gives none back. What held them is leaked after it.
    fn leave_in_child(&mut self);
}

impl<T> Held for Option<MutexGuard<'static, T>> {
    fn leave_in_child(&mut self) {
        *self = None;
    }
}

impl<T> Held for OwnedGuard<T> {
    fn leave_in_child(&mut self) {
        self.leave();
    }
}

/// Enters one process-wide lock and returns its guard.
pub type HoldLast = fn() -> Box<dyn Held>;

type Registry = Vec<Weak<dyn Hold>>;

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALLED: AtomicBool = AtomicBool::new(false);
static WATCHED: Mutex<Registry> = Mutex::new(Vec::new());
static LAST: Mutex<Option<HoldLast>> = Mutex::new(None);

/// Everything that is locked while the fork happens.
struct Everything {
    last: Option<Box<dyn Held>>,
    last_hook: MutexGuard<'static, Option<HoldLast>>,
    monitors: Vec<Box<dyn Held>>,
    registry: MutexGuard<'static, Registry>,
    alive: Vec<Arc<dyn Hold>>,
}

thread_local! {
    // `ManuallyDrop` needs no destructor, so the cell is usable even while the thread's other
    // thread-locals are being destroyed, where somebody may still fork.
    static HELD: Cell<Option<ManuallyDrop<Everything>>> = const { Cell::new(None) };
}

/// How many forks lie between this process and the one that loaded the library. Compare it with
/// the generation in which an object was made before touching anything of the object.
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}

/// Holds the locks of `object` across every fork from now on, for as long as it lives. Must not
/// be called under a lock of a watched object.
pub fn watch(object: &Arc<dyn Hold>) {
    install();
    let mut registry = lock(&WATCHED);
    registry.retain(|entry| entry.strong_count() > 0);
    registry.push(Arc::downgrade(object));
}

/// Holds one more lock across every fork, entered after the locks of all watched objects. There
/// is one such lock in the library, so a second hook replaces the first.
pub fn hold_last(hook: HoldLast) {
    install();
    *lock(&LAST) = Some(hook);
}

/// Registers the handlers. Two threads that are here at once may register them twice, which they
/// bear; a `Once` would leave a child hanging that was forked while another thread was inside.
pub fn install() {
    if INSTALLED.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the three functions live as long as the library, which is linked `nodelete`, and
    // do not unwind. A failure (no memory) leaves them unregistered and is tried again.
    let failed = unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) } != 0;
    if !failed {
        INSTALLED.store(true, Ordering::Release);
    }
}

extern "C" fn prepare() {
    HELD.with(|held| {
        let already = held.take();
        held.set(already.or_else(|| Some(ManuallyDrop::new(hold_everything()))));
    });
}

extern "C" fn parent() {
    let Some(held) = HELD.with(Cell::take) else { return };
    let Everything { last, last_hook, monitors, registry, alive } = ManuallyDrop::into_inner(held);
    // The reverse of the order of entering.
    drop(last);
    drop(last_hook);
    drop(monitors);
    drop(registry);
    // Only now, outside all locks: this can be the end of an object whose other owners left
    // during the fork.
    drop(alive);
}

extern "C" fn child() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
    let Some(held) = HELD.with(Cell::take) else { return };
    let Everything { mut last, last_hook, mut monitors, registry, mut alive } =
        ManuallyDrop::into_inner(held);
    if let Some(last) = &mut last {
        last.leave_in_child();
    }
    drop(last_hook);
    monitors.iter_mut().for_each(|monitor| monitor.leave_in_child());
    drop(registry);
    alive.drain(..).for_each(let_go);
    // Boxes and lists are memory.
    forget((last, monitors, alive));
}

fn hold_everything() -> Everything {
    let registry = lock(&WATCHED);
    let alive: Vec<Arc<dyn Hold>> = registry.iter().filter_map(Weak::upgrade).collect();
    let monitors = alive.iter().map(|object| Arc::clone(object).hold()).collect();
    let last_hook = lock(&LAST);
    let last = last_hook.map(|hook| hook());
    Everything { last, last_hook, monitors, registry, alive }
}

/// In a child: closes the copy of a descriptor. It must not be used any more, and whatever owns
/// it must be leaked, for its number may mean something else from now on. Nothing is done to
/// what parent and child share.
pub fn close_copy(fd: BorrowedFd<'_>) {
    close_number(fd.as_raw_fd());
}

/// The same for a descriptor that others made and never lend out, known by its number.
pub fn close_number(number: RawFd) {
    // SAFETY: takes any number. That nobody in this process goes on using it is the caller's
    // promise; the threads that did do not exist here.
    unsafe { libc::close(number) };
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Watched(Arc<Mutex<u64>>);

    impl Hold for Watched {
        fn hold(self: Arc<Self>) -> Box<dyn Held> {
            Box::new(OwnedGuard::lock(Arc::clone(&self.0)))
        }
    }

    /// Runs `body` in a forked child and returns what it answered; -1 if it hung or crashed.
    pub(crate) fn in_child(body: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the child only runs `body`, which allocates nothing and takes no lock that
        // another thread can hold, and leaves by `_exit`; the alarm ends it should it hang.
        unsafe {
            let child = libc::fork();
            assert!(child >= 0);
            if child == 0 {
                libc::alarm(5);
                libc::_exit(body());
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 }
        }
    }

    #[test]
    fn the_generation_moves_in_the_child_only() {
        install();
        let before = generation();
        assert_eq!(in_child(|| i32::from(generation() != before)), 1);
        assert_eq!(generation(), before);
    }

    #[test]
    fn a_lock_that_another_thread_holds_is_free_in_the_child() {
        let mutex = Arc::new(Mutex::new(0));
        let object: Arc<dyn Hold> = Arc::new(Watched(Arc::clone(&mutex)));
        watch(&object);
        let (stop, stopped) = mpsc::channel::<()>();
        let busy = Arc::clone(&mutex);
        let (entered, first) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut guard = lock(&busy);
            entered.send(()).unwrap();
            while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
                // Held nearly always: the lock is free only for an instant each round.
                drop(guard);
                std::thread::yield_now();
                guard = lock(&busy);
                for _ in 0..10_000 {
                    *guard = std::hint::black_box(*guard + 1);
                }
            }
        });
        first.recv().unwrap();
        for _ in 0..20 {
            assert_eq!(in_child(|| i32::from(mutex.try_lock().is_ok())), 1);
        }
        drop(stop);
        thread.join().unwrap();
        assert!(mutex.try_lock().is_ok(), "the parent's lock was left as well");
    }

    #[test]
    fn a_poisoned_lock_does_not_stop_a_fork() {
        let mutex = Arc::new(Mutex::new(0));
        let poisoner = Arc::clone(&mutex);
        let thread = std::thread::spawn(move || {
            let _guard = lock(&poisoner);
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(thread.join().is_err());
        let object: Arc<dyn Hold> = Arc::new(Watched(mutex));
        watch(&object);
        assert_eq!(in_child(|| 7), 7);
    }

    #[test]
    fn a_dead_object_is_forgotten() {
        let object: Arc<dyn Hold> = Arc::new(Watched(Arc::new(Mutex::new(0))));
        watch(&object);
        let weak = Arc::downgrade(&object);
        drop(object);
        assert_eq!(in_child(|| 7), 7);
        let other: Arc<dyn Hold> = Arc::new(Watched(Arc::new(Mutex::new(0))));
        watch(&other);
        assert!(!lock(&WATCHED).iter().any(|entry| entry.ptr_eq(&weak)));
    }
}
