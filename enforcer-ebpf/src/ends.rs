//! Sender and receiver together: what can be said of them before the layers.

use enforcer_common::{
    endpoint::flag,
    image::{self, FLAG_AUDIT_ALL, ZONE_ROUTER},
    overlay,
    reason::Reason,
};

use crate::{
    judged::{Judged, Refusal},
    scratch::Scratch,
};

/// True where everything is in audit.
#[inline(always)]
pub(crate) fn audit_all(s: &Scratch) -> bool {
    s.heads.who.flags & FLAG_AUDIT_ALL != 0
}

/// The refusal of a packet for a reason that rests on no zone and no device: let through where everything is in audit.
#[inline(always)]
pub(crate) fn refuse(s: &Scratch, reason: Reason) -> Judged {
    unless_audited(s, Judged::drop(reason))
}

/// A drop that rests on no zone and no device is let through where everything is in audit; any other verdict stands.
#[inline(always)]
pub(crate) fn unless_audited(s: &Scratch, judged: Judged) -> Judged {
    if judged.is_drop() && audit_all(s) { judged.audited() } else { judged }
}

/// A refusal of the sender: addresses of the link mean nothing beyond it, and its zone may demand a listed device.
#[inline(always)]
pub(crate) fn refusal_of_sender(s: &Scratch) -> Refusal {
    let (from, to) = &s.ends;
    if !from.is(flag::LINK_LOCAL | flag::UNSPECIFIED | flag::DENIED) {
        return Refusal::NONE;
    }
    let in_audit = audit_all(s) || from.is(flag::AUDIT);
    let mut found = Refusal::NONE;
    if from.is(flag::LINK_LOCAL | flag::UNSPECIFIED) && from.home != to.home && to.home != 0 && to.zone != ZONE_ROUTER {
        found = Refusal::new(Reason::SpoofedSource, in_audit);
    }
    if from.is(flag::DENIED) {
        found = found.or(Refusal::new(Reason::UnknownDevice, in_audit));
    }
    found
}

/// A refusal of the receiver: its zone may demand a listed device.
#[inline(always)]
pub(crate) fn refusal_of_receiver(s: &Scratch) -> Refusal {
    let to = &s.ends.1;
    if !to.is(flag::DENIED) {
        return Refusal::NONE;
    }
    Refusal::new(Reason::UnknownDevice, audit_all(s) || to.is(flag::AUDIT))
}

/// A refusal of either end: the sender first.
#[inline(always)]
pub(crate) fn check(s: &Scratch) -> Refusal {
    refusal_of_sender(s).or(refusal_of_receiver(s))
}

/// Sets the accounts of both zones.
#[inline(always)]
pub(crate) fn accounts(s: &mut Scratch) {
    s.accounts = (
        overlay::account(&s.kernel(), s.half, &s.overlay, s.ends.0.zone),
        overlay::account(&s.kernel(), s.half, &s.overlay, s.ends.1.zone),
    );
}

/// The flags of the sender's zone; 0 for none.
#[inline(always)]
pub(crate) fn zone_flags(s: &Scratch, zone: u16) -> u32 {
    match image::zone(&s.kernel(), &s.heads, zone) {
        Some(zone) => zone.flags,
        None => 0,
    }
}
