//! Cells: the unit in which images are laid out and read.

/// Words of 32 bits in a cell. A cell is 64 bytes: one cache line.
pub const WORDS: usize = 16;

/// One cell: sixteen 32-bit words in the byte order of the machine.
pub type Cell = [u32; WORDS];

/// Something that yields a cell by index: a slice in tests and tools, the half in force of a memory-mapped array in the kernel.
pub trait Cells {
    /// The cell at `index`, or nothing beyond the end. A reader that gets nothing must refuse the packet.
    fn cell(&self, index: u32) -> Option<&Cell>;
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
