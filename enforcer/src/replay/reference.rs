//! The reference as an engine: the policy judged in plain Rust, without privileges.

use super::choose::{Entry, Way};
use super::engine::{Engine, EngineError};
use super::finding::{Finding, Rule};
use crate::judge::{Entered, Judge, Judged, Step};
use crate::policy::facts::Facts;
use crate::policy::model::Policy;

/// A judge who has read the policy itself.
pub struct Reference<'p> {
    policy: &'p Policy,
    judge: Judge<'p>,
    /// Names of the interfaces that replay invents, by their numbers.
    places: Vec<String>,
    trace: Vec<Step<'p>>,
}

impl<'p> Reference<'p> {
    pub(super) fn new(policy: &'p Policy, facts: &Facts, places: Vec<String>) -> Reference<'p> {
        Reference { policy, judge: Judge::new(policy, facts), places, trace: Vec::new() }
    }

    /// Whether findings come with what each step said.
    pub fn tracing(mut self, on: bool) -> Reference<'p> {
        self.judge.trace(on);
        self
    }

    fn named(&self, judged: &Judged<'p>) -> Finding<'_> {
        let policy = self.policy;
        let zone = |id: crate::policy::model::ZoneId| policy.zones[id.0].name.as_str();
        let device = |id: crate::policy::model::DeviceId| policy.devices[id.0].name.as_str();
        Finding {
            port: judged.port,
            from: judged.from.map(zone),
            to: judged.to.map(zone),
            device: judged.device.map(device),
            peer: judged.peer.map(device),
            verdict: judged.verdict,
            reason: judged.reason,
            rule: judged.rule.map(|rule| Rule { name: rule.name, layer: rule.layer, place: Some(rule.place) }),
            trace: &self.trace,
        }
    }
}

impl Engine for Reference<'_> {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError> {
        let place = self.places.get(entry.place.number()).map(String::as_str).unwrap_or_default();
        let mut judged = match entry.way {
            Way::In => self.judge.enters(place, entry.medium, now, frame),
            Way::Out => match self.judge.leaves(place, Entered::ByRouter, entry.medium, now, frame) {
                Some(judged) => judged,
                None => return Err(EngineError::Nothing),
            },
        };
        self.trace = std::mem::take(&mut judged.trace);
        Ok(self.named(&judged))
    }
}
