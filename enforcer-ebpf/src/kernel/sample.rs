//! A bounded, rate-limited sample of drops, and the connections that rules want told.

use enforcer_common::{
    connection::SECOND,
    event::{CAPTURED, Event},
};

use super::{
    frame::Context,
    maps::{BUDGET, EVENTS, LOST},
};
use crate::{judged::Judged, scratch::Scratch};

/// Samples that a CPU tells in a second.
const SAMPLES: u32 = 200;

/// What is left of a CPU's samples.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Budget {
    since: u64,
    told: u32,
    pad: u32,
}

/// Takes one sample from this CPU's budget.
#[inline(always)]
fn afford(now: u64) -> bool {
    let Some(budget) = BUDGET.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: this CPU's own value.
    let budget = unsafe { &mut *budget };
    if now.wrapping_sub(budget.since) > SECOND {
        budget.since = now;
        budget.told = 0;
    }
    if budget.told >= SAMPLES {
        return false;
    }
    budget.told += 1;
    true
}

/// Tells userspace of this packet, if there is room.
#[inline(always)]
pub(crate) fn tell<C: Context>(context: &C, s: &Scratch, judged: Judged, what: u8) {
    if !afford(s.now) {
        lose();
        return;
    }
    let Some(mut entry) = EVENTS.reserve_untyped::<Event>(0) else {
        lose();
        return;
    };
    let event: *mut Event = entry.as_mut_ptr();
    let wanted = if s.packet.length < CAPTURED as u32 { s.packet.length } else { CAPTURED as u32 };
    // SAFETY: the entry has the size of an event and is written field by field; `bytes` has CAPTURED bytes, and `wanted` is
    // masked to stay within them.
    unsafe {
        (*event).time = s.now;
        (*event).generation = s.generation;
        (*event).ifindex = s.ifindex;
        (*event).rule = judged.rule();
        (*event).device = s.ends.0.device;
        (*event).peer = s.ends.1.device;
        (*event).length = s.packet.length;
        (*event).port = s.port.number;
        (*event).from = s.ends.0.zone;
        (*event).to = s.ends.1.zone;
        (*event).outer_vlan = s.packet.outer_vlan;
        (*event).inner_vlan = s.packet.inner_vlan;
        (*event).reason = judged.reason();
        (*event).verdict = judged.verdict();
        (*event).what = what;
        (*event).egress = s.egress as u8;
        // Always from 1 to CAPTURED, in a way that the verifier follows.
        let size = (core::hint::black_box(wanted.wrapping_sub(1)) & (CAPTURED as u32 - 1)) + 1;
        let captured = if context.load(0, (&raw mut (*event).bytes).cast(), size) { size } else { 0 };
        (*event).captured = captured;
    }
    entry.submit(0);
}

/// Counts a sample that was not told.
#[inline(always)]
fn lose() {
    if let Some(lost) = LOST.get_ptr_mut(0) {
        // SAFETY: this CPU's own value.
        unsafe { *lost += 1 };
    }
}
