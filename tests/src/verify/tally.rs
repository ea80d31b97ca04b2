//! What a run has exercised: how often each verdict was reached for each reason, at which layer.

use std::collections::BTreeMap;
use std::fmt;

use enforcer::replay::Finding;
use enforcer_common::reason::{Reason, Verdict};

use super::traffic::What;

/// Counts of judged frames.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<(Way, Verdict, Reason, &'static str), u64>,
    /// Frames that leave and were judged when they entered.
    pub nothing_new: u64,
    /// Frames of which this witness tells another port, sender or receiver than the first one does.
    ends: BTreeMap<&'static str, u64>,
}

/// Which program judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    In,
    Out,
}

impl Tally {
    /// Counts what was found.
    pub fn count(&mut self, what: &What, found: Option<&Finding<'_>>) {
        let way = match what {
            What::Enters { .. } => Way::In,
            What::Leaves { .. } => Way::Out,
            What::Reload => return,
        };
        match found {
            Some(found) => {
                *self.counts.entry((way, found.verdict, found.reason, found.layer())).or_default() += 1;
            }
            None => self.nothing_new += 1,
        }
    }

    /// Counts a frame of which a witness tells other ends than the first witness.
    pub fn other_ends(&mut self, witness: &'static str) {
        *self.ends.entry(witness).or_default() += 1;
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Tally) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
        self.nothing_new += other.nothing_new;
        for (witness, count) in &other.ends {
            *self.ends.entry(witness).or_default() += count;
        }
    }

    /// Frames that were judged.
    pub fn frames(&self) -> u64 {
        self.counts.values().sum::<u64>() + self.nothing_new
    }

    /// Frames that entered and had this verdict for this reason.
    pub fn entered(&self, verdict: Verdict, reason: Reason) -> u64 {
        let counts = self.counts.iter();
        let here = counts.filter(|((way, is, why, _), _)| (*way, *is, *why) == (Way::In, verdict, reason));
        here.map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<4} {:<6} {:<16} {:<11} {:>11} {:>7}", "way", "", "reason", "layer", "frames", "%")?;
        let total = self.frames().max(1) as f64;
        for ((way, verdict, reason, layer), count) in &self.counts {
            let way = if *way == Way::In { "in" } else { "out" };
            let share = *count as f64 * 100.0 / total;
            let (verdict, reason) = (verdict.label(), reason.label());
            writeln!(f, "{way:<4} {verdict:<6} {reason:<16} {layer:<11} {count:>11} {share:>7.3}")?;
        }
        if self.nothing_new > 0 {
            let share = self.nothing_new as f64 * 100.0 / total;
            writeln!(
                f,
                "{:<4} {:<6} {:<16} {:<11} {:>11} {share:>7.3}",
                "out", "", "judged before", "", self.nothing_new
            )?;
        }
        for (witness, count) in &self.ends {
            writeln!(f, "the {witness} tells other ends of {count} frames")?;
        }
        Ok(())
    }
}
