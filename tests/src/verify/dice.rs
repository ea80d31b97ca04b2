//! Choices from a seed.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// Chance, the same again from the same seed.
#[derive(Debug)]
pub struct Dice(SmallRng);

impl Dice {
    /// The choices of this seed.
    pub fn new(seed: u64) -> Dice {
        Dice(SmallRng::seed_from_u64(seed))
    }

    /// A seed for something else.
    pub fn seed(&mut self) -> u64 {
        self.0.random()
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, times: u32) -> bool {
        self.0.random_ratio(times.min(100), 100)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: u32) -> bool {
        self.0.random_ratio(1, times)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: usize, last: usize) -> usize {
        self.0.random_range(first..=last)
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        self.0.random()
    }

    /// Any 16 bits.
    pub fn word(&mut self) -> u16 {
        self.0.random()
    }

    /// Any 128 bits.
    pub fn bits(&mut self) -> u128 {
        self.0.random()
    }

    /// One of a list that is not empty.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }

    /// One of a list, if it holds any.
    pub fn maybe<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.choose(&mut self.0)
    }

    /// One of a list, each as often as its weight says; the weights are not all 0.
    pub fn weighted<T: Copy>(&mut self, list: &[(u32, T)]) -> T {
        let total: u32 = list.iter().map(|(weight, _)| weight).sum();
        let mut left = self.0.random_range(0..total);
        for (weight, value) in list {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        list[0].1
    }

    /// Different ones of a list, from `fewest` to `most` of them as far as it goes.
    pub fn some<T: Clone>(&mut self, list: &[T], fewest: usize, most: usize) -> Vec<T> {
        let wanted = self.between(fewest, most).min(list.len());
        list.sample(&mut self.0, wanted).cloned().collect()
    }
}
