//! What a profile of callgrind is read by: the function in which an operation is performed, and the one around what does
//! not belong to it.

/// How often an operation is performed.
pub const TIMES: usize = 20;

/// How often it is performed before that: caches are filled, buffers have grown.
const WARM_UP: usize = 5;

/// Performs an operation a few times, and then [`TIMES`] times for the profile.
pub fn perform(mut operation: impl FnMut()) {
    for _ in 0..WARM_UP {
        operation();
    }
    counted(&mut operation);
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
    work()
}
