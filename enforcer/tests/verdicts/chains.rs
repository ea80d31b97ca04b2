//! IPv6 chains of 0 to 12 extension headers, with the fragment header at every place.

use super::frames::*;
use super::raw::*;
use super::site::{Engines, Site, topic};

const HOP_BY_HOP: u8 = 0;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// The longest chain that is followed.
const FOLLOWED: usize = 8;

/// Extension headers in turn; none of them may stand in one place only.
const HEADERS: [u8; 6] = [60, 43, AUTHENTICATION, 135, 139, 140];

/// What the fragment header makes of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// More follow.
    First,
    /// It starts behind the first.
    Later,
    /// Nothing follows: the whole datagram, in one fragment.
    Only,
}

/// One header, of which `next` comes next. Sixteen bytes, or eight for the fragment header.
fn header(kind: u8, next: u8, part: Part) -> Vec<u8> {
    if kind == FRAGMENT {
        let offset = if part == Part::Later { 64 } else { 0 };
        return fragment_header(next, 0, offset, part == Part::First);
    }
    let units = if kind == AUTHENTICATION { 2 } else { 1 };
    let mut bytes = vec![next, units];
    bytes.resize(16, 0);
    bytes
}

/// A chain of these headers and a SYN; its payload is a multiple of eight.
fn chain(kinds: &[u8], part: Part, port: u16) -> Sent {
    let mut payload = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        payload.extend(header(*kind, kinds.get(i + 1).copied().unwrap_or(TCP), part));
    }
    payload.extend(segment(port, SYN, 5, 24));
    chained(OFFICE, PLC1, kinds.first().copied().unwrap_or(TCP), &payload)
}

/// What must become of a chain with the fragment header at that place.
fn expected(length: usize, fragment: Option<(usize, Part)>, port: u16) -> &'static str {
    let verdict = if port == OPEN { YES } else { NOTHING };
    match fragment {
        // What follows the header of a later fragment is no header to anybody.
        Some((at, Part::Later)) => {
            if at < FOLLOWED {
                LONE
            } else {
                MALFORMED
            }
        }
        _ if length > FOLLOWED => MALFORMED,
        _ => verdict,
    }
}

topic!(chains_with_the_fragment_header_anywhere);

fn chains_with_the_fragment_header_anywhere(engines: Engines) {
    let mut cases = Vec::new();
    for length in 0..=12 {
        let plain: Vec<u8> = (0..length).map(|i| HEADERS[i % HEADERS.len()]).collect();
        let places = (0..length).flat_map(|at| [Part::First, Part::Later, Part::Only].map(|part| Some((at, part))));
        for fragment in [None].into_iter().chain(places) {
            let mut kinds = plain.clone();
            if let Some((at, _)) = fragment {
                kinds[at] = FRAGMENT;
            }
            let part = fragment.map_or(Part::Only, |(_, part)| part);
            for port in [OPEN, CLOSED] {
                let expected = expected(length, fragment, port);
                let name = format!("{length} headers, fragment header {fragment:?}, port {port}");
                cases.push((name, chain(&kinds, part, port), expected.to_owned()));
            }
        }
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}

topic!(hop_by_hop_options_stand_first_or_not_at_all);

fn hop_by_hop_options_stand_first_or_not_at_all(engines: Engines) {
    let mut cases = Vec::new();
    for length in 1..=FOLLOWED {
        for at in 0..length {
            let mut kinds: Vec<u8> = (0..length).map(|i| HEADERS[i % HEADERS.len()]).collect();
            kinds[at] = HOP_BY_HOP;
            for (port, allowed) in [(OPEN, YES), (CLOSED, NOTHING)] {
                let expected = if at == 0 { allowed } else { MALFORMED };
                let name = format!("{length} headers, hop-by-hop at {at}, port {port}");
                cases.push((name, chain(&kinds, Part::Only, port), expected.to_owned()));
            }
        }
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}

topic!(a_fragment_of_a_fragment_does_not_pass);

fn a_fragment_of_a_fragment_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for (outer, inner) in [(Part::First, Part::First), (Part::First, Part::Later)] {
        let payload = [header(FRAGMENT, FRAGMENT, outer), header(FRAGMENT, TCP, inner), segment(OPEN, SYN, 5, 24)];
        let sent = chained(OFFICE, PLC1, FRAGMENT, &payload.concat());
        cases.push((format!("{outer:?} of {inner:?}"), sent, MALFORMED.to_owned()));
    }
    // The outer one says that it is whole: the inner one decides.
    for (inner, expected) in [(Part::First, YES), (Part::Later, LONE), (Part::Only, YES)] {
        let payload = [header(FRAGMENT, FRAGMENT, Part::Only), header(FRAGMENT, TCP, inner), segment(OPEN, SYN, 5, 24)];
        let sent = chained(OFFICE, PLC1, FRAGMENT, &payload.concat());
        cases.push((format!("{inner:?} in a whole one"), sent, expected.to_owned()));
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}

topic!(a_routing_header_with_segments_left_does_not_pass);

fn a_routing_header_with_segments_left_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for kind in 0..=6 {
        for left in [0, 1, 2, 255] {
            let mut payload = vec![TCP, 4, kind, left, 0, 0, 0, 0];
            payload.resize(40, 0xfd);
            payload.extend(syn(OPEN));
            let expected = if left == 0 { YES } else { MALFORMED };
            let name = format!("type {kind}, {left} left");
            cases.push((name, chained(OFFICE, PLC1, 43, &payload), expected.to_owned()));
        }
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}

topic!(an_extension_header_past_the_payload_does_not_pass);

fn an_extension_header_past_the_payload_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    for kind in HEADERS {
        for units in [3, 4, 5, 200, 255] {
            // Eight bytes of header, a SYN, and more of the frame behind the payload.
            let mut payload = vec![TCP, units, 0, 0, 0, 0, 0, 0];
            payload.extend(syn(OPEN));
            // An authentication header counts by four bytes, all others by eight.
            let size = if kind == AUTHENTICATION { 4 * (u32::from(units) + 2) } else { 8 * (u32::from(units) + 1) };
            assert!(size as usize > 8, "it covers the SYN");
            let sent = chained(OFFICE, PLC1, kind, &payload).changed(|frame| frame.extend([0; 64]));
            cases.push((format!("header {kind} of {units} units"), sent, MALFORMED.to_owned()));
        }
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}

topic!(jumbo_payloads_do_not_pass);

/// RFC 2675: nobody here carries datagrams beyond 65,535 bytes, and a length of 0 hides what is behind it.
fn jumbo_payloads_do_not_pass(engines: Engines) {
    let option = |length: u32| [&[TCP, 0, 0xc2, 4][..], &length.to_be_bytes()].concat();
    let zero = |frame: &mut Vec<u8>| frame[18..20].fill(0);
    let sent = |length: u32, bytes: usize| {
        chained(OFFICE, PLC1, HOP_BY_HOP, &[option(length), segment(OPEN, SYN, 5, bytes)].concat())
    };
    let mut cases = vec![
        // Beside a length it is no jumbogram (the receiver's stack drops it); the length holds.
        ("with a length".to_owned(), sent(70_000, 20), YES.to_owned()),
        ("without the option".to_owned(), chained(OFFICE, PLC1, TCP, &syn(OPEN)).changed(zero), MALFORMED.to_owned()),
    ];
    for length in [0, 28, 65_535, 65_536, 70_000, u32::MAX] {
        cases.push((format!("of {length}"), sent(length, 20).changed(zero), MALFORMED.to_owned()));
        cases.push((format!("of {length}, a long frame"), sent(length, 9000).changed(zero), MALFORMED.to_owned()));
    }
    check(&mut Site::new(engines, ONE_PORT), &cases);
}
