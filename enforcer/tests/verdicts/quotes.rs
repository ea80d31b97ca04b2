//! ICMP errors: they pass for the connection that they quote, and a quote that is cut, forged or somebody else's is none.

use super::frames::*;
use super::raw::*;
use super::site::{Engines, Row, Site, topic};

const RELATED: &str = "pass established";

/// An ICMP error of that type in each family, with what it quotes of each; `from` reports to `to`.
fn error(from: Host, to: Host, kinds: (u8, u8), quotes: (&[u8], &[u8])) -> Sent {
    let body = |kind: u8, quote: &[u8]| [&[kind, 0, 0, 0, 0, 0, 5, 0][..], quote].concat();
    let four = with_options(from, to, &[], ICMP, &body(kinds.0, quotes.0));
    Sent { six: chained(from, to, ICMPV6, &body(kinds.1, quotes.1)).six, ..four }
}

/// What `office` sent to `cell1`, as IP packets of both families.
fn asked() -> (Vec<u8>, Vec<u8>) {
    let transport = datagram(OPEN, 16, 16);
    (ipv4(OFFICE, PLC1, &[], 0, UDP, &transport), ipv6(OFFICE, PLC1, UDP, &transport))
}

/// Rows that open the connection first.
fn check_behind_opening(engines: Engines, cases: Vec<(String, Sent, &'static str)>) {
    let opening = carrying(OFFICE, PLC1, (UDP, UDP), &datagram(OPEN, 16, 16));
    let rows: Vec<Row<'_>> = cases
        .iter()
        .map(|(name, sent, expected)| {
            // A case of one family is tried in that one.
            let opening = Sent {
                four: opening.four.clone().filter(|_| sent.four.is_some()),
                six: opening.six.clone().filter(|_| sent.six.is_some()),
                ..opening.clone()
            };
            (name.as_str(), vec![(opening, YES), (sent.clone(), *expected)])
        })
        .collect();
    Site::new(engines, ONE_PORT).check(&rows);
}

topic!(a_quote_that_is_cut_belongs_to_nobody);

fn a_quote_that_is_cut_belongs_to_nobody(engines: Engines) {
    let (four, six) = asked();
    let mut cases = Vec::new();
    for length in 0..=four.len() {
        // RFC 792: the header and eight bytes.
        let expected = if length >= 28 { RELATED } else { NOTHING };
        let sent = error(PLC1, OFFICE, (3, 1), (&four[..length], &[])).only_four();
        let behind = sent.clone().changed(|frame| frame.extend(&four[length..]));
        cases.push((format!("{length} bytes"), sent, expected));
        cases.push((format!("{length} bytes, the rest in the padding"), behind, expected));
    }
    for length in 0..=six.len() {
        let expected = if length >= 48 { RELATED } else { NOTHING };
        let sent = error(PLC1, OFFICE, (3, 1), (&[], &six[..length])).only_six();
        let behind = sent.clone().changed(|frame| frame.extend(&six[length..]));
        cases.push((format!("{length} bytes"), sent, expected));
        cases.push((format!("{length} bytes, the rest in the padding"), behind, expected));
    }
    check_behind_opening(engines, cases);
}

topic!(a_quote_of_no_connection_lets_nothing_pass);

fn a_quote_of_no_connection_lets_nothing_pass(engines: Engines) {
    let quoting = |from: Host, to: Host, four: &[u8], six: &[u8]| error(from, to, (3, 1), (four, six));
    let told = |from: Host, to: Host, port: u16, protocol: u8| {
        let transport = if protocol == TCP { syn(port) } else { datagram(port, 16, 16) };
        (ipv4(from, to, &[], 0, protocol, &transport), ipv6(from, to, protocol, &transport))
    };
    let (four, six) = asked();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let (mut four, mut six) = (four.clone(), six.clone());
        change(&mut four);
        change(&mut six);
        (four, six)
    };
    let mut cases = Vec::new();
    let mut case = |name: &str, from: Host, to: Host, (four, six): (Vec<u8>, Vec<u8>), expected: &'static str| {
        cases.push((name.to_owned(), quoting(from, to, &four, &six), expected));
    };
    case("its own", PLC1, OFFICE, asked(), RELATED);
    case("its own, by somebody between", PLC1B, OFFICE, asked(), RELATED);
    case("its own, to somebody else", PLC1, OFFICE2, asked(), NOTHING);
    case("another port", PLC1, OFFICE, told(OFFICE, PLC1, CLOSED, UDP), NOTHING);
    case("another protocol", PLC1, OFFICE, told(OFFICE, PLC1, OPEN, TCP), NOTHING);
    case("another receiver", PLC1, OFFICE, told(OFFICE, PLC1B, OPEN, UDP), NOTHING);
    case("another sender", PLC1, OFFICE2, told(OFFICE2, PLC1, OPEN, UDP), NOTHING);
    case("what its own host is to have sent", PLC1, OFFICE, told(PLC1, OFFICE, OPEN, UDP), NOTHING);
    case("another version", PLC1, OFFICE, with(&|packet| packet[0] = 0x50 | packet[0] & 15), NOTHING);
    case("the other family", PLC1, OFFICE, (six.clone(), four.clone()), NOTHING);
    case(
        "an error",
        PLC1,
        OFFICE,
        {
            let inner = |kind: u8, quote: &[u8]| [&[kind, 0, 0, 0, 0, 0, 0, 0][..], quote].concat();
            let (four, six) = asked();
            (ipv4(OFFICE, PLC1, &[], 0, ICMP, &inner(3, &four)), ipv6(OFFICE, PLC1, ICMPV6, &inner(1, &six)))
        },
        NOTHING,
    );
    let later = ipv4(OFFICE, PLC1, &[], 3, UDP, &datagram(OPEN, 16, 16));
    let chain = [&fragment_header(UDP, 0, 0, true)[..], &datagram(OPEN, 16, 16)].concat();
    case("a fragment", PLC1, OFFICE, (later, ipv6(OFFICE, PLC1, 44, &chain)), NOTHING);
    let short = with(&|packet| packet[0] = packet[0] & 0xf0 | 4);
    cases.push(("a header of 16 bytes".to_owned(), quoting(PLC1, OFFICE, &short.0, &[]).only_four(), NOTHING));
    check_behind_opening(engines, cases);
}

topic!(only_errors_quote);

fn only_errors_quote(engines: Engines) {
    let (four, six) = asked();
    let mut cases = Vec::new();
    for kind in 0..=255u8 {
        let sent = error(PLC1, OFFICE, (kind, kind), (&four, &six));
        let expected = |is_error: bool| if is_error { RELATED } else { NOTHING };
        // RFC 792 without the redirect, which changes routes; RFC 4443.
        cases.push((format!("type {kind}"), sent.clone().only_four(), expected(matches!(kind, 3 | 4 | 11 | 12))));
        cases.push((format!("type {kind}"), sent.only_six(), expected(matches!(kind, 1..=4))));
    }
    check_behind_opening(engines, cases);
}
