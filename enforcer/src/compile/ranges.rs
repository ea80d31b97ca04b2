//! Sets of numbers as sorted ranges that neither overlap nor touch.

/// First and last number.
pub(super) type Range = (u32, u32);

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range>);

impl Ranges {
    /// The ranges, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = Range> {
        self.0.iter().copied()
    }

    /// Adds a number that is greater than all others.
    pub(super) fn push(&mut self, number: u32) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    /// The numbers that are in any of the sets.
    pub(super) fn union<'a>(sets: impl Iterator<Item = &'a Ranges>) -> Ranges {
        let mut all: Vec<Range> = sets.flat_map(Ranges::iter).collect();
        all.sort_unstable();
        let mut union: Vec<Range> = Vec::with_capacity(all.len());
        for (first, last) in all {
            match union.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => union.push((first, last)),
            }
        }
        Ranges(union)
    }

    /// The numbers that are in both sets.
    pub(super) fn intersection(&self, other: &Ranges) -> Ranges {
        let (mut a, mut b) = (self.iter().peekable(), other.iter().peekable());
        let mut both = Vec::new();
        while let (Some(one), Some(two)) = (a.peek(), b.peek()) {
            let (first, last) = (one.0.max(two.0), one.1.min(two.1));
            if first <= last {
                both.push((first, last));
            }
            if one.1 < two.1 {
                a.next();
            } else {
                b.next();
            }
        }
        Ranges(both)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn of(numbers: &BTreeSet<u32>) -> Ranges {
        let mut ranges = Ranges::default();
        numbers.iter().for_each(|number| ranges.push(*number));
        ranges
    }

    proptest! {
        #[test]
        fn they_are_sets(
            a in proptest::collection::btree_set(0u32..30, 0..20),
            b in proptest::collection::btree_set(0u32..30, 0..20),
        ) {
            let (one, two) = (of(&a), of(&b));
            prop_assert_eq!(one.iter().flat_map(|(first, last)| first..=last).collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(Ranges::union([&one, &two].into_iter()), of(&a.union(&b).copied().collect()));
            prop_assert_eq!(one.intersection(&two), of(&a.intersection(&b).copied().collect()));
        }
    }
}
