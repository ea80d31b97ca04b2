//! The layers: guardrail, transition, MUD from-device, MUD to-device. Step 4 of a packet's judgement.

use crate::cell::{Cells, word};
use crate::endpoint::{Endpoint, flag};
use crate::image::{FLAG_AUDIT_ALL, Heads, profile};
use crate::ladder::{Fields, Ref};
use crate::packet::{Packet, fields, kind};
use crate::reason::{Reason, Verdict};
use crate::table::find_pair;

/// Final outcome of a transition ladder: allowed, by the rule in the low 24 bits.
pub const ALLOW: u32 = 1 << 30;
/// Not allowed, though some transition is written for the pair.
pub const WRITTEN: u32 = 1 << 29;
/// Every transition written for the pair is in audit.
pub const WRITTEN_AUDIT: u32 = 1 << 28;
/// The rule asks for an event for each connection that it opens.
pub const LOG: u32 = 1 << 27;
/// Final outcome of a guardrail ladder: denied, by the rule in the low 24 bits.
pub const DENY: u32 = 1 << 30;
/// The denying guardrail is in audit (and none that enforces denies).
pub const DENY_AUDIT: u32 = 1 << 29;
/// Outcome of a pair of subjects for which no guardrails are written down: those of the zones hold.
pub const ABSENT: u32 = (1 << 31) - 1;
/// Final outcome of a MUD ladder: an accepting ACE, in the low 24 bits.
pub const MUD_ACCEPT: u32 = 1 << 30;
/// A dropping ACE, in the low 24 bits (0 in a reply ladder where `replies = "listed"` finds no ACE).
pub const MUD_DROP: u32 = 1 << 29;
/// The rule in an outcome.
pub const RULE: u32 = (1 << 24) - 1;

/// Bit of a subject that is a device (the rest is its number); without it, a zone.
pub const SUBJECT_DEVICE: u32 = 1 << 31;

/// What the layers decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Decision {
    /// The rule that decided: the transition of a pass, the refusing entry of a drop or audit; 0 for none.
    pub rule: u32,
    /// The ACE of the sender's profile that accepted; 0 for none.
    pub from_ace: u32,
    /// The ACE of the receiver's profile that accepted; 0 for none.
    pub to_ace: u32,
    /// The ACE because of which answers must not pass; 0 for none.
    pub reply_rule: u32,
    /// Verdict.
    pub verdict: Verdict,
    /// Reason.
    pub reason: Reason,
    /// [`Reason::Established`] where answers pass; else why they do not.
    pub reply_reason: Reason,
    /// The refusal of answers is let through.
    pub reply_audit: bool,
    /// The rule asks for an event.
    pub log: bool,
}

impl Default for Decision {
    fn default() -> Self {
        Decision::refused(Reason::Malformed)
    }
}

impl Decision {
    /// Refused without any rule.
    pub const fn refused(reason: Reason) -> Decision {
        Decision {
            rule: 0,
            from_ace: 0,
            to_ace: 0,
            reply_rule: 0,
            verdict: Verdict::Drop,
            reason,
            reply_reason: Reason::Established,
            reply_audit: false,
            log: false,
        }
    }
}

/// What the pair of endpoints leads to: references to the guardrail ladder, and the transition ladders without and with `mud`.
type Pair = [u32; 3];

/// The matrix entry of two zones.
#[inline(always)]
fn zones<C: Cells + ?Sized>(cells: &C, heads: &Heads, from: u16, to: u16) -> Option<Pair> {
    if from as u32 >= heads.what.zone_count || to as u32 >= heads.what.zone_count {
        return None;
    }
    let index = (from as u32)
        .wrapping_mul(heads.what.zone_count)
        .wrapping_add(to as u32);
    let cell = cells.cell(heads.base.wrapping_add(heads.what.matrix).wrapping_add(index >> 2))?;
    let at = (index as usize & 3) * 4;
    Some([word(cell, at), word(cell, at + 1), word(cell, at + 2)])
}

/// The union of two transition outcomes: allowed before not, then the name that sorts first.
#[inline(always)]
const fn union(a: u32, b: u32) -> u32 {
    match (a & ALLOW != 0, b & ALLOW != 0) {
        (true, true) => {
            if a & RULE <= b & RULE {
                a
            } else {
                b
            }
        }
        (true, false) => a,
        (false, true) => b,
        (false, false) => {
            let written = (a | b) & WRITTEN;
            let audit_a = a & WRITTEN == 0 || a & WRITTEN_AUDIT != 0;
            let audit_b = b & WRITTEN == 0 || b & WRITTEN_AUDIT != 0;
            if audit_a && audit_b && written != 0 {
                written | WRITTEN_AUDIT
            } else {
                written
            }
        }
    }
}

/// `mud` stands for every service where at least one end has a profile and no listed device at either end lacks one.
#[inline(always)]
const fn mud_serves(from: &Endpoint, to: &Endpoint) -> bool {
    let profiled = from.is(flag::PROFILED) || to.is(flag::PROFILED);
    let lacking = (from.flags & (flag::LISTED | flag::PROFILED) == flag::LISTED)
        || (to.flags & (flag::LISTED | flag::PROFILED) == flag::LISTED);
    profiled && !lacking
}

/// Outcomes of the guardrail and of the transition ladder that are written for a pair of subjects, one of them a device.
///
/// `list` is 1 for the transitions without `mud`, 2 for those with it.
#[inline(always)]
pub fn pair<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    key: (u32, u32),
    list: usize,
    fields: &Fields,
) -> Option<(u32, u32)> {
    let mut entry = [0u32; 3];
    if !find_pair(
        cells,
        heads.base,
        &heads.what.pairs,
        key.0 as u64 | (key.1 as u64) << 32,
        &mut entry,
    )? {
        return Some((ABSENT, 0));
    }
    let allowed = if list == 2 { entry[2] } else { entry[1] };
    Some((
        cells.walk(heads.base, entry[0], fields)?,
        cells.walk(heads.base, allowed, fields)?,
    ))
}

/// Outcomes of the guardrails and of the transitions for a pair and a service.
#[inline(always)]
fn outcomes<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    from: &Endpoint,
    to: &Endpoint,
    fields: &Fields,
) -> Option<(u32, u32)> {
    let mud = if mud_serves(from, to) { 2 } else { 1 };
    let pair = zones(cells, heads, from.zone, to.zone)?;
    let mut guardrail = cells.walk(heads.base, pair[0], fields)?;
    let mut transition = cells.walk(heads.base, pair[mud], fields)?;
    if !from.is(flag::SPECIAL) && !to.is(flag::SPECIAL) {
        return Some((guardrail, transition));
    }
    // Entries that name devices: each combination of zone and device that is left, the most particular last.
    let mut combination = 1;
    while combination < 4 {
        let by_from = combination & 1 != 0;
        let by_to = combination & 2 != 0;
        if (!by_from || from.is(flag::SPECIAL)) && (!by_to || to.is(flag::SPECIAL)) {
            let a = if by_from {
                SUBJECT_DEVICE | from.device
            } else {
                from.zone as u32
            };
            let b = if by_to {
                SUBJECT_DEVICE | to.device
            } else {
                to.zone as u32
            };
            let (denied, allowed) = cells.pair(heads, (a, b), mud, fields)?;
            // Where guardrails are written down for a pair, they are all that hold for it, exceptions taken out.
            if denied != ABSENT {
                guardrail = denied;
            }
            transition = union(transition, allowed);
        }
        combination += 1;
    }
    Some((guardrail, transition))
}

/// The outcome of one list of a profile.
#[inline(always)]
fn mud<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    device: &Endpoint,
    peer: &Endpoint,
    list: usize,
    fields: &mut Fields,
) -> Option<u32> {
    let cell = cells.cell(
        heads
            .base
            .wrapping_add(heads.what.profiles)
            .wrapping_add(device.profile),
    )?;
    fields[fields::PEER_DEVICE] = peer.device_label;
    fields[fields::PEER_ADDRESS] = peer.address_label;
    fields[fields::OWN_ADDRESS] = device.address_label;
    cells.walk(heads.base, word(cell, list), fields)
}

/// The lists of a profile for this kind of packet: from-device, to-device, and their replies (none without IP).
#[inline(always)]
const fn lists(kind: u8) -> (usize, usize, usize, usize) {
    match kind {
        kind::IPV4 => (profile::FROM4, profile::TO4, profile::FROM4_REPLY, profile::TO4_REPLY),
        kind::IPV6 => (profile::FROM6, profile::TO6, profile::FROM6_REPLY, profile::TO6_REPLY),
        _ => (
            profile::FROM_ETHER,
            profile::TO_ETHER,
            profile::FROM_ETHER,
            profile::TO_ETHER,
        ),
    }
}

/// Notes a refusal that is in audit; gives the refusal back where it is enforced.
#[inline(always)]
fn refuse(soft: &mut Option<(Reason, u32)>, audit: bool, reason: Reason, rule: u32) -> Option<Decision> {
    if !audit {
        return Some(Decision {
            rule,
            ..Decision::refused(reason)
        });
    }
    if soft.is_none() {
        *soft = Some((reason, rule));
    }
    None
}

/// Judges an opening packet by every layer.
///
/// `earlier` is a refusal by the steps before that is in audit: it decides the reason where no layer refuses in earnest.
/// Nothing comes back where the image is damaged: the packet is refused.
#[inline(always)]
pub fn judge<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    packet: &Packet,
    ends: &(Endpoint, Endpoint),
    earlier: Option<Reason>,
    out: &mut Decision,
) -> Option<()> {
    let (from, to) = ends;
    let audit_all = heads.who.flags & FLAG_AUDIT_ALL != 0;
    let mut soft = earlier.map(|reason| (reason, 0));
    let mut fields = crate::packet::service_fields(packet);
    let (guardrail, transition) = outcomes(cells, heads, from, to, &fields)?;

    if guardrail & DENY != 0 {
        let audit = audit_all || guardrail & DENY_AUDIT != 0;
        if let Some(drop) = refuse(&mut soft, audit, Reason::Guardrail, guardrail & RULE) {
            *out = drop;
            return Some(());
        }
    }
    if transition & ALLOW == 0 && !from.is(flag::ROUTER) {
        let both = from.is(flag::ZONE_AUDIT) && to.is(flag::ZONE_AUDIT);
        let audit = if transition & WRITTEN != 0 {
            transition & WRITTEN_AUDIT != 0
        } else {
            both
        };
        if let Some(drop) = refuse(&mut soft, audit_all || audit, Reason::NoTransition, 0) {
            *out = drop;
            return Some(());
        }
    }
    let (from_list, to_list, from_reply, to_reply) = lists(packet.kind);
    let mut decision = Decision::refused(Reason::Allowed);
    if from.profile != 0 {
        let outcome = mud(cells, heads, from, to, from_list, &mut fields)?;
        if outcome & MUD_ACCEPT == 0 {
            let audit = audit_all || from.is(flag::AUDIT);
            if let Some(drop) = refuse(&mut soft, audit, Reason::MudFromDevice, outcome & RULE) {
                *out = drop;
                return Some(());
            }
        } else {
            decision.from_ace = outcome & RULE;
        }
    }
    if to.profile != 0 {
        let outcome = mud(cells, heads, to, from, to_list, &mut fields)?;
        if outcome & MUD_ACCEPT == 0 {
            let audit = audit_all || to.is(flag::AUDIT);
            if let Some(drop) = refuse(&mut soft, audit, Reason::MudToDevice, outcome & RULE) {
                *out = drop;
                return Some(());
            }
        } else {
            decision.to_ace = outcome & RULE;
        }
    }
    match soft {
        Some((reason, rule)) => {
            decision.verdict = Verdict::Audit;
            decision.reason = reason;
            decision.rule = rule;
        }
        None => {
            decision.verdict = Verdict::Pass;
            decision.rule = if transition & ALLOW != 0 { transition & RULE } else { 0 };
            decision.log = transition & ALLOW != 0 && transition & LOG != 0;
        }
    }
    // Whether answers pass is settled now, once.
    if packet.is(crate::packet::flag::TRACKED) {
        fields[fields::SERVICE] = packet.reply_service();
        fields[fields::SECOND] = packet.reply_second_key();
        if to.profile != 0 {
            let outcome = mud(cells, heads, to, from, from_reply, &mut fields)?;
            if outcome & MUD_DROP != 0 {
                decision.reply_reason = Reason::MudFromDevice;
                decision.reply_rule = outcome & RULE;
                decision.reply_audit = audit_all || to.is(flag::AUDIT);
            }
        }
        if from.profile != 0 && (decision.reply_reason as u8 == Reason::Established as u8 || decision.reply_audit) {
            let outcome = mud(cells, heads, from, to, to_reply, &mut fields)?;
            if outcome & MUD_DROP != 0 {
                let audit = audit_all || from.is(flag::AUDIT);
                if decision.reply_reason as u8 == Reason::Established as u8 || !audit {
                    decision.reply_reason = Reason::MudToDevice;
                    decision.reply_rule = outcome & RULE;
                    decision.reply_audit = audit;
                }
            }
        }
    }
    *out = decision;
    Some(())
}

/// The outcome of no list at all; also what an unused reference holds.
pub const NOTHING: u32 = Ref::NOTHING.0;
