//! Step 5: counters, and samples of drops. Counting never blocks.

use enforcer_common::{
    event::{Counter, CounterKey, Outcome, what},
    overlay,
};

use crate::{
    Frame,
    judged::Judged,
    maps::{COUNTERS, REPLAY_OUT, RULES, is_replay},
    scratch::Scratch,
    steps,
};

/// Counts a verdict and, for a drop or audit, tells a sample of it.
#[inline(always)]
pub(crate) fn account<F: Frame>(frame: &F, s: &mut Scratch, judged: Judged) {
    steps::count(s, judged);
    if is_replay() {
        return;
    }
    if !judged.is_pass() {
        frame.tell(s, judged, what::DROP);
    } else if s.log != 0 {
        frame.tell(s, judged, what::OPENED);
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
