//! What enters: the pipeline of a packet's judgement.

use aya_ebpf::{
    EbpfContext as _,
    bindings::{xdp_action, xdp_md},
    helpers::bpf_xdp_adjust_meta,
    programs::XdpContext,
};
use enforcer_common::{
    endpoint::flag as end,
    essentials::{self, Essential},
    image, layers,
    overlay::port,
    packet::{flag, kind},
    reason::{Reason, Verdict},
    source,
};

use crate::{
    account::{account, count_rule, tell},
    connection::{self, Known},
    ends::{self, Refusal},
    fragment, guard,
    maps::{Kernel, LEARNT, is_replay, replay_input, scratch},
    scene,
    scratch::Scratch,
};

/// What became of a packet: verdict, reason, and the rule that decided.
type Judged = (Verdict, Reason, u32);

/// Judges a frame that enters.
#[inline(always)]
pub(crate) fn run(context: &XdpContext) -> u32 {
    let Some(s) = scratch(0) else {
        return xdp_action::XDP_DROP;
    };
    let (verdict, reason, rule) = judge(context, s);
    account(context, s, verdict, reason, rule);
    if verdict as u8 == Verdict::Drop as u8 {
        return xdp_action::XDP_DROP;
    }
    if s.packet.is(flag::TAGGED) && !is_replay() && !mark(context) {
        return xdp_action::XDP_DROP;
    }
    xdp_action::XDP_PASS
}

/// Drops, or lets through where everything is in audit: for refusals that rest on no zone and no device.
#[inline(always)]
fn refuse(s: &Scratch, reason: Reason) -> Judged {
    let verdict = if s.generation != 0 && ends::audit_all(s) {
        Verdict::Audit
    } else {
        Verdict::Drop
    };
    (verdict, reason, 0)
}

/// The steps, in order.
#[inline(always)]
fn judge(context: &XdpContext, s: &mut Scratch) -> Judged {
    // 1. Parse.
    let ifindex = match replay_input() {
        Some(input) if is_replay() => input.ifindex,
        _ => context.ingress_ifindex() as u32,
    };
    if let Err(reason) = scene::enter(s, ifindex, 0) {
        return (Verdict::Drop, reason, 0);
    }
    let no_ethernet = scene::interface(s, ifindex).bits & port::IP_LINK != 0;
    if let Err(reason) = scene::parse(context, no_ethernet, s) {
        return refuse(s, reason);
    }
    if let Err(reason) = scene::find_port(s) {
        return refuse(s, reason);
    }

    // 2. Source.
    let Some(port_cell) = image::port(&Kernel, &s.heads, s.port.number) else {
        return refuse(s, Reason::UnknownZone);
    };
    let binding = source::sender(&Kernel, &s.heads, port_cell, false, &s.packet, &mut s.ends.0);
    let to = source::receiver(&Kernel, &s.heads, &s.port, &s.packet, &s.ends.0, &mut s.ends.1);
    ends::accounts(s);
    let what = essentials::classify(&s.packet);
    if what != Essential::No {
        let zone_flags = ends::zone_flags(
            s,
            if s.ends.0.home != 0 {
                s.ends.0.home
            } else {
                port_cell[1] as u16
            },
        );
        let binding = if what == Essential::Advertisement && binding.is_ok() {
            claims(s, port_cell)
        } else {
            binding
        };
        match essentials::settle(what, &s.packet, binding, zone_flags, &s.ends.1) {
            Some(Ok(())) => return (Verdict::Pass, Reason::Essential, 0),
            Some(Err(reason)) => return refuse_sender(s, port_cell, reason),
            None => {}
        }
    }
    let mut earlier = None;
    if let Err(reason) = binding {
        let refusal = refuse_sender(s, port_cell, reason);
        if refusal.0 as u8 == Verdict::Drop as u8 || s.ends.0.zone == 0 {
            return refusal;
        }
        earlier = Some(reason);
    }
    // Unicast for another MAC: not for us, and nothing may come of it.
    if s.port.bits & (port::OWN_MAC | port::BRIDGED) == port::OWN_MAC
        && s.packet.destination_mac != s.port.mac
        && !s.packet.is_group_mac()
        && !s.packet.is(flag::NO_ETHERNET)
    {
        return refuse(s, Reason::UnknownDevice);
    }
    learn(s);

    // 3. Connection.
    let group = s.ends.1.is(end::GROUP) || s.packet.is_group_mac();
    if s.packet.is(flag::LATER_FRAGMENT) {
        return match fragment::follow(s) {
            Ok(()) => (Verdict::Pass, Reason::Established, 0),
            Err(reason) => refuse(s, reason),
        };
    }
    if earlier.is_none() && !group {
        match connection::find(s) {
            Known::Yes(verdict, reason, rule) => {
                if verdict as u8 != Verdict::Drop as u8 {
                    fragment::remember(s);
                }
                return (verdict, reason, rule);
            }
            Known::No => {}
        }
        if s.packet.is(flag::ICMP_ERROR) && scene::quoted(context, s) && connection::is_related(s) {
            return (Verdict::Pass, Reason::Established, 0);
        }
    }

    // 4. Layers.
    if let Err(reason) = to {
        return refuse(s, reason);
    }
    match ends::check(s) {
        Some(Refusal::Enforced(reason)) => return (Verdict::Drop, reason, 0),
        Some(Refusal::Audited(reason)) => earlier = earlier.or(Some(reason)),
        None => {}
    }
    if layers::judge(&Kernel, &s.heads, &s.packet, &s.ends, earlier, &mut s.decision).is_none() {
        return refuse(s, Reason::Malformed);
    }
    let decision = s.decision;
    if decision.verdict as u8 != Verdict::Drop as u8 {
        if opens_wrongly(s) {
            return refuse(s, Reason::InvalidState);
        }
        if !group {
            connection::open(s, 0);
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
    (decision.verdict, decision.reason, decision.rule)
}

/// A SYN+ACK of no known connection opens none, and answers none.
#[inline(always)]
fn opens_wrongly(s: &Scratch) -> bool {
    use enforcer_common::packet::{protocol, tcp};
    s.packet.is_ip()
        && s.packet.protocol == protocol::TCP
        && s.packet.tcp & (tcp::SYN | tcp::ACK) == tcp::SYN | tcp::ACK
}

/// ACEs that accepted took part in the verdict, and count.
#[inline(always)]
pub(crate) fn count_aces(s: &Scratch) {
    if s.decision.from_ace != 0 {
        count_rule(s, s.decision.from_ace);
    }
    if s.decision.to_ace != 0 {
        count_rule(s, s.decision.to_ace);
    }
}

/// Refuses for want of a right binding: audit where the device, else every zone of the port, is.
#[inline(always)]
fn refuse_sender(s: &Scratch, port_cell: &[u32; 16], reason: Reason) -> Judged {
    let audit = if s.ends.0.device != 0 {
        s.ends.0.is(end::AUDIT)
    } else {
        port_cell[0] >> 16 & 1 == 1
    };
    let verdict = if audit || ends::audit_all(s) {
        Verdict::Audit
    } else {
        Verdict::Drop
    };
    (verdict, reason, 0)
}

/// Whether the target of a neighbour advertisement is the sender's own address.
#[inline(always)]
fn claims(s: &mut Scratch, port_cell: &[u32; 16]) -> source::Finding {
    s.other = s.packet;
    s.other.source = s.packet.target;
    let mut whose = enforcer_common::endpoint::Endpoint::default();
    source::sender(&Kernel, &s.heads, port_cell, false, &s.other, &mut whose)?;
    if whose.device != s.ends.0.device {
        Err(Reason::SpoofedSource)
    } else {
        Ok(())
    }
}

/// Remembers which address a device without listed addresses uses.
#[inline(always)]
fn learn(s: &Scratch) {
    let from = &s.ends.0;
    let fenced = if s.packet.kind == kind::IPV6 {
        end::FENCED6
    } else {
        end::FENCED4
    };
    if from.device == 0
        || !s.packet.is_ip()
        || from.is(fenced | end::LINK_LOCAL | end::UNSPECIFIED)
        || s.packet.source_mac == 0
        || !from.is(end::HAS_MAC)
    {
        return;
    }
    let source = &s.packet.source;
    let key = [source[0], source[1], source[2], source[3], s.packet.kind as u32];
    // SAFETY: compared at once.
    if unsafe { LEARNT.get(&key) } != Some(&s.packet.source_mac) {
        let _ = LEARNT.insert(&key, &s.packet.source_mac, 0);
    }
}

/// Leaves a mark in the frame's metadata: its tag was seen. The guard drops tagged frames without it.
#[inline(always)]
fn mark(context: &XdpContext) -> bool {
    let raw: *mut xdp_md = context.as_ptr().cast();
    // SAFETY: the context is the program's own.
    if unsafe { bpf_xdp_adjust_meta(raw, -(size_of::<u32>() as i32)) } != 0 {
        return false;
    }
    let (start, end) = (context.metadata(), context.metadata_end());
    if start + size_of::<u32>() > end {
        return false;
    }
    // SAFETY: checked against the end of the metadata.
    unsafe { (start as *mut u32).write(guard::SEEN) };
    true
}
