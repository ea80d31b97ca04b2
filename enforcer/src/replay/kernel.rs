//! The kernel program as an engine: loaded privately, with maps of its own, attached nowhere.

use aya::Pod;
use aya::maps::{Array, MapData};
use aya::programs::{TestRun, TestRunOptions};
use enforcer_common::cell::Cell;
use enforcer_common::event::{Outcome, ReplayInput};
use enforcer_common::reason::Verdict;

use super::choose::{Entry, Way};
use super::engine::{Engine, EngineError, Judgement};
use super::finding::Finding;
use super::shrink::shrunk;
use crate::compile::image::Names;
use crate::dataplane::{self, load};

/// What the program is told of a frame, and where it writes what became of it.
const INPUT: &str = "REPLAY_IN";
const OUTPUT: &str = "REPLAY_OUT";

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Input(ReplayInput);

// SAFETY: `ReplayInput` is `repr(C)`, holds integers only and has no padding: 8 + 4 + 4 bytes, aligned to 8.
unsafe impl Pod for Input {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Output(Outcome);

// SAFETY: `Outcome` is `repr(C)`, holds integers only and has no padding: 4 * 4 + 2 * 2 + 4 bytes, aligned to 4.
unsafe impl Pod for Output {}

/// The loaded program.
pub struct Kernel {
    programs: load::Kernel,
    input: Array<MapData, Input>,
    output: Array<MapData, Output>,
    names: Names,
}

impl Kernel {
    /// Loads the program with `half` (an overlay and the image behind it) as its only generation. `names` are those of the
    /// image.
    pub fn load(half: &[Cell], names: &Names) -> Result<Kernel, dataplane::Error> {
        let mut programs = load::Kernel::load(&load::Options { replay: true, ..load::Options::for_cells(half.len()) })?;
        programs.memory_mut().switch(half, 1)?;
        let (input, output) = (array(&mut programs, INPUT)?, array(&mut programs, OUTPUT)?);
        Ok(Kernel { input, output, programs, names: names.clone() })
    }

    fn run(&mut self, entry: &Entry, frame: &[u8]) -> Result<u32, EngineError> {
        let options = |data_in| TestRunOptions { data_in: Some(data_in), ..TestRunOptions::default() };
        let result = match entry.way {
            Way::In => self.programs.xdp()?.test_run(options(frame))?,
            Way::Out => {
                let program = self.programs.classifier(load::EGRESS)?;
                program.test_run(options(&shrunk(entry.medium, frame)))?
            }
        };
        Ok(result.return_value)
    }
}

impl Engine for Kernel {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError> {
        let input = ReplayInput {
            now,
            ifindex: entry.place.ifindex(entry.medium),
            // The router itself, where it leaves.
            entered: 0,
        };
        self.input.set(0, Input(input), 0).map_err(|error| broken(INPUT, &error))?;
        let empty = Output(Outcome::default());
        self.output.set(0, empty, 0).map_err(|error| broken(OUTPUT, &error))?;
        let returned = self.run(entry, frame)?;
        let outcome = self.output.get(&0, 0).map_err(|error| broken(OUTPUT, &error))?;
        let judgement = Judgement::of(outcome.0)?;
        if !agrees(entry.way, judgement.verdict, returned) {
            return Err(EngineError::Contradiction { returned, verdict: judgement.verdict });
        }
        Ok(judgement.named(&self.names))
    }
}

/// `XDP_DROP` and `XDP_PASS`; `TC_ACT_OK`, `TC_ACT_SHOT` and `TC_ACT_UNSPEC` (-1).
fn agrees(way: Way, verdict: Verdict, returned: u32) -> bool {
    const UNSPEC: u32 = u32::MAX;
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

fn array<V: Pod>(programs: &mut load::Kernel, map: &'static str) -> Result<Array<MapData, V>, dataplane::Error> {
    Array::try_from(programs.take_map(map)?).map_err(|error| broken(map, &error))
}

fn broken(map: &'static str, error: &aya::maps::MapError) -> dataplane::Error {
    dataplane::Error::Map { map, error: error.to_string() }
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
