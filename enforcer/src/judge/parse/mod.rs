//! Step 1: frames to packets, with etherparse. What cannot be read to the end, or is not sane, is malformed.

mod ip;
mod link;
mod quoted;
mod transport;

pub(super) use link::frame;
pub(super) use quoted::quoted;

/// Why a frame is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// Refuses with a sentence, unless the condition holds.
fn sane(holds: bool, otherwise: &'static str) -> Result<(), Malformed> {
    if holds { Ok(()) } else { Err(Malformed(otherwise)) }
}
