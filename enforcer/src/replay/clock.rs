//! The clock of a replay: the capture's, but it never goes back.

/// Where the clock stands at the first frame: the program may take 0 for "never".
const START: u64 = 1_000_000_000_000;

/// Time since the first frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    first: Option<u64>,
    elapsed: u64,
}

impl Clock {
    /// The program's time, in nanoseconds, for a frame captured at `time`.
    pub(super) fn advance(&mut self, time: u64) -> u64 {
        let first = *self.first.get_or_insert(time);
        self.elapsed = self.elapsed.max(time.saturating_sub(first));
        START.saturating_add(self.elapsed)
    }

    /// Seconds since the first frame.
    pub(super) fn seconds(&self) -> f64 {
        self.elapsed as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back() {
        let mut clock = Clock::default();
        let seconds: Vec<f64> = [5_000_000_000, 6_500_000_000, 6_000_000_000, 7_000_000_000]
            .map(|time| {
                clock.advance(time);
                clock.seconds()
            })
            .to_vec();
        assert_eq!(seconds, [0.0, 1.5, 1.5, 2.0]);
    }
}
