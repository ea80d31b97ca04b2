//! Writers of the hash tables of `enforcer_common::table`: every key in one of its two buckets, or no table.

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::table::{Table, buckets2, buckets4};

/// A table being filled: keys of `KEY` words with values of `VALUE` words.
#[derive(Debug)]
pub struct Builder<const KEY: usize, const VALUE: usize> {
    entries: Vec<([u32; KEY], [u32; VALUE])>,
    per_bucket: usize,
}

/// Seeds tried before a table is made larger.
const SEEDS: u32 = 16;
/// Moves tried to find room for one key before a seed is given up.
const KICKS: usize = 200;
/// A slot that no entry has.
const FREE: u32 = u32::MAX;

impl<const KEY: usize, const VALUE: usize> Builder<KEY, VALUE> {
    /// An empty table with `per_bucket` entries to a cell.
    pub fn new(per_bucket: usize) -> Self {
        assert!(per_bucket * (KEY + VALUE) <= WORDS && matches!(KEY, 1 | 2 | 4));
        Builder { entries: Vec::new(), per_bucket }
    }

    /// Adds an entry. Keys are distinct; the first value word is not 0.
    pub fn insert(&mut self, key: [u32; KEY], value: [u32; VALUE]) {
        debug_assert!(value[0] != 0);
        self.entries.push((key, value));
    }

    /// Appends the buckets to `cells` and tells where they stand, counted from `origin`.
    pub fn finish(mut self, cells: &mut Vec<Cell>, origin: usize) -> Table {
        if self.entries.is_empty() {
            return Table::default();
        }
        self.entries.sort_unstable();
        let start = (cells.len() - origin) as u32;
        // Up to four fifths full: two choices find room quickly there.
        let mut buckets = (self.entries.len() * 5).div_ceil(self.per_bucket * 4).next_power_of_two();
        loop {
            for seed in 1..=SEEDS {
                let table = Table { start, mask: buckets as u32 - 1, seed };
                if let Some(placed) = self.place(table) {
                    cells.extend(self.write(&placed));
                    return table;
                }
            }
            buckets *= 2;
        }
    }

    fn choices(table: Table, key: &[u32; KEY]) -> (u32, u32) {
        match KEY {
            1 => buckets2(table, key[0], 0),
            2 => buckets2(table, key[0], key[1]),
            _ => buckets4(table, &[key[0], key[1], key[2], key[3]]),
        }
    }

    /// For each slot, bucket by bucket, the number of its entry or [`FREE`]; nothing where this seed does not fit.
    fn place(&self, table: Table) -> Option<Vec<u32>> {
        let mut slots = vec![FREE; (table.mask as usize + 1) * self.per_bucket];
        let mut taken = vec![0u8; table.mask as usize + 1];
        for number in 0..self.entries.len() as u32 {
            let mut homeless = number;
            let mut avoid = None;
            let mut kicks = 0;
            loop {
                let (first, second) = Self::choices(table, &self.entries[homeless as usize].0);
                let (a, b) = (taken[first as usize], taken[second as usize]);
                let emptier = (if b < a { second } else { first }) as usize;
                if usize::from(a.min(b)) < self.per_bucket {
                    slots[emptier * self.per_bucket + usize::from(taken[emptier])] = homeless;
                    taken[emptier] += 1;
                    break;
                }
                kicks += 1;
                if kicks > KICKS {
                    return None;
                }
                // Both full: one entry makes room and goes to its other bucket.
                let bucket = if avoid == Some(first) { second } else { first };
                let victim = bucket as usize * self.per_bucket + kicks % self.per_bucket;
                std::mem::swap(&mut slots[victim], &mut homeless);
                avoid = Some(bucket);
            }
        }
        Some(slots)
    }

    fn write(&self, slots: &[u32]) -> impl Iterator<Item = Cell> {
        let width = KEY + VALUE;
        slots.chunks_exact(self.per_bucket).map(move |bucket| {
            let mut cell = [0u32; WORDS];
            for (i, number) in bucket.iter().take_while(|number| **number != FREE).enumerate() {
                let (key, value) = &self.entries[*number as usize];
                cell[i * width..i * width + KEY].copy_from_slice(key);
                cell[i * width + KEY..(i + 1) * width].copy_from_slice(value);
            }
            cell
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enforcer_common::table::{find_large, find_medium, find_small, find_wide};

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [1u32, 7, 8, 9, 1000, 50_000] {
            let mut small = Builder::<1, 1>::new(8);
            let mut medium = Builder::<2, 1>::new(5);
            let mut large = Builder::<4, 1>::new(3);
            let mut wide = Builder::<2, 6>::new(2);
            for i in 0..count {
                small.insert([i * 3 + 1], [i + 1]);
                medium.insert([i * 3, i], [i + 1]);
                large.insert([0xfd00_0000, i, 0, i * 3], [i + 1]);
                wide.insert([i, 0], [i + 1, 2, 3, 4, 5, 6]);
            }
            let mut cells = vec![[0u32; WORDS]; 3];
            let small = small.finish(&mut cells, 1);
            let medium = medium.finish(&mut cells, 1);
            let large = large.finish(&mut cells, 1);
            let wide = wide.finish(&mut cells, 1);
            let cells = cells.as_slice();
            for i in 0..count {
                assert_eq!(find_small(cells, 1, &small, i * 3 + 1), Some(i + 1));
                assert_eq!(find_small(cells, 1, &small, i * 3 + 2), Some(0));
                assert_eq!(find_medium(cells, 1, &medium, (i * 3) as u64 | (i as u64) << 32), Some(i + 1));
                assert_eq!(find_medium(cells, 1, &medium, (i * 3 + 1) as u64 | (i as u64) << 32), Some(0));
                assert_eq!(find_large(cells, 1, &large, &[0xfd00_0000, i, 0, i * 3]), Some(i + 1));
                assert_eq!(find_large(cells, 1, &large, &[0xfd00_0000, i, 1, i * 3]), Some(0));
                let mut out = [0; 6];
                assert_eq!(find_wide(cells, 1, &wide, i as u64, &mut out), Some(true));
                assert_eq!(out, [i + 1, 2, 3, 4, 5, 6]);
                assert_eq!(find_wide(cells, 1, &wide, i as u64 | 1 << 32, &mut out), Some(false));
            }
        }
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let mut cells = vec![[0u32; WORDS]];
        let table = Builder::<1, 1>::new(8).finish(&mut cells, 0);
        assert_eq!(find_small(cells.as_slice(), 0, &table, 0), Some(0));
    }
}
