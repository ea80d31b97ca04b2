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
    if from == 0 || to == 0 || from as u32 >= heads.what.zone_count || to as u32 >= heads.what.zone_count {
        return None;
    }
    let index = (from as u32).wrapping_mul(heads.what.zone_count).wrapping_add(to as u32);
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
            if audit_a && audit_b && written != 0 { written | WRITTEN_AUDIT } else { written }
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
    if !find_pair(cells, heads.base, &heads.what.pairs, key.0 as u64 | (key.1 as u64) << 32, &mut entry)? {
        return Some((ABSENT, 0));
    }
    let allowed = if list == 2 { entry[2] } else { entry[1] };
    Some((cells.walk(heads.base, entry[0], fields)?, cells.walk(heads.base, allowed, fields)?))
}

/// Outcomes of the guardrails and of the transitions for both ends and a service.
#[inline(always)]
pub fn outcomes<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    ends: &(Endpoint, Endpoint),
    fields: &Fields,
) -> Option<(u32, u32)> {
    let (from, to) = ends;
    let mud = if mud_serves(from, to) { 2 } else { 1 };
    let pair = zones(cells, heads, from.zone, to.zone)?;
    let mut guardrail = cells.walk(heads.base, pair[0], fields)?;
    let mut transition = cells.walk(heads.base, if mud == 2 { pair[2] } else { pair[1] }, fields)?;
    // Entries that name devices: each combination of zone and device that is left, the most particular last. Where
    // guardrails are written down for a pair, they are all that hold for it, exceptions taken out.
    let device = |end: &Endpoint| SUBJECT_DEVICE | end.device;
    if from.is(flag::SPECIAL) {
        let (denied, allowed) = cells.pair(heads, (device(from), to.zone as u32), mud, fields)?;
        guardrail = if denied == ABSENT { guardrail } else { denied };
        transition = union(transition, allowed);
    }
    if to.is(flag::SPECIAL) {
        let (denied, allowed) = cells.pair(heads, (from.zone as u32, device(to)), mud, fields)?;
        guardrail = if denied == ABSENT { guardrail } else { denied };
        transition = union(transition, allowed);
    }
    if from.is(flag::SPECIAL) && to.is(flag::SPECIAL) {
        let (denied, allowed) = cells.pair(heads, (device(from), device(to)), mud, fields)?;
        guardrail = if denied == ABSENT { guardrail } else { denied };
        transition = union(transition, allowed);
    }
    Some((guardrail, transition))
}

/// A list of one end's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// The receiver's profile, else the sender's.
    pub of_receiver: bool,
    /// Word of the profile's cell: one of [`profile`].
    pub word: u32,
}

/// The outcome of one list of a profile.
#[inline(always)]
pub fn listed<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    ends: &(Endpoint, Endpoint),
    list: List,
    fields: &mut Fields,
) -> Option<u32> {
    let (device, peer) = if list.of_receiver { (&ends.1, &ends.0) } else { (&ends.0, &ends.1) };
    let cell = cells.cell(heads.base.wrapping_add(heads.what.profiles).wrapping_add(device.profile))?;
    fields[fields::PEER_DEVICE] = peer.device_label;
    fields[fields::PEER_ADDRESS] = peer.address_label;
    fields[fields::OWN_ADDRESS] = device.address_label;
    cells.walk(heads.base, word(cell, list.word as usize), fields)
}

/// A refusal that is in audit, first come: the reason's number and one in the low half, the rule in the high half; 0 for none.
#[derive(Clone, Copy)]
struct Soft(u64);

impl Soft {
    #[inline(always)]
    fn new(reason: Reason, rule: u32) -> Soft {
        Soft((reason as u64 + 1) | (rule as u64) << 32)
    }

    #[inline(always)]
    fn or(self, reason: Reason, rule: u32) -> Soft {
        if self.0 == 0 { Soft::new(reason, rule) } else { self }
    }
}

/// Judges an opening packet by every layer.
///
/// `earlier` is a refusal by the steps before that is in audit: it decides the reason where no layer refuses in earnest.
/// `fields` is room to work in. Nothing comes back where the image is damaged: the packet is refused.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
pub fn judge<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    packet: &Packet,
    ends: &(Endpoint, Endpoint),
    earlier: Option<Reason>,
    fields: &mut Fields,
    out: &mut Decision,
) -> Option<()> {
    let (from, to) = ends;
    let audit_all = heads.who.flags & FLAG_AUDIT_ALL != 0;
    let mut soft = match earlier {
        Some(reason) => Soft::new(reason, 0),
        None => Soft(0),
    };
    fields[fields::SERVICE] = packet.service();
    fields[fields::SECOND] = packet.second_key();
    let (guardrail, transition) = cells.outcomes(heads, ends, fields)?;
    *out = Decision::refused(Reason::Guardrail);

    if guardrail & DENY != 0 {
        out.rule = guardrail & RULE;
        if !audit_all && guardrail & DENY_AUDIT == 0 {
            return Some(());
        }
        soft = soft.or(Reason::Guardrail, out.rule);
    }
    out.rule = 0;
    if transition & ALLOW == 0 && !from.is(flag::ROUTER) {
        // The router has no mode of its own: it goes along with the zone at the other end.
        let both = from.is(flag::ZONE_AUDIT) && to.is(flag::ZONE_AUDIT | flag::ROUTER);
        let audit = if transition & WRITTEN != 0 { transition & WRITTEN_AUDIT != 0 } else { both };
        if !audit_all && !audit {
            out.reason = Reason::NoTransition;
            return Some(());
        }
        soft = soft.or(Reason::NoTransition, 0);
    }
    let words = lists(packet.kind);
    if from.profile != 0 {
        let outcome = cells.listed(heads, ends, List { of_receiver: false, word: words[0] }, fields)?;
        if outcome & MUD_ACCEPT == 0 {
            if !audit_all && !from.is(flag::AUDIT) {
                out.rule = outcome & RULE;
                out.reason = Reason::MudFromDevice;
                return Some(());
            }
            soft = soft.or(Reason::MudFromDevice, outcome & RULE);
        } else {
            out.from_ace = outcome & RULE;
        }
    }
    if to.profile != 0 {
        let outcome = cells.listed(heads, ends, List { of_receiver: true, word: words[1] }, fields)?;
        if outcome & MUD_ACCEPT == 0 {
            if !audit_all && !to.is(flag::AUDIT) {
                out.rule = outcome & RULE;
                out.reason = Reason::MudToDevice;
                return Some(());
            }
            soft = soft.or(Reason::MudToDevice, outcome & RULE);
        } else {
            out.to_ace = outcome & RULE;
        }
    }
    if soft.0 != 0 {
        out.verdict = Verdict::Audit;
        out.reason = Reason::from_u8((soft.0 - 1) as u8)?;
        out.rule = (soft.0 >> 32) as u32;
    } else {
        out.verdict = Verdict::Pass;
        out.reason = Reason::Allowed;
        out.rule = if transition & ALLOW != 0 { transition & RULE } else { 0 };
        out.log = transition & (ALLOW | LOG) == ALLOW | LOG;
    }
    if packet.is(crate::packet::flag::TRACKED) && packet.is_ip() {
        fields[fields::SERVICE] = packet.reply_service();
        fields[fields::SECOND] = packet.reply_second_key();
        return replies(cells, heads, ends, words, fields, out);
    }
    Some(())
}

/// Settles once, when a connection opens, whether its answers pass: not where an ACE of their direction says drop.
#[inline(always)]
fn replies<C: Cells + ?Sized>(
    cells: &C,
    heads: &Heads,
    ends: &(Endpoint, Endpoint),
    words: [u32; 4],
    fields: &mut Fields,
    out: &mut Decision,
) -> Option<()> {
    let (from, to) = ends;
    let audit_all = heads.who.flags & FLAG_AUDIT_ALL != 0;
    if to.profile != 0 {
        let outcome = cells.listed(heads, ends, List { of_receiver: true, word: words[2] }, fields)?;
        if outcome & MUD_DROP != 0 {
            out.reply_reason = Reason::MudFromDevice;
            out.reply_rule = outcome & RULE;
            out.reply_audit = audit_all || to.is(flag::AUDIT);
        }
    }
    if from.profile != 0 {
        let outcome = cells.listed(heads, ends, List { of_receiver: false, word: words[3] }, fields)?;
        let audit = audit_all || from.is(flag::AUDIT);
        let settled = out.reply_reason as u8 != Reason::Established as u8;
        if outcome & MUD_DROP != 0 && (!settled || out.reply_audit && !audit) {
            out.reply_reason = Reason::MudToDevice;
            out.reply_rule = outcome & RULE;
            out.reply_audit = audit;
        }
    }
    Some(())
}

/// Words of a profile's cell for this kind of packet: from-device, to-device, and for answers from-device and to-device.
#[inline(always)]
const fn lists(kind: u8) -> [u32; 4] {
    let words = match kind {
        kind::IPV4 => [profile::FROM4, profile::TO4, profile::FROM4_REPLY, profile::TO4_REPLY],
        kind::IPV6 => [profile::FROM6, profile::TO6, profile::FROM6_REPLY, profile::TO6_REPLY],
        _ => [profile::FROM_ETHER, profile::TO_ETHER, profile::FROM_ETHER, profile::TO_ETHER],
    };
    [words[0] as u32, words[1] as u32, words[2] as u32, words[3] as u32]
}

/// The outcome of no list at all; also what an unused reference holds.
pub const NOTHING: u32 = Ref::NOTHING.0;
