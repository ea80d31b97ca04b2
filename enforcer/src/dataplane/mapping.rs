//! Values of a map of the kernel, mapped into this process.

use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::Error;

/// A mapping of a map's values.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping belongs to no thread; what it points to is only reached through borrows of it.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes of the values of an array that was made to be mapped.
    pub fn new(map: BorrowedFd<'_>, length: usize) -> Result<Self, Error> {
        let system = |error: nix::errno::Errno| Error::System {
            what: "cannot map a map's values into this process",
            error: error.into(),
        };
        let size = NonZeroUsize::new(length).ok_or_else(|| system(nix::errno::Errno::EINVAL))?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel picks; it overlaps nothing of ours.
        let start = unsafe { mmap(None, size, protection, MapFlags::MAP_SHARED, map, 0) }.map_err(system)?;
        Ok(Mapping { start: start.cast(), length })
    }

    /// The first byte. It starts a page, and is there as long as `self` is.
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Bytes that are mapped.
    pub fn length(&self) -> usize {
        self.length
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, is taken back this once, and nobody uses `start` after `self`.
        let _ = unsafe { munmap(self.start.cast(), self.length) };
    }
}
