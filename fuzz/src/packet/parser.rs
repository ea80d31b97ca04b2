//! Frames: the parser of the kernel program, compiled for the host.

use std::net::IpAddr;

use enforcer_common::packet::{Packet, flag, kind, protocol};
use enforcer_ebpf::packet::{parse, quoted};
use etherparse::{InternetSlice, SlicedPacket, TransportSlice};

/// EtherType of IEEE 802.1AE.
const MACSEC: u16 = 0x88e5;

/// The authentication header (RFC 4302).
const AUTHENTICATION: u8 = 51;

/// Parses the bytes as a frame, with an Ethernet header and without.
pub fn check(frame: &[u8]) {
    for no_ethernet in [false, true] {
        let Some(packet) = parsed(frame, no_ethernet) else { continue };
        stays_inside(frame, &packet);
        is_refused_when_cut(frame, &packet, no_ethernet);
        quotes_stay_in_their_family(frame, &packet);
        agrees_with_another_parser(frame, &packet, no_ethernet);
    }
}

fn parsed(frame: &[u8], no_ethernet: bool) -> Option<Packet> {
    let mut packet = Packet::default();
    parse(frame, no_ethernet, &mut packet).ok().map(|()| packet)
}

/// What the parser says of places in the frame lies in the frame.
fn stays_inside(frame: &[u8], packet: &Packet) {
    assert_eq!(packet.length as usize, frame.len());
    assert!(packet.network as usize <= frame.len());
    if frame.len() <= usize::from(u16::MAX) && !packet.is(flag::FIRST_FRAGMENT) {
        let end = packet.payload as usize + packet.rest as usize;
        assert!(end <= frame.len(), "the payload ends at {end} of {}", frame.len());
    }
}

/// Length of the datagram that the IP header at `packet.network` claims.
fn claimed(frame: &[u8], packet: &Packet) -> Option<usize> {
    let header = &frame[packet.network as usize..];
    let number = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    match packet.kind {
        kind::IPV4 => Some(number(2)),
        kind::IPV6 => Some(40 + number(4)),
        _ => None,
    }
}

/// A datagram that is not all there is malformed, wherever it is cut.
fn is_refused_when_cut(frame: &[u8], packet: &Packet, no_ethernet: bool) {
    let Some(claimed) = claimed(frame, packet) else { return };
    let end = packet.network as usize + claimed;
    for length in [end - 1, end - claimed / 2, end - claimed] {
        assert!(parsed(&frame[..length], no_ethernet).is_none(), "{length} of {end} bytes are enough");
    }
}

/// The quote of an ICMP error is of the error's own family.
fn quotes_stay_in_their_family(frame: &[u8], packet: &Packet) {
    if !packet.is(flag::ICMP_ERROR) {
        return;
    }
    let mut quote = Packet::default();
    if quoted(frame, packet, &mut quote).is_ok() {
        assert_eq!(quote.kind, packet.kind);
    }
}

/// Where another parser understands the whole packet too, both see the same conversation.
fn agrees_with_another_parser(frame: &[u8], packet: &Packet, no_ethernet: bool) {
    let other = if no_ethernet { SlicedPacket::from_ip(frame).ok() } else { SlicedPacket::from_ethernet(frame).ok() };
    let Some(other) = other else { return };
    if !packet.is_ip() {
        // The other one looks behind the header of MACsec; here it is a frame of that EtherType, whatever is in it.
        let behind_macsec = packet.ethertype == MACSEC;
        assert!(behind_macsec || !matches!(other.net, Some(InternetSlice::Ipv4(_) | InternetSlice::Ipv6(_))));
        return;
    }
    let addresses: (IpAddr, IpAddr) = match &other.net {
        Some(InternetSlice::Ipv4(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(InternetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        Some(InternetSlice::Arp(_)) | None => return,
    };
    assert_eq!((address(packet.kind, &packet.source), address(packet.kind, &packet.destination)), addresses);
    // Over IPv4 the other one looks behind this header too; here it is a protocol of its own, as any that is no IPv6 extension.
    if packet.kind == kind::IPV4 && packet.protocol == AUTHENTICATION {
        return;
    }
    let (number, ports) = match &other.transport {
        Some(TransportSlice::Tcp(tcp)) => (protocol::TCP, (tcp.source_port(), tcp.destination_port())),
        Some(TransportSlice::Udp(udp)) => (protocol::UDP, (udp.source_port(), udp.destination_port())),
        Some(_) | None => return,
    };
    assert_eq!((packet.protocol, (packet.source_port, packet.destination_port)), (number, ports));
}

fn address(kind: u8, words: &[u32; 4]) -> IpAddr {
    if kind == kind::IPV4 {
        return IpAddr::from(words[0].to_be_bytes());
    }
    let number = words.iter().fold(0u128, |number, word| number << 32 | u128::from(*word));
    IpAddr::from(number.to_be_bytes())
}
