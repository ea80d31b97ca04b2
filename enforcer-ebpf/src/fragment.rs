//! Fragments: the first, which has the ports, carries the verdict for the rest.

use enforcer_common::{
    connection::{SECOND, is_link_scoped},
    overlay::port_key,
    packet::{flag, kind},
    reason::Reason,
};

use crate::{judged::Judged, maps::FRAGMENTS, scratch::Scratch};

/// A datagram under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Key {
    source: [u32; 4],
    destination: [u32; 4],
    id: u32,
    /// IP version, IPv4 protocol, and whether it leaves.
    kind: u32,
    /// Interface index and VLANs where an address is link-local.
    link: u64,
}

// The map compares bytes: padding, which nobody writes, would tell fragments of one datagram apart.
const _: () = assert!(size_of::<Key>() == 2 * 16 + 4 + 4 + 8);

/// What was decided of its first fragment.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Value {
    seen: u64,
    /// The word of a [`Judged`] for the later ones.
    judged: u64,
    generation: u32,
    /// Bytes that the first fragment covers: later ones must start behind them.
    first: u32,
}

/// How long later fragments may follow, as in RFC 8200, 4.5.
const LIFETIME: u64 = 60 * SECOND;

/// Entering and leaving fragments are told apart: the kernel may put datagrams together and take them apart in between.
#[inline(always)]
fn key(s: &Scratch) -> Key {
    let packet = &s.packet;
    let scoped = is_link_scoped(packet.kind, &packet.source) || is_link_scoped(packet.kind, &packet.destination);
    // RFC 791: the protocol is part of an IPv4 datagram's identity. In IPv6 a later fragment does not know it.
    let protocol = if packet.kind == kind::IPV4 { packet.protocol as u32 } else { 0 };
    Key {
        source: packet.source,
        destination: packet.destination,
        id: packet.fragment_id,
        kind: packet.kind as u32 | protocol << 8 | s.egress << 16,
        link: if scoped { port_key(s.ifindex, packet.outer_vlan, packet.inner_vlan) } else { 0 },
    }
}

/// Remembers that the first fragment of a datagram was let through, and as what.
#[inline(always)]
pub(crate) fn remember(s: &Scratch, judged: Judged) {
    if !s.packet.is(flag::FIRST_FRAGMENT) {
        return;
    }
    let judged = if judged.is_pass() { Judged::pass(Reason::Established) } else { judged };
    let value = Value {
        seen: s.now,
        judged: judged.number(),
        generation: s.generation,
        first: s.packet.fragment_length as u32,
    };
    // A full table forgets another datagram: its fragments are then dropped.
    let _ = FRAGMENTS.insert(&key(s), &value, 0);
}

/// Judges a later fragment by its first.
#[inline(always)]
pub(crate) fn follow(s: &Scratch) -> Judged {
    // SAFETY: the map keeps an entry's memory as long as a program runs. It is integers only, read once, field by field; an entry
    // replaced meanwhile belongs to a datagram that was let through as well.
    let Some(first) = (unsafe { FRAGMENTS.get(&key(s)) }) else {
        return Judged::drop(Reason::Fragment);
    };
    if first.generation != s.generation || s.now.wrapping_sub(first.seen) > LIFETIME && s.now > first.seen {
        return Judged::drop(Reason::Fragment);
    }
    // It would overwrite what was judged.
    if (s.packet.fragment_offset as u32) < first.first {
        return Judged::drop(Reason::Malformed);
    }
    Judged::from_number(first.judged)
}
