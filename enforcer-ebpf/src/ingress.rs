//! What enters: the pipeline of a packet's judgement.

use enforcer_common::{
    connection::is_link_scoped,
    endpoint::{Endpoint, endpoint, flag as end},
    essentials::{self, Essential},
    image::{self, FLAG_LEARNS, port_has_zone},
    overlay::port,
    packet::{flag, kind},
    reason::{Reason, Verdict},
    source,
};

use crate::{
    Frame,
    account::{account, count_rule},
    connection, ends, fragment,
    judged::{Judged, Refusal},
    maps::{LEARNT, is_replay, replay_input},
    scene,
    scratch::{Scratch, which},
    steps,
};

/// Judges a frame that enters by an interface, and accounts for it.
#[inline(always)]
pub(crate) fn run<F: Frame>(frame: &F, s: &mut Scratch, ifindex: u32) -> Judged {
    let ifindex = match replay_input() {
        Some(input) if is_replay() => input.ifindex,
        _ => ifindex,
    };
    s.beside = 0;
    s.segments = 1;
    let judged = if let Err(reason) = steps::enter(s, 0, ifindex) {
        Judged::drop(reason)
    } else {
        scene::parse(frame, s);
        judge(s)
    };
    account(frame, s, judged);
    judged
}

/// The steps, in order: parse (done by now), source, connection, layers.
#[inline(always)]
fn judge(s: &mut Scratch) -> Judged {
    let settled = steps::ingress_ends(s);
    if settled.is_now() {
        return settled;
    }
    if !is_group(s) {
        let known = steps::find(s);
        if known.is_now() {
            return despite(s.earlier, known);
        }
    }
    steps::ingress_opens(s)
}

/// A judgement of a packet whose sender was refused in audit before: what goes on does for the reason that was first.
#[inline(always)]
pub(crate) fn despite(refusal: Refusal, judged: Judged) -> Judged {
    match refusal.reason() {
        Some(reason) if !judged.is_drop() => Judged::new(Verdict::Audit, reason, 0),
        _ => judged,
    }
}

/// True for group addresses, of either layer: they open no connection.
#[inline(always)]
fn is_group(s: &Scratch) -> bool {
    s.ends.1.is(end::GROUP) || s.packet.is_group_mac()
}

/// Steps 1 and 2: who sends and who receives; essentials, and what is refused for its source, are settled.
#[inline(always)]
pub(crate) fn ends(s: &mut Scratch) -> Judged {
    // 1. Parse: done by now.
    if s.parsed == 0 {
        return ends::refuse(s, Reason::Malformed);
    }
    if let Err(reason) = scene::find_port(s) {
        return ends::refuse(s, reason);
    }

    // 2. Source.
    let kernel = s.kernel();
    let Some(port_cell) = image::port(&kernel, &s.heads, s.port.number) else {
        return ends::refuse(s, Reason::UnknownZone);
    };
    let mut binding = steps::sender(s, which::PACKET, s.port.number, false);
    if s.packet.kind == kind::IPV6 && s.port.is_own_link_local(&s.packet.source) {
        binding = Err(Reason::SpoofedSource);
        s.ends.0 = Endpoint::default();
    }
    let mut to = steps::receiver(s, which::PACKET);
    ends::accounts(s);
    let what = essentials::classify(&s.packet);
    if binding.is_ok() {
        binding = claims(s, what);
    }
    // Nothing tells which of the port's zones it is from: let through where all of them are in audit.
    if binding == Err(Reason::UnknownZone) {
        return refuse_at_port(s, port_cell, Reason::UnknownZone);
    }
    if let Err(reason) = binding {
        let refusal = refuse_sender(s, port_cell, reason);
        if refusal.is_drop() {
            return refusal;
        }
        // Let through for now. Unless it is a device that stands here, it is nobody in particular of the port's zone to all
        // that follows, whatever zone it claims to be of: an audited port lends nobody another zone's rights.
        if !is_at_home(s, port_cell) {
            if !become_anonymous(s, port_cell) {
                return ends::refuse(s, reason);
            }
            to = steps::receiver(s, which::PACKET);
            ends::accounts(s);
        }
        s.earlier = Refusal::new(reason, true);
    }
    if what != Essential::No {
        let settled = settled(s, port_cell, what);
        if settled.is_now() {
            return settled;
        }
    }
    s.receiver = match to {
        Ok(()) => Refusal::NONE,
        // The address tells the zone, and the layers can be asked.
        Err(Reason::UnknownDevice) => {
            Refusal::new(Reason::UnknownDevice, ends::audit_all(s) || s.ends.1.is(end::AUDIT))
        }
        Err(reason) => Refusal::new(reason, ends::audit_all(s)),
    };
    // Unicast for another MAC: not for us, and nothing may come of it.
    if s.port.bits & (port::OWN_MAC | port::BRIDGED) == port::OWN_MAC
        && s.packet.destination_mac != s.port.mac
        && !s.packet.is_group_mac()
        && !s.packet.is(flag::NO_ETHERNET)
    {
        return ends::refuse(s, Reason::UnknownDevice);
    }
    // Who sends is asked before what it belongs to: for want of a listed device, or of an address that means something there.
    s.earlier = s.earlier.or(ends::refusal_of_sender(s));
    if s.earlier.is_enforced() {
        return s.earlier.drop();
    }
    // Nothing is learnt of a sender who was let through in audit alone.
    if s.earlier.is_none() {
        learn(s);
    }

    if s.packet.is(flag::LATER_FRAGMENT) {
        return despite(s.earlier, ends::unless_audited(s, fragment::follow(s)));
    }
    Judged::NOTHING
}

/// Steps 3 and 4 for what belongs to no known connection: related errors, and the layers.
#[inline(always)]
pub(crate) fn opens(s: &mut Scratch) -> Judged {
    if !is_group(s) {
        let related = connection::related(s);
        if related.is_now() {
            let judged = despite(s.earlier, related);
            fragment::remember(s, judged);
            return judged;
        }
    }
    if let Some(reason) = s.receiver.reason()
        && reason != Reason::UnknownDevice
    {
        return despite(s.earlier, ends::refuse(s, reason));
    }
    let earlier = s.earlier.or(s.receiver).or(ends::refusal_of_receiver(s));
    if earlier.is_enforced() {
        return earlier.drop();
    }
    if !steps::layers(s, which::PACKET, earlier) {
        return ends::refuse(s, Reason::Malformed);
    }
    let judged = Judged::new(s.decision.verdict, s.decision.reason, s.decision.rule);
    if !judged.is_drop() {
        if opens_wrongly(s) {
            let refusal = ends::refuse(s, Reason::InvalidState);
            let judged = if refusal.is_drop() || judged.is_pass() { refusal } else { judged };
            if !judged.is_drop() {
                fragment::remember(s, judged);
            }
            return judged;
        }
        if !is_group(s) {
            connection::open(s, 0);
        }
        passed(s, judged);
    }
    judged
}

/// What follows from the pass of an opening packet: its fragments and its rules.
#[inline(always)]
pub(crate) fn passed(s: &mut Scratch, judged: Judged) {
    fragment::remember(s, judged);
    // ACEs that accepted took part in the verdict, and count.
    if s.decision.from_ace != 0 {
        count_rule(s, s.decision.from_ace);
    }
    if s.decision.to_ace != 0 {
        count_rule(s, s.decision.to_ace);
    }
    if s.decision.log {
        s.log = 1;
    }
}

/// A SYN+ACK of no known connection opens none, and answers none.
#[inline(always)]
pub(crate) fn opens_wrongly(s: &Scratch) -> bool {
    use enforcer_common::packet::{protocol, tcp};
    s.packet.is_ip()
        && s.packet.protocol == protocol::TCP
        && s.packet.tcp & (tcp::SYN | tcp::ACK) == tcp::SYN | tcp::ACK
}

/// The verdict of an essential; nothing where it is for the layers after all.
///
/// On its own: the stack of all calls together has 512 bytes.
#[inline(never)]
fn settled(s: &mut Scratch, port_cell: &[u32; 16], what: Essential) -> Judged {
    match essentials::settle(what, &s.packet, ends::zone_flags(s, s.ends.0.home), (&s.ends.0, &s.ends.1)) {
        Some(Ok(())) => despite(s.earlier, Judged::pass(Reason::Essential)),
        Some(Err(reason)) => {
            let refusal = despite(s.earlier, refuse_sender(s, port_cell, reason));
            if !refusal.is_drop() {
                fragment::remember(s, refusal);
            }
            refusal
        }
        None => Judged::NOTHING,
    }
}

/// Refuses for want of a right binding: audit where the device, else every zone of the port, is.
#[inline(always)]
fn refuse_sender(s: &Scratch, port_cell: &[u32; 16], reason: Reason) -> Judged {
    match is_at_home(s, port_cell) {
        true if s.ends.0.is(end::AUDIT) => Judged::new(Verdict::Audit, reason, 0),
        true => ends::refuse(s, reason),
        false => refuse_at_port(s, port_cell, reason),
    }
}

/// Refuses whoever it may be: audit where every zone of the port is.
#[inline(always)]
fn refuse_at_port(s: &Scratch, port_cell: &[u32; 16], reason: Reason) -> Judged {
    let in_audit = port_cell[0] >> 16 & 1 == 1;
    if in_audit { Judged::new(Verdict::Audit, reason, 0) } else { ends::refuse(s, reason) }
}

/// True for a listed device of a zone of this port.
#[inline(always)]
fn is_at_home(s: &Scratch, port_cell: &[u32; 16]) -> bool {
    s.ends.0.device != 0 && port_has_zone(port_cell, s.ends.0.home)
}

/// Makes the sender an unlisted one of the port's zone; false where prefixes tell several zones of the port apart.
///
/// On its own: the stack of all calls together has 512 bytes.
#[inline(never)]
fn become_anonymous(s: &mut Scratch, port_cell: &[u32; 16]) -> bool {
    if port_cell[0] & 0xffff != 1 {
        return false;
    }
    let Some(zone) = image::zone(&s.kernel(), &s.heads, port_cell[1] as u16) else { return false };
    match endpoint(&s.kernel(), &s.heads, zone.anonymous) {
        Some(anonymous) => {
            s.ends.0 = anonymous;
            if s.packet.kind != kind::OTHER && is_link_scoped(s.packet.kind, &s.packet.source) {
                s.ends.0.flags |= end::LINK_LOCAL;
            }
            true
        }
        None => false,
    }
}

/// Whether what the sender claims is its own: the hardware address in ARP, the target of a neighbour advertisement. It holds
/// for them like the source address does for others, essential or not.
#[inline(always)]
fn claims(s: &mut Scratch, what: Essential) -> source::Finding {
    if essentials::claims_another_mac(&s.packet) {
        return Err(Reason::SpoofedSource);
    }
    if what != Essential::Advertisement {
        return Ok(());
    }
    let target = &s.packet.target;
    let nobody = target[0] | target[1] | target[2] | target[3] == 0;
    if nobody || s.port.is_own_link_local(target) {
        return Err(Reason::SpoofedSource);
    }
    s.other = s.packet;
    s.other.source = s.packet.target;
    steps::sender(s, which::ASIDE, s.port.number, false)?;
    if s.spare.device != s.ends.0.device { Err(Reason::SpoofedSource) } else { Ok(()) }
}

/// Remembers which address a device without listed addresses uses, and forgets it where another MAC has taken it over.
#[inline(always)]
fn learn(s: &Scratch) {
    let from = &s.ends.0;
    if s.heads.who.flags & FLAG_LEARNS == 0
        || !s.packet.is_ip()
        || s.packet.is(flag::NO_ETHERNET)
        || from.is(end::LINK_LOCAL | end::UNSPECIFIED)
    {
        return;
    }
    let fenced = if s.packet.kind == kind::IPV6 { end::FENCED6 } else { end::FENCED4 };
    let learns = from.device != 0 && from.is(end::HAS_MAC) && !from.is(fenced);
    let source = &s.packet.source;
    let key = [source[0], source[1], source[2], source[3], s.packet.kind as u32];
    // SAFETY: an integer, copied at once.
    let known = unsafe { LEARNT.get(&key).copied().unwrap_or(0) };
    if known == s.packet.source_mac {
        return;
    }
    if learns {
        let _ = LEARNT.insert(&key, &s.packet.source_mac, 0);
    } else if known != 0 {
        let _ = LEARNT.remove(&key);
    }
}
