//! Frames built by hand, byte by byte, with no code in common with the parser.

#![allow(dead_code, reason = "each test file uses a part of it")]

use enforcer_common::packet::{Packet, flag};
use enforcer_ebpf::packet::{Malformed, parse};

pub const CLIENT_PORT: u16 = 0x1234;
pub const SERVER_PORT: u16 = 443;
pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

/// Parses a frame with an Ethernet header.
pub fn parsed(frame: &[u8]) -> Result<Packet, Malformed> {
    let mut packet = Packet::default();
    parse(frame, false, &mut packet).map(|()| packet)
}

/// Parses what a link without Ethernet header carries.
pub fn parsed_ip(frame: &[u8]) -> Result<Packet, Malformed> {
    let mut packet = Packet::default();
    parse(frame, true, &mut packet).map(|()| packet)
}

/// A frame from 02:00:00:00:30:11 to 02:00:00:00:00:01 with tags (TPID, tag control).
pub fn ethernet(tags: &[(u16, u16)], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0x30, 0x11];
    for (tpid, control) in tags {
        frame.extend(tpid.to_be_bytes());
        frame.extend(control.to_be_bytes());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// An IPv4 packet 10.30.0.11 -> 203.0.113.10; `fragment` holds flags and offset as on the wire.
pub fn ipv4_with(options: &[u8], fragment: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    assert_eq!(options.len() % 4, 0, "options fill words");
    let header = 20 + options.len();
    let mut packet = vec![0x40 | (header / 4) as u8, 0];
    packet.extend(((header + payload.len()) as u16).to_be_bytes());
    packet.extend([0xbe, 0xef]);
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend([10, 30, 0, 11, 203, 0, 113, 10]);
    packet.extend(options);
    packet.extend(payload);
    packet
}

pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(&[], 0, protocol, payload)
}

/// An IPv6 packet fd00:30::11 -> 2001:db8::10.
pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    packet.extend([0xfd, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11]);
    packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]);
    packet.extend(payload);
    packet
}

pub fn frame4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(&[], 0x0800, &ipv4(protocol, payload))
}

pub fn frame6(next: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(&[], 0x86dd, &ipv6(next, payload))
}

pub fn fragment4(fragment: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(&[], 0x0800, &ipv4_with(&[], fragment, protocol, payload))
}

/// A TCP header of `offset` words that is `length` bytes long on the wire.
pub fn tcp_with(flags: u8, offset: u8, length: usize) -> Vec<u8> {
    let mut segment = CLIENT_PORT.to_be_bytes().to_vec();
    segment.extend(SERVER_PORT.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0, 0, 0, 2, offset << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.resize(length, 0xaa);
    segment
}

pub fn tcp(flags: u8) -> Vec<u8> {
    tcp_with(flags, 5, 20)
}

/// A UDP datagram of `length` bytes that says it has `claimed`.
pub fn udp_with(claimed: u16, length: usize) -> Vec<u8> {
    let mut datagram = CLIENT_PORT.to_be_bytes().to_vec();
    datagram.extend(SERVER_PORT.to_be_bytes());
    datagram.extend(claimed.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.resize(length, 0xbb);
    datagram
}

pub fn udp() -> Vec<u8> {
    udp_with(12, 12)
}

/// An IPv6 fragment header; `reserved` is the byte that stands where other headers have their length.
pub fn fragment_header(next: u8, reserved: u8, offset: u16, more: bool) -> Vec<u8> {
    let mut header = vec![next, reserved];
    header.extend((offset | more as u16).to_be_bytes());
    header.extend([0, 0, 0xca, 0xfe]);
    header
}

/// What a case may look at besides "malformed".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub kind: u8,
    pub protocol: u8,
    pub ports: (u16, u16),
    pub vlans: (u16, u16),
    pub flags: u8,
}

impl Seen {
    /// TCP or UDP from the client to the server port, untagged.
    pub fn ip(kind: u8, protocol: u8) -> Seen {
        Seen { kind, protocol, ports: (CLIENT_PORT, SERVER_PORT), vlans: (0, 0), flags: flag::TRACKED }
    }

    pub fn on(self, outer: u16, inner: u16) -> Seen {
        Seen { vlans: (outer, inner), flags: self.flags | flag::TAGGED, ..self }
    }

    pub fn flags(self, flags: u8) -> Seen {
        Seen { flags, ..self }
    }

    pub fn no_ports(self) -> Seen {
        Seen { ports: (0, 0), ..self }
    }

    pub fn of(packet: &Packet) -> Seen {
        Seen {
            kind: packet.kind,
            protocol: packet.protocol,
            ports: (packet.source_port, packet.destination_port),
            vlans: (packet.outer_vlan, packet.inner_vlan),
            flags: packet.flags,
        }
    }
}

/// One row of a table: a name, a frame, and what the parser must make of it; `None` is malformed.
pub type Case = (&'static str, Vec<u8>, Option<Seen>);

/// Checks a table; all rows that differ are told at once.
pub fn check(cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, frame, wanted)| {
            let found = parsed(frame).ok().as_ref().map(Seen::of);
            (found != *wanted).then(|| format!("{name}: found {found:?}, wanted {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
