//! What a review found to pass that must not, each held here since its cause was mended.

#[path = "parser/frames.rs"]
mod frames;

use enforcer_common::{
    cell::{Cell, Cells},
    connection::Key,
    endpoint::{Endpoint, flag as end},
    essentials::{classify, settle},
    image::{self, Heads},
    ladder::Ref,
    packet::{Packet, kind},
    reason::Reason,
    source::{World, sender},
    table::Table,
};
use enforcer_ebpf::packet::quoted;
use frames::*;

const DEVICE_MAC: u64 = 0x0200_0000_3011;
const ZONE: u16 = 2;

struct Image(Vec<Cell>);

impl Cells for Image {
    fn cell(&self, index: u32) -> Option<&Cell> {
        self.0.get(index as usize)
    }
}

impl World for Image {
    fn learnt(&self, _: u8, _: &[u32; 4]) -> u64 {
        0
    }
}

/// One listed device, 10.30.0.11 at 02:00:00:00:30:11, in zone 2.
fn one_device() -> (Image, Heads) {
    let mut cells = vec![[0u32; 16]; 4];
    cells[1][..2].copy_from_slice(&[0x0a1e_000b, 2]);
    cells[2][..3].copy_from_slice(&[DEVICE_MAC as u32, (DEVICE_MAC >> 32) as u32, 2]);
    let zone = u32::from(ZONE);
    let flags = end::LISTED | end::HAS_MAC | end::FENCED4;
    cells[3][..8].copy_from_slice(&[
        zone << 16 | zone,
        1,
        0,
        0,
        0,
        flags,
        DEVICE_MAC as u32,
        (DEVICE_MAC >> 32) as u32,
    ]);
    let table = |start| Table { start, mask: 0, seed: 1 };
    let mut heads = Heads::default();
    heads.who.hosts4 = table(1);
    heads.who.macs = table(2);
    heads.who.prefixes4 = Ref::NOTHING.0;
    heads.who.endpoints = 2;
    (Image(cells), heads)
}

fn sends_as_device(mac: u64) -> Result<(), Reason> {
    let (image, heads) = one_device();
    let mut frame = frame4(17, &udp());
    frame[6..12].copy_from_slice(&mac.to_be_bytes()[2..]);
    let Ok(packet) = parsed(&frame) else {
        return Err(Reason::Malformed);
    };
    let mut port = [0u32; 16];
    port[..2].copy_from_slice(&[1, u32::from(ZONE)]);
    sender(&image, &heads, &port, false, &packet, &mut Endpoint::default())
}

#[test]
fn a_listed_address_comes_from_its_mac() {
    assert_eq!(sends_as_device(DEVICE_MAC), Ok(()));
    assert_eq!(sends_as_device(DEVICE_MAC + 1), Err(Reason::SpoofedSource));
    assert_eq!(sends_as_device(DEVICE_MAC | 1 << 40), Err(Reason::SpoofedSource));
}

#[test]
fn no_mac_is_not_the_devices_mac() {
    assert!(sends_as_device(0).is_err());
}

/// Settles what comes from an uplink for a host of another zone.
fn from_uplink_to_inside(packet: &Packet) -> bool {
    let inside = Endpoint { zone: ZONE, home: ZONE, device: 1, flags: end::LISTED, ..Endpoint::default() };
    let outside = Endpoint { zone: ZONE + 1, home: ZONE + 1, ..Endpoint::default() };
    let flags = image::zone::ESSENTIALS | image::zone::UPLINK;
    settle(classify(packet), packet, flags, (&outside, &inside)) == Some(Ok(()))
}

#[test]
fn a_dhcp_answer_goes_no_further_than_the_router() {
    for (kind, server, client) in [(kind::IPV4, 67u16, 68u16), (kind::IPV6, 547, 546)] {
        let mut datagram = udp();
        datagram[..2].copy_from_slice(&server.to_be_bytes());
        datagram[2..4].copy_from_slice(&client.to_be_bytes());
        let frame = if kind == kind::IPV4 { frame4(17, &datagram) } else { frame6(17, &datagram) };
        let packet = parsed(&frame).expect("well-formed");
        assert!(!from_uplink_to_inside(&packet), "{server} to {client}");
    }
}

#[test]
fn a_listener_report_crosses_no_router() {
    for kind in [130, 131, 132, 143] {
        let packet = parsed(&frame6(58, &[kind, 0, 0, 0, 0, 0, 0, 0])).expect("well-formed");
        assert_eq!(packet.hops, 64, "RFC 2710 and RFC 3810 ask for 1");
        assert!(!from_uplink_to_inside(&packet), "type {kind}");
    }
}

#[test]
fn an_echo_request_of_the_other_end_is_no_answer() {
    let key = |icmp_type: u8, back: bool| {
        let mut packet = parsed(&frame4(1, &[icmp_type, 0, 0, 0, 0, 7, 0, 1])).expect("well-formed");
        if back {
            core::mem::swap(&mut packet.source, &mut packet.destination);
        }
        let mut out = Key::default();
        Key::of(&packet, (0, 0), &mut out);
        out
    };
    assert_eq!(key(8, false), key(0, true), "the answer");
    assert_ne!(key(8, false), key(8, true), "a request the other way");
}

#[test]
fn a_source_route_behind_sixteen_paddings() {
    let mut options = vec![1; 17];
    options.extend([131, 7, 4, 192, 0, 2, 1]);
    assert!(parsed(&ethernet(&[], 0x0800, &ipv4_with(&options, 0, 6, &tcp(SYN)))).is_err());
}

#[test]
fn no_second_key_is_not_second_key_0() {
    for bytes in 0..2 {
        assert!(parsed(&ethernet(&[], 0x88b8, &[0; 2][..bytes])).is_err(), "{bytes} bytes behind the EtherType");
    }
}

#[test]
fn a_quote_ends_with_its_datagram() {
    let mut frame = frame4(1, &[3, 4, 0, 0, 0, 0, 5, 0]);
    frame.extend(ipv4(6, &tcp(SYN)));
    let error = parsed(&frame).expect("well-formed");
    assert!(quoted(&frame[..], &error, &mut Packet::default()).is_err());
}

#[test]
fn a_zeroed_reference_is_no_ladder() {
    let mut header = [0u32; 16];
    header[8..].fill(Ref::done(1 << 30).0);
    assert_eq!(Image(vec![header]).walk(0, 0, &[0; 8]), None);
}
