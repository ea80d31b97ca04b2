//! Frames put together byte by byte: anything in them can lie.

use super::frames::*;
use super::site::{Row, Site};

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;

/// The one port that these policies allow, and one that they do not.
pub(crate) const OPEN: u16 = 443;
pub(crate) const CLOSED: u16 = 23;

/// What `office` may say to `cell1`: [`OPEN`] and nothing else.
pub(crate) const ONE_PORT: &str = r#"
    [[transitions]]
    name = "out"
    from = "office"
    to = "cell1"
    allow = ["tcp/443", "udp/443", "sctp/443"]
"#;

pub(crate) const YES: &str = "pass allowed out";
pub(crate) const NOTHING: &str = "drop no-transition";
pub(crate) const MALFORMED: &str = "drop malformed";
pub(crate) const LONE: &str = "drop fragment";

/// An IPv4 packet; `word` holds flags and fragment offset as on the wire.
pub(crate) fn ipv4(from: Host, to: Host, options: &[u8], word: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    assert_eq!(options.len() % 4, 0, "options fill words");
    let header = 20 + options.len();
    let mut packet = vec![0x40 | (header / 4) as u8, 0];
    packet.extend(((header + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 7]);
    packet.extend(word.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(from.four.octets());
    packet.extend(to.four.octets());
    packet.extend(options);
    let sum = etherparse::checksum::Sum16BitWords::new().add_slice(&packet).ones_complement();
    packet[10..12].copy_from_slice(&sum.to_ne_bytes());
    packet.extend(payload);
    packet
}

/// An IPv6 packet.
pub(crate) fn ipv6(from: Host, to: Host, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    packet.extend(from.six.octets());
    packet.extend(to.six.octets());
    packet.extend(payload);
    packet
}

/// The packet behind an Ethernet header, as a frame of that family alone.
pub(crate) fn framed(from: Host, to: Host, family: Family, packet: &[u8]) -> Sent {
    let ethertype: [u8; 2] = if family == Family::Four { [0x08, 0x00] } else { [0x86, 0xdd] };
    let frame = Some([&next_hop(from, to, family)[..], &from.mac, &ethertype, packet].concat());
    let (four, six) = if family == Family::Four { (frame, None) } else { (None, frame) };
    Sent { port: from.port, four, six, after: 0 }
}

/// An IPv4 packet with options, framed.
pub(crate) fn with_options(from: Host, to: Host, options: &[u8], protocol: u8, payload: &[u8]) -> Sent {
    framed(from, to, Family::Four, &ipv4(from, to, options, 0, protocol, payload))
}

/// An IPv6 packet whose payload starts with whatever `next` says, framed.
pub(crate) fn chained(from: Host, to: Host, next: u8, payload: &[u8]) -> Sent {
    framed(from, to, Family::Six, &ipv6(from, to, next, payload))
}

/// The same payload in both families.
pub(crate) fn carrying(from: Host, to: Host, protocols: (u8, u8), payload: &[u8]) -> Sent {
    let four = with_options(from, to, &[], protocols.0, payload);
    Sent { six: chained(from, to, protocols.1, payload).six, ..four }
}

/// A SYN to a port: 20 bytes.
pub(crate) fn syn(port: u16) -> Vec<u8> {
    segment(port, SYN, 5, 20)
}

/// A TCP segment of `length` bytes that says its header has `words`.
pub(crate) fn segment(port: u16, flags: u8, words: u8, length: usize) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    let mut bytes = vec![0x9c, 0x40, high, low, 0, 0, 0, 1, 0, 0, 0, 0, words << 4, flags, 0xff, 0xff, 0, 0, 0, 0];
    bytes.resize(length, 0);
    bytes
}

/// A UDP datagram of `length` bytes that says it has `claimed`.
pub(crate) fn datagram(port: u16, claimed: u16, length: usize) -> Vec<u8> {
    let ([high, low], [long, short]) = (port.to_be_bytes(), claimed.to_be_bytes());
    let mut bytes = vec![0x9c, 0x40, high, low, long, short, 0, 0];
    bytes.resize(length, 0);
    bytes
}

/// An SCTP packet with nothing behind its header.
pub(crate) fn sctp(port: u16) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    vec![0x9c, 0x40, high, low, 0, 0, 0, 1, 0, 0, 0, 0]
}

/// An IPv6 fragment header; `reserved` stands where other headers have their length.
pub(crate) fn fragment_header(next: u8, reserved: u8, offset: u16, more: bool) -> Vec<u8> {
    let [high, low] = (offset | u16::from(more)).to_be_bytes();
    vec![next, reserved, high, low, 0, 0, 0, 7]
}

/// A case with a name of its own: what is sent, and what must become of it.
pub(crate) type Case = (String, Sent, String);

/// Checks cases whose names were made.
pub(crate) fn check(site: &mut Site, cases: &[Case]) {
    let rows: Vec<Row<'_>> =
        cases.iter().map(|(name, sent, expected)| (name.as_str(), vec![(sent.clone(), expected.as_str())])).collect();
    site.check(&rows);
}
