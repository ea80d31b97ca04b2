//! The parser against frames built by hand: what other firewalls were seen to let through because they did not understand it.

mod chains;
mod frames;
mod link;
mod transport;

use enforcer_common::packet::{flag, kind::*};
use frames::*;

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MORE: u16 = 0x2000;

fn tagged(tags: &[(u16, u16)]) -> Vec<u8> {
    ethernet(tags, 0x0800, &ipv4(TCP, &tcp(SYN)))
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn tags() {
    let tcp4 = Seen::ip(IPV4, TCP);
    let full = tagged(&[(0x8100, 30)]);
    check(&[
        ("untagged", tagged(&[]), Some(tcp4)),
        ("802.1Q", tagged(&[(0x8100, 30)]), Some(tcp4.on(30, 0))),
        ("priority and DEI bits are no VLAN", tagged(&[(0x8100, 0xf01e)]), Some(tcp4.on(30, 0))),
        ("802.1ad alone", tagged(&[(0x88a8, 30)]), Some(tcp4.on(30, 0))),
        ("0x9100 alone", tagged(&[(0x9100, 30)]), Some(tcp4.on(30, 0))),
        ("QinQ", tagged(&[(0x88a8, 100), (0x8100, 30)]), Some(tcp4.on(100, 30))),
        ("QinQ of 0x9100", tagged(&[(0x9100, 100), (0x8100, 30)]), Some(tcp4.on(100, 30))),
        ("802.1Q twice", tagged(&[(0x8100, 100), (0x8100, 30)]), Some(tcp4.on(100, 30))),
        ("priority tag", tagged(&[(0x8100, 0xe000)]), Some(tcp4.on(0, 0))),
        ("priority tag before a VLAN", tagged(&[(0x8100, 0), (0x8100, 30)]), Some(tcp4.on(30, 0))),
        ("priority tag behind QinQ", tagged(&[(0x88a8, 100), (0x8100, 30), (0x8100, 0)]), Some(tcp4.on(100, 30))),
        ("three VLANs", tagged(&[(0x88a8, 100), (0x8100, 30), (0x8100, 40)]), None),
        ("four tags", tagged(&[(0x8100, 0), (0x8100, 0), (0x8100, 0), (0x8100, 30)]), None),
        ("VLAN ID 4095", tagged(&[(0x8100, 0x0fff)]), None),
        ("a tag with nothing behind", full[..14].to_vec(), None),
        ("half a tag", full[..16].to_vec(), None),
        ("a tag and an EtherType with nothing behind", full[..18].to_vec(), None),
        ("a tag whose EtherType is a tag with nothing behind", ethernet(&[(0x8100, 30)], 0x8100, &[]), None),
    ]);
}

#[test]
fn ipv4_headers() {
    let tcp4 = Seen::ip(IPV4, TCP);
    let with = |options: &[u8]| ethernet(&[], 0x0800, &ipv4_with(options, 0, TCP, &tcp(SYN)));
    let changed = |at: usize, value: u8| {
        let mut frame = frame4(TCP, &tcp(SYN));
        frame[14 + at] = value;
        frame
    };
    let mut padded = frame4(TCP, &tcp(SYN));
    padded.resize(60, 0);
    let mut padded_short = frame4(TCP, &tcp(SYN)[..16]);
    padded_short.extend(&tcp(SYN)[16..]);
    padded_short.resize(60, 0);
    let mut small = frame4(47, &[0; 8]);
    small[14] = 0x44;
    check(&[
        // A parser that skips 20 bytes takes the option's bytes for ports.
        ("options before the ports", with(&[7, 7, 4, 0, 0, 22, 0, 0]), Some(tcp4)),
        ("the longest header", with(&[1; 12]), Some(tcp4)),
        ("end of options", with(&[0, 0xff, 0xff, 0xff]), Some(tcp4)),
        ("loose source route", with(&[131, 7, 4, 192, 0, 2, 1, 0]), None),
        ("strict source route", with(&[137, 7, 4, 192, 0, 2, 1, 0]), None),
        ("source route behind padding", with(&[1, 131, 7, 4, 192, 0, 2, 1]), None),
        ("option of length 0", with(&[7, 0, 0, 0]), None),
        ("option of length 1", with(&[7, 1, 0, 0]), None),
        ("option past the header", with(&[7, 5, 0, 0]), None),
        ("option without a length", with(&[1, 1, 1, 7]), None),
        ("version 5", changed(0, 0x55), None),
        ("version 6 behind the EtherType of IPv4", changed(0, 0x65), None),
        ("header of 16 bytes", changed(0, 0x44), None),
        ("header of 16 bytes before what has no ports", small, None),
        ("header of 0 bytes", changed(0, 0x40), None),
        ("header longer than the datagram", changed(0, 0x4f), None),
        ("total length shorter than the header", changed(3, 19), None),
        ("total length of the header alone", changed(3, 20), None),
        ("total length a byte beyond the frame", changed(3, 41), None),
        ("total length far beyond the frame", changed(2, 0xff), None),
        ("total length a byte short of the TCP header", changed(3, 39), None),
        ("padded to 60 bytes", padded, Some(tcp4)),
        ("a TCP header that ends in the padding", padded_short, None),
    ]);
}

#[test]
fn ipv6_extension_headers() {
    let tcp6 = Seen::ip(IPV6, TCP);
    let behind = |first: u8, headers: &[&[u8]]| frame6(first, &joined(&[&joined(headers), &tcp(SYN)]));
    let options = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let mut padded = frame6(TCP, &tcp(SYN)[..16]);
    padded.extend(&tcp(SYN)[16..]);
    let mut short = frame6(DESTINATION, &[TCP, 1, 1, 4, 0, 0, 0, 0]);
    short.extend([0; 8]);
    short.extend(tcp(SYN));
    let mut version = frame6(TCP, &tcp(SYN));
    version[14] = 0x40;
    let mut longer = frame6(TCP, &tcp(SYN));
    longer[19] += 1;
    check(&[
        ("none", frame6(TCP, &tcp(SYN)), Some(tcp6)),
        ("hop-by-hop first", behind(HOP_BY_HOP, &[&options(TCP)]), Some(tcp6)),
        ("hop-by-hop second", behind(DESTINATION, &[&options(HOP_BY_HOP), &options(TCP)]), None),
        ("hop-by-hop twice", behind(HOP_BY_HOP, &[&options(HOP_BY_HOP), &options(TCP)]), None),
        ("routing, nowhere left to go", behind(ROUTING, &[&[TCP, 0, 0, 0, 0, 0, 0, 0]]), Some(tcp6)),
        ("routing, one segment left", behind(ROUTING, &[&[TCP, 2, 0, 1, 0, 0, 0, 0], &[0; 16]]), None),
        ("segment routing, one left", behind(ROUTING, &[&[TCP, 2, 4, 1, 0, 0, 0, 0], &[0; 16]]), None),
        // Its length counts words of four bytes, less two.
        ("authentication", behind(AUTHENTICATION, &[&[TCP, 4], &[0; 22]]), Some(tcp6)),
        ("authentication, shorter than its fixed part", behind(AUTHENTICATION, &[&[TCP, 0], &[0; 6]]), None),
        ("a long header", behind(DESTINATION, &[&[TCP, 2, 1, 20], &[0; 20]]), Some(tcp6)),
        ("a header past the payload", short, None),
        ("mobility", behind(135, &[&options(TCP)]), Some(tcp6)),
        ("host identity", behind(139, &[&options(TCP)]), Some(tcp6)),
        ("shim6", behind(140, &[&options(TCP)]), Some(tcp6)),
        ("a chain with nothing behind", frame6(DESTINATION, &options(TCP)), None),
        ("a TCP header past the payload", padded, None),
        ("version 4 behind the EtherType of IPv6", version, None),
        ("payload length a byte beyond the frame", longer, None),
        ("encrypted", frame6(50, &[0; 16]), Some(Seen::ip(IPV6, 50).no_ports())),
        ("no next header", frame6(59, &[]), Some(Seen::ip(IPV6, 59).no_ports().flags(0))),
    ]);
}

#[test]
fn fragments() {
    let first = |kind, protocol| Some(Seen::ip(kind, protocol).flags(flag::TRACKED | flag::FIRST_FRAGMENT));
    let later = |kind, protocol| Some(Seen::ip(kind, protocol).no_ports().flags(flag::LATER_FRAGMENT));
    let v6 = |header: &[u8], payload: &[u8]| frame6(FRAGMENT, &joined(&[header, payload]));
    let ports = tcp_with(SYN, 5, 24);
    check(&[
        ("first, IPv4", fragment4(MORE, TCP, &ports), first(IPV4, TCP)),
        ("later, IPv4: its bytes are no ports", fragment4(MORE | 3, TCP, &ports), later(IPV4, TCP)),
        ("last, IPv4", fragment4(3, TCP, &ports), later(IPV4, TCP)),
        ("first, IPv6", v6(&fragment_header(TCP, 0, 0, true), &ports), first(IPV6, TCP)),
        ("later, IPv6: its bytes are no ports", v6(&fragment_header(TCP, 0, 24, true), &ports), later(IPV6, TCP)),
        ("the reserved byte is no length", v6(&fragment_header(TCP, 1, 0, true), &ports), first(IPV6, TCP)),
        ("atomic, IPv6", v6(&fragment_header(TCP, 0, 0, false), &ports), Some(Seen::ip(IPV6, TCP))),
        ("don't fragment", fragment4(0x4000, TCP, &ports), Some(Seen::ip(IPV4, TCP))),
        ("tiny first, 8 bytes of TCP", fragment4(MORE, TCP, &ports[..8]), None),
        ("tiny first, 16 bytes of TCP", fragment4(MORE, TCP, &ports[..16]), None),
        ("tiny first, options in the next", fragment4(MORE, TCP, &tcp_with(SYN, 8, 24)), None),
        ("tiny first, 8 bytes of SCTP", fragment4(MORE, SCTP, &ports[..8]), None),
        ("tiny first, IPv6", v6(&fragment_header(TCP, 0, 0, true), &ports[..16]), None),
        (
            "first, whose chain goes on in the next",
            v6(&fragment_header(DESTINATION, 0, 0, true), &[TCP, 1, 1, 12, 0, 0, 0, 0]),
            None,
        ),
        ("first, UDP header alone", fragment4(MORE, UDP, &udp_with(100, 8)), first(IPV4, UDP)),
        ("ragged, more to follow", fragment4(MORE, UDP, &udp_with(100, 12)), None),
        ("ragged, more to follow, IPv6", v6(&fragment_header(UDP, 0, 8, true), &[0; 12]), None),
        ("ragged and last", fragment4(3, UDP, &[0; 13]), later(IPV4, UDP)),
        ("empty", fragment4(3, UDP, &[]), None),
        ("empty, IPv6", v6(&fragment_header(UDP, 0, 24, false), &[]), None),
        ("up to 65,535 bytes", fragment4(0x1ffd, UDP, &[0; 3]), later(IPV4, UDP)),
        ("past 65,535 bytes", fragment4(0x1ffd, UDP, &[0; 4]), None),
        ("past 65,535 bytes, IPv6", v6(&fragment_header(UDP, 0, 0xfff8, false), &[0; 8]), None),
        (
            "fragment of a fragment",
            v6(&joined(&[&fragment_header(FRAGMENT, 0, 0, true), &fragment_header(TCP, 0, 8, true)]), &ports),
            None,
        ),
        (
            "hop-by-hop behind a fragment header",
            v6(&joined(&[&fragment_header(HOP_BY_HOP, 0, 0, false), &[TCP, 0, 1, 4, 0, 0, 0, 0]]), &ports),
            None,
        ),
    ]);
    let overlapping = parsed(&fragment4(MORE | 1, TCP, &ports)).expect("well-formed");
    assert_eq!((overlapping.fragment_offset, overlapping.fragment_length, overlapping.fragment_id), (8, 24, 0xbeef));
    let covered = parsed(&v6(&fragment_header(TCP, 0, 0, true), &ports)).expect("well-formed");
    assert_eq!((covered.fragment_offset, covered.fragment_length, covered.fragment_id), (0, 24, 0xcafe));
}
