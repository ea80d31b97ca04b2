//! The memory that holds generations: one mapped array in two halves, and the control cell that names the half in force.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use enforcer_common::cell::Cell;

use super::mapping::Mapping;
use super::{Error, sys};

/// The fewest cells that a half has.
pub const SMALLEST_HALF: usize = 4096;

/// Cells of a half for a first generation of `cells` cells: double that, so that the policy can grow.
pub fn half_for(cells: usize) -> u32 {
    let cells = cells.saturating_mul(2).max(SMALLEST_HALF);
    u32::try_from(cells.next_multiple_of(64)).unwrap_or(u32::MAX / 2)
}

/// The two halves and the control cell.
#[derive(Debug)]
pub struct Memory {
    image: Mapping,
    control: Mapping,
    half: u32,
}

impl Memory {
    /// Maps the array `image` of two halves of `half` cells, and the array `control` of one 64-bit value.
    pub fn new(image: BorrowedFd<'_>, control: BorrowedFd<'_>, half: u32) -> Result<Self, Error> {
        Ok(Memory {
            image: Mapping::new(image, half as usize * 2 * size_of::<Cell>())?,
            control: Mapping::new(control, size_of::<u64>())?,
            half,
        })
    }

    fn control(&self) -> &AtomicU64 {
        // SAFETY: the mapping is of at least one page and starts on one, so it holds an aligned u64; it lives as long as
        // `self`; the kernel side too reads and writes it as one word.
        unsafe { self.control.start().cast::<AtomicU64>().as_ref() }
    }

    /// The generation in force; 0 for none.
    pub fn generation(&self) -> u32 {
        (self.control().load(Ordering::Acquire) >> 32) as u32
    }

    /// Cells of a half.
    pub fn room(&self) -> u32 {
        self.half
    }

    /// Bytes of the kernel's memory that both halves take.
    pub fn bytes(&self) -> usize {
        self.image.length()
    }

    /// First cell of the half that is not in force.
    fn idle_half(&self) -> u32 {
        let control = self.control().load(Ordering::Acquire);
        if control >> 32 != 0 && control as u32 == 0 { self.half } else { 0 }
    }

    /// Puts `cells` (an overlay followed by an image, see [`super::overlay::half`]) in force as `generation`, which is not 0.
    pub fn switch(&mut self, cells: &[Cell], generation: u32) -> Result<(), Error> {
        let first = self.write_half(cells)?;
        self.point_at(first, generation);
        Ok(())
    }

    /// Writes the idle half and tells its first cell. Nothing is in force by that.
    pub fn write_half(&mut self, cells: &[Cell]) -> Result<u32, Error> {
        if cells.len() > self.half as usize {
            return Err(Error::TooLarge { needed: cells.len(), room: self.half });
        }
        let first = self.idle_half();
        // A program that began before the last switch may still read the half that is idle now.
        sys::wait_for_readers();
        // SAFETY: `first` is the start of a half and `cells` is no longer than one, so the target lies in the mapping; it is
        // aligned as the map's values are 64 bytes each; no program reads it: it is idle, and the grace period is over.
        unsafe {
            let target = self.image.start().cast::<Cell>().add(first as usize);
            std::ptr::copy_nonoverlapping(cells.as_ptr(), target.as_ptr(), cells.len());
        }
        Ok(first)
    }

    /// Puts the half that starts at cell `first` in force, by one store: a packet sees the old generation or the new one.
    pub fn point_at(&self, first: u32, generation: u32) {
        let control = u64::from(first) | u64::from(generation) << 32;
        self.control().store(control, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use enforcer_common::cell::WORDS;
    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    /// A memory on plain files, which map as an array's values do.
    fn memory(half: u32) -> Memory {
        let file = |bytes: i64| {
            let fd = memfd_create(c"cells", MFdFlags::empty()).unwrap();
            nix::unistd::ftruncate(&fd, bytes).unwrap();
            fd
        };
        let (image, control) = (file(i64::from(half) * 128), file(8));
        Memory::new(image.as_fd(), control.as_fd(), half).unwrap()
    }

    fn read(memory: &Memory, cell: u32) -> Cell {
        // SAFETY: the tests ask for cells inside the two halves only.
        unsafe { *memory.image.start().cast::<Cell>().add(cell as usize).as_ptr() }
    }

    #[test]
    fn generations_take_turns_in_the_halves() {
        let mut memory = memory(4);
        assert_eq!(memory.generation(), 0);
        for generation in 1..6u32 {
            memory.switch(&[[generation; WORDS]; 3], generation).unwrap();
            assert_eq!(memory.generation(), generation);
            let control = memory.control().load(Ordering::Relaxed);
            let first = control as u32;
            assert_eq!(first, if generation % 2 == 1 { 0 } else { 4 });
            assert_eq!(read(&memory, first + 2), [generation; WORDS]);
            if generation > 1 {
                assert_eq!(read(&memory, 4 - first), [generation - 1; WORDS], "the other half is left alone");
            }
        }
    }

    #[test]
    fn what_does_not_fit_leaves_the_old_in_force() {
        let mut memory = memory(4);
        memory.switch(&[[7; WORDS]; 4], 1).unwrap();
        let error = memory.switch(&[[8; WORDS]; 5], 2).unwrap_err();
        assert!(matches!(error, Error::TooLarge { needed: 5, room: 4 }));
        assert_eq!(memory.generation(), 1);
        assert_eq!(read(&memory, 0), [7; WORDS]);
    }

    #[test]
    fn a_half_has_headroom() {
        assert_eq!(half_for(10), 4096);
        assert_eq!(half_for(5000), 10_048);
    }
}
