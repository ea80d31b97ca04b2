//! Cells: the unit in which images are laid out and read.

use crate::endpoint::Endpoint;
use crate::image::Heads;
use crate::ladder::{Fields, walk};
use crate::layers::{List, listed, outcomes, pair};

/// Words of 32 bits in a cell. A cell is 64 bytes: one cache line.
pub const WORDS: usize = 16;

/// One cell: sixteen 32-bit words in the byte order of the machine.
pub type Cell = [u32; WORDS];

/// Something that yields a cell by index: a slice in tests and tools, the half in force of a memory-mapped array in the kernel.
pub trait Cells {
    /// The cell at `index`, or nothing beyond the end. A reader that gets nothing must refuse the packet.
    fn cell(&self, index: u32) -> Option<&Cell>;

    /// Follows a reference through ladders: [`crate::ladder::walk`], which the kernel program calls in a way of its own.
    #[inline(always)]
    fn walk(&self, base: u32, start: u32, fields: &Fields) -> Option<u32> {
        walk(self, base, start, fields)
    }

    /// Outcomes for a pair of subjects of which one is a device: [`crate::layers::pair`], likewise.
    #[inline(always)]
    fn pair(&self, heads: &Heads, key: (u32, u32), list: usize, fields: &Fields) -> Option<(u32, u32)> {
        pair(self, heads, key, list, fields)
    }

    /// Outcomes of guardrails and transitions: [`crate::layers::outcomes`], likewise.
    #[inline(always)]
    fn outcomes(&self, heads: &Heads, ends: &(Endpoint, Endpoint), fields: &Fields) -> Option<(u32, u32)> {
        outcomes(self, heads, ends, fields)
    }

    /// Outcome of one list of a profile: [`crate::layers::listed`], likewise.
    #[inline(always)]
    fn listed(&self, heads: &Heads, ends: &(Endpoint, Endpoint), list: List, fields: &mut Fields) -> Option<u32> {
        listed(self, heads, ends, list, fields)
    }
}

impl Cells for [Cell] {
    fn cell(&self, index: u32) -> Option<&Cell> {
        self.get(index as usize)
    }
}

/// The word at a position known to be below [`WORDS`]; the mask tells the verifier so.
#[inline(always)]
pub fn word(cell: &Cell, position: usize) -> u32 {
    let position = position & (WORDS - 1);
    // SAFETY: the mask keeps the position below the length of the array.
    unsafe { core::ptr::read_volatile(cell.as_ptr().add(position)) }
}

/// The highest bit of a number. In the kernel by an instruction that the compiler does not see through: it would make a
/// branch of the comparison behind it, and the verifier would follow both sides of each.
#[inline(always)]
pub fn sign(number: u64) -> u64 {
    #[cfg(target_arch = "bpf")]
    {
        let mut number = number;
        // SAFETY: one shift of one register.
        unsafe { core::arch::asm!("{0} >>= 63", inout(reg) number, options(pure, nomem, nostack)) };
        number
    }
    #[cfg(not(target_arch = "bpf"))]
    {
        number >> 63
    }
}
