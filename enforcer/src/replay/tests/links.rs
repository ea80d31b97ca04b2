//! Link types and frames that were cut.

use super::site::*;
use crate::replay::capture::Frame;
use crate::replay::link::{Arrival, Medium, UnsupportedLink, arrival};

fn captured(link: u32, bytes: Vec<u8>) -> Frame {
    Frame { number: 3, time: 0, link, interface: None, outgoing: false, length: bytes.len() as u32, bytes }
}

fn unwrapped(link: u32, bytes: Vec<u8>) -> Arrival {
    arrival(captured(link, bytes)).unwrap()
}

fn packet() -> Vec<u8> {
    udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1])[14..].to_vec()
}

fn behind(header: &[u8], payload: &[u8]) -> Vec<u8> {
    [header, payload].concat()
}

#[test]
fn links_without_macs_leave_the_bare_packet() {
    let packet = packet();
    for link in [12, 14, 101, 228, 229] {
        assert_eq!(unwrapped(link, packet.clone()).bytes, packet);
    }
    for (link, header) in [
        (0, &[2u8, 0, 0, 0][..]),
        (108, &[0, 0, 0, 2]),
        (9, &[0xff, 0x03, 0x00, 0x21]),
        (9, &[0x00, 0x21]),
        (9, &[0x21]),
    ] {
        let arrival = unwrapped(link, behind(header, &packet));
        assert_eq!((arrival.medium, arrival.bytes), (Medium::Ip, packet.clone()));
    }
}

#[test]
fn cooked_captures_of_ethernet_become_ethernet() {
    let ethernet = udp(OTHER, [10, 30, 0, 77], [192, 0, 2, 1]);
    let header = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, 0x08, 0x00];
    let header2 = [0x08, 0x00, 0, 0, 0, 0, 0, 7, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0];
    for arrival in [unwrapped(113, behind(&header, &packet())), unwrapped(276, behind(&header2, &packet()))] {
        assert_eq!(arrival.medium, Medium::Ethernet);
        assert_eq!(arrival.bytes[6..], ethernet[6..]);
        assert_eq!(arrival.bytes[0] & 1, 0, "for one receiver");
        assert!(!arrival.outgoing);
    }
}

#[test]
fn cooked_captures_without_a_mac_leave_the_bare_packet() {
    let header = [0, 4, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00];
    let arrival = unwrapped(113, behind(&header, &packet()));
    assert_eq!((arrival.medium, arrival.bytes), (Medium::Ip, packet()));
    assert!(arrival.outgoing);
}

#[test]
fn cooked_groups_keep_their_macs() {
    let header = |kind, protocol: [u8; 2]| [0, kind, 0, 1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 0, protocol[0], protocol[1]];
    let four = udp(OTHER, [10, 30, 0, 77], [239, 129, 2, 3])[14..].to_vec();
    let six = udp6(OTHER, "fe80::9", "ff02::1:ff00:7")[14..].to_vec();
    let all = udp(OTHER, [0, 0, 0, 0], [255, 255, 255, 255])[14..].to_vec();
    for (header, packet, mac) in [
        (header(2, [0x08, 0x00]), four, [0x01, 0x00, 0x5e, 0x01, 2, 3]),
        (header(2, [0x86, 0xdd]), six, [0x33, 0x33, 0xff, 0, 0, 7]),
        (header(1, [0x08, 0x00]), all, [0xff; 6]),
    ] {
        assert_eq!(unwrapped(113, behind(&header, &packet)).bytes[..6], mac);
    }
}

#[test]
fn other_link_types_are_named() {
    let error = arrival(captured(105, vec![0; 40])).unwrap_err();
    assert_eq!(error, UnsupportedLink { frame: 3, link: 105 });
    assert!(error.to_string().starts_with("frame 3 has link type 105, which is not supported"));
}

#[test]
fn what_the_capture_cut_off_is_zero() {
    let whole = packet();
    let cut = Frame { length: 1400, ..captured(101, whole.clone()) };
    let arrival = arrival(cut).unwrap();
    assert!(arrival.cut && arrival.can_be_judged());
    assert_eq!(arrival.bytes.len(), 1400);
    assert_eq!(arrival.bytes[..whole.len()], whole);
    assert!(arrival.bytes[whole.len()..].iter().all(|byte| *byte == 0));
}

#[test]
fn what_no_parser_would_take_is_not_judged() {
    let short = unwrapped(1, vec![0; 13]);
    assert!(!short.can_be_judged());
    let huge = Frame { length: u32::MAX, ..captured(1, vec![0; 60]) };
    let arrival = arrival(huge).unwrap();
    assert!(!arrival.can_be_judged());
    assert!(arrival.bytes.len() < 70_000);
}

#[test]
fn a_header_that_is_not_all_there_is_no_panic() {
    for link in [0, 1, 9, 12, 101, 108, 113, 276] {
        for length in 0..30 {
            unwrapped(link, vec![0xff; length]);
        }
    }
}
