//! What a profile of callgrind is read by: the function in which an operation is performed, and the one around what does
//! not belong to it. And the time that the same operations take, for who wants to know that.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How often an operation is performed for a profile.
pub const TIMES: usize = 20;

/// How often it is performed for a time: a median of so many is steady where a machine is not.
const TIMED: usize = 4_000;

/// How often it is performed before that: caches are filled, buffers have grown.
const WARM_UP: usize = 5;

thread_local! {
    /// Whether operations are timed; else they are performed for a profile.
    static TIMING: Cell<bool> = const { Cell::new(false) };
    /// What `uncounted` took since the operation began.
    static LEFT_OUT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// The median time of the operation that was performed last.
    static MEDIAN: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Performs an operation a few times, and then [`TIMES`] times for the profile, or often to know its time.
pub fn perform(mut operation: impl FnMut()) {
    for _ in 0..WARM_UP {
        operation();
    }
    match TIMING.get() {
        true => MEDIAN.set(median(&mut operation)),
        false => counted(&mut operation),
    }
}

/// Performs an operation [`TIMES`] times. A profile begins and ends with it, by its name.
#[inline(never)]
fn counted(operation: &mut dyn FnMut()) {
    for _ in 0..TIMES {
        operation();
    }
}

/// Does what belongs to somebody else, in the middle of an operation. It is found in a profile by its name.
#[inline(never)]
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    if !TIMING.get() {
        return work();
    }
    let began = Instant::now();
    let done = work();
    LEFT_OUT.set(LEFT_OUT.get() + began.elapsed());
    done
}

/// Returns the time of one operation that `perform` calls [`perform`] with, without what `uncounted` took.
pub fn timed(perform: impl FnOnce()) -> Duration {
    TIMING.set(true);
    perform();
    TIMING.set(false);
    MEDIAN.get()
}

fn median(operation: &mut dyn FnMut()) -> Duration {
    let mut times: Vec<Duration> = Vec::with_capacity(TIMED);
    for _ in 0..TIMED {
        LEFT_OUT.set(Duration::ZERO);
        let began = Instant::now();
        operation();
        times.push(began.elapsed().saturating_sub(LEFT_OUT.get()));
    }
    times.sort_unstable();
    times[TIMED / 2]
}
