//! What the reference says of a packet, kept beyond the judge.

use enforcer_common::reason::{Reason, Verdict};

use crate::judge::{Outcome, Step};
use crate::policy::model::Place;
use crate::replay::Finding;

/// What becomes of a packet, who is involved, and what each step said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The port by which it entered.
    pub port: Option<String>,
    /// The sender's zone.
    pub from: Option<String>,
    /// The receiver's zone.
    pub to: Option<String>,
    /// The sender, where it is a device.
    pub device: Option<String>,
    /// The receiver, where it is a device.
    pub peer: Option<String>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The layer that decided.
    pub layer: &'static str,
    /// The entry that decided.
    pub rule: Option<Entry>,
    /// What the steps said that had something to say, in order.
    pub(super) said: Vec<Said>,
}

/// An entry of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its stable name.
    pub name: String,
    /// Where it was written.
    pub place: Option<Place>,
}

/// What one step said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) step: &'static str,
    pub(super) outcome: Outcome,
    pub(super) why: String,
    pub(super) rule: Option<Entry>,
}

impl Answer {
    /// Takes what was found over.
    pub(super) fn of(finding: &Finding<'_>) -> Answer {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        Answer {
            port: owned(finding.port),
            from: owned(finding.from),
            to: owned(finding.to),
            device: owned(finding.device),
            peer: owned(finding.peer),
            verdict: finding.verdict,
            reason: finding.reason,
            layer: finding.layer(),
            rule: finding.rule.map(|rule| Entry { name: rule.name.to_owned(), place: rule.place.cloned() }),
            said: finding.trace.iter().map(said).collect(),
        }
    }

    /// True where it goes on for good, and not only because something is in audit.
    pub fn passes(&self) -> bool {
        self.verdict == Verdict::Pass
    }
}

fn said(step: &Step<'_>) -> Said {
    let rule = step.rule.map(|rule| Entry { name: rule.name.to_owned(), place: Some(rule.place.clone()) });
    Said { step: step.step, outcome: step.outcome, why: step.said.clone(), rule }
}
