//! What the project wants to reach, and whether it does.

use serde::Serialize;

/// On which side of its bound a figure is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// No more than the bound.
    AtMost,
    /// No less.
    AtLeast,
}

/// One target. A figure that was not measured is neither met nor missed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// What, and in which measure.
    pub name: String,
    /// What was measured.
    pub measured: Option<f64>,
    /// What is wanted.
    pub bound: f64,
    /// Whether that is so.
    pub met: Option<bool>,
}

impl Target {
    /// A target with what was measured for it.
    pub fn new(name: impl Into<String>, sense: Sense, bound: f64, measured: Option<f64>) -> Target {
        let name = match sense {
            Sense::AtMost => format!("{}, at most", name.into()),
            Sense::AtLeast => format!("{}, at least", name.into()),
        };
        // A division by nothing is no measurement.
        let measured = measured.filter(|measured| measured.is_finite());
        let met = measured.map(|measured| match sense {
            Sense::AtMost => measured <= bound,
            Sense::AtLeast => measured >= bound,
        });
        Target { name, measured, bound, met }
    }
}

/// One figure in proportion to another, where both were measured.
pub fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_both_sides() {
        let cases = [
            (Sense::AtMost, 0.35, Some(0.35), Some(true)),
            (Sense::AtMost, 0.35, Some(0.351), Some(false)),
            (Sense::AtLeast, 2.5, Some(2.5), Some(true)),
            (Sense::AtLeast, 2.5, Some(2.49), Some(false)),
            (Sense::AtMost, 1.0, None, None),
            (Sense::AtMost, 1.0, Some(f64::NAN), None),
            (Sense::AtLeast, 1.0, Some(f64::INFINITY), None),
        ];
        for (sense, bound, measured, met) in cases {
            assert_eq!(Target::new("cost", sense, bound, measured).met, met, "{measured:?} against {bound}");
        }
    }

    #[test]
    fn proportions_of_what_was_not_measured_are_not_known() {
        assert_eq!(ratio(Some(3.0), Some(4.0)), Some(0.75));
        assert_eq!(ratio(Some(-1.0), Some(4.0)), Some(-0.25));
        for (part, whole) in [(None, Some(1.0)), (Some(1.0), None), (Some(1.0), Some(0.0)), (Some(1.0), Some(-2.0))] {
            assert_eq!(ratio(part, whole), None);
        }
    }
}
