//! Lengths, flags and offsets that lie: what a header says of itself must hold.

use super::frames::*;
use super::raw::*;
use super::site::{Engines, Site, one, topic};

fn site(engines: Engines) -> Site {
    Site::new(engines, ONE_PORT)
}

/// Both families with the length in the IP header changed by so many bytes, and the frame with so many more behind.
fn with_length(payload: &[u8], by: i32, behind: usize) -> Sent {
    let protocol = if payload.len() < 20 { UDP } else { TCP };
    let mut sent = carrying(OFFICE, PLC1, (protocol, protocol), payload);
    for (frame, at) in sent.four.iter_mut().map(|frame| (frame, 16)).chain(sent.six.iter_mut().map(|frame| (frame, 18)))
    {
        let length = i32::from(u16::from_be_bytes([frame[at], frame[at + 1]])) + by;
        frame[at..at + 2].copy_from_slice(&(length as u16).to_be_bytes());
        frame.resize(frame.len() + behind, 0xaa);
    }
    sent
}

topic!(a_total_length_longer_than_the_frame_does_not_pass);

fn a_total_length_longer_than_the_frame_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for by in [1, 2, 8, 100, 1000, 60_000] {
        cases.push((format!("{by} more"), with_length(&syn(OPEN), by, 0), MALFORMED.to_owned()));
        let name = format!("{by} more, a byte short of it");
        cases.push((name, with_length(&syn(OPEN), by, by as usize - 1), MALFORMED.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(a_total_length_shorter_than_the_frame_ends_the_packet);

fn a_total_length_shorter_than_the_frame_ends_the_packet(engines: Engines) {
    let mut cases = vec![
        ("what is behind is padding".to_owned(), with_length(&segment(OPEN, SYN, 5, 60), -40, 0), YES.to_owned()),
        ("and judged no better".to_owned(), with_length(&segment(CLOSED, SYN, 5, 60), -40, 0), NOTHING.to_owned()),
        ("options in the padding".to_owned(), with_length(&segment(OPEN, SYN, 15, 60), -1, 0), MALFORMED.to_owned()),
    ];
    for by in 1..=20 {
        cases.push((format!("{by} of the TCP header"), with_length(&syn(OPEN), -by, 0), MALFORMED.to_owned()));
    }
    for by in 1..=8 {
        let sent = with_length(&datagram(OPEN, 8, 8), -by, 0);
        cases.push((format!("{by} of the UDP header"), sent, MALFORMED.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(a_header_length_that_cannot_be_does_not_pass);

fn a_header_length_that_cannot_be_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for first in 0..=255u8 {
        let sent = carrying(OFFICE, PLC1, (TCP, TCP), &syn(OPEN)).changed(|frame| frame[14] = first);
        // IPv6 has the upper half of the traffic class in the lower bits.
        let four = if first == 0x45 { YES } else { MALFORMED };
        let six = if first >> 4 == 6 { YES } else { MALFORMED };
        cases.push((format!("first byte {first:#04x}"), sent.clone().only_four(), four.to_owned()));
        cases.push((format!("first byte {first:#04x}"), sent.only_six(), six.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(headers_of_20_to_60_bytes_are_walked);

fn headers_of_20_to_60_bytes_are_walked(engines: Engines) {
    let mut cases = Vec::new();
    let mut case = |name: String, options: &[u8], port: u16, expected: &str| {
        cases.push((name, with_options(OFFICE, PLC1, options, TCP, &syn(port)), expected.to_owned()));
    };
    for words in 0..=10 {
        let length = 4 * words;
        for (port, expected) in [(OPEN, YES), (CLOSED, NOTHING)] {
            case(format!("{length} bytes of padding, port {port}"), &vec![1; length], port, expected);
            case(format!("{length} bytes after the end, port {port}"), &vec![0; length], port, expected);
        }
        if words == 0 {
            continue;
        }
        let all = |kind: u8, size: u8| {
            let mut options = vec![kind, size];
            options.resize(length, 0);
            options
        };
        case(format!("one option of {length} bytes"), &all(7, length as u8), OPEN, YES);
        case(format!("one of {length} bytes that says one more"), &all(7, length as u8 + 1), OPEN, MALFORMED);
        case(format!("one of {length} bytes that says 255"), &all(7, 255), OPEN, MALFORMED);
        case(format!("one of {length} bytes that says 1"), &all(7, 1), OPEN, MALFORMED);
        case(format!("one of {length} bytes that says 0"), &all(7, 0), OPEN, MALFORMED);
        // A source route is found wherever it stands.
        for (name, kind) in [("loose", 131), ("strict", 137)] {
            for at in (0..length).filter(|at| at + 3 <= length) {
                let mut options = vec![1; length];
                options[at..at + 3].copy_from_slice(&[kind, 3, 4]);
                case(format!("a {name} source route at {at} of {length}"), &options, OPEN, MALFORMED);
            }
        }
        let mut last = vec![1; length];
        last[length - 1] = 7;
        case(format!("an option without a length, at the end of {length}"), &last, OPEN, MALFORMED);
    }
    check(&mut site(engines), &cases);
}

topic!(frames_padded_to_60_bytes_are_judged_by_their_packet);

fn frames_padded_to_60_bytes_are_judged_by_their_packet(engines: Engines) {
    let padded = |sent: Sent, with: u8| sent.changed(|frame| frame.resize(frame.len().max(60), with));
    let mut cases = Vec::new();
    for with in [0, 0xff, 0x45] {
        for (port, expected) in [(OPEN, YES), (CLOSED, NOTHING)] {
            let tcp = carrying(OFFICE, PLC1, (TCP, TCP), &syn(port));
            cases.push((format!("TCP, {port}, {with:#x}"), padded(tcp.clone(), with), expected.to_owned()));
            let udp = carrying(OFFICE, PLC1, (UDP, UDP), &datagram(port, 8, 8));
            cases.push((format!("UDP, {port}, {with:#x}"), padded(udp, with), expected.to_owned()));
            let tagged = padded(tcp.on("lan0"), with).tagged(&[(0x8100, 10)]);
            cases.push((format!("tagged, {port}, {with:#x}"), tagged, expected.to_owned()));
        }
        // 18 bytes of the segment are in the packet, the rest in the padding.
        let four = ipv4(OFFICE, PLC1, &[], 0, TCP, &syn(OPEN)[..18]);
        let cut = framed(OFFICE, PLC1, Family::Four, &four);
        cases.push((format!("a header that ends in the padding, {with:#x}"), padded(cut, with), MALFORMED.to_owned()));
    }
    // A trailer of the link does not count either.
    let trailer = carrying(OFFICE, PLC1, (TCP, TCP), &syn(OPEN)).changed(|frame| frame.resize(1514, 0xee));
    cases.push(("a long trailer".to_owned(), trailer, YES.to_owned()));
    check(&mut site(engines), &cases);
}

topic!(tcp_flags_that_do_not_go_together_do_not_pass);

fn tcp_flags_that_do_not_go_together_do_not_pass(engines: Engines) {
    const TOGETHER: [u8; 6] = [SYN, SYN | ACK, ACK, RST, RST | ACK, FIN | ACK];
    let mut cases = Vec::new();
    for flags in 0..=255 {
        let expected = match flags & (SYN | ACK | FIN | RST) {
            // It answers nothing.
            known if known == SYN | ACK => "drop invalid-state",
            known if TOGETHER.contains(&known) => YES,
            _ => MALFORMED,
        };
        let sent = carrying(OFFICE, PLC1, (TCP, TCP), &segment(OPEN, flags, 5, 20));
        cases.push((format!("flags {flags:#04x}"), sent, expected.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(a_tcp_data_offset_that_cannot_be_does_not_pass);

fn a_tcp_data_offset_that_cannot_be_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for words in 0..=15 {
        for length in [20, 40, 59, 60] {
            let fits = words >= 5 && usize::from(words) * 4 <= length;
            let sent = carrying(OFFICE, PLC1, (TCP, TCP), &segment(OPEN, SYN, words, length));
            let expected = if fits { YES } else { MALFORMED };
            cases.push((format!("{words} words of {length} bytes"), sent, expected.to_owned()));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(a_udp_length_that_lies_does_not_pass);

fn a_udp_length_that_lies_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for (claimed, length, fits) in [
        (0, 8, false),
        (0, 100, false),
        (7, 8, false),
        (8, 8, true),
        (9, 8, false),
        (8, 100, true),
        (99, 100, true),
        (100, 100, true),
        (101, 100, false),
        (65_535, 100, false),
    ] {
        let sent = carrying(OFFICE, PLC1, (UDP, UDP), &datagram(OPEN, claimed, length));
        // Bytes behind the datagram are none of it.
        for behind in [0, 64] {
            let sent = sent.clone().changed(|frame| frame.extend(vec![0; behind]));
            let name = format!("{claimed} of {length}, {behind} behind");
            cases.push((name, sent, if fits { YES } else { MALFORMED }.to_owned()));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(an_802_3_length_that_lies_does_not_pass);

fn an_802_3_length_that_lies_does_not_pass(engines: Engines) {
    let any = r#"
        [[transitions]]
        name = "out"
        from = "office"
        to = "same"
        allow = ["any"]
    "#;
    let llc = |length: u16, bytes: usize| {
        let head = [&OFFICE2.mac[..], &OFFICE.mac, &length.to_be_bytes()].concat();
        Sent::raw(OFFICE.port, [head, vec![0x42; bytes]].concat())
    };
    let rows = [
        one("as long as the frame", llc(46, 46), YES),
        one("padded", llc(3, 46), YES),
        one("of nothing", llc(0, 46), YES),
        one("a byte beyond the frame", llc(47, 46), MALFORMED),
        one("the longest", llc(0x05ff, 0x05ff), YES),
        one("a byte beyond the longest frame", llc(0x05ff, 0x05fe), MALFORMED),
    ];
    Site::new(engines, any).check(&rows);
}
