//! The kernel program as a witness.

use anyhow::Result;
use enforcer::replay::{Finding, Program};

use super::prepared::{Interfaces, Prepared, ifindex};
use super::traffic::What;
use super::witness::Witness;

/// Cells that generations may have; generated policies are small.
const ROOM: usize = 8192;

/// Loads the program once; every policy is then put in force in it.
pub fn load() -> Result<Program, enforcer::dataplane::Error> {
    Program::with_room(ROOM)
}

/// A loaded program that knows nothing but one policy.
pub struct Kernel<'p> {
    program: &'p mut Program,
    interfaces: &'p Interfaces,
    prepared: &'p Prepared,
}

impl<'p> Kernel<'p> {
    /// Puts a policy in force and forgets what was before.
    pub fn new(program: &'p mut Program, interfaces: &'p Interfaces, prepared: &'p Prepared) -> Result<Kernel<'p>> {
        program.forget()?;
        program.switch(&prepared.half(interfaces))?;
        Ok(Kernel { program, interfaces, prepared })
    }
}

impl<'p> Witness<'p> for Kernel<'p> {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn reload(&mut self, prepared: &'p Prepared) -> Result<()> {
        self.prepared = prepared;
        Ok(self.program.switch(&prepared.half(self.interfaces))?)
    }

    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>> {
        let judgement = match what {
            What::Enters { interface, frame } => Some(self.program.enters(ifindex(*interface), now, frame)?),
            What::Leaves { interface, entered, frame } => {
                let medium = self.interfaces.0[*interface].medium;
                let entered = entered.map_or(0, ifindex);
                self.program.leaves(medium, ifindex(*interface), entered, now, frame)?
            }
            What::Reload => None,
        };
        Ok(judgement.map(|judgement| judgement.named(self.prepared.names())))
    }
}
