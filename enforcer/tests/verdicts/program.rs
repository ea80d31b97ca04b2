//! The kernel program, loaded once and used again: the verifier's work is most of a test's time, above all in a virtual
//! machine without KVM.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use enforcer::compile::image::Names;
use enforcer::dataplane::{self, load::Options};
use enforcer::replay::{self, Kernel};
use enforcer_common::cell::Cell;

/// Cells that a policy of these tests takes at most; a larger one gets a program of its own.
const ROOM: usize = 16_384;

/// Loaded programs that no test holds.
static IDLE: Mutex<Vec<replay::Program>> = Mutex::new(Vec::new());

/// A program that one test holds.
pub(crate) struct Program {
    kernel: Option<Kernel>,
    /// It has no sizes of its own, so that another test may use it afterwards.
    again: bool,
}

impl Program {
    /// A program with this generation in force, which remembers nothing of others.
    pub(crate) fn with(half: &[Cell], names: &Names) -> Program {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut program = idle.unwrap_or_else(|| load(Options::for_cells(ROOM)));
        program.forget().expect("the maps can be cleared");
        match program.switch(half) {
            Ok(()) => {}
            Err(dataplane::Error::TooLarge { needed, .. }) => {
                program = load(Options::for_cells(needed));
                program.switch(half).expect("there is room now");
            }
            Err(error) => panic!("{error}"),
        }
        Program { kernel: Some(Kernel::of(program, names)), again: true }
    }

    /// A program of its own, with tables of these sizes.
    pub(crate) fn alone(half: &[Cell], names: &Names, options: Options) -> Program {
        let mut program = load(options);
        program.switch(half).expect("there is room");
        Program { kernel: Some(Kernel::of(program, names)), again: false }
    }
}

fn load(options: Options) -> replay::Program {
    replay::Program::load(options).expect("the kernel takes the program")
}

impl Deref for Program {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        self.kernel.as_ref().expect("held until dropped")
    }
}

impl DerefMut for Program {
    fn deref_mut(&mut self) -> &mut Kernel {
        self.kernel.as_mut().expect("held until dropped")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.again {
            let program = self.kernel.take().map(Kernel::into_program);
            IDLE.lock().unwrap_or_else(PoisonError::into_inner).extend(program);
        }
    }
}
