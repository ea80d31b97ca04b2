//! Ladders: decisions over a few 32-bit fields, as sorted boundaries in cells.
//!
//! A ladder maps one field of the packet to an outcome by the interval that the field falls in: a B+ tree whose interior
//! cells have sixteen children and whose leaf cells hold eight intervals. An outcome is final or leads to a ladder over
//! another field, so that a shared graph of ladders decides over all fields in a bounded number of cells, whatever the number
//! of rules behind it. Prefix tables, services and MUD lists are all ladders; see docs/decisions/0002.

use crate::cell::{Cells, sign, word};

/// A reference: a final outcome, or a ladder over one field.
///
/// | bits | final | ladder |
/// | --- | --- | --- |
/// | 31 | 1 | 0 |
/// | 30–28 | payload | field, 0 to 7 |
/// | 27–25 | payload | depth: interior levels above the leaves |
/// | 24–0 | payload | index of the root cell |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ref(pub u32);

/// Intervals that one leaf cell holds: words 0–6 are the lower bounds of intervals 1–7, words 8–15 the outcomes.
pub const LEAF: usize = 8;
/// Children of one interior cell: word 0 is the index of the first, words 1–15 the lower bounds of children 1–15.
pub const FAN: usize = 16;
/// Most interior levels of one ladder.
pub const MAX_DEPTH: u32 = 7;
/// Most cells that a walk reads. The compiler refuses a policy that would need more.
pub const MAX_STEPS: usize = 24;

impl Ref {
    /// The final outcome with an empty payload: nothing matched.
    pub const NOTHING: Ref = Ref(1 << 31);
    const PAYLOAD: u32 = (1 << 31) - 1;
    const INDEX: u32 = (1 << 25) - 1;

    /// A final outcome with 31 bits of payload.
    pub const fn done(payload: u32) -> Ref {
        Ref(1 << 31 | payload & Ref::PAYLOAD)
    }

    /// A ladder over `field` (below 8) with `depth` interior levels (at most [`MAX_DEPTH`]) rooted at cell `index`.
    pub const fn ladder(field: u32, depth: u32, index: u32) -> Ref {
        Ref((field & 7) << 28 | (depth & 7) << 25 | index & Ref::INDEX)
    }

    /// True where the outcome is final.
    #[inline(always)]
    pub const fn is_done(self) -> bool {
        self.0 >> 31 == 1
    }

    /// The payload of a final outcome.
    #[inline(always)]
    pub const fn payload(self) -> u32 {
        self.0 & Ref::PAYLOAD
    }

    /// The field that a ladder looks at.
    pub const fn field(self) -> u32 {
        self.0 >> 28 & 7
    }

    /// The interior levels above a ladder's leaves.
    pub const fn depth(self) -> u32 {
        self.0 >> 25 & 7
    }

    /// The root cell of a ladder.
    pub const fn index(self) -> u32 {
        self.0 & Ref::INDEX
    }
}

/// The fields that ladders look at.
pub type Fields = [u32; 8];

/// How many of the `N` lower bounds, from word `first` on, are at most `key`. Without branches: the verifier follows one path.
#[inline(always)]
fn count<const N: usize>(cell: &[u32; 16], first: usize, key: u32) -> u32 {
    let key = key as u64;
    let mut above = 0u64;
    let mut i = 0;
    while i < N {
        above += sign(key.wrapping_sub(word(cell, first + i) as u64));
        i += 1;
    }
    N as u32 - above as u32
}

/// Follows a reference through the ladders to its final payload.
///
/// Returns nothing where the image is damaged (a cell beyond the end, more steps than [`MAX_STEPS`]): the packet is refused.
#[inline(always)]
pub fn walk<C: Cells + ?Sized>(cells: &C, base: u32, start: u32, fields: &Fields) -> Option<u32> {
    let mut at = Ref(start);
    let mut step = 0;
    while step < MAX_STEPS {
        if at.is_done() {
            return Some(at.payload());
        }
        // Cell 0 is a header: a reference to it was never written.
        if at.index() == 0 {
            return None;
        }
        let key = fields[(at.0 >> 28 & 7) as usize];
        let cell = cells.cell(base.wrapping_add(at.index()))?;
        if at.depth() > 0 {
            let child = word(cell, 0).wrapping_add(count::<15>(cell, 1, key));
            at = Ref(at.0 & !Ref::INDEX & !(7 << 25) | (at.depth() - 1) << 25 | child & Ref::INDEX);
        } else {
            at = Ref(word(cell, 8 + (count::<7>(cell, 0, key) & 7) as usize));
        }
        step += 1;
    }
    if at.is_done() { Some(at.payload()) } else { None }
}
