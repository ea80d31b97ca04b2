//! What leaves: the router's own traffic, translations, copies of group-addressed frames, interfaces that nobody named.

use enforcer_common::{
    connection::{flag as connection_flag, is_link_scoped},
    endpoint::{endpoint, flag as end},
    essentials::{self, Essential},
    image::{self, port_has_zone},
    overlay::port,
    packet::{Packet, flag, kind},
    reason::{Reason, Verdict},
    source::{self, ROUTER_ENDPOINT},
};

use crate::{
    Frame,
    account::account,
    connection, ends, fragment,
    ingress::{opens_wrongly, passed},
    judged::{Judged, Refusal},
    maps::{is_replay, replay_input},
    scene,
    scratch::{Scratch, which},
    steps,
};

/// How a frame leaves.
pub(crate) struct Leaving {
    /// Interface index by which it leaves.
    pub(crate) by: u32,
    /// Interface index by which it entered; 0 for the router itself.
    pub(crate) entered: u32,
    /// VLAN ID of a tag that travels beside the frame; 0 for none.
    pub(crate) beside: u16,
    /// Packets that it stands for.
    pub(crate) segments: u32,
}

/// Judges a frame that leaves, and accounts for it, unless it was judged when it entered.
#[inline(always)]
pub(crate) fn run<F: Frame>(frame: &F, s: &mut Scratch, leaving: &Leaving) -> Judged {
    let (by, entered) = match replay_input() {
        Some(input) if is_replay() => (input.ifindex, input.entered),
        _ => (leaving.by, leaving.entered),
    };
    s.beside = leaving.beside;
    s.entered = entered;
    s.segments = leaving.segments;
    let judged = if let Err(reason) = steps::enter(s, 1, by) {
        Judged::drop(reason)
    } else {
        scene::parse(frame, s);
        let route = steps::route(s);
        if route == Judged::BY_ROUTER {
            from_router(s)
        } else if route == Judged::FORWARDED {
            forwarded(s)
        } else {
            route
        }
    };
    if judged.is_now() {
        account(frame, s, judged);
    }
    judged
}

/// Whose packet it is: [`Judged::BY_ROUTER`], [`Judged::FORWARDED`], or a judgement that needs no more.
#[inline(always)]
pub(crate) fn route(s: &mut Scratch) -> Judged {
    if s.parsed == 0 {
        return ends::refuse(s, Reason::Malformed);
    }
    let bits = if s.entered == 0 { port::IGNORED } else { scene::interface(s, s.entered).bits };
    if bits & (port::JUDGED | port::IGNORED) == 0 {
        return ends::refuse(s, Reason::UnknownZone);
    }
    if let Err(reason) = scene::find_port(s) {
        return ends::refuse(s, reason);
    }
    // An interface left alone on purpose counts as the router itself.
    if bits & port::JUDGED == 0 {
        return Judged::BY_ROUTER;
    }
    if s.packet.is(flag::LATER_FRAGMENT) {
        return later_fragment(s);
    }
    Judged::FORWARDED
}

/// A later fragment goes where its first went. The kernel may have put the datagram together and taken it apart since, so
/// that the first is known by what leaves.
#[inline(always)]
fn later_fragment(s: &mut Scratch) -> Judged {
    let judged = ends::unless_audited(s, fragment::follow(s));
    if judged.is_drop() { judged } else { Judged::NOTHING }
}

/// The router's own traffic: its answers pass; what it opens is judged by guardrails and by the receiver's profile.
#[inline(always)]
fn from_router(s: &mut Scratch) -> Judged {
    let settled = steps::router_ends(s);
    if settled.is_now() {
        return settled;
    }
    if !s.ends.1.is(end::GROUP) {
        let known = steps::find(s);
        if known.is_now() {
            return known;
        }
    }
    steps::judge_router(s)
}

/// Who sends and who receives what the router sends; what needs no more is settled.
#[inline(always)]
pub(crate) fn router_ends(s: &mut Scratch) -> Judged {
    let Some(router) = endpoint(&s.kernel(), &s.heads, ROUTER_ENDPOINT) else {
        return ends::refuse(s, Reason::Malformed);
    };
    s.ends.0 = router;
    if s.packet.is_ip() && source::address(&s.kernel(), &s.heads, s.packet.kind, &s.packet.source, &mut s.spare).is_ok()
    {
        s.ends.0.address_label = s.spare.address_label;
    }
    s.receiver = receiver(s, which::PACKET);
    ends::accounts(s);
    let stays = s.ends.1.is(end::GROUP | end::LINK_LOCAL) || !s.packet.is_ip();
    let what = if s.packet.is(flag::FIRST_FRAGMENT) { Essential::No } else { essentials::classify(&s.packet) };
    match what {
        Essential::No | Essential::ToClient => {}
        Essential::Listener if !essentials::is_listener(&s.packet, &s.ends.1) => {}
        // Neighbour discovery speaks to single neighbours too; DHCP answers go to a client that may have no other address.
        Essential::Bound | Essential::Advertisement | Essential::FromUplink if stays || is_receiver_on_port(s) => {
            return Judged::pass(Reason::Essential);
        }
        _ if stays => return Judged::pass(Reason::Essential),
        _ => {}
    }
    if s.packet.is(flag::LATER_FRAGMENT) {
        return ends::unless_audited(s, fragment::follow(s));
    }
    Judged::NOTHING
}

/// Judges what the router sends and belongs to no connection.
#[inline(always)]
pub(crate) fn router_opens(s: &mut Scratch) -> Judged {
    if !s.ends.1.is(end::GROUP) {
        let related = connection::related(s);
        if related.is_now() {
            fragment::remember(s, related);
            return related;
        }
    }
    if s.ends.1.home == 0 {
        return s.receiver.judged();
    }
    let earlier = s.receiver.or(ends::check(s));
    if earlier.is_enforced() {
        return earlier.drop();
    }
    decide(s, earlier, connection_flag::BY_ROUTER)
}

/// The first zone of the port by which the packet leaves; 0 where it has several, which only prefixes could tell apart.
#[inline(always)]
fn port_zone(s: &Scratch) -> u16 {
    match image::port(&s.kernel(), &s.heads, s.port.number) {
        Some(cell) if cell[0] & 0xffff == 1 => cell[1] as u16,
        _ => 0,
    }
}

/// True where the sender's own zone is on the port by which the packet leaves.
#[inline(always)]
fn is_on_port(s: &Scratch) -> bool {
    match image::port(&s.kernel(), &s.heads, s.port.number) {
        Some(cell) => port_has_zone(cell, s.ends.0.zone) || port_has_zone(cell, s.ends.0.home),
        None => false,
    }
}

/// True where the receiver's zone is on the port by which the packet leaves.
#[inline(always)]
fn is_receiver_on_port(s: &Scratch) -> bool {
    match image::port(&s.kernel(), &s.heads, s.port.number) {
        Some(cell) => port_has_zone(cell, s.ends.1.home),
        None => false,
    }
}

/// Finds who receives. Groups, neighbours by link-local address, and frames without IP are of the zone of the port by which
/// the packet leaves, whoever sends: to nobody where the port has several.
///
/// On its own: the stack of all calls together has 512 bytes.
#[inline(never)]
pub(crate) fn receiver(s: &mut Scratch, which: u32) -> Refusal {
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let of_port = !packet.is_ip() || is_of_port(packet);
    if of_port {
        let zone = port_zone(s);
        s.spare = s.ends.0;
        let from = &mut s.ends.0;
        from.zone = zone;
        from.home = zone;
        from.flags &= !end::ZONE_AUDIT;
        if ends::zone_flags(s, zone) & image::zone::AUDIT != 0 {
            s.ends.0.flags |= end::ZONE_AUDIT;
        }
    }
    let found = steps::receiver(s, which);
    if of_port {
        s.ends.0 = s.spare;
    }
    match found {
        Ok(()) if s.ends.1.home == 0 => Refusal::new(Reason::UnknownZone, ends::audit_all(s)),
        Ok(()) => Refusal::NONE,
        // The address tells the zone, and the layers can be asked.
        Err(Reason::UnknownDevice) => {
            Refusal::new(Reason::UnknownDevice, ends::audit_all(s) || s.ends.1.is(end::AUDIT))
        }
        Err(reason) => Refusal::new(reason, ends::audit_all(s)),
    }
}

/// True for a packet to a group, or to an address that means something on one link only.
#[inline(always)]
fn is_of_port(packet: &Packet) -> bool {
    let first = packet.destination[0];
    let is_group =
        if packet.kind == kind::IPV6 { first >> 24 == 0xff } else { first >> 28 == 0xe || first == u32::MAX };
    is_group || is_link_scoped(packet.kind, &packet.destination)
}

/// Runs the layers and, where they agree, opens a connection.
#[inline(always)]
fn decide(s: &mut Scratch, earlier: Refusal, flags: u8) -> Judged {
    if !steps::layers(s, which::PACKET, earlier) {
        return ends::refuse(s, Reason::Malformed);
    }
    let judged = Judged::new(s.decision.verdict, s.decision.reason, s.decision.rule);
    if !judged.is_drop() {
        if !s.ends.1.is(end::GROUP) {
            connection::open(s, flags);
        }
        passed(s, judged);
    }
    judged
}

/// What entered by a judged port: judged there, unless it is a copy for another zone or was translated since.
#[inline(always)]
fn forwarded(s: &mut Scratch) -> Judged {
    if s.packet.is_ip() && !s.packet.is_group_mac() {
        let known = steps::find(s);
        if known.is_now() {
            return if known.is_drop() { known } else { Judged::NOTHING };
        }
    }
    steps::judge_forwarded(s)
}

/// Judges what entered by a judged port and leaves, and belongs to no connection.
#[inline(always)]
pub(crate) fn forwarded_anew(s: &mut Scratch) -> Judged {
    if s.packet.is_ip() && !s.packet.is_group_mac() {
        let related = connection::related(s);
        if related.is_now() {
            fragment::remember(s, related);
            return Judged::NOTHING;
        }
        if source::address(&s.kernel(), &s.heads, s.packet.kind, &s.packet.source, &mut s.spare).is_err() {
            return ends::refuse(s, Reason::Malformed);
        }
        if s.spare.is(end::ROUTER) && !s.spare.is(end::LINK_LOCAL) {
            return translated(s);
        }
    }
    // What no prefix places is known by its MAC and the interface that it entered by; others by their addresses: the MAC may
    // be the router's by now.
    let mut by = s.port.number;
    let of_port = s.packet.kind == kind::OTHER || is_link_scoped(s.packet.kind, &s.packet.source);
    if of_port {
        by = scene::entered_by(s);
    } else if s.packet.is_ip() {
        s.packet.source_mac = 0;
    }
    let mut earlier = Refusal::NONE;
    if let Err(reason) = steps::sender(s, which::PACKET, by, true) {
        // It is nobody, or somebody who sends from here under a wrong address.
        if s.ends.0.zone == 0 || s.ends.0.is(end::ROUTER | end::GROUP | end::BAD) {
            // It was let through where it entered if every zone there is in audit, and counted.
            if of_port && reason as u8 == Reason::UnknownZone as u8 && is_audited_port(s, by) {
                fragment::remember(s, Judged::new(Verdict::Audit, reason, 0));
                return Judged::NOTHING;
            }
            return ends::refuse(s, reason);
        }
        earlier = Refusal::new(reason, s.ends.0.is(end::AUDIT) || ends::audit_all(s));
        if earlier.is_enforced() {
            return earlier.drop();
        }
    }
    s.receiver = receiver(s, which::PACKET);
    let copy = s.ends.1.is(end::GROUP) || !s.packet.is_ip() || s.packet.is_group_mac();
    if copy && is_on_port(s) {
        fragment::remember(s, Judged::pass(Reason::Established));
        return Judged::NOTHING;
    }
    // Without resolution of addresses nobody on a bridge can talk across it, whatever is allowed. Questions go to groups,
    // answers and checks to single neighbours.
    if is_resolution(s) && ends::zone_flags(s, s.ends.0.home) & image::zone::ESSENTIALS != 0 {
        return Judged::NOTHING;
    }
    ends::accounts(s);
    earlier = earlier.or(ends::refusal_of_sender(s)).or(s.receiver);
    if earlier.is_enforced() || s.ends.1.home == 0 {
        return earlier.judged();
    }
    earlier = earlier.or(ends::refusal_of_receiver(s));
    if earlier.is_enforced() {
        return earlier.drop();
    }
    if !steps::layers(s, which::PACKET, earlier) {
        return ends::refuse(s, Reason::Malformed);
    }
    let judged = Judged::new(s.decision.verdict, s.decision.reason, s.decision.rule);
    if judged.is_drop() {
        return judged;
    }
    fragment::remember(s, judged);
    // What is no copy was judged without state where it entered, and no otherwise here.
    if copy { judged } else { Judged::NOTHING }
}

/// True for a port whose zones are all in audit.
#[inline(always)]
fn is_audited_port(s: &Scratch, number: u32) -> bool {
    match image::port(&s.kernel(), &s.heads, number) {
        Some(cell) => cell[0] >> 16 & 1 == 1,
        None => false,
    }
}

/// ARP and neighbour solicitations and advertisements; the hop limit proves that no router was between.
#[inline(always)]
fn is_resolution(s: &Scratch) -> bool {
    s.packet.kind == kind::ARP || s.packet.is(flag::ND_TARGET) && s.packet.hops == 255
}

/// The router put an address of its own in place of the sender's: the answers' tuple is written down, so that they are
/// admitted as far as the stack; the inside tuple decides again where they leave.
#[inline(always)]
fn translated(s: &mut Scratch) -> Judged {
    let Some(router) = endpoint(&s.kernel(), &s.heads, ROUTER_ENDPOINT) else {
        return ends::refuse(s, Reason::Malformed);
    };
    s.ends.0 = router;
    s.ends.0.address_label = s.spare.address_label;
    s.receiver = receiver(s, which::PACKET);
    ends::accounts(s);
    if s.ends.1.home == 0 {
        return s.receiver.judged();
    }
    // What the router sends in its own name: guardrails and the receiver's profile hold.
    let earlier = s.receiver.or(ends::check(s));
    if earlier.is_enforced() {
        return earlier.drop();
    }
    if !steps::layers(s, which::PACKET, earlier) {
        return ends::refuse(s, Reason::Malformed);
    }
    let judged = Judged::new(s.decision.verdict, s.decision.reason, s.decision.rule);
    if judged.is_drop() {
        return judged;
    }
    if !opens_wrongly(s) && !s.ends.1.is(end::GROUP) {
        connection::open(s, connection_flag::TRANSLATED);
    }
    fragment::remember(s, judged);
    Judged::NOTHING
}
