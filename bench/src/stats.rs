//! Medians and quartiles.

/// The middle of some samples, and how far they spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// A quarter of the samples is below.
    pub low: f64,
    /// Half of them.
    pub median: f64,
    /// Three quarters.
    pub high: f64,
}

impl Summary {
    /// Of some samples; none of no samples, and none where one of them is no number.
    pub fn of(samples: &[f64]) -> Option<Summary> {
        if samples.is_empty() || samples.iter().any(|sample| !sample.is_finite()) {
            return None;
        }
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Summary { low: quantile(&sorted, 0.25), median: quantile(&sorted, 0.5), high: quantile(&sorted, 0.75) })
    }
}

/// The value below which that part of the sorted samples lies, between two samples by straight line.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let below = place.floor();
    let (low, high) = (sorted[below as usize], sorted[place.ceil() as usize]);
    low + (high - low) * (place - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quartiles() {
        let cases: [(&[f64], [f64; 3]); 6] = [
            (&[7.0], [7.0, 7.0, 7.0]),
            (&[2.0, 1.0], [1.25, 1.5, 1.75]),
            (&[3.0, 1.0, 2.0], [1.5, 2.0, 2.5]),
            (&[4.0, 1.0, 3.0, 2.0], [1.75, 2.5, 3.25]),
            (&[5.0, 1.0, 4.0, 2.0, 3.0], [2.0, 3.0, 4.0]),
            // One wild sample moves nothing.
            (&[10.0, 11.0, 12.0, 13.0, 1e9], [11.0, 12.0, 13.0]),
        ];
        for (samples, [low, median, high]) in cases {
            assert_eq!(Summary::of(samples), Some(Summary { low, median, high }), "{samples:?}");
        }
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[1.0, f64::NAN]), None);
    }
}
