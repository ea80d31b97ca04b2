//! The reference as a witness: it has read the policy itself, and no image.

use anyhow::Result;
use enforcer::judge::{Entered, Judge, Judged};
use enforcer::replay::{Finding, Rule};

use super::prepared::{Interfaces, Prepared};
use super::traffic::What;
use super::witness::Witness;

/// A judge who knows nothing but one policy.
pub struct Reference<'p> {
    judge: Judge<'p>,
    interfaces: &'p Interfaces,
    prepared: &'p Prepared,
}

impl<'p> Reference<'p> {
    /// Reads a policy.
    pub fn new(interfaces: &'p Interfaces, prepared: &'p Prepared) -> Reference<'p> {
        let judge = Judge::new(&prepared.loaded.policy, &prepared.loaded.facts);
        Reference { judge, interfaces, prepared }
    }

    /// Lets the reference tell what each step says of what happens at `now`.
    pub fn explained(&mut self, now: u64, what: &What) -> Vec<String> {
        self.judge.trace(true);
        let judged = self.asked(now, what);
        self.judge.trace(false);
        judged.map_or_else(Vec::new, |judged| judged.trace.iter().map(ToString::to_string).collect())
    }

    fn asked(&mut self, now: u64, what: &What) -> Option<Judged<'p>> {
        match what {
            What::Enters { interface, frame } => {
                let interface = &self.interfaces.0[*interface];
                Some(self.judge.enters(&interface.name, interface.medium, now, frame))
            }
            What::Leaves { interface, entered, frame } => {
                let interface = &self.interfaces.0[*interface];
                let entered = match entered {
                    Some(entered) => Entered::By(&self.interfaces.0[*entered].name),
                    None => Entered::ByRouter,
                };
                self.judge.leaves(&interface.name, entered, interface.medium, now, frame)
            }
            What::Reload => None,
        }
    }

    fn named(&self, judged: &Judged<'p>) -> Finding<'p> {
        let policy = &self.prepared.loaded.policy;
        let zone = |id: enforcer::policy::model::ZoneId| policy.zones[id.0].name.as_str();
        let device = |id: enforcer::policy::model::DeviceId| policy.devices[id.0].name.as_str();
        Finding {
            port: judged.port,
            from: judged.from.map(zone),
            to: judged.to.map(zone),
            device: judged.device.map(device),
            peer: judged.peer.map(device),
            verdict: judged.verdict,
            reason: judged.reason,
            rule: judged.rule.map(|rule| Rule { name: rule.name, layer: rule.layer, place: Some(rule.place) }),
            trace: &[],
        }
    }
}

impl<'p> Witness<'p> for Reference<'p> {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn reload(&mut self, prepared: &'p Prepared) -> Result<()> {
        self.judge.reload(&prepared.loaded.policy, &prepared.loaded.facts);
        self.prepared = prepared;
        Ok(())
    }

    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>> {
        let judged = self.asked(now, what);
        Ok(judged.map(|judged| self.named(&judged)))
    }
}
