//! What judges a frame.

use aya::programs::ProgramError;
use enforcer_common::event::Outcome;
use enforcer_common::reason::{Reason, Verdict};
use thiserror::Error;

use super::choose::Entry;
use super::finding::{Finding, Rule};
use crate::compile::image::Names;
use crate::dataplane;

/// Something that judges frames in order; connections carry over from frame to frame.
pub trait Engine {
    /// Judges one frame at `now`, in nanoseconds of a clock that never goes back.
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError>;
}

/// An outcome of the kernel program with its numbers checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of the frame.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The numbers of those involved.
    pub outcome: Outcome,
}

impl Judgement {
    /// What the program wrote down.
    pub fn of(outcome: Outcome) -> Result<Judgement, EngineError> {
        if outcome.written == 0 {
            return Err(EngineError::Nothing);
        }
        match (Verdict::from_u8(outcome.verdict), Reason::from_u8(outcome.reason)) {
            (Some(verdict), Some(reason)) => Ok(Judgement { verdict, reason, outcome }),
            _ => Err(EngineError::Number { verdict: outcome.verdict, reason: outcome.reason }),
        }
    }

    /// Puts names to the numbers. A number without a name is no name, and 0 is nobody.
    pub fn named<'n>(&self, names: &'n Names) -> Finding<'n> {
        let outcome = &self.outcome;
        Finding {
            port: entry(&names.ports, outcome.port).map(|port| port.name.as_str()),
            from: entry(&names.zones, u32::from(outcome.from)).map(String::as_str),
            to: entry(&names.zones, u32::from(outcome.to)).map(String::as_str),
            device: entry(&names.devices, outcome.device).map(String::as_str),
            peer: entry(&names.devices, outcome.peer).map(String::as_str),
            verdict: self.verdict,
            reason: self.reason,
            rule: entry(&names.rules, outcome.rule).map(|rule| Rule {
                name: &rule.name,
                layer: rule.layer,
                place: rule.place.as_ref(),
            }),
            trace: &[],
        }
    }
}

/// The entry with this number; 0 is none.
fn entry<T>(list: &[T], number: u32) -> Option<&T> {
    if number == 0 { None } else { list.get(number as usize) }
}

/// Why a frame could not be judged.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Nobody said what was decided.
    #[error("nothing was said of the frame")]
    Nothing,
    /// The program said something unheard of.
    #[error("the kernel program wrote verdict {verdict} and reason {reason}, which do not exist")]
    Number {
        /// Number of the verdict.
        verdict: u8,
        /// Number of the reason.
        reason: u8,
    },
    /// What the program did is not what it said.
    #[error("the kernel program returned {returned} though its verdict is {}", verdict.label())]
    Contradiction {
        /// What it returned.
        returned: u32,
        /// What it wrote.
        verdict: Verdict,
    },
    /// The system refused.
    #[error(transparent)]
    Kernel(#[from] dataplane::Error),
    /// The kernel would not run the program on the frame.
    #[error("the kernel does not run the program on it: {0}")]
    Run(#[from] ProgramError),
}
