//! Parsing held against a third party: what our parser takes from every frame of the public captures is what tshark says of
//! it, or the frame is malformed to us, for one of the reasons of a short list.
//!
//! The captures are not part of this repository; where the folder `shared` does not stand beside it, or tshark is not
//! installed, the tests say that they skip.

mod tshark {
    pub(crate) mod corpus;
    pub(crate) mod reading;
    pub(crate) mod refused;
    pub(crate) mod rows;
    pub(crate) mod units;
}

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::OnceLock;

use enforcer::replay::{Medium, arrival};
use enforcer_common::packet::Packet;

use tshark::corpus;
use tshark::reading::{self, Reading};
use tshark::refused::{self, REASONS, Refused};
use tshark::rows::{self, Row};
use tshark::units::{self, Units};

/// What came of a frame.
struct Compared {
    place: String,
    row: Row,
    medium: Medium,
    cut: bool,
    /// What our parser took; nothing where it refused the frame.
    ours: Option<Reading>,
    theirs: Reading,
}

/// Every frame, and how many have which link type that no port has.
struct All {
    compared: Vec<Compared>,
    elsewhere: BTreeMap<u32, usize>,
}

/// Compares all frames, once for all tests; nothing where something is missing.
fn all() -> Option<&'static All> {
    static ALL: OnceLock<Option<All>> = OnceLock::new();
    ALL.get_or_init(|| {
        let missing = |what: &str| {
            // Past the capture of the test runner, which would swallow it.
            writeln!(io::stderr(), "tshark SKIPPED: there is no {what}").expect("stderr");
            None
        };
        let folder = corpus::folder();
        if !folder.is_dir() {
            return missing(&folder.display().to_string());
        }
        let Some(version) = rows::version() else { return missing("tshark (`cargo xtask setup` installs it)") };
        println!("{version}");
        Some(compare(corpus::frames(&folder)))
    })
    .as_ref()
}

fn compare(mut frames: Vec<corpus::Captured>) -> All {
    frames.splice(0..0, units::known());
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("all.pcapng");
    corpus::write(&frames, &path);
    let rows = rows::all(&path, home.path());
    assert_eq!(rows.len(), frames.len(), "tshark tells of every frame");
    let units = Units::of(&rows);
    let mut all = All { compared: Vec::new(), elsewhere: BTreeMap::new() };
    for (captured, row) in frames.into_iter().zip(rows) {
        let link = captured.frame.link;
        let Ok(arrival) = arrival(captured.frame) else {
            *all.elsewhere.entry(link).or_default() += 1;
            continue;
        };
        let mut packet = Packet::default();
        let parsed = enforcer_ebpf::packet::parse(&arrival.bytes[..], arrival.medium == Medium::Ip, &mut packet);
        all.compared.push(Compared {
            place: captured.place,
            theirs: reading::theirs(&row, arrival.medium, units),
            row,
            medium: arrival.medium,
            cut: arrival.cut,
            ours: parsed.ok().map(|()| reading::ours(&packet, matches!(link, 113 | 276))),
        });
    }
    all
}

/// Frames of which we and tshark say different things: the place, what differs, and who is right.
const DIFFERENT: &[(&str, &str)] = &[
    // The link type says IPv6, the packet is IPv4. No port has such a link type: to one, only the packet counts.
    ("the-tcpdump-group__tcpdump/tests/LINKTYPE_IPV6_invalid.pcap:1", "destination, hops, ports, protocol, source"),
    // The capture ends two bytes before the fragment header does: tshark tells nothing of the part that is there.
    ("the-tcpdump-group__tcpdump/tests/ip6_frag_asan.pcap:1", "protocol"),
    // Protocol 62 is CFTP (IANA). tshark takes it for the mobility header of a draft of 1999, which had no number yet.
    ("the-tcpdump-group__tcpdump/tests/ipv6-mobility-header-oobr.pcap:1", "protocol"),
];

#[test]
fn what_the_parser_takes_is_what_tshark_says() {
    let Some(all) = all() else { return };
    let mut same = 0;
    let mut different = Vec::new();
    for Compared { place, row, ours, theirs, .. } in &all.compared {
        let Some(ours) = ours else { continue };
        let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        let differing: Vec<&str> = keys.into_iter().filter(|key| ours.get(*key) != theirs.get(*key)).copied().collect();
        if differing.is_empty() {
            same += 1;
            continue;
        }
        println!("{place}: {:?}", row.protocols());
        for key in &differing {
            println!("    {key}: ours {:?}, theirs {:?}", ours.get(key), theirs.get(key));
        }
        different.push((place.as_str(), differing.join(", ")));
    }
    println!("{same} frames are read alike, {} are not", different.len());
    let different: Vec<(&str, &str)> = different.iter().map(|(place, what)| (*place, what.as_str())).collect();
    assert_eq!(different, DIFFERENT);
    assert!(same > 0);
}

#[test]
fn what_the_parser_refuses_has_a_reason() {
    let Some(all) = all() else { return };
    let mut frames = vec![0; REASONS.len()];
    let mut without = Vec::new();
    for compared in all.compared.iter().filter(|compared| compared.ours.is_none()) {
        let Compared { place, row, medium, cut, .. } = compared;
        match refused::reason(&Refused { row, medium: *medium, cut: *cut }) {
            Some(reason) => {
                println!("{place}: {}", REASONS[reason].name);
                frames[reason] += 1;
            }
            None => without.push(format!("{place}: {row:?}")),
        }
    }
    assert!(without.is_empty(), "{} frames are refused for no reason:\n{}", without.len(), without.join("\n"));
    let found: Vec<(&str, usize)> = REASONS.iter().map(|reason| reason.name).zip(frames).collect();
    let listed: Vec<(&str, usize)> = REASONS.iter().map(|reason| (reason.name, reason.frames)).collect();
    assert_eq!(found, listed);
}

/// Link types that say nothing about IP ports, with their frames: `replay` refuses them by name.
const ELSEWHERE: &[(u32, usize)] = &[
    (8, 3),     // SLIP
    (50, 1),    // PPP with HDLC-like framing
    (100, 1),   // RFC 1483 ATM
    (105, 5),   // 802.11
    (107, 6),   // frame relay
    (127, 35),  // 802.11 with radiotap
    (129, 52),  // ARCNET
    (192, 6),   // PPI
    (195, 408), // 802.15.4
    (230, 54),  // 802.15.4 without checksum
];

#[test]
fn frames_of_other_link_types_are_no_ports() {
    let Some(all) = all() else { return };
    assert_eq!(all.elsewhere, ELSEWHERE.iter().copied().collect());
}
