//! The steps in a process of its own: the same code as in the kernel, over maps that nobody shares.
//!
//! Tests, the differential test and the fuzzer run it. It judges as `replay` does: the caller says by which interface a frame
//! enters or leaves, and what time it is.

mod frame;
pub(crate) mod maps;
pub(crate) mod steps;

use enforcer_common::{
    cell::Cell,
    connection::{Key, Value},
    event::{Counter, CounterKey, Outcome, ReplayInput},
};

use crate::{
    egress::{self, Leaving},
    ingress,
    scratch::Scratch,
};
use frame::Whole;
use maps::State;
pub use maps::Touched;

/// The programs, with maps of their own.
pub struct Host {
    state: Box<State>,
    scratch: [Box<Scratch>; 2],
}

impl Host {
    /// Programs for which nothing is in force yet: they drop everything.
    pub fn new() -> Host {
        Host { state: Box::default(), scratch: [zeroed(), zeroed()] }
    }

    /// Puts `half` (an overlay and the image behind it) in force as `generation`, which is not 0.
    pub fn switch(&mut self, half: Vec<Cell>, generation: u32) {
        self.state.switch(half, generation);
    }

    /// Forgets connections, fragments, what was learnt, and all counts.
    pub fn forget(&mut self) {
        self.state.forget();
    }

    /// Judges a frame that enters by the interface of that index, at `now` in nanoseconds.
    pub fn enters(&mut self, ifindex: u32, now: u64, frame: &[u8]) -> Outcome {
        self.state.start(ReplayInput { now, ifindex, entered: 0 });
        let s = &mut self.scratch[0];
        maps::with(&self.state, || ingress::run(&Whole(frame), s, ifindex));
        self.state.outcome()
    }

    /// Judges a frame that leaves by the interface `ifindex` and entered by `entered` (0: the router itself sends it). Nothing
    /// comes back where it was judged when it entered and passes here.
    pub fn leaves(&mut self, ifindex: u32, entered: u32, now: u64, frame: &[u8]) -> Option<Outcome> {
        self.state.start(ReplayInput { now, ifindex, entered });
        let s = &mut self.scratch[1];
        let leaving = Leaving { by: ifindex, entered, beside: 0, segments: 1 };
        let judged = maps::with(&self.state, || egress::run(&Whole(frame), s, &leaving));
        judged.is_now().then(|| self.state.outcome())
    }

    /// Begins to write down what frames make the programs read, and gives what was read since the last call.
    pub fn watch(&mut self) -> Touched {
        self.state.watch()
    }

    /// What is known of a connection.
    pub fn connection(&self, key: &Key) -> Option<Value> {
        self.state.connection(key)
    }

    /// Packets and bytes by accounts, verdict and reason, in no order.
    pub fn counters(&self) -> Vec<(CounterKey, Counter)> {
        self.state.counters()
    }
}

impl Default for Host {
    fn default() -> Host {
        Host::new()
    }
}

/// Working memory as the kernel hands it out at first.
fn zeroed() -> Box<Scratch> {
    // SAFETY: plain numbers and enumerations that have a 0; the kernel gives the same bytes.
    Box::new(unsafe { core::mem::zeroed() })
}
