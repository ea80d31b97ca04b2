//! What leaves: the router's own traffic, translations, copies of group-addressed frames, interfaces that nobody named.

use aya_ebpf::{EbpfContext as _, bindings::__sk_buff, programs::TcContext};
use enforcer_common::{
    connection::flag as connection_flag,
    endpoint::{Endpoint, endpoint, flag as end},
    essentials::{self, Essential},
    image::{self, port_has_zone},
    layers,
    overlay::port,
    packet::flag,
    reason::{Reason, Verdict},
    source::{self, ROUTER_ENDPOINT},
};

use crate::{
    account::{account, tell},
    connection::{self, Known},
    ends::{self, Refusal},
    fragment,
    guard::{NEXT, SHOT},
    ingress::count_aces,
    maps::{Kernel, is_replay, replay_input, scratch},
    scene,
    scratch::Scratch,
};

/// What became of a packet that leaves.
enum Leaving {
    /// It was judged when it entered: nothing to count.
    Judged,
    /// It is judged now: verdict, reason, rule.
    Now(Verdict, Reason, u32),
}

/// Where a packet came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entered {
    /// The router itself, or an interface left alone on purpose.
    Router,
    /// A port that is judged.
    Port(u32),
}

/// Judges a frame that leaves.
#[inline(always)]
pub(crate) fn run(context: &TcContext) -> i32 {
    let Some(s) = scratch(1) else { return SHOT };
    match judge(context, s) {
        Leaving::Judged => NEXT,
        Leaving::Now(verdict, reason, rule) => {
            account(context, s, verdict, reason, rule);
            if verdict as u8 == Verdict::Drop as u8 {
                SHOT
            } else {
                NEXT
            }
        }
    }
}

/// A refusal that rests on no zone and no device.
#[inline(always)]
fn refuse(s: &Scratch, reason: Reason) -> Leaving {
    let audit = s.generation != 0 && ends::audit_all(s);
    Leaving::Now(if audit { Verdict::Audit } else { Verdict::Drop }, reason, 0)
}

/// The steps, in order.
#[inline(always)]
fn judge(context: &TcContext, s: &mut Scratch) -> Leaving {
    let raw: *mut __sk_buff = context.as_ptr().cast();
    // SAFETY: the context is the program's own.
    let (out, entered, present, tag) = unsafe {
        (
            (*raw).ifindex,
            (*raw).ingress_ifindex,
            (*raw).vlan_present,
            (*raw).vlan_tci,
        )
    };
    let (out, entered) = match replay_input() {
        Some(input) if is_replay() => (input.ifindex, input.entered),
        _ => (out, entered),
    };
    if let Err(reason) = scene::enter(s, out, 1) {
        return Leaving::Now(Verdict::Drop, reason, 0);
    }
    let no_ethernet = scene::interface(s, out).bits & port::IP_LINK != 0;
    if present != 0 {
        s.packet.outer_vlan = tag as u16 & 0x0fff;
    }
    if let Err(reason) = scene::parse(context, no_ethernet, s) {
        return refuse(s, reason);
    }
    let from = if entered == 0 {
        Entered::Router
    } else {
        let bits = scene::interface(s, entered).bits;
        if bits & port::JUDGED != 0 {
            Entered::Port(entered)
        } else if bits & port::IGNORED != 0 {
            Entered::Router
        } else {
            return refuse(s, Reason::UnknownZone);
        }
    };
    if let Err(reason) = scene::find_port(s) {
        return refuse(s, reason);
    }
    let Some(port_cell) = image::port(&Kernel, &s.heads, s.port.number) else {
        return refuse(s, Reason::UnknownZone);
    };
    match from {
        Entered::Router => from_router(context, s, port_cell),
        Entered::Port(_) if essentials::classify(&s.packet) != Essential::No => Leaving::Judged,
        Entered::Port(_) if s.packet.is(flag::LATER_FRAGMENT) => later_fragment(s),
        Entered::Port(entered) => forwarded(context, s, port_cell, entered),
    }
}

/// A later fragment goes where its first went. The kernel may have put the datagram together and taken it apart since, so
/// that the first is known by what leaves.
#[inline(always)]
fn later_fragment(s: &mut Scratch) -> Leaving {
    match fragment::follow(s) {
        Ok(()) => Leaving::Judged,
        Err(reason) => refuse(s, reason),
    }
}

/// The router's own traffic: its answers pass; what it opens is judged by guardrails and by the receiver's profile.
#[inline(always)]
fn from_router(context: &TcContext, s: &mut Scratch, port_cell: &[u32; 16]) -> Leaving {
    if endpoint(&Kernel, &s.heads, ROUTER_ENDPOINT)
        .map(|router| s.ends.0 = router)
        .is_none()
    {
        return refuse(s, Reason::Malformed);
    }
    if s.packet.is_ip() {
        let mut own = Endpoint::default();
        if source::address(&Kernel, &s.heads, s.packet.kind, &s.packet.source, &mut own).is_ok() {
            s.ends.0.address_label = own.address_label;
        }
    }
    let to = source::receiver(&Kernel, &s.heads, &s.port, &s.packet, &s.ends.0, &mut s.ends.1);
    if s.ends.1.is(end::GROUP | end::LINK_LOCAL) || !s.packet.is_ip() {
        leaves_to_zone(s, port_cell);
    }
    ends::accounts(s);
    if essentials::classify(&s.packet) != Essential::No {
        return Leaving::Now(Verdict::Pass, Reason::Essential, 0);
    }
    if s.packet.is(flag::LATER_FRAGMENT) {
        return match fragment::follow(s) {
            Ok(()) => Leaving::Now(Verdict::Pass, Reason::Established, 0),
            Err(reason) => refuse(s, reason),
        };
    }
    if !s.ends.1.is(end::GROUP) {
        match connection::find(s) {
            Known::Yes(verdict, reason, rule) => {
                if verdict as u8 != Verdict::Drop as u8 {
                    fragment::remember(s);
                }
                return Leaving::Now(verdict, reason, rule);
            }
            Known::No => {}
        }
        if s.packet.is(flag::ICMP_ERROR) && scene::quoted(context, s) && connection::is_related(s) {
            return Leaving::Now(Verdict::Pass, Reason::Established, 0);
        }
    }
    if let Err(reason) = to {
        return refuse(s, reason);
    }
    let earlier = match ends::check(s) {
        Some(Refusal::Enforced(reason)) => return Leaving::Now(Verdict::Drop, reason, 0),
        Some(Refusal::Audited(reason)) => Some(reason),
        None => None,
    };
    decide(context, s, earlier, connection_flag::BY_ROUTER)
}

/// A group-addressed or link-local packet is for the zone of the port by which it leaves.
#[inline(always)]
fn leaves_to_zone(s: &mut Scratch, port_cell: &[u32; 16]) {
    if s.ends.1.device == 0 {
        let zone = port_cell[1] as u16;
        s.ends.1.zone = zone;
        s.ends.1.home = zone;
        s.ends.1.flags &= !(end::ZONE_AUDIT | end::ROUTER);
        if ends::zone_flags(s, zone) & image::zone::AUDIT != 0 {
            s.ends.1.flags |= end::ZONE_AUDIT;
        }
    }
}

/// Runs the layers and, where they agree, opens a connection.
#[inline(always)]
fn decide(context: &TcContext, s: &mut Scratch, earlier: Option<Reason>, flags: u8) -> Leaving {
    if layers::judge(&Kernel, &s.heads, &s.packet, &s.ends, earlier, &mut s.decision).is_none() {
        return refuse(s, Reason::Malformed);
    }
    let decision = s.decision;
    if decision.verdict as u8 != Verdict::Drop as u8 {
        if !s.ends.1.is(end::GROUP) {
            connection::open(s, flags);
        }
        fragment::remember(s);
        count_aces(s);
        if decision.log {
            tell(
                context,
                s,
                decision.verdict,
                decision.reason,
                decision.rule,
                enforcer_common::event::what::OPENED,
            );
        }
    }
    Leaving::Now(decision.verdict, decision.reason, decision.rule)
}

/// What entered by a judged port: judged there, unless it is a copy for another zone or was translated since.
#[inline(always)]
fn forwarded(context: &TcContext, s: &mut Scratch, port_cell: &[u32; 16], entered: u32) -> Leaving {
    let tuple = s.packet.is_ip() && !s.packet.is_group_mac();
    if tuple {
        match connection::find(s) {
            Known::Yes(Verdict::Drop, reason, rule) => return Leaving::Now(Verdict::Drop, reason, rule),
            Known::Yes(..) => {
                fragment::remember(s);
                return Leaving::Judged;
            }
            Known::No => {}
        }
        if s.packet.is(flag::ICMP_ERROR) && scene::quoted(context, s) && connection::is_related(s) {
            return Leaving::Judged;
        }
        let mut own = Endpoint::default();
        if source::address(&Kernel, &s.heads, s.packet.kind, &s.packet.source, &mut own).is_err() {
            return refuse(s, Reason::Malformed);
        }
        if own.is(end::ROUTER) {
            return translated(s);
        }
    }
    // A frame without IP is known by its MAC and the port that it entered by; a packet by its addresses.
    let mut entry = *port_cell;
    if !s.packet.is_ip() {
        let key = enforcer_common::overlay::port_key(entered, s.packet.outer_vlan, s.packet.inner_vlan);
        let number = match enforcer_common::overlay::port(&Kernel, s.half, &s.overlay, key) {
            Some(port) => port.number,
            None => 0,
        };
        match image::port(&Kernel, &s.heads, number) {
            Some(cell) => entry = *cell,
            None => return refuse(s, Reason::UnknownZone),
        }
    } else {
        // The MAC may be the router's by now.
        s.packet.source_mac = 0;
    }
    if let Err(reason) = source::sender(&Kernel, &s.heads, &entry, true, &s.packet, &mut s.ends.0) {
        if !s.ends.0.is(end::AUDIT) && !ends::audit_all(s) {
            return refuse(s, reason);
        }
    }
    let to = source::receiver(&Kernel, &s.heads, &s.port, &s.packet, &s.ends.0, &mut s.ends.1);
    let copy = s.ends.1.is(end::GROUP) || !s.packet.is_ip() || s.packet.is_group_mac();
    if copy {
        if port_has_zone(port_cell, s.ends.0.zone) || port_has_zone(port_cell, s.ends.0.home) {
            fragment::remember(s);
            return Leaving::Judged;
        }
        leaves_to_zone(s, port_cell);
    }
    ends::accounts(s);
    if let Err(reason) = to {
        return refuse(s, reason);
    }
    let earlier = match ends::check(s) {
        Some(Refusal::Enforced(reason)) => return Leaving::Now(Verdict::Drop, reason, 0),
        Some(Refusal::Audited(reason)) => Some(reason),
        None => None,
    };
    if layers::judge(&Kernel, &s.heads, &s.packet, &s.ends, earlier, &mut s.decision).is_none() {
        return refuse(s, Reason::Malformed);
    }
    let decision = s.decision;
    if decision.verdict as u8 == Verdict::Drop as u8 || copy {
        return Leaving::Now(decision.verdict, decision.reason, decision.rule);
    }
    // Judged without state where it entered, and no otherwise here.
    fragment::remember(s);
    Leaving::Judged
}

/// The router put an address of its own in place of the sender's: the answers' tuple is written down, so that they are
/// admitted as far as the stack; the inside tuple decides again where they leave.
#[inline(always)]
fn translated(s: &mut Scratch) -> Leaving {
    if endpoint(&Kernel, &s.heads, ROUTER_ENDPOINT)
        .map(|router| s.ends.0 = router)
        .is_none()
    {
        return refuse(s, Reason::Malformed);
    }
    if source::receiver(&Kernel, &s.heads, &s.port, &s.packet, &s.ends.0, &mut s.ends.1).is_err() {
        return refuse(s, Reason::UnknownZone);
    }
    ends::accounts(s);
    s.decision = layers::Decision {
        verdict: Verdict::Pass,
        ..layers::Decision::refused(Reason::Established)
    };
    connection::open(s, connection_flag::TRANSLATED);
    fragment::remember(s);
    Leaving::Judged
}
