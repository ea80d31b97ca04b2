//! The kernel program, loaded once and used again: the verifier's work is most of a test's time, above all in a virtual
//! machine without KVM.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use enforcer::dataplane;
use enforcer::replay::Kernel;
use enforcer_common::cell::Cell;

/// Cells that a policy of these tests takes at most; a larger one gets a program of its own.
const ROOM: usize = 16_384;

/// Loaded programs that no test holds.
static IDLE: Mutex<Vec<Kernel>> = Mutex::new(Vec::new());

/// A program that one test holds.
pub(crate) struct Program(Option<Kernel>);

impl Program {
    /// A program with this generation in force, which remembers nothing of others.
    pub(crate) fn with(half: &[Cell]) -> Program {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut kernel = idle.unwrap_or_else(|| load(ROOM));
        kernel.forget().expect("the maps can be cleared");
        match kernel.switch(half) {
            Ok(()) => {}
            Err(dataplane::Error::TooLarge { needed, .. }) => {
                kernel = load(needed);
                kernel.switch(half).expect("there is room now");
            }
            Err(error) => panic!("{error}"),
        }
        Program(Some(kernel))
    }
}

fn load(cells: usize) -> Kernel {
    Kernel::with_room(cells).expect("the kernel takes the program")
}

impl Deref for Program {
    type Target = Kernel;

    fn deref(&self) -> &Kernel {
        self.0.as_ref().expect("held until dropped")
    }
}

impl DerefMut for Program {
    fn deref_mut(&mut self) -> &mut Kernel {
        self.0.as_mut().expect("held until dropped")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        IDLE.lock().unwrap_or_else(PoisonError::into_inner).extend(self.0.take());
    }
}
