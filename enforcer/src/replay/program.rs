//! The kernel program, loaded privately: with maps of its own, attached nowhere, asked about one frame after the other.

use std::ptr::NonNull;

use aya::programs::{TestRun, TestRunOptions};
use enforcer_common::cell::Cell;
use enforcer_common::event::{Outcome, ReplayInput};
use enforcer_common::reason::{Reason, Verdict};

use super::choose::Way;
use super::engine::{EngineError, Judgement};
use super::link::SHORTEST;
use super::shrink::shrunk;
use crate::dataplane::mapping::Mapping;
use crate::dataplane::{self, load};
use crate::judge::Medium;

/// What the program is told of a frame, and where it writes what became of it.
const INPUT: &str = "REPLAY_IN";
const OUTPUT: &str = "REPLAY_OUT";
/// Maps in which packets leave what later ones are judged by.
const MEMORIES: [&str; 3] = ["CONNECTIONS", "FRAGMENTS", "LEARNT"];

/// The loaded program.
pub struct Program {
    // The mappings go before the maps do.
    input: Mapping,
    output: Mapping,
    programs: load::Kernel,
}

impl Program {
    /// Loads the program with nothing in force, and room for generations of double `cells` cells.
    pub fn with_room(cells: usize) -> Result<Program, dataplane::Error> {
        Program::load(load::Options::for_cells(cells))
    }

    /// The same with tables of other sizes.
    pub fn load(options: load::Options) -> Result<Program, dataplane::Error> {
        let programs = load::Kernel::load(&load::Options { replay: true, ..options })?;
        let input = Mapping::new(programs.map_fd(INPUT)?, size_of::<ReplayInput>())?;
        let output = Mapping::new(programs.map_fd(OUTPUT)?, size_of::<Outcome>())?;
        Ok(Program { input, output, programs })
    }

    /// Puts `half` in force as the next generation. What is known of connections stays.
    pub fn switch(&mut self, half: &[Cell]) -> Result<(), dataplane::Error> {
        let memory = self.programs.memory_mut();
        // 0 is no generation.
        let next = memory.generation().wrapping_add(1).max(1);
        memory.switch(half, next)
    }

    /// Forgets connections, fragments under way and addresses that were learnt.
    pub fn forget(&mut self) -> Result<(), dataplane::Error> {
        MEMORIES.iter().try_for_each(|map| self.programs.clear(map))
    }

    /// Judges a frame that enters by the interface with this index.
    pub fn enters(&mut self, ifindex: u32, now: u64, frame: &[u8]) -> Result<Judgement, EngineError> {
        self.tell(ReplayInput { now, ifindex, entered: 0 });
        let returned = self.programs.xdp()?.test_run(options(frame))?.return_value;
        self.judged(Way::In, returned)
    }

    /// Judges a frame that leaves by the interface with this index. `entered` is the index of the one that it entered by, 0
    /// for what the router itself sends. Nothing comes back for what was judged when it entered and goes on.
    pub fn leaves(
        &mut self,
        medium: Medium,
        ifindex: u32,
        entered: u32,
        now: u64,
        frame: &[u8],
    ) -> Result<Option<Judgement>, EngineError> {
        if is_refused(frame) {
            let (verdict, reason) = (Verdict::Drop, Reason::Malformed);
            return Ok(Some(Judgement { verdict, reason, outcome: Outcome::default() }));
        }
        self.tell(ReplayInput { now, ifindex, entered });
        let program = self.programs.classifier(load::EGRESS)?;
        let returned = program.test_run(options(&shrunk(medium, frame)))?.return_value;
        if self.outcome().written == 0 && returned == UNSPEC {
            return Ok(None);
        }
        self.judged(Way::Out, returned).map(Some)
    }

    fn outcome(&self) -> Outcome {
        // SAFETY: the mapping starts a page and holds an `Outcome`, which is `repr(C)` and of integers only. The program that
        // writes it runs within the system call of `test_run` alone, which `&mut self` keeps from running now.
        unsafe { self.output.start().cast::<Outcome>().read_volatile() }
    }

    fn tell(&mut self, input: ReplayInput) {
        let (told, outcome): (NonNull<ReplayInput>, NonNull<Outcome>) =
            (self.input.start().cast(), self.output.start().cast());
        // SAFETY: as for `outcome`; the other mapping holds a `ReplayInput`.
        unsafe {
            told.write_volatile(input);
            outcome.write_volatile(Outcome::default());
        }
    }

    fn judged(&self, way: Way, returned: u32) -> Result<Judgement, EngineError> {
        let judgement = Judgement::of(self.outcome())?;
        if !agrees(way, judgement.verdict, returned) {
            return Err(EngineError::Contradiction { returned, verdict: judgement.verdict });
        }
        Ok(judgement)
    }
}

fn options(frame: &[u8]) -> TestRunOptions<'_> {
    TestRunOptions { data_in: Some(frame), ..TestRunOptions::default() }
}

/// True for a frame on which the kernel runs no classifier: its IP header is not all there. The parser would refuse it.
fn is_refused(frame: &[u8]) -> bool {
    let header = match frame.get(12..14) {
        Some([0x08, 0x00]) => 20,
        Some([0x86, 0xdd]) => 40,
        _ => 0,
    };
    frame.len() < SHORTEST + header
}

/// `TC_ACT_UNSPEC` (-1): the next program decides.
const UNSPEC: u32 = u32::MAX;

/// `XDP_DROP` and `XDP_PASS`; `TC_ACT_OK`, `TC_ACT_SHOT` and `TC_ACT_UNSPEC` (-1).
fn agrees(way: Way, verdict: Verdict, returned: u32) -> bool {
    let passes = match way {
        Way::In => returned == 2,
        Way::Out => matches!(returned, 0 | UNSPEC),
    };
    let drops = match way {
        Way::In => returned == 1,
        Way::Out => returned == 2,
    };
    match verdict {
        Verdict::Pass | Verdict::Audit => passes,
        Verdict::Drop => drops,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_program_returns_must_be_what_it_says() {
        for (way, passes, drops) in [(Way::In, &[2][..], 1), (Way::Out, &[0, u32::MAX], 2)] {
            for passed in passes {
                assert!(agrees(way, Verdict::Pass, *passed));
                assert!(agrees(way, Verdict::Audit, *passed));
                assert!(!agrees(way, Verdict::Drop, *passed));
            }
            assert!(agrees(way, Verdict::Drop, drops));
            assert!(!agrees(way, Verdict::Pass, drops));
        }
        assert!(!agrees(Way::In, Verdict::Drop, 0), "aborted");
        assert!(!agrees(Way::Out, Verdict::Pass, 7), "redirected");
    }
}
