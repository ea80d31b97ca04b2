//! The steps of the kernel program, run in this process over the same image, as a witness.

use anyhow::Result;
use enforcer::replay::{Finding, Judgement};
use enforcer_ebpf::host::Host as Steps;

use super::prepared::{Interfaces, Prepared, ifindex};
use super::traffic::What;
use super::witness::Witness;

/// Steps that know nothing but one policy.
pub struct Host<'p> {
    steps: Steps,
    interfaces: &'p Interfaces,
    prepared: &'p Prepared,
    generation: u32,
}

impl<'p> Host<'p> {
    /// Puts a policy in force.
    pub fn new(interfaces: &'p Interfaces, prepared: &'p Prepared) -> Host<'p> {
        let mut steps = Steps::new();
        steps.switch(prepared.half(interfaces), 1);
        Host { steps, interfaces, prepared, generation: 1 }
    }
}

impl<'p> Witness<'p> for Host<'p> {
    fn name(&self) -> &'static str {
        "host"
    }

    fn reload(&mut self, prepared: &'p Prepared) -> Result<()> {
        self.prepared = prepared;
        self.generation += 1;
        self.steps.switch(prepared.half(self.interfaces), self.generation);
        Ok(())
    }

    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>> {
        let outcome = match what {
            What::Enters { interface, frame } => Some(self.steps.enters(ifindex(*interface), now, frame)),
            What::Leaves { interface, entered, frame } => {
                let entered = entered.map_or(0, ifindex);
                self.steps.leaves(ifindex(*interface), entered, now, frame)
            }
            What::Reload => None,
        };
        let Some(outcome) = outcome else { return Ok(None) };
        Ok(Some(Judgement::of(outcome)?.named(self.prepared.names())))
    }
}
