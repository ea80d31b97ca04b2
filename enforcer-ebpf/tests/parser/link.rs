//! The parser on what is not plain IP over Ethernet: ARP, LLC, other EtherTypes, links without Ethernet; and on cut frames.

use enforcer_common::packet::{Packet, flag, kind::*};
use enforcer_ebpf::packet::{Malformed, quoted};

use crate::frames::*;

const TCP: u8 = 6;
const UDP: u8 = 17;

fn arp() -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 2];
    packet.extend([0x02, 0, 0, 0, 0x30, 0x11, 10, 30, 0, 11]);
    packet.extend([0x02, 0, 0, 0, 0, 0x01, 10, 30, 0, 1]);
    packet
}

#[test]
fn arp_for_ipv4_over_ethernet_only() {
    let with = |at: usize, value: u8| {
        let mut packet = arp();
        packet[at] = value;
        ethernet(&[], 0x0806, &packet)
    };
    let seen = Seen::ip(ARP, 0).no_ports().flags(0);
    check(&[
        ("reply", ethernet(&[], 0x0806, &arp()), Some(seen)),
        ("tagged", ethernet(&[(0x8100, 30)], 0x0806, &arp()), Some(seen.on(30, 0))),
        ("request", with(7, 1), Some(seen)),
        ("reverse ARP", with(7, 3), None),
        ("another hardware", with(1, 6), None),
        ("another protocol", with(2, 0x86), None),
        ("long hardware addresses", with(4, 8), None),
        ("long protocol addresses", with(5, 16), None),
        ("cut short", ethernet(&[], 0x0806, &arp()[..27]), None),
    ]);
    let found = parsed(&ethernet(&[], 0x0806, &arp())).expect("well-formed");
    assert_eq!((found.source[0], found.destination[0]), (0x0a1e_000b, 0x0a1e_0001));
    assert_eq!((found.target[0], found.target[1]), (0x0200, 0x0000_3011), "the hardware address that it claims");
}

/// They are judged as what they are, and never as the IP packet that somebody may find in them.
#[test]
fn frames_without_ip() {
    let other = Seen::ip(OTHER, 0).no_ports().flags(0);
    let inner = ipv4(TCP, &tcp(SYN));
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0][..], &inner].concat();
    let llc = |length: usize| ethernet(&[], length as u16, &snap);
    let disguised = |organisation: [u8; 3], ethertype: u16| {
        let head = [&[0xaa, 0xaa, 3][..], &organisation, &ethertype.to_be_bytes()].concat();
        ethernet(&[], (head.len() + inner.len()) as u16, &[head, inner.clone()].concat())
    };
    let mut short = disguised([0; 3], 0x0800);
    short[13] = 7;
    let pppoe = [&[0x11, 0, 0, 1, 0, 42, 0, 0x21][..], &ipv4(TCP, &tcp(SYN))].concat();
    check(&[
        ("SNAP of a maker", llc(snap.len()), Some(other)),
        // RFC 1042 and 802.1H: some stacks take what is behind them as if it stood behind an EtherType.
        ("SNAP with IPv4 in it", disguised([0; 3], 0x0800), None),
        ("SNAP with IPv6 in it", disguised([0; 3], 0x86dd), None),
        ("SNAP with ARP in it", disguised([0; 3], 0x0806), None),
        ("SNAP with a tag in it", disguised([0; 3], 0x8100), None),
        ("SNAP with a service tag in it", disguised([0; 3], 0x88a8), None),
        ("SNAP from a bridge, with IPv4 in it", disguised([0, 0, 0xf8], 0x0800), None),
        ("SNAP with IPX in it", disguised([0; 3], 0x8137), Some(other)),
        ("SNAP of a maker with the number of IPv4", disguised([0, 0, 0x0c], 0x0800), Some(other)),
        ("a SNAP header that ends in the padding", short, Some(other)),
        ("LLC, padded", llc(3), Some(other)),
        ("LLC of 0 bytes", llc(0), Some(other)),
        ("LLC a byte beyond the frame", llc(snap.len() + 1), None),
        ("LLC in a VLAN", ethernet(&[(0x8100, 30)], snap.len() as u16, &snap), Some(other.on(30, 0))),
        ("LLC in a VLAN, beyond the frame", ethernet(&[(0x8100, 30)], snap.len() as u16 + 1, &snap), None),
        ("the last number that is a length", ethernet(&[], 0x05ff, &[0; 64]), None),
        ("the first number that is an EtherType", ethernet(&[], 0x0600, &[0; 64]), Some(other)),
        ("GOOSE", ethernet(&[(0x8100, 0x8000)], 0x88b8, &[0x12, 0x34, 0, 8]), Some(other.on(0, 0))),
        ("PPPoE session", ethernet(&[], 0x8864, &pppoe), Some(other)),
        ("no EtherType", ethernet(&[], 0x0800, &[])[..13].to_vec(), None),
        ("nothing", Vec::new(), None),
    ]);
    let keys = |frame: &[u8]| parsed(frame).map(|packet| (packet.ethertype, packet.second));
    assert_eq!(keys(&ethernet(&[], 0x88b8, &[0x12, 0x34, 0, 8])), Ok((0x88b8, 0x1234)));
    assert_eq!(keys(&ethernet(&[(0x8100, 30)], 0x8892, &[0x80, 0x01])), Ok((0x8892, 0x8001)));
    assert_eq!(keys(&llc(snap.len())), Ok((0, 0xaaaa)), "no length is taken for an EtherType");
}

#[test]
fn links_without_ethernet() {
    let seen = |frame: &[u8]| parsed_ip(frame).map(|packet| Seen::of(&packet));
    let wanted = |kind, protocol| Ok(Seen::ip(kind, protocol).flags(flag::TRACKED | flag::NO_ETHERNET));
    assert_eq!(seen(&ipv4(TCP, &tcp(SYN))), wanted(IPV4, TCP));
    assert_eq!(seen(&ipv6(UDP, &udp())), wanted(IPV6, UDP));
    for first in (0..=15u8).filter(|version| !matches!(version, 4 | 6)) {
        let mut packet = ipv4(TCP, &tcp(SYN));
        packet[0] = first << 4 | 5;
        assert_eq!(seen(&packet), Err(Malformed), "version {first}");
    }
    assert_eq!(seen(&[]), Err(Malformed));
}

/// A frame without padding has nothing to spare: whatever is cut off it, it is malformed.
#[test]
fn cut_frames() {
    let options = [TCP, 0, 1, 4, 0, 0, 0, 0];
    let whole = [
        frame4(TCP, &tcp(SYN)),
        frame6(UDP, &udp()),
        ethernet(&[(0x88a8, 100), (0x8100, 30)], 0x86dd, &ipv6(60, &[&options[..], &tcp(SYN)].concat())),
        ethernet(&[], 0x0800, &ipv4_with(&[1, 1, 1, 0], 0, TCP, &tcp(SYN))),
        fragment4(0x2000, TCP, &tcp_with(SYN, 5, 24)),
        fragment4(3, TCP, &[0; 8]),
        frame6(44, &[&fragment_header(TCP, 0, 24, false)[..], &[0; 8]].concat()),
        frame4(1, &[8, 0, 0, 0, 0, 1, 0, 1]),
        ethernet(&[], 0x0806, &arp()),
    ];
    for frame in &whole {
        assert!(parsed(frame).is_ok(), "{frame:02x?}");
        for length in 0..frame.len() {
            assert_eq!(parsed(&frame[..length]), Err(Malformed), "{length} bytes of {frame:02x?}");
        }
    }
}

fn quote(frame: &[u8]) -> Result<Seen, Malformed> {
    let error = parsed(frame)?;
    assert!(error.is(flag::ICMP_ERROR), "the case is an error");
    let mut out = Packet::default();
    quoted(frame, &error, &mut out).map(|()| Seen::of(&out))
}

fn error4(inner: &[u8]) -> Vec<u8> {
    frame4(1, &[&[3, 4, 0, 0, 0, 0, 5, 0][..], inner].concat())
}

fn error6(inner: &[u8]) -> Vec<u8> {
    frame6(58, &[&[2, 0, 0, 0, 0, 0, 5, 0][..], inner].concat())
}

#[test]
fn quotes_of_icmp_errors() {
    let ports = |kind, protocol| Ok(Seen::ip(kind, protocol).flags(0));
    let ping = |kind, protocol| Ok(Seen { ports: (7, 0), ..Seen::ip(kind, protocol).flags(0) });
    let mut version = ipv4(TCP, &tcp(SYN));
    version[0] = 0x55;
    let fragment = [&fragment_header(TCP, 0, 0, true)[..], &tcp(SYN)].concat();
    for (name, frame, wanted) in [
        ("TCP, eight bytes of it", error4(&ipv4(TCP, &tcp(SYN))[..28]), ports(IPV4, TCP)),
        ("behind options", error4(&ipv4_with(&[7, 7, 4, 0, 0, 22, 0, 0], 0, UDP, &udp())), ports(IPV4, UDP)),
        ("over IPv6", error6(&ipv6(UDP, &udp())), ports(IPV6, UDP)),
        ("echo request", error4(&ipv4(1, &[8, 0, 0, 0, 0, 7, 0, 1])), ping(IPV4, 1)),
        ("echo request over IPv6", error6(&ipv6(58, &[128, 0, 0, 0, 0, 7, 0, 1])), ping(IPV6, 58)),
        ("an error", error4(&ipv4(1, &[3, 0, 0, 0, 0, 7, 0, 1])), Err(Malformed)),
        ("first fragment", error4(&ipv4_with(&[], 0x2000, TCP, &tcp(SYN))), ports(IPV4, TCP)),
        ("later fragment", error4(&ipv4_with(&[], 3, TCP, &tcp(SYN))), Err(Malformed)),
        ("fragment of IPv6", error6(&ipv6(44, &fragment)), Err(Malformed)),
        ("protocol without ports", error4(&ipv4(47, &[0; 8])), Ok(Seen::ip(IPV4, 47).no_ports().flags(0))),
        ("protocol without ports, cut", error4(&ipv4(47, &[0; 7])), Err(Malformed)),
        ("protocol without ports over IPv6", error6(&ipv6(47, &[0; 8])), Ok(Seen::ip(IPV6, 47).no_ports().flags(0))),
        ("a version that nobody has", error4(&version), Err(Malformed)),
        ("the other family", error4(&ipv6(TCP, &tcp(SYN))), Err(Malformed)),
        ("the other family in IPv6", error6(&ipv4(TCP, &tcp(SYN))), Err(Malformed)),
        ("cut before the ports", error4(&ipv4(TCP, &tcp(SYN))[..22]), Err(Malformed)),
        ("nothing", error4(&[]), Err(Malformed)),
    ] {
        assert_eq!(quote(&frame), wanted, "{name}");
    }
}
