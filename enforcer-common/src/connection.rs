//! Connections: the key of a conversation, both directions, and what is kept of it.

use crate::packet::{Packet, flag as packet_flag, kind, protocol, tcp};

/// The key of a connection, the same for both directions: the lower (address, port) pair stands first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Key {
    /// The lower address.
    pub low: [u32; 4],
    /// The higher address.
    pub high: [u32; 4],
    /// Port that goes with `low`; the identifier of an ICMP echo where `low` asks, else 0.
    pub low_port: u16,
    /// Port that goes with `high`.
    pub high_port: u16,
    /// IP protocol.
    pub protocol: u8,
    /// 4 or 6; and [`LOW_ASKS`].
    pub family: u8,
    /// With `scope`: VLAN ID where an address is link-local, else 0.
    pub vlan: u16,
    /// What tells the link where an address is link-local: interface index, or the link that several ports are on; else 0.
    pub scope: u32,
}

/// In [`Key::family`]: an echo for which the `low` end asks.
pub const LOW_ASKS: u8 = 0x80;

/// Compares (address, port) pairs.
#[inline(always)]
fn is_lower(a: &[u32; 4], a_port: u16, b: &[u32; 4], b_port: u16) -> bool {
    let mut i = 0;
    while i < 4 {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a_port <= b_port
}

impl Key {
    /// The key of a packet; true where the packet's source is the `low` end. `scope` tells the link where an
    /// address is link-local, else zeros.
    #[inline(always)]
    pub fn of(packet: &Packet, scope: (u32, u16), out: &mut Key) -> bool {
        let from_low = is_lower(&packet.source, packet.source_port, &packet.destination, packet.destination_port);
        if from_low {
            out.low = packet.source;
            out.high = packet.destination;
            out.low_port = packet.source_port;
            out.high_port = packet.destination_port;
        } else {
            out.low = packet.destination;
            out.high = packet.source;
            out.low_port = packet.destination_port;
            out.high_port = packet.source_port;
        }
        out.protocol = packet.protocol;
        out.family = packet.kind;
        // Both ends may ask under one identifier: two conversations.
        let is_echo = packet.protocol == protocol::ICMP || packet.protocol == protocol::ICMPV6;
        if is_echo && from_low != packet.is(packet_flag::ECHO_REPLY) {
            out.family |= LOW_ASKS;
        }
        out.vlan = scope.1;
        out.scope = scope.0;
        from_low
    }
}

/// [`Value::state`].
pub mod state {
    /// Only the opener was heard.
    pub const OPENING: u8 = 0;
    /// Both ends were heard.
    pub const ESTABLISHED: u8 = 1;
    /// TCP: one end has sent FIN.
    pub const CLOSING: u8 = 2;
    /// TCP: both ends have sent FIN, or one RST.
    pub const CLOSED: u8 = 3;
}

/// [`Value::flags`].
pub mod flag {
    /// The opener is the `low` end of the key.
    pub const OPENED_BY_LOW: u8 = 1;
    /// The address that the router put in place of an inside one: it admits answers as far as the stack, and the inside
    /// connection decides again at egress.
    pub const TRANSLATED: u8 = 2;
    /// The router itself opened it.
    pub const BY_ROUTER: u8 = 4;
    /// The end `low` has sent FIN.
    pub const FIN_LOW: u8 = 8;
    /// The end `high` has sent FIN.
    pub const FIN_HIGH: u8 = 16;
    /// The refusal of answers is in audit.
    pub const REPLY_AUDIT: u8 = 32;
}

/// What is kept of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Value {
    /// When its last packet was seen: nanoseconds of the monotonic clock.
    pub seen: u64,
    /// MAC of the opener as a number; 0 for none.
    pub opener_mac: u64,
    /// The generation that judged it last.
    pub generation: u32,
    /// The rule that decided its opening packet.
    pub rule: u32,
    /// The rule because of which answers must not pass.
    pub reply_rule: u32,
    /// Accounts (see the overlay) of the opener's and the other end's zone.
    pub from_account: u16,
    /// See `from_account`.
    pub to_account: u16,
    /// One of [`state`].
    pub state: u8,
    /// Bits of [`flag`].
    pub flags: u8,
    /// Verdict of the opening packet: pass or audit; drop where a later generation revoked it.
    pub verdict: u8,
    /// Reason of an audit or drop.
    pub reason: u8,
    /// Reason why answers do not pass; `established` where they do.
    pub reply_reason: u8,
    /// Code of an opening ICMP message.
    pub icmp_code: u8,
    /// Unused, 0.
    pub pad: [u8; 2],
}

/// One second in the unit of [`Value::seen`].
pub const SECOND: u64 = 1_000_000_000;

/// How long a connection is kept after its last packet, in nanoseconds: the defaults of the kernel's own conntrack
/// (Documentation/networking/nf_conntrack-sysctl.rst).
#[inline(always)]
pub const fn timeout(protocol: u8, state: u8) -> u64 {
    let seconds = match (protocol, state) {
        (protocol::TCP, state::OPENING) => 120,
        (protocol::TCP, state::ESTABLISHED) => 432_000,
        (protocol::TCP, state::CLOSING) => 120,
        (protocol::TCP, _) => 10,
        (protocol::UDP, state::OPENING) => 30,
        (protocol::UDP, _) => 120,
        (protocol::SCTP, state::OPENING) => 10,
        (protocol::SCTP, _) => 210,
        (protocol::ICMP | protocol::ICMPV6, _) => 30,
        _ => 600,
    };
    seconds * SECOND
}

impl Value {
    /// True where nothing was heard of it for longer than its state allows: it counts as absent.
    #[inline(always)]
    pub const fn is_expired(&self, protocol: u8, now: u64) -> bool {
        now.wrapping_sub(self.seen) > timeout(protocol, self.state) && now > self.seen
    }

    /// True where a packet from the `low` end (`from_low`) comes from the opener.
    #[inline(always)]
    pub const fn is_opener(&self, from_low: bool) -> bool {
        (self.flags & flag::OPENED_BY_LOW != 0) == from_low
    }

    /// Follows a packet of the connection: its time and its state.
    #[inline(always)]
    pub fn advance(&mut self, packet: &Packet, from_low: bool, now: u64) {
        if self.state == state::CLOSED {
            return;
        }
        self.seen = now;
        if self.state == state::OPENING && !self.is_opener(from_low) {
            self.state = state::ESTABLISHED;
        }
        if packet.protocol != protocol::TCP {
            return;
        }
        if packet.tcp & tcp::RST != 0 {
            self.state = state::CLOSED;
        } else if packet.tcp & tcp::FIN != 0 {
            self.flags |= if from_low { flag::FIN_LOW } else { flag::FIN_HIGH };
            let both = self.flags & flag::FIN_LOW != 0 && self.flags & flag::FIN_HIGH != 0;
            self.state = if both { state::CLOSED } else { state::CLOSING };
        }
    }
}

/// True where a TCP packet opens a new conversation: SYN alone.
#[inline(always)]
pub const fn is_tcp_open(packet: &Packet) -> bool {
    packet.tcp & (tcp::SYN | tcp::ACK | tcp::RST | tcp::FIN) == tcp::SYN
}

/// True for 169.254.0.0/16, fe80::/10 and the unspecified addresses: they mean something on one link only.
#[inline(always)]
pub const fn is_link_scoped(kind: u8, address: &[u32; 4]) -> bool {
    if kind == kind::IPV6 {
        return address[0] >> 22 == 0xfe80 >> 6 || address[0] | address[1] | address[2] | address[3] == 0;
    }
    address[0] >> 16 == 0xa9fe || address[0] == 0
}
