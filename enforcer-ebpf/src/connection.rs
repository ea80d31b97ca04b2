//! Step 3: connections. Find, insert, end; and judge again what an older generation let through.

use enforcer_common::{
    connection::{Key, Value, flag, is_link_scoped, is_tcp_open, state},
    endpoint,
    overlay::port,
    packet::{Packet, flag as packet_flag, kind, protocol, tcp},
    reason::{Reason, Verdict},
    source::{self, ROUTER_ENDPOINT},
};

use crate::{
    egress, ends, fragment,
    ingress::despite,
    judged::{Judged, Refusal},
    maps::CONNECTIONS,
    scratch::{Scratch, which},
    steps,
};

/// In place of a VLAN ID in the scope of an address of a link that several ports are on.
const OF_LINK: u16 = 0xffff;

/// Fills `s.key` from the packet, or from `other`; true where it comes from the `low` end.
///
/// Link-local addresses mean something on their link alone: that of the port, or the bridge that it is a member of.
#[inline(always)]
fn key_of(s: &mut Scratch, which: u32) -> bool {
    let packet = if which == which::PACKET { &s.packet } else { &s.other };
    let scoped = is_link_scoped(packet.kind, &packet.source) || is_link_scoped(packet.kind, &packet.destination);
    let scope = if !scoped {
        (0, 0)
    } else if s.port.link != 0 {
        (s.port.link, OF_LINK)
    } else {
        (s.ifindex | (s.packet.inner_vlan as u32) << 20, s.packet.outer_vlan)
    };
    Key::of(packet, scope, &mut s.key)
}

/// What the table of connections says of the packet; what passes carries its fragments along.
#[inline(always)]
pub(crate) fn follow(s: &mut Scratch) -> Judged {
    let known = find(s);
    if known.is_now() && !known.is_drop() {
        fragment::remember(s, despite(s.earlier, known));
    }
    known
}

/// Looks the packet's connection up, judges it again where an older generation did, and follows its state.
#[inline(always)]
fn find(s: &mut Scratch) -> Judged {
    if !s.packet.is(packet_flag::TRACKED) {
        return Judged::NOTHING;
    }
    let from_low = key_of(s, which::PACKET);
    let Some(entry) = CONNECTIONS.get_ptr_mut(&s.key) else {
        return Judged::NOTHING;
    };
    // SAFETY: the map keeps an entry's memory as long as a program runs, also where the entry is evicted meanwhile. It is integers
    // only: two CPUs that follow one connection at once may lose one step of its state, and no more.
    let entry = unsafe { &mut *entry };
    if entry.is_expired(s.packet.protocol, s.now) {
        return Judged::NOTHING;
    }
    let by_opener = entry.is_opener(from_low);
    if is_out_of_role(&s.packet, by_opener) {
        return Judged::NOTHING;
    }
    if entry.generation != s.generation {
        again(s, entry, by_opener);
    }
    // A new SYN opens a new conversation where the old one has ended or was revoked, and where it comes from the other end.
    let opens = s.packet.protocol == protocol::TCP && is_tcp_open(&s.packet);
    if opens && (!by_opener || entry.state == state::CLOSED || entry.verdict == Verdict::Drop as u8) {
        return Judged::NOTHING;
    }
    s.accounts =
        if by_opener { (entry.from_account, entry.to_account) } else { (entry.to_account, entry.from_account) };
    // What has been revoked stops at once, whichever side sends.
    if entry.verdict == Verdict::Drop as u8 {
        let reason = Reason::from_u8(entry.reason).unwrap_or(Reason::NoTransition);
        return Judged::new(Verdict::Drop, reason, entry.rule);
    }
    if !by_opener && entry.reply_reason != Reason::Established as u8 {
        let reason =
            if entry.reply_reason == Reason::MudFromDevice as u8 { Reason::MudFromDevice } else { Reason::MudToDevice };
        if entry.flags & flag::REPLY_AUDIT == 0 {
            return Judged::new(Verdict::Drop, reason, entry.reply_rule);
        }
        entry.advance(&s.packet, from_low, s.now);
        // The first that refuses gives the reason: the packet that opened the connection was refused before.
        if entry.verdict == Verdict::Audit as u8 {
            return standing(entry);
        }
        return Judged::new(Verdict::Audit, reason, entry.reply_rule);
    }
    entry.advance(&s.packet, from_low, s.now);
    standing(entry)
}

/// True for an echo request of the end that was asked, and for a reply of the one that asks.
#[inline(always)]
fn is_out_of_role(packet: &Packet, by_opener: bool) -> bool {
    let is_echo = packet.protocol == protocol::ICMP || packet.protocol == protocol::ICMPV6;
    is_echo && packet.is(packet_flag::ECHO_REPLY) == by_opener
}

/// What a connection's packets pass as: established, or audit where its opening packet did.
#[inline(always)]
fn standing(entry: &Value) -> Judged {
    if entry.verdict == Verdict::Audit as u8 {
        let reason = Reason::from_u8(entry.reason).unwrap_or(Reason::NoTransition);
        return Judged::new(Verdict::Audit, reason, entry.rule);
    }
    Judged::pass(Reason::Established)
}

/// The judgement of an ICMP error: that of the connection of the present generation that `s.other`, the packet it quotes,
/// belongs to; nothing where there is none.
#[inline(always)]
pub(crate) fn related(s: &mut Scratch) -> Judged {
    if !s.packet.is(packet_flag::ICMP_ERROR) || s.quoted == 0 {
        return Judged::NOTHING;
    }
    let from_low = key_of(s, which::OTHER);
    // SAFETY: as in `find`; read once, field by field, so that a change meanwhile is seen or not.
    let Some(entry) = (unsafe { CONNECTIONS.get(&s.key) }) else {
        return Judged::NOTHING;
    };
    if entry.is_expired(s.other.protocol, s.now)
        || entry.generation != s.generation
        || entry.verdict == Verdict::Drop as u8
        || is_out_of_role(&s.other, entry.is_opener(from_low))
    {
        return Judged::NOTHING;
    }
    // The error goes back to whoever sent what it quotes.
    let same = |a: &[u32; 4], b: &[u32; 4]| (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) == 0;
    if same(&s.other.source, &s.packet.destination) { standing(entry) } else { Judged::NOTHING }
}

/// Writes down what the layers decided of an opening packet that passes. A full table forgets another connection; the
/// packet's verdict stands in any case.
#[inline(always)]
pub(crate) fn open(s: &mut Scratch, flags: u8) {
    if !s.packet.is(packet_flag::TRACKED) || s.packet.is(packet_flag::ECHO_REPLY) {
        return;
    }
    // Nor does a packet to its own source, let through in audit: nothing tells its answers from it.
    if s.packet.tcp & tcp::RST != 0 || source::is_same(&s.packet.source, &s.packet.destination) {
        return;
    }
    // What the router sends in the middle of a conversation needs no state to be sent, and must not open the way back.
    if flags & flag::BY_ROUTER != 0 && s.packet.protocol == protocol::TCP && !is_tcp_open(&s.packet) {
        return;
    }
    let from_low = key_of(s, which::PACKET);
    s.value = Value {
        seen: s.now,
        opener_mac: s.packet.source_mac,
        generation: s.generation,
        rule: s.decision.rule,
        reply_rule: s.decision.reply_rule,
        from_account: s.accounts.0,
        to_account: s.accounts.1,
        state: state::OPENING,
        flags: flags
            | if from_low { flag::OPENED_BY_LOW } else { 0 }
            | if s.decision.reply_audit { flag::REPLY_AUDIT } else { 0 },
        verdict: s.decision.verdict as u8,
        reason: s.decision.reason as u8,
        reply_reason: s.decision.reply_reason as u8,
        icmp_code: s.packet.icmp_code,
        pad: [0; 2],
    };
    let _ = CONNECTIONS.insert(&s.key, &s.value, 0);
}

/// Fills `s.other`: the packet that opened the connection, from one of either side.
///
/// On its own: the stack of all calls together has 512 bytes.
#[inline(never)]
fn opening_packet(s: &mut Scratch, entry: &Value, by_opener: bool) {
    s.other = s.packet;
    if !by_opener {
        s.other.source = s.packet.destination;
        s.other.destination = s.packet.source;
        s.other.source_port = s.packet.destination_port;
        s.other.destination_port = s.packet.source_port;
        if s.packet.is(packet_flag::ECHO_REPLY) {
            s.other.icmp_type = if s.packet.kind == kind::IPV4 { 8 } else { 128 };
            s.other.icmp_code = entry.icmp_code;
            s.other.flags &= !packet_flag::ECHO_REPLY;
        }
    }
    s.other.source_mac = entry.opener_mac;
    // Not that of the packet at hand, which may be of the other end.
    s.other.flags &= !packet_flag::NO_ETHERNET;
    if entry.opener_mac == 0 {
        s.other.flags |= packet_flag::NO_ETHERNET;
    }
    // On a link it tells who the other end is. Elsewhere it may be that of a router.
    let of_link = is_link_scoped(s.other.kind, &s.other.destination);
    s.other.destination_mac = match (of_link, by_opener) {
        (false, _) => 0,
        (true, true) => s.packet.destination_mac,
        (true, false) => s.packet.source_mac,
    };
}

/// Judges a connection of an older generation again, as its opening packet was, whichever side sends now, and writes the
/// outcome down. One that would be dropped today stays as such until it expires or opens anew.
#[inline(never)]
fn again(s: &mut Scratch, entry: &mut Value, by_opener: bool) {
    opening_packet(s, entry, by_opener);
    s.kept = s.ends;
    let refusal = opening(s, entry);
    s.ends = s.kept;
    entry.generation = s.generation;
    if !refusal.is_none() {
        entry.verdict = if refusal.is_enforced() { Verdict::Drop } else { Verdict::Audit } as u8;
        entry.reason = refusal.number();
        entry.rule = 0;
        // The layers were not asked: nothing more is refused of answers.
        entry.reply_reason = Reason::Established as u8;
        return;
    }
    entry.rule = s.decision.rule;
    entry.reply_rule = s.decision.reply_rule;
    entry.verdict = s.decision.verdict as u8;
    entry.reason = s.decision.reason as u8;
    entry.reply_reason = s.decision.reply_reason as u8;
    entry.flags &= !flag::REPLY_AUDIT;
    if s.decision.reply_audit {
        entry.flags |= flag::REPLY_AUDIT;
    }
}

/// Runs `s.other` through identification and layers, into `s.decision`; a refusal where it does not come so far.
#[inline(always)]
fn opening(s: &mut Scratch, entry: &Value) -> Refusal {
    let damaged = Refusal::new(Reason::Malformed, false);
    let mut earlier = Refusal::NONE;
    if entry.flags & (flag::BY_ROUTER | flag::TRANSLATED) != 0 {
        let Some(router) = endpoint::endpoint(&s.kernel(), &s.heads, ROUTER_ENDPOINT) else { return damaged };
        s.ends.0 = router;
        s.other.source_mac = 0;
        if source::address(&s.kernel(), &s.heads, s.other.kind, &s.other.source, &mut s.spare).is_err() {
            return damaged;
        }
        s.ends.0.address_label = s.spare.address_label;
    } else if let Err(reason) = steps::sender(s, which::OTHER, s.port.number, true) {
        use endpoint::flag::{AUDIT, BAD, GROUP, ROUTER};
        if s.ends.0.zone == 0 || s.ends.0.is(ROUTER | GROUP | BAD) {
            return Refusal::new(reason, ends::audit_all(s));
        }
        earlier = Refusal::new(reason, s.ends.0.is(AUDIT) || ends::audit_all(s));
        if earlier.is_enforced() {
            return earlier;
        }
    }
    if entry.flags & (flag::BY_ROUTER | flag::TRANSLATED) != 0 {
        earlier = egress::receiver(s, which::OTHER);
    } else {
        // It entered, whichever way the packet goes that brought this up.
        let bits = s.port.bits;
        s.port.bits = bits & !port::LEAVES;
        let found = steps::receiver(s, which::OTHER);
        s.port.bits = bits;
        if let Err(reason) = found {
            earlier = earlier.or(Refusal::new(reason, ends::audit_all(s)));
        }
    }
    if s.ends.1.home == 0 {
        return if earlier.is_none() { damaged } else { earlier };
    }
    earlier = earlier.or(ends::check(s));
    if earlier.is_enforced() {
        return earlier;
    }
    if !steps::layers(s, which::OTHER, earlier) {
        return damaged;
    }
    Refusal::NONE
}
