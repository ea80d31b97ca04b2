//! Fragments: the first decides, and nothing slips in beside it.

use super::frames::*;
use super::raw::{check, segment};
use super::site::{Engines, Row, Site, one, topic};

const RULES: &str = r#"
    [[transitions]]
    name = "out"
    from = "office"
    to = "cell1"
    allow = ["udp/1-99", "tcp/80", "icmp/echo-request", "icmpv6/echo-request"]
"#;

const UDP: u8 = 17;
const TCP: u8 = 6;

const YES: &str = "pass allowed out";
const OK: &str = "pass established";
const LONE: &str = "drop fragment";
const MALFORMED: &str = "drop malformed";

/// A fragment of a datagram: its number, where it starts, whether more follow, and its bytes.
pub(crate) fn fragment(from: Host, to: Host, protocol: u8, (id, offset, more): (u16, u16, bool), bytes: &[u8]) -> Sent {
    both(from, to, 64, |family, builder| {
        let mut frame = Vec::new();
        let word = offset / 8;
        match family {
            Family::Four => {
                builder.write(&mut frame, protocol.into(), bytes).expect("a frame");
                frame[18..20].copy_from_slice(&id.to_be_bytes());
                let word = word | if more { 0x2000 } else { 0 };
                frame[20..22].copy_from_slice(&word.to_be_bytes());
                frame[24..26].fill(0);
                let sum = etherparse::checksum::Sum16BitWords::new().add_slice(&frame[14..34]).ones_complement();
                frame[24..26].copy_from_slice(&sum.to_ne_bytes());
            }
            Family::Six => {
                let [a, b] = (word << 3 | u16::from(more)).to_be_bytes();
                let [c, d] = id.to_be_bytes();
                let header = [&[protocol, 0, a, b, 0, 0, c, d], bytes].concat();
                builder.write(&mut frame, 44.into(), &header).expect("a frame");
            }
        }
        frame
    })
}

/// A UDP header for a datagram of that length, and `more` bytes.
pub(crate) fn datagram(port: u16, length: u16, more: usize) -> Vec<u8> {
    let [high, low] = port.to_be_bytes();
    let [long, short] = length.to_be_bytes();
    let mut bytes = vec![0, 5, high, low, long, short, 0, 0];
    bytes.resize(8 + more, 0);
    bytes
}

topic!(first_and_later);

fn first_and_later(engines: Engines) {
    let mut site = Site::new(engines, RULES);
    let first = |id, port| fragment(OFFICE, PLC1, UDP, (id, 0, true), &datagram(port, 64, 24));
    let later = |id, offset, more| fragment(OFFICE, PLC1, UDP, (id, offset, more), &[0; 16]);
    let syn = {
        let mut header = vec![0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, SYN, 0xff, 0xff, 0, 0, 0, 0];
        header.resize(32, 0);
        header
    };
    let tcp_first = |length: usize| fragment(OFFICE, PLC1, TCP, (9, 0, true), &syn[..length]);
    let rows: Vec<Row<'_>> = vec![
        (
            "first, then later",
            vec![
                (first(1, 53), "pass allowed out | office > cell1"),
                (later(1, 32, true), "pass established | office > cell1"),
                (later(1, 48, false), OK),
            ],
        ),
        ("later ones in any order", vec![(first(1, 53), YES), (later(1, 48, false), OK), (later(1, 32, true), OK)]),
        one("a later one alone", later(2, 32, false), LONE),
        ("of another datagram", vec![(first(1, 53), YES), (later(3, 32, false), LONE)]),
        (
            "of another sender",
            vec![(first(1, 53), YES), (fragment(OFFICE2, PLC1, UDP, (1, 32, false), &[0; 16]), LONE)],
        ),
        (
            "to another receiver",
            vec![(first(1, 53), YES), (fragment(OFFICE, PLC1B, UDP, (1, 32, false), &[0; 16]), LONE)],
        ),
        ("behind a first that was dropped", vec![(first(4, 100), "drop no-transition"), (later(4, 32, false), LONE)]),
        ("with another's address", vec![(first(1, 53), YES), (later(1, 32, false).on("plc1"), "drop spoofed-source")]),
        (
            "over what was judged",
            vec![(first(1, 53), YES), (later(1, 8, true), MALFORMED), (later(1, 24, true), MALFORMED)],
        ),
        ("of a connection", vec![(udp(OFFICE, PLC1, (5, 53)), YES), (first(5, 53), OK), (later(5, 32, false), OK)]),
        (
            "of an answer",
            vec![
                (udp(OFFICE, PLC1, (53, 5)), YES),
                (fragment(PLC1, OFFICE, UDP, (6, 0, true), &datagram(53, 64, 24)), OK),
                (fragment(PLC1, OFFICE, UDP, (6, 32, false), &[0; 32]), OK),
            ],
        ),
        one("TCP, whole header", tcp_first(32), YES),
        one("TCP, just the header", tcp_first(24), YES),
        one("TCP, tiny", tcp_first(8), MALFORMED),
        one("TCP, half a header", tcp_first(16), MALFORMED),
        one("UDP, just the header", fragment(OFFICE, PLC1, UDP, (7, 0, true), &datagram(53, 64, 0)), YES),
        one("not a multiple of eight", fragment(OFFICE, PLC1, UDP, (7, 0, true), &datagram(53, 64, 3)), MALFORMED),
        one("past the longest datagram", fragment(OFFICE, PLC1, UDP, (7, 65_528, false), &[0; 16]), MALFORMED),
        one("an empty one", fragment(OFFICE, PLC1, UDP, (7, 32, false), &[]), MALFORMED),
        one("the only one", fragment(OFFICE, PLC1, UDP, (7, 0, false), &datagram(53, 32, 24)), YES),
        one(
            "the only one is judged",
            fragment(OFFICE, PLC1, UDP, (7, 0, false), &datagram(100, 32, 24)),
            "drop no-transition",
        ),
    ];
    site.check(&rows);
}

topic!(of_an_audited_datagram);

fn of_an_audited_datagram(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["tcp/1"]
        mode = "audit"
        "#,
    );
    let audit = "audit no-transition";
    let rows: Vec<Row<'_>> = vec![(
        "the first and a later one",
        vec![
            (fragment(OFFICE, PLC1, UDP, (1, 0, true), &datagram(53, 64, 24)), audit),
            (fragment(OFFICE, PLC1, UDP, (1, 32, false), &[0; 16]), audit),
        ],
    )];
    site.check(&rows);
}

topic!(tiny_first_fragments);

/// All headers of the transport must stand in the first fragment: what decides must not come later.
fn tiny_first_fragments(engines: Engines) {
    let wide = r#"
        [[transitions]]
        name = "out"
        from = "office"
        to = "cell1"
        allow = ["any"]
    "#;
    let mut cases = Vec::new();
    let mut case = |name: String, protocol: u8, bytes: &[u8], header: usize| {
        for length in (8..=72).step_by(8) {
            let sent = fragment(OFFICE, PLC1, protocol, (1, 0, true), &bytes[..length]);
            let expected = if length < header { MALFORMED } else { YES };
            cases.push((format!("{length} bytes of {name}"), sent, expected.to_owned()));
        }
    };
    for words in 5..=15 {
        let header = usize::from(words) * 4;
        case(format!("TCP with a header of {header}"), TCP, &segment(80, SYN, words, 72), header);
    }
    case("UDP".to_owned(), UDP, &datagram(53, 200, 64), 8);
    case("SCTP".to_owned(), 132, &[0; 72], 12);
    case("ESP".to_owned(), 50, &[0; 72], 0);
    for kind in [8, 3, 11] {
        case(format!("ICMP of type {kind}"), 1, &[kind; 72], 8);
    }
    // A solicitation and an advertisement have an address in their header.
    for (kind, header) in [(128, 8), (1, 8), (135, 24), (136, 24)] {
        case(format!("ICMPv6 of type {kind}"), 58, &[&[kind][..], &[0; 71]].concat(), header);
    }
    // Each of them in its own family; in the other it is malformed at any length.
    for (name, sent, _) in &mut cases {
        if name.contains("ICMP of") {
            sent.six = None;
        } else if name.contains("ICMPv6") {
            sent.four = None;
        }
    }
    check(&mut Site::new(engines, wide), &cases);
}

topic!(overlapping_fragments);

/// Nothing comes over what was judged, whatever way the first fragment came.
fn overlapping_fragments(engines: Engines) {
    let first = |port, more: usize| fragment(OFFICE, PLC1, UDP, (1, 0, true), &datagram(port, 500, more));
    let later = |offset| fragment(OFFICE, PLC1, UDP, (1, offset, false), &[0; 16]);
    let names: Vec<(usize, u16, String)> = [0, 8, 24, 64, 1464]
        .into_iter()
        .flat_map(|more| (8..=2000).step_by(8).map(move |at| (more, at)))
        .filter(|(more, at)| at % 200 == 0 || usize::from(*at).abs_diff(8 + more) <= 8)
        .map(|(more, at)| (more, at, format!("at {at} over a first of {} bytes", 8 + more)))
        .collect();
    let mut rows: Vec<Row<'_>> = names
        .iter()
        .map(|(more, at, name)| {
            let expected = if usize::from(*at) < 8 + more { MALFORMED } else { OK };
            (name.as_str(), vec![(first(53, *more), YES), (later(*at), expected)])
        })
        .collect();
    rows.push((
        "over the header, by a second first fragment that is refused",
        vec![(first(53, 24), YES), (first(100, 24), "drop no-transition"), (later(32), OK), (later(8), MALFORMED)],
    ));
    rows.push((
        "a first fragment that says that it is all",
        vec![
            (first(53, 24), YES),
            (fragment(OFFICE, PLC1, UDP, (1, 0, false), &datagram(100, 32, 24)), "drop no-transition"),
            (later(8), MALFORMED),
        ],
    ));
    Site::new(engines, RULES).check(&rows);
}

topic!(a_later_fragment_before_the_first);

fn a_later_fragment_before_the_first(engines: Engines) {
    let first = |port| fragment(OFFICE, PLC1, UDP, (1, 0, true), &datagram(port, 64, 24));
    let later = |offset| fragment(OFFICE, PLC1, UDP, (1, offset, true), &[0; 16]);
    let rows: Vec<Row<'_>> = vec![
        (
            "it is lost, and what comes again behind the first passes",
            vec![(later(32), LONE), (first(53), YES), (later(32), OK)],
        ),
        (
            "a refused first does not help it",
            vec![(later(32), LONE), (first(100), "drop no-transition"), (later(32), LONE)],
        ),
        (
            "nor does a malformed one",
            vec![(fragment(OFFICE, PLC1, UDP, (1, 0, true), &[0; 24]), MALFORMED), (later(32), LONE)],
        ),
        ("in time", vec![(first(53), YES), (later(32).after(59), OK)]),
        ("too late", vec![(first(53), YES), (later(32).after(61), LONE)]),
        (
            "a first that came again gives it more time",
            vec![(first(53), YES), (first(53).after(25), OK), (later(32).after(50), OK)],
        ),
    ];
    Site::new(engines, RULES).check(&rows);
}
