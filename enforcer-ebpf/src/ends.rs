//! Sender and receiver together: what can be said of them before the layers.

use enforcer_common::{
    endpoint::flag,
    image::{self, FLAG_AUDIT_ALL, ZONE_ROUTER},
    overlay,
    reason::Reason,
};

use crate::{maps::Kernel, scratch::Scratch};

/// True where everything is in audit.
#[inline(always)]
pub(crate) fn audit_all(s: &Scratch) -> bool {
    s.heads.who.flags & FLAG_AUDIT_ALL != 0
}

/// A refusal before the layers: enforced, or in audit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It stands.
    Enforced(Reason),
    /// The device, else its zone, is in audit.
    Audited(Reason),
}

/// Demands a listed device at both ends where their zones do, and that link-local senders stay on their link.
#[inline(always)]
pub(crate) fn check(s: &Scratch) -> Option<Refusal> {
    let (from, to) = &s.ends;
    let mut found = None;
    if from.is(flag::LINK_LOCAL | flag::UNSPECIFIED) && from.zone != to.zone && to.zone != ZONE_ROUTER {
        let audit = audit_all(s) || from.is(flag::AUDIT);
        if !audit {
            return Some(Refusal::Enforced(Reason::SpoofedSource));
        }
        found = Some(Refusal::Audited(Reason::SpoofedSource));
    }
    if from.is(flag::DENIED) {
        if !audit_all(s) && !from.is(flag::AUDIT) {
            return Some(Refusal::Enforced(Reason::UnknownDevice));
        }
        found = found.or(Some(Refusal::Audited(Reason::UnknownDevice)));
    }
    if to.is(flag::DENIED) {
        if !audit_all(s) && !to.is(flag::AUDIT) {
            return Some(Refusal::Enforced(Reason::UnknownDevice));
        }
        found = found.or(Some(Refusal::Audited(Reason::UnknownDevice)));
    }
    found
}

/// Sets the accounts of both zones.
#[inline(always)]
pub(crate) fn accounts(s: &mut Scratch) {
    s.accounts = (
        overlay::account(&Kernel, s.half, &s.overlay, s.ends.0.zone),
        overlay::account(&Kernel, s.half, &s.overlay, s.ends.1.zone),
    );
}

/// The flags of the sender's zone; 0 for none.
#[inline(always)]
pub(crate) fn zone_flags(s: &Scratch, zone: u16) -> u32 {
    match image::zone(&Kernel, &s.heads, zone) {
        Some(zone) => zone.flags,
        None => 0,
    }
}
