//! What an engine says of a frame, by name.

use enforcer_common::reason::{Reason, Verdict};

use crate::judge::Step;
use crate::policy::model::Place;

/// A judged frame: what becomes of it, why, and who is involved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding<'n> {
    /// The port by which it entered.
    pub port: Option<&'n str>,
    /// The sender's zone.
    pub from: Option<&'n str>,
    /// The receiver's zone.
    pub to: Option<&'n str>,
    /// The sender, where it is a device.
    pub device: Option<&'n str>,
    /// The receiver, where it is a device.
    pub peer: Option<&'n str>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The entry of the policy that decided.
    pub rule: Option<Rule<'n>>,
    /// What each step said, where the engine tells.
    pub trace: &'n [Step<'n>],
}

/// An entry of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'n> {
    /// Its stable name: `office>cells`, `camera.json#from4/web`.
    pub name: &'n str,
    /// `guardrail`, `transition` or `mud`.
    pub layer: &'static str,
    /// Where it was written; none for built-in entries.
    pub place: Option<&'n Place>,
}

impl<'n> Finding<'n> {
    /// A frame that no parser would accept, met at that port.
    pub fn malformed(port: Option<&'n str>) -> Finding<'n> {
        Finding {
            port,
            from: None,
            to: None,
            device: None,
            peer: None,
            verdict: Verdict::Drop,
            reason: Reason::Malformed,
            rule: None,
            trace: &[],
        }
    }

    /// The layer that decided: where every layer agreed, that of the rule that stands for them.
    pub fn layer(&self) -> &'static str {
        match (self.reason, self.rule) {
            (Reason::Allowed, Some(rule)) => rule.layer,
            (reason, _) => reason.layer(),
        }
    }

    /// True where another engine says something else of the same frame: another verdict, reason or rule, or somebody else
    /// where both know who it is.
    pub fn differs(&self, other: &Finding<'_>) -> bool {
        self.verdict != other.verdict
            || self.reason != other.reason
            || self.rule.map(|rule| rule.name) != other.rule.map(|rule| rule.name)
            || contradict(self.port, other.port)
            || (self.reason != Reason::SpoofedSource && self.is_between_others(other))
    }

    /// Of a forged source nobody knows who sends, so this is asked of other packets only.
    fn is_between_others(&self, other: &Finding<'_>) -> bool {
        contradict(self.from, other.from)
            || contradict(self.to, other.to)
            || contradict(self.device, other.device)
            || contradict(self.peer, other.peer)
    }
}

/// True where both know a name, and it is not the same.
fn contradict(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}
