//! What is said at the end of a replay for people.

use std::collections::BTreeMap;
use std::fmt;

use enforcer_common::reason::{Reason, Verdict};

/// Frames by verdict and reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    counts: BTreeMap<(Verdict, Reason), u64>,
    /// Frames of which the capture holds only the start.
    pub cut: u64,
}

impl Summary {
    /// Counts one frame.
    pub fn count(&mut self, verdict: Verdict, reason: Reason) {
        *self.counts.entry((verdict, reason)).or_default() += 1;
    }

    fn of(&self, verdict: Verdict) -> u64 {
        let counts = self.counts.iter();
        counts.filter(|((is, _), _)| *is == verdict).map(|(_, count)| count).sum()
    }

    /// All frames.
    pub fn frames(&self) -> u64 {
        self.counts.values().sum()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} frames", self.frames())?;
        for verdict in [Verdict::Pass, Verdict::Drop, Verdict::Audit] {
            let total = self.of(verdict);
            if total == 0 {
                continue;
            }
            write!(f, "\n  {:<17}{total:>9}", verdict.label())?;
            for ((_, reason), count) in self.counts.iter().filter(|((is, _), _)| *is == verdict) {
                write!(f, "\n    {:<15}{count:>9}", reason.label())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_told_by_reason() {
        let mut summary = Summary::default();
        summary.count(Verdict::Drop, Reason::NoTransition);
        summary.count(Verdict::Pass, Reason::Allowed);
        summary.count(Verdict::Drop, Reason::NoTransition);
        summary.count(Verdict::Drop, Reason::Guardrail);
        let expected = "4 frames
  pass                     1
    allowed                1
  drop                     3
    guardrail              1
    no-transition          2";
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn an_empty_capture_has_no_frames() {
        assert_eq!(Summary::default().to_string(), "0 frames");
    }
}
