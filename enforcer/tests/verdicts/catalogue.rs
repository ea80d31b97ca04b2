//! What other firewalls were seen to let through because they did not understand it: each a test of its own.
//!
//! `office` may say one port to `cell1`. A frame to a closed port holds that port where a parser that goes wrong looks.

use super::frames::*;
use super::raw::*;
use super::site::{Engines, Site, one, topic};

fn site(engines: Engines) -> Site {
    Site::new(engines, ONE_PORT)
}

/// The open port where a header of 20 bytes would end: an option of four bytes that nobody knows.
const DECOY: [u8; 4] = [0x94, 4, (OPEN >> 8) as u8, OPEN as u8];

topic!(tags_of_every_kind_are_read);

fn tags_of_every_kind_are_read(engines: Engines) {
    const TRUNK: &str = r#"
        version = 1
        [zones.internet]
        ports = ["wan0"]
        prefixes = ["0.0.0.0/0", "::/0"]
        [zones.plain]
        ports = ["lan0"]
        prefixes = ["10.10.0.0/24", "fd00:10::/64"]
        [zones.single]
        ports = ["lan0.30"]
        prefixes = ["10.30.0.0/24", "fd00:30::/64"]
        [zones.double]
        ports = ["lan0.100.30"]
        prefixes = ["10.41.0.0/24", "fd00:41::/64"]
        [[transitions]]
        name = "out"
        from = "plain"
        to = "internet"
        allow = ["any"]
    "#;
    let mut site = Site::of(engines, TRUNK, &[]);
    let sent = |from: Host, tags: &[(u16, u16)]| open(from.on("lan0"), CLOUD, OPEN).tagged(tags);
    let cut = |tags: &[(u16, u16)], length: usize| sent(OFFICE, tags).changed(|frame| frame.truncate(length));
    let mut cases = vec![("untagged".to_owned(), sent(OFFICE, &[]), YES.to_owned())];
    for tpid in [0x8100, 0x88a8, 0x9100] {
        let mut case = |name: &str, sent: Sent, expected: &str| {
            cases.push((format!("{name}, {tpid:#06x}"), sent, expected.to_owned()));
        };
        case("a tag of another zone", sent(CAMERA, &[(tpid, 30)]), "drop no-transition | single > internet");
        case("two of a third", sent(PLC1, &[(tpid, 100), (0x8100, 30)]), "drop no-transition | double > internet");
        case("a tag does not make it untagged", sent(OFFICE, &[(tpid, 30)]), "drop spoofed-source");
        case("nor do two", sent(OFFICE, &[(tpid, 100), (0x8100, 30)]), "drop spoofed-source");
        case("a tag that nobody named", sent(OFFICE, &[(tpid, 31)]), "drop unknown-zone");
        case("a second that nobody named", sent(OFFICE, &[(tpid, 30), (0x8100, 30)]), "drop unknown-zone");
        case("three VLANs", sent(OFFICE, &[(tpid, 100), (0x8100, 30), (0x8100, 30)]), MALFORMED);
        case("four tags", sent(OFFICE, &[(tpid, 0), (0x8100, 0), (0x8100, 0), (0x8100, 0)]), MALFORMED);
        case("VLAN 4095", sent(OFFICE, &[(tpid, 4095)]), MALFORMED);
        case("a tag with nothing behind it", cut(&[(tpid, 30)], 14), MALFORMED);
        case("half a tag", cut(&[(tpid, 30)], 16), MALFORMED);
        case("a tag and an EtherType with nothing behind", cut(&[(tpid, 30)], 18), MALFORMED);
        case("a second tag with nothing behind it", cut(&[(tpid, 100), (0x8100, 30)], 18), MALFORMED);
    }
    check(&mut site, &cases);
}

topic!(ports_stand_behind_the_options);

fn ports_stand_behind_the_options(engines: Engines) {
    let mut cases = Vec::new();
    for words in 1..=10 {
        // The decoy first: a parser that skips 20 bytes takes it for the ports.
        let options = [&DECOY[..], &vec![1; 4 * (words - 1)]].concat();
        for (port, expected) in [(CLOSED, NOTHING), (OPEN, YES)] {
            for (protocol, payload) in [(TCP, syn(port)), (UDP, datagram(port, 12, 12)), (132, sctp(port))] {
                let sent = with_options(OFFICE, PLC1, &options, protocol, &payload);
                let name = format!("header of {} bytes, {protocol}/{port}", 20 + options.len());
                cases.push((name, sent, expected.to_owned()));
            }
        }
    }
    check(&mut site(engines), &cases);
}

topic!(ports_stand_behind_the_extension_headers);

fn ports_stand_behind_the_extension_headers(engines: Engines) {
    let mut cases = Vec::new();
    for header in [0, 43, 51, 60, 135, 139, 140] {
        for (port, expected) in [(CLOSED, NOTHING), (OPEN, YES)] {
            for (protocol, transport) in [(TCP, syn(port)), (UDP, datagram(port, 12, 12)), (132, sctp(port))] {
                // Sixteen bytes, with the open port where the ports of a header without extensions stand.
                let units = if header == 51 { 2 } else { 1 };
                let mut chain = vec![protocol, units, (OPEN >> 8) as u8, OPEN as u8];
                if header == 43 {
                    // Segments left would be another matter.
                    chain[3] = 0;
                }
                chain.resize(16, 0);
                chain.extend(transport);
                let name = format!("header {header}, {protocol}/{port}");
                cases.push((name, chained(OFFICE, PLC1, header, &chain), expected.to_owned()));
            }
        }
    }
    check(&mut site(engines), &cases);
}

topic!(the_reserved_byte_of_a_fragment_header_is_no_length);

fn the_reserved_byte_of_a_fragment_header_is_no_length(engines: Engines) {
    let mut cases = Vec::new();
    for reserved in [0, 1, 2, 3, 8, 255] {
        for (port, expected) in [(CLOSED, NOTHING), (OPEN, YES)] {
            for more in [false, true] {
                // Behind the header the ports; wherever a length would lead, the other port.
                let other = if port == OPEN { CLOSED } else { OPEN };
                let mut bytes = [fragment_header(TCP, reserved, 0, more), syn(port), vec![0; 4]].concat();
                while bytes.len() < 8 * 260 {
                    bytes.extend([0x9c, 0x40, (other >> 8) as u8, other as u8, 0x50, SYN, 0x50, SYN]);
                }
                let name = format!("reserved byte {reserved}, more {more}, port {port}");
                cases.push((name, chained(OFFICE, PLC1, 44, &bytes), expected.to_owned()));
            }
        }
    }
    check(&mut site(engines), &cases);
}

topic!(a_later_fragment_has_no_ports);

fn a_later_fragment_has_no_ports(engines: Engines) {
    let mut cases = Vec::new();
    for offset in [8, 24, 1480, 65_512] {
        for more in [false, true] {
            let bytes = [syn(OPEN), vec![0; if more { 4 } else { 0 }]].concat();
            let four = ipv4(OFFICE, PLC1, &[], (offset / 8) | if more { 0x2000 } else { 0 }, TCP, &bytes);
            let six = [fragment_header(TCP, 0, offset, more), bytes].concat();
            let past = offset == 65_512 && more;
            // An IPv4 header counts towards the longest datagram.
            let expected = |past| if past { MALFORMED } else { LONE }.to_owned();
            let name = format!("at {offset}, more {more}");
            cases.push((name.clone(), framed(OFFICE, PLC1, Family::Four, &four), expected(offset == 65_512)));
            cases.push((name, chained(OFFICE, PLC1, 44, &six), expected(past)));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(a_transport_header_that_is_cut_short_does_not_pass);

fn a_transport_header_that_is_cut_short_does_not_pass(engines: Engines) {
    let mut cases = Vec::new();
    let echo = |kind: u8| vec![kind, 0, 0, 0, 0, 7, 0, 1];
    let wide = r#"
        [[transitions]]
        name = "out"
        from = "office"
        to = "cell1"
        allow = ["any"]
    "#;
    for (protocols, four, six) in [
        ((TCP, TCP), syn(OPEN), syn(OPEN)),
        ((UDP, UDP), datagram(OPEN, 8, 8), datagram(OPEN, 8, 8)),
        ((132, 132), sctp(OPEN), sctp(OPEN)),
        ((ICMP, ICMPV6), echo(8), echo(128)),
    ] {
        for length in 0..=four.len() {
            let expected = if length == four.len() { YES } else { MALFORMED };
            let sent = Sent {
                six: chained(OFFICE, PLC1, protocols.1, &six[..length]).six,
                ..with_options(OFFICE, PLC1, &[], protocols.0, &four[..length])
            };
            // What stands behind the datagram is padding, and no header.
            for padded in [false, true] {
                let sent = sent.clone().changed(|frame| frame.extend(if padded { &four[length..] } else { &[] }));
                let name = format!("protocol {}, {length} bytes, padded {padded}", protocols.0);
                cases.push((name, sent, expected.to_owned()));
            }
        }
    }
    check(&mut Site::new(engines, wide), &cases);
}

topic!(icmpv6_is_judged_like_any_other);

fn icmpv6_is_judged_like_any_other(engines: Engines) {
    let mut cases = Vec::new();
    for kind in 0..=255 {
        // From another network, with a hop limit that a router has lowered: no neighbour discovery, no listener.
        let sent = chained(OFFICE, PLC1, ICMPV6, &[&[kind, 0, 0, 0][..], &[0; 28]].concat());
        cases.push((format!("type {kind}"), sent, NOTHING.to_owned()));
    }
    check(&mut site(engines), &cases);
}

topic!(protocols_without_ports_are_no_exception);

fn protocols_without_ports_are_no_exception(engines: Engines) {
    // Well-formed to those that have a header of their own; the open port where ports would stand.
    let mut cases = Vec::new();
    let closed = |protocol: u8| match protocol {
        TCP => syn(CLOSED),
        UDP => datagram(CLOSED, 24, 24),
        132 => sctp(CLOSED),
        ICMP | ICMPV6 => vec![8, 0, (OPEN >> 8) as u8, OPEN as u8, 0, 0, 0, 0],
        _ => syn(OPEN),
    };
    for protocol in 0..=255 {
        let four = if protocol == ICMPV6 { MALFORMED } else { NOTHING };
        let sent = with_options(OFFICE, PLC1, &[], protocol, &closed(protocol));
        cases.push((format!("protocol {protocol}"), sent, four.to_owned()));
        let extends = matches!(protocol, 0 | 43 | 44 | 51 | 60 | 135 | 139 | 140);
        if !extends {
            let six = if protocol == ICMP { MALFORMED } else { NOTHING };
            cases.push((
                format!("next header {protocol}"),
                chained(OFFICE, PLC1, protocol, &closed(protocol)),
                six.to_owned(),
            ));
        }
    }
    check(&mut site(engines), &cases);
}

topic!(frames_without_ip_need_an_entry);

fn frames_without_ip_need_an_entry(engines: Engines) {
    let inner = ipv4(OFFICE, PLC1, &[], 0, TCP, &syn(OPEN));
    let sent = |ethertype: u16, head: &[u8]| ether(OFFICE, PLC1.mac, ethertype, &[head, &inner].concat());
    let llc = |head: &[u8]| sent((head.len() + inner.len()) as u16, head);
    let rows = [
        one("PPPoE session", sent(0x8864, &[0x11, 0, 0, 1, 0, 42, 0, 0x21]), NOTHING),
        one("PPPoE discovery", sent(0x8863, &[0x11, 9, 0, 0, 0, 0]), NOTHING),
        one("MPLS", sent(0x8847, &[0, 0x01, 0x01, 64]), NOTHING),
        one("a VLAN tag of a maker", sent(0x9200, &[0, 30, 8, 0]), NOTHING),
        one("provider backbone bridging", sent(0x88e7, &[0; 4]), NOTHING),
        one("MACsec", sent(0x88e5, &[0; 14]), NOTHING),
        one("GOOSE", sent(0x88b8, &[0, 1, 0, 8]), NOTHING),
        one("the loopback test", sent(0x9000, &[]), NOTHING),
        one("an EtherType that nobody has", sent(0xffff, &[]), NOTHING),
        one("the lowest EtherType", sent(0x0600, &[]), NOTHING),
        one("LLC", llc(&[0x42, 0x42, 3]), NOTHING),
        one("SNAP of a maker", llc(&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00]), NOTHING),
    ];
    site(engines).check(&rows);
}

topic!(a_range_of_ports_holds_both_its_ends);

fn a_range_of_ports_holds_both_its_ends(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        name = "out"
        from = "office"
        to = "cell1"
        allow = ["tcp/5000-5010", "udp/1-9", "udp/65530-65535", "sctp/7:20-30"]
        deny = ["tcp/5004-5006"]
        "#,
    );
    let mut cases = Vec::new();
    for port in 4999..=5011 {
        let inside = (5000..=5010).contains(&port) && !(5004..=5006).contains(&port);
        cases.push((format!("tcp/{port}"), open(OFFICE, PLC1, port), if inside { YES } else { NOTHING }.to_owned()));
    }
    for port in [0, 1, 9, 10, 65_529, 65_530, 65_535] {
        let inside = (1..=9).contains(&port) || port >= 65_530;
        let sent = udp(OFFICE, PLC1, (40_000, port));
        cases.push((format!("udp/{port}"), sent, if inside { YES } else { NOTHING }.to_owned()));
    }
    for port in [19, 20, 30, 31_u16] {
        let mut bytes = sctp(7);
        bytes[..2].copy_from_slice(&port.to_be_bytes());
        let expected = if (20..=30).contains(&port) { YES } else { NOTHING };
        cases.push((format!("sctp/7:{port}"), carrying(OFFICE, PLC1, (132, 132), &bytes), expected.to_owned()));
    }
    check(&mut site, &cases);
}
