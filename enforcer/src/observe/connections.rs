//! Counts the connections that are alive, at a bounded cost.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use enforcer_common::connection::{Key, Value};

use crate::dataplane::sys;

/// A count is good for this long: a full table takes some 40 ms to walk.
const FRESH: Duration = Duration::from_secs(5);

/// The last count.
#[derive(Debug, Default)]
pub struct Connections {
    last: Option<(Instant, u64)>,
}

impl Connections {
    /// Connections that have not expired, at most [`FRESH`] ago.
    pub fn count(&mut self, map: BorrowedFd<'_>) -> io::Result<u64> {
        if let Some((when, count)) = self.last
            && when.elapsed() < FRESH
        {
            return Ok(count);
        }
        let count = count(map)?;
        self.last = Some((Instant::now(), count));
        Ok(count)
    }
}

/// What the bytes of a map can be read as.
///
/// # Safety
///
/// Any bytes, as many as the type has, are a value of it.
unsafe trait Plain: Copy {}

// SAFETY: `repr(C)`, and integers only.
unsafe impl Plain for Key {}
// SAFETY: as above.
unsafe impl Plain for Value {}

/// Reads a value out of the bytes of a map.
fn read<T: Plain>(bytes: &[u8]) -> T {
    assert_eq!(bytes.len(), size_of::<T>());
    // SAFETY: as many bytes as the type has, and any bytes are a value of it; the read does not ask for alignment.
    unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
}

/// The newest generation that judged one of the connections; 0 where there are none. A daemon that takes a table over goes
/// on from there, so that every connection is judged again by its policy.
pub fn newest_generation(map: BorrowedFd<'_>) -> io::Result<u32> {
    let mut newest = 0;
    sys::for_each_entry(map, size_of::<Key>(), size_of::<Value>(), |_, value| {
        let value: Value = read(value);
        newest = newest.max(value.generation);
    })?;
    Ok(newest)
}

fn count(map: BorrowedFd<'_>) -> io::Result<u64> {
    let now = sys::monotonic();
    let mut alive = 0;
    sys::for_each_entry(map, size_of::<Key>(), size_of::<Value>(), |key, value| {
        let key: Key = read(key);
        let value: Value = read(value);
        alive += u64::from(!value.is_expired(key.protocol, now));
    })?;
    Ok(alive)
}
