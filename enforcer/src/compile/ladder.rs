//! The writer of ladders: intervals over one field into cells, equal ladders once.

use std::collections::HashMap;

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::ladder::{FAN, LEAF, MAX_DEPTH, MAX_STEPS, Ref};

use super::Error;

/// Intervals of one field: each from its lower bound to the next; the first starts at 0.
pub(super) type Intervals = Vec<(u32, Ref)>;

/// What the keys of a ladder can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Keys {
    /// Any word.
    All,
    /// Any word but the last, which stands for "no bound" in cells that are not full.
    NotTheLast,
}

/// Ladders under construction. Cells are numbered from `origin`, the place that they take in the image.
#[derive(Debug)]
pub(super) struct Ladders {
    cells: Vec<Cell>,
    origin: u32,
    known: HashMap<(Keys, u32, Intervals), Ref>,
    steps: HashMap<Ref, u32>,
}

impl Ladders {
    /// No ladders yet; the first will stand at cell `origin` of the image.
    pub(super) fn new(origin: u32) -> Self {
        Ladders { cells: Vec::new(), origin, known: HashMap::new(), steps: HashMap::new() }
    }

    /// A ladder over `field`, whose keys (labels, services, ports) are never `u32::MAX`. Neighbours with the same outcome become
    /// one; a single outcome needs no ladder.
    pub(super) fn ladder(&mut self, field: usize, intervals: Intervals) -> Result<Ref, Error> {
        self.shared(Keys::NotTheLast, field, intervals)
    }

    /// The same for a word of an address, which can be anything.
    pub(super) fn ladder_over_word(&mut self, field: usize, intervals: Intervals) -> Result<Ref, Error> {
        self.shared(Keys::All, field, intervals)
    }

    fn shared(&mut self, keys: Keys, field: usize, mut intervals: Intervals) -> Result<Ref, Error> {
        debug_assert!(intervals.first().is_some_and(|first| first.0 == 0));
        debug_assert!(intervals.is_sorted_by(|a, b| a.0 < b.0));
        intervals.dedup_by(|next, kept| next.1 == kept.1);
        if let [(_, only)] = intervals.as_slice() {
            return Ok(*only);
        }
        let key = (keys, field as u32, intervals);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let (depth, index) = self.write(keys, &key.2)?;
        let reference = Ref::ladder(key.1, depth, index);
        let below = key.2.iter().map(|(_, next)| self.steps_of(*next)).max().unwrap_or(0);
        let steps = below + depth + 1;
        if steps as usize > MAX_STEPS {
            return Err(Error::TooDeep);
        }
        self.steps.insert(reference, steps);
        self.known.insert(key, reference);
        Ok(reference)
    }

    /// The cells, to stand at the origin.
    pub(super) fn into_cells(self) -> Vec<Cell> {
        self.cells
    }

    fn steps_of(&self, reference: Ref) -> u32 {
        self.steps.get(&reference).copied().unwrap_or(0)
    }

    /// Writes the levels from the leaves up; gives depth and root.
    fn write(&mut self, keys: Keys, intervals: &Intervals) -> Result<(u32, u32), Error> {
        let mut level: Vec<(u32, Cell)> = intervals.chunks(LEAF).map(leaf).collect();
        let mut depth = 0;
        while level.len() > 1 {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(Error::TooDeep);
            }
            let first = self.append(keys, &level);
            level = level
                .chunks(FAN)
                .enumerate()
                .map(|(i, children)| (children[0].0, interior(first + (i * FAN) as u32, children)))
                .collect();
        }
        let root = self.origin + self.cells.len() as u32;
        self.cells.push(level[0].1);
        if self.cells.len() as u32 + self.origin >= 1 << 25 {
            return Err(Error::TooLarge);
        }
        Ok((depth, root))
    }

    /// Appends a level. Where a key can be above every bound, the level is filled up to whole families with copies of its last
    /// cell: such a key finds one of them.
    fn append(&mut self, keys: Keys, level: &[(u32, Cell)]) -> u32 {
        let first = self.origin + self.cells.len() as u32;
        self.cells.extend(level.iter().map(|(_, cell)| *cell));
        if keys == Keys::All {
            let copies = level.len().next_multiple_of(FAN) - level.len();
            self.cells.extend(std::iter::repeat_n(level[level.len() - 1].1, copies));
        }
        first
    }
}

/// A leaf: the lower bounds of intervals 1–7, and eight outcomes. What is left repeats the last.
fn leaf(intervals: &[(u32, Ref)]) -> (u32, Cell) {
    let mut cell = [u32::MAX; WORDS];
    let last = intervals[intervals.len() - 1].1;
    for i in 0..LEAF {
        cell[8 + i] = intervals.get(i).map_or(last, |interval| interval.1).0;
        if i > 0 {
            cell[i - 1] = intervals.get(i).map_or(u32::MAX, |interval| interval.0);
        }
    }
    (intervals[0].0, cell)
}

/// An interior cell over up to sixteen children that stand in a row from `first`.
fn interior(first: u32, children: &[(u32, Cell)]) -> Cell {
    let mut cell = [u32::MAX; WORDS];
    cell[0] = first;
    for (i, (lower, _)) in children.iter().enumerate().skip(1) {
        cell[i] = *lower;
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use enforcer_common::ladder::walk;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_walk_finds_the_interval_that_holds_the_key(
            bounds in proptest::collection::btree_set(1u32.., 0..3000),
            keys in proptest::collection::vec(any::<u32>(), 50),
        ) {
            let intervals: Intervals = std::iter::once(0)
                .chain(bounds.iter().copied())
                .enumerate()
                .map(|(i, bound)| (bound, Ref::done(i as u32)))
                .collect();
            let mut ladders = Ladders::new(3);
            let any = ladders.ladder_over_word(2, intervals.clone()).unwrap();
            let some = ladders.ladder(2, intervals.clone()).unwrap();
            let mut cells = vec![[0; WORDS]; 3];
            cells.extend(ladders.into_cells());
            let edges = bounds.iter().flat_map(|bound| [*bound, bound - 1]).chain([0, u32::MAX - 1, u32::MAX]);
            for key in keys.into_iter().chain(edges) {
                let expected = intervals.partition_point(|(bound, _)| *bound <= key) as u32 - 1;
                let fields = [9, 9, key, 9, 9, 9, 9, 9];
                prop_assert_eq!(walk(cells.as_slice(), 0, any.0, &fields), Some(expected));
                if key != u32::MAX {
                    prop_assert_eq!(walk(cells.as_slice(), 0, some.0, &fields), Some(expected));
                }
            }
        }
    }

    #[test]
    fn equal_ladders_stand_once() {
        let mut ladders = Ladders::new(0);
        let one = ladders.ladder(0, vec![(0, Ref::done(1)), (5, Ref::done(2))]).unwrap();
        let two = ladders.ladder(0, vec![(0, Ref::done(1)), (3, Ref::done(1)), (5, Ref::done(2))]).unwrap();
        assert_eq!(one, two);
        assert_eq!(ladders.into_cells().len(), 1);
    }
}
