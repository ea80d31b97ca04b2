//! The kernel program as an engine.

use enforcer_common::cell::Cell;

use super::choose::{Entry, Way};
use super::engine::{Engine, EngineError};
use super::finding::Finding;
use super::program::Program;
use crate::compile::image::Names;
use crate::dataplane;

/// The loaded program, with one policy in force.
pub struct Kernel {
    program: Program,
    names: Names,
}

impl Kernel {
    /// Loads the program with `half` (an overlay and the image behind it) as its only generation. `names` are those of the
    /// image.
    pub fn load(half: &[Cell], names: &Names) -> Result<Kernel, dataplane::Error> {
        let mut program = Program::with_room(half.len())?;
        program.switch(half)?;
        Ok(Kernel::of(program, names))
    }

    /// A program in which a generation with these names is in force.
    pub fn of(program: Program, names: &Names) -> Kernel {
        Kernel { program, names: names.clone() }
    }

    /// The program, for another generation.
    pub fn into_program(self) -> Program {
        self.program
    }
}

impl Engine for Kernel {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError> {
        let ifindex = entry.place.ifindex(entry.medium);
        let judgement = match entry.way {
            Way::In => self.program.enters(ifindex, now, frame)?,
            // The router itself sends it.
            Way::Out => self.program.leaves(entry.medium, ifindex, 0, now, frame)?.ok_or(EngineError::Nothing)?,
        };
        Ok(judgement.named(&self.names))
    }
}
