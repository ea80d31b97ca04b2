//! Step 5: counters, and a bounded, rate-limited sample of drops. Counting never blocks.

use enforcer_common::{
    connection::SECOND,
    event::{CAPTURED, Counter, CounterKey, Event, Outcome, what},
    overlay,
};

use crate::{
    frame::Context,
    frame_steps::Steps,
    judged::Judged,
    maps::{BUDGET, COUNTERS, EVENTS, LOST, REPLAY_OUT, RULES, is_replay},
    scratch::Scratch,
    steps,
};

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

/// Counts a verdict and, for a drop or audit, tells a sample of it.
#[inline(always)]
pub(crate) fn account<C: Steps>(context: &C, s: &Scratch, judged: Judged) {
    steps::count(s, judged);
    if is_replay() {
        return;
    }
    if !judged.is_pass() {
        context.tell(s.egress, judged, what::DROP);
    } else if s.log != 0 {
        context.tell(s.egress, judged, what::OPENED);
    }
}

/// Counts a verdict, its rule, and what `replay` asks for.
#[inline(always)]
pub(crate) fn count(s: &Scratch, judged: Judged) {
    count_zones(s, judged);
    if judged.rule() != 0 {
        count_rule(s, judged.rule());
    }
    if is_replay() {
        outcome(s, judged);
    }
}

/// Adds the packet to the counters of its zones, verdict and reason.
#[inline(always)]
fn count_zones(s: &Scratch, judged: Judged) {
    let key =
        CounterKey { from: s.accounts.0, to: s.accounts.1, verdict: judged.verdict(), reason: judged.reason(), pad: 0 };
    // A super-packet counts by its segments.
    add(&key, s.segments as u64, s.packet.length as u64);
}

/// Adds packets and bytes to a counter of this CPU.
#[inline(always)]
pub(crate) fn add(key: &CounterKey, packets: u64, bytes: u64) {
    if let Some(counter) = COUNTERS.get_ptr_mut(key) {
        // SAFETY: this CPU's own value.
        unsafe {
            (*counter).packets += packets;
            (*counter).bytes += bytes;
        }
        return;
    }
    // Another CPU may have made the entry meanwhile; then this CPU's value is there, and 0.
    if COUNTERS.insert(key, &Counter { packets, bytes }, 1).is_err()
        && let Some(counter) = COUNTERS.get_ptr_mut(key)
    {
        // SAFETY: this CPU's own value.
        unsafe {
            (*counter).packets += packets;
            (*counter).bytes += bytes;
        }
    }
}

/// Adds the packet to the counter of a rule that decided it.
#[inline(always)]
pub(crate) fn count_rule(s: &Scratch, rule: u32) {
    let slot = overlay::slot(&s.kernel(), s.half, &s.overlay, rule);
    if slot == 0 {
        return;
    }
    if let Some(packets) = RULES.get_ptr_mut(slot) {
        // SAFETY: this CPU's own value.
        unsafe { *packets += s.segments as u64 };
    }
}

/// Writes the outcome down for `replay`.
#[inline(always)]
fn outcome(s: &Scratch, judged: Judged) {
    let Some(out) = REPLAY_OUT.get_ptr_mut(0) else { return };
    let outcome = Outcome {
        rule: judged.rule(),
        device: s.ends.0.device,
        peer: s.ends.1.device,
        port: s.port.number,
        from: s.ends.0.zone,
        to: s.ends.1.zone,
        verdict: judged.verdict(),
        reason: judged.reason(),
        written: 1,
        pad: 0,
    };
    // SAFETY: only `replay` loads the program so, and it runs one frame at a time.
    unsafe { *out = outcome };
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
