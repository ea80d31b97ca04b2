//! Hash tables of one-cell buckets: each key is in one of two buckets, so that a lookup reads two cells at the worst.

use crate::cell::{Cells, word};

/// Where a table stands in the image: its first bucket (a cell), the number of buckets less one, and the seed that the
/// compiler picked so that everything fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Table {
    /// Cell of bucket 0, relative to the image.
    pub start: u32,
    /// Number of buckets (a power of two) less one.
    pub mask: u32,
    /// Seed of the hash; 0 where the table is empty.
    pub seed: u32,
}

/// Words of an entry and entries of a bucket, by kind of key: 1 key word and 1 value word, eight to a bucket.
pub const SMALL: usize = 8;
/// 2 key words and 1 value word, five to a bucket.
pub const MEDIUM: usize = 5;
/// 4 key words and 1 value word, three to a bucket.
pub const LARGE: usize = 3;
/// 2 key words and 3 value words, three to a bucket.
pub const PAIR: usize = 3;
/// 2 key words and 6 value words, two to a bucket.
pub const WIDE: usize = 2;

/// A mix of 64 bits in which every input bit reaches every output bit.
#[inline(always)]
pub const fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ x >> 32
}

/// The two buckets of a key of one or two words.
#[inline(always)]
pub const fn buckets2(table: Table, a: u32, b: u32) -> (u32, u32) {
    let hash = mix((a as u64 | (b as u64) << 32) ^ (table.seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (hash as u32 & table.mask, (hash >> 32) as u32 & table.mask)
}

/// The two buckets of a key of four words.
#[inline(always)]
pub const fn buckets4(table: Table, key: &[u32; 4]) -> (u32, u32) {
    let first = mix((key[0] as u64 | (key[1] as u64) << 32) ^ (table.seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let hash = mix(first.wrapping_add(key[2] as u64 | (key[3] as u64) << 32));
    (hash as u32 & table.mask, (hash >> 32) as u32 & table.mask)
}

/// The value of a one-word key (an IPv4 address), or 0. Nothing where the image is damaged.
#[inline(never)]
pub fn find_small<C: Cells + ?Sized>(cells: &C, base: u32, table: &Table, key: u32) -> Option<u32> {
    if table.seed == 0 {
        return Some(0);
    }
    let (first, second) = buckets2(*table, key, 0);
    let mut bucket = first;
    let mut turn = 0;
    while turn < 2 {
        let cell = cells.cell(base.wrapping_add(table.start).wrapping_add(bucket))?;
        let mut i = 0;
        while i < SMALL {
            if word(cell, 2 * i) == key && word(cell, 2 * i + 1) != 0 {
                return Some(word(cell, 2 * i + 1));
            }
            i += 1;
        }
        bucket = second;
        turn += 1;
    }
    Some(0)
}

/// The value of a two-word key (a MAC), or 0. Nothing where the image is damaged.
#[inline(never)]
pub fn find_medium<C: Cells + ?Sized>(cells: &C, base: u32, table: &Table, key: u64) -> Option<u32> {
    if table.seed == 0 {
        return Some(0);
    }
    let (a, b) = (key as u32, (key >> 32) as u32);
    let (first, second) = buckets2(*table, a, b);
    let mut bucket = first;
    let mut turn = 0;
    while turn < 2 {
        let cell = cells.cell(base.wrapping_add(table.start).wrapping_add(bucket))?;
        let mut i = 0;
        while i < MEDIUM {
            if word(cell, 3 * i) == a && word(cell, 3 * i + 1) == b && word(cell, 3 * i + 2) != 0 {
                return Some(word(cell, 3 * i + 2));
            }
            i += 1;
        }
        bucket = second;
        turn += 1;
    }
    Some(0)
}

/// The value of a four-word key (an IPv6 address), or 0. Nothing where the image is damaged.
#[inline(never)]
pub fn find_large<C: Cells + ?Sized>(cells: &C, base: u32, table: &Table, key: &[u32; 4]) -> Option<u32> {
    if table.seed == 0 {
        return Some(0);
    }
    let (first, second) = buckets4(*table, key);
    let mut bucket = first;
    let mut turn = 0;
    while turn < 2 {
        let cell = cells.cell(base.wrapping_add(table.start).wrapping_add(bucket))?;
        let mut i = 0;
        while i < LARGE {
            let same = (word(cell, 5 * i) ^ key[0])
                | (word(cell, 5 * i + 1) ^ key[1])
                | (word(cell, 5 * i + 2) ^ key[2])
                | (word(cell, 5 * i + 3) ^ key[3]);
            if same == 0 && word(cell, 5 * i + 4) != 0 {
                return Some(word(cell, 5 * i + 4));
            }
            i += 1;
        }
        bucket = second;
        turn += 1;
    }
    Some(0)
}

/// Finds an entry of `N` to a bucket with `WIDTH` words, two of them key, and gives its cell and the position of its first
/// value word. An entry is live where its first value word is not 0.
#[inline(always)]
fn find_entry<'a, C: Cells + ?Sized, const N: usize, const WIDTH: usize>(
    cells: &'a C,
    base: u32,
    table: &Table,
    a: u32,
    b: u32,
) -> Option<Option<(&'a [u32; 16], usize)>> {
    if table.seed == 0 {
        return Some(None);
    }
    let (first, second) = buckets2(*table, a, b);
    let mut bucket = first;
    let mut turn = 0;
    while turn < 2 {
        let cell = cells.cell(base.wrapping_add(table.start).wrapping_add(bucket))?;
        let mut i = 0;
        while i < N {
            let at = WIDTH * i;
            if word(cell, at) == a && word(cell, at + 1) == b && word(cell, at + 2) != 0 {
                return Some(Some((cell, at + 2)));
            }
            i += 1;
        }
        bucket = second;
        turn += 1;
    }
    Some(None)
}

/// The three value words of a pair of subjects into `out`; true where there is such an entry. Nothing where the image is damaged.
#[inline(never)]
pub fn find_pair<C: Cells + ?Sized>(cells: &C, base: u32, table: &Table, key: u64, out: &mut [u32; 3]) -> Option<bool> {
    match find_entry::<C, PAIR, 5>(cells, base, table, key as u32, (key >> 32) as u32)? {
        Some((cell, at)) => {
            *out = [word(cell, at), word(cell, at + 1), word(cell, at + 2)];
            Some(true)
        }
        None => Some(false),
    }
}

/// The six value words of a two-word key into `out`; true where there is such an entry. Nothing where the image is damaged.
#[inline(never)]
pub fn find_wide<C: Cells + ?Sized>(cells: &C, base: u32, table: &Table, key: u64, out: &mut [u32; 6]) -> Option<bool> {
    match find_entry::<C, WIDE, 8>(cells, base, table, key as u32, (key >> 32) as u32)? {
        Some((cell, at)) => {
            let mut i = 0;
            while i < 6 {
                out[i] = word(cell, at + i);
                i += 1;
            }
            Some(true)
        }
        None => Some(false),
    }
}
