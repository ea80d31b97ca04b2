//! Steps as functions that the verifier follows once each, whatever number of places call them: they take numbers only, and
//! find what they work on in the working memory.

use enforcer_common::{
    image, ladder,
    layers::{self, List},
    reason::Reason,
    source,
};

use super::maps::{InPlace, Kernel, scratch};
use crate::{
    account, connection, egress, ingress,
    judged::{Judged, Refusal},
    scene,
    scratch::{Scratch, which},
};

/// Tells the compiler that what is called next may change the working memory: the steps reach it by a pointer of their own.
#[inline(always)]
pub(crate) fn escape(s: &mut Scratch) {
    let mut pointer = core::ptr::from_mut(s);
    // SAFETY: one move of one register to itself.
    unsafe { core::arch::asm!("{0} = {0}", inout(reg) pointer, options(nostack)) };
    let _ = pointer;
}

/// A finding as a number: 0 for fine, else the reason's number and one.
#[inline(always)]
fn encode(finding: source::Finding) -> u32 {
    match finding {
        Ok(()) => 0,
        Err(reason) => reason as u32 + 1,
    }
}

#[inline(always)]
fn decode(number: u32) -> source::Finding {
    if number == 0 {
        return Ok(());
    }
    Err(Reason::from_u8((number - 1) as u8).unwrap_or(Reason::Malformed))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_walk(program: u32, base: u32, start: u32) -> u64 {
    let Some(s) = scratch(program) else { return 0 };
    match ladder::walk(&Kernel(program), base, start, &s.fields) {
        Some(payload) => payload as u64 | 1 << 32,
        None => 0,
    }
}

/// Follows a reference over `fields` in the working memory.
#[inline(always)]
pub(crate) fn walk(program: u32, base: u32, start: u32) -> Option<u32> {
    let found = enforcer_walk(program, base, start);
    if found == 0 { None } else { Some(found as u32) }
}

/// Both outcomes have 31 bits; this is neither.
const DAMAGED: u64 = u64::MAX;

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_pair(program: u32, from: u32, to: u32, list: u32) -> u64 {
    let Some(s) = scratch(program) else { return DAMAGED };
    match layers::pair(&InPlace(program), &s.heads, (from, to), list as usize, &s.fields) {
        Some((denied, allowed)) => (denied as u64) << 32 | allowed as u64,
        None => DAMAGED,
    }
}

/// Outcomes for a pair of subjects over `fields` in the working memory.
#[inline(always)]
pub(crate) fn pair(program: u32, key: (u32, u32), list: usize) -> Option<(u32, u32)> {
    let found = enforcer_pair(program, key.0, key.1, list as u32);
    if found == DAMAGED { None } else { Some(((found >> 32) as u32, found as u32)) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_outcomes(program: u32) -> u64 {
    let Some(s) = scratch(program) else { return DAMAGED };
    match layers::outcomes(&InPlace(program), &s.heads, &s.ends, &s.fields) {
        Some((denied, allowed)) => (denied as u64) << 32 | allowed as u64,
        None => DAMAGED,
    }
}

/// Outcomes of guardrails and transitions for both ends, over `fields` in the working memory.
#[inline(always)]
pub(crate) fn outcomes(program: u32) -> Option<(u32, u32)> {
    let found = enforcer_outcomes(program);
    if found == DAMAGED { None } else { Some(((found >> 32) as u32, found as u32)) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_listed(program: u32, of_receiver: u32, word: u32) -> u64 {
    let Some(s) = scratch(program) else { return DAMAGED };
    let list = List { of_receiver: of_receiver != 0, word };
    match layers::listed(&InPlace(program), &s.heads, &s.ends, list, &mut s.fields) {
        Some(outcome) => outcome as u64,
        None => DAMAGED,
    }
}

/// Outcome of one list of a profile, over `fields` in the working memory.
#[inline(always)]
pub(crate) fn listed(program: u32, list: List) -> Option<u32> {
    let found = enforcer_listed(program, list.of_receiver as u32, list.word);
    if found == DAMAGED { None } else { Some(found as u32) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_sender(program: u32, which: u32, port: u32, anywhere: u32) -> u32 {
    let Some(s) = scratch(program) else {
        return encode(Err(Reason::Malformed));
    };
    let kernel = Kernel(program);
    let Some(port) = image::port(&kernel, &s.heads, port) else {
        return encode(Err(Reason::UnknownZone));
    };
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let out = if which == which::ASIDE { &mut s.spare } else { &mut s.ends.0 };
    encode(source::sender(&kernel, &s.heads, port, anywhere != 0, packet, out))
}

/// Who sends; see [`source::sender`]. `port` is the number of the port.
#[inline(always)]
pub(crate) fn sender(s: &mut Scratch, which: u32, port: u32, anywhere: bool) -> source::Finding {
    escape(s);
    decode(enforcer_sender(s.egress, which, port, anywhere as u32))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_receiver(program: u32, which: u32) -> u32 {
    let Some(s) = scratch(program) else {
        return encode(Err(Reason::Malformed));
    };
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    encode(source::receiver(&Kernel(program), &s.heads, &s.port, packet, &s.ends.0, &mut s.ends.1))
}

/// Who receives; see [`source::receiver`].
#[inline(always)]
pub(crate) fn receiver(s: &mut Scratch, which: u32) -> source::Finding {
    escape(s);
    decode(enforcer_receiver(s.egress, which))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_layers(program: u32, which: u32, earlier: u32) -> u32 {
    let Some(s) = scratch(program) else { return 1 };
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let earlier = decode(earlier).err();
    match layers::judge(&InPlace(program), &s.heads, packet, &s.ends, earlier, &mut s.fields, &mut s.decision) {
        Some(()) => 0,
        None => 1,
    }
}

/// Runs the layers over `ends` into `decision`; false where the image is damaged.
#[inline(always)]
pub(crate) fn layers(s: &mut Scratch, which: u32, earlier: Refusal) -> bool {
    escape(s);
    let earlier = match earlier.reason() {
        Some(reason) => reason as u32 + 1,
        None => 0,
    };
    enforcer_layers(s.egress, which, earlier) == 0
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_find(program: u32) -> u64 {
    let Some(s) = scratch(program) else {
        return Judged::drop(Reason::Malformed).number();
    };
    connection::follow(s).number()
}

/// What the table of connections says of the packet.
#[inline(always)]
pub(crate) fn find(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_find(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_ingress_ends(program: u32) -> u64 {
    let Some(s) = scratch(program) else { return Judged::drop(Reason::Malformed).number() };
    ingress::ends(s).number()
}

/// See [`ingress::ends`].
#[inline(always)]
pub(crate) fn ingress_ends(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_ingress_ends(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_ingress_opens(program: u32) -> u64 {
    let Some(s) = scratch(program) else { return Judged::drop(Reason::Malformed).number() };
    ingress::opens(s).number()
}

/// See [`ingress::opens`].
#[inline(always)]
pub(crate) fn ingress_opens(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_ingress_opens(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_route(program: u32) -> u64 {
    let Some(s) = scratch(program) else {
        return Judged::drop(Reason::Malformed).number();
    };
    egress::route(s).number()
}

/// Whose packet it is that leaves; see [`egress::route`].
#[inline(always)]
pub(crate) fn route(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_route(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_router_ends(program: u32) -> u64 {
    let Some(s) = scratch(program) else { return Judged::drop(Reason::Malformed).number() };
    egress::router_ends(s).number()
}

/// See [`egress::router_ends`].
#[inline(always)]
pub(crate) fn router_ends(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_router_ends(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_router(program: u32) -> u64 {
    let Some(s) = scratch(program) else {
        return Judged::drop(Reason::Malformed).number();
    };
    egress::router_opens(s).number()
}

/// See [`egress::router_opens`].
#[inline(always)]
pub(crate) fn judge_router(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_router(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_forwarded(program: u32) -> u64 {
    let Some(s) = scratch(program) else {
        return Judged::drop(Reason::Malformed).number();
    };
    egress::forwarded_anew(s).number()
}

/// See [`egress::forwarded_anew`].
#[inline(always)]
pub(crate) fn judge_forwarded(s: &mut Scratch) -> Judged {
    escape(s);
    Judged::from_number(enforcer_forwarded(s.egress))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_enter(program: u32, ifindex: u32) -> u32 {
    let Some(s) = scratch(program) else {
        return encode(Err(Reason::Malformed));
    };
    encode(scene::enter(s, ifindex, program))
}

/// Sets the scene; see [`scene::enter`].
#[inline(always)]
pub(crate) fn enter(s: &mut Scratch, program: u32, ifindex: u32) -> source::Finding {
    escape(s);
    decode(enforcer_enter(program, ifindex))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_own_of_port(program: u32) -> u32 {
    let Some(s) = scratch(program) else { return 1 };
    scene::own_of_port(s);
    0
}

/// See [`scene::own_of_port`].
#[inline(always)]
pub(crate) fn own_of_port(s: &mut Scratch) {
    escape(s);
    enforcer_own_of_port(s.egress);
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn enforcer_count(program: u32, judged: u64) -> u32 {
    let Some(s) = scratch(program) else { return 1 };
    account::count(s, Judged::from_number(judged));
    0
}

/// Counts the verdict; see [`account::count`].
#[inline(always)]
pub(crate) fn count(s: &Scratch, judged: Judged) {
    enforcer_count(s.egress, judged.number());
}
