//! Tagged frames are judged by the zone of their port; a tag that travels beside its frame is not overlooked.

use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use anyhow::Result;
use enforcer_tests::counts::{Counts, await_grown};
use enforcer_tests::exchange::{PATIENCE, SILENCE, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::namespace::Namespace;
use enforcer_tests::raw::{self, MARK, Wire};
use enforcer_tests::replay::replay;
use enforcer_tests::router::Router;
use enforcer_tests::scratch::Scratch;
use enforcer_tests::topology::Mac;

/// Three zones behind one interface, told apart by their tags.
const POLICY: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.plain]
ports = ["iot0"]
[zones.single]
ports = ["iot0.30"]
prefixes = ["10.33.0.0/24", "fd00:33::/64"]
[zones.double]
ports = ["iot0.100.30"]
prefixes = ["10.34.0.0/24", "fd00:34::/64"]

[[transitions]]
from = "plain"
to = "internet"
allow = ["udp/5000"]
[[transitions]]
from = "single"
to = "internet"
allow = ["udp/5001"]
[[transitions]]
from = "double"
to = "internet"
allow = ["udp/5002"]

[router]
addresses = { wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"], iot0 = ["10.30.0.1/24", "fd00:30::1/64"] }
"#;

/// A priority, with which a tag is more than a number.
const PRIORITY: u16 = 5 << 13;

/// A frame: its tags, whose address it speaks from, its port, and what becomes of it.
struct Case {
    tags: &'static [u16],
    speaks_as: &'static str,
    port: u16,
    expected: (&'static str, &'static str),
}

const fn case(
    tags: &'static [u16],
    speaks_as: &'static str,
    port: u16,
    verdict: &'static str,
    reason: &'static str,
) -> Case {
    Case { tags, speaks_as, port, expected: (verdict, reason) }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case(&[],                     "plain",  5000, "pass", "allowed"),
    case(&[],                     "plain",  5001, "drop", "no-transition"),
    case(&[30],                   "single", 5001, "pass", "allowed"),
    case(&[30],                   "single", 5000, "drop", "no-transition"),
    case(&[PRIORITY | 30],        "single", 5001, "pass", "established"),
    case(&[100, 30],              "double", 5002, "pass", "allowed"),
    case(&[100, 30],              "double", 5001, "drop", "no-transition"),
    case(&[PRIORITY | 100, 30],   "double", 5002, "pass", "established"),
    // A priority tag is no VLAN, and changes none.
    case(&[PRIORITY],             "plain",  5000, "pass", "established"),
    case(&[PRIORITY],             "plain",  5001, "drop", "no-transition"),
    case(&[0],                    "plain",  5000, "pass", "established"),
    case(&[0, 30],                "single", 5001, "pass", "established"),
    case(&[30, 0],                "single", 5001, "pass", "established"),
    // What another port may say.
    case(&[30],                   "plain",  5000, "drop", "spoofed-source"),
    case(&[],                     "single", 5001, "drop", "spoofed-source"),
    case(&[0],                    "single", 5001, "drop", "spoofed-source"),
    case(&[100, 30],              "single", 5001, "drop", "spoofed-source"),
    // Nobody named these; the same tags the other way round are others.
    case(&[31],                   "single", 5001, "drop", "unknown-zone"),
    case(&[100],                  "double", 5002, "drop", "unknown-zone"),
    case(&[30, 100],              "double", 5002, "drop", "unknown-zone"),
    case(&[30, 30],               "single", 5001, "drop", "unknown-zone"),
    case(&[4095],                 "plain",  5000, "drop", "malformed"),
    case(&[100, 30, 30],          "double", 5002, "drop", "malformed"),
];

fn policy(scratch: &Scratch, text: &str) -> Result<PathBuf> {
    let file = scratch.file("policy.toml");
    fs::write(&file, text)?;
    Ok(file)
}

/// The sender's address in one of the zones, of the family of `to`.
fn address(lab: &Lab, zone: &str, to: IpAddr) -> Result<IpAddr> {
    Ok(match (zone, to) {
        ("single", IpAddr::V4(_)) => "10.33.0.11".parse()?,
        ("single", IpAddr::V6(_)) => "fd00:33::11".parse()?,
        ("double", IpAddr::V4(_)) => "10.34.0.11".parse()?,
        ("double", IpAddr::V6(_)) => "fd00:34::11".parse()?,
        _ => lab.camera.like(to),
    })
}

fn built(lab: &Lab, case: &Case, to: IpAddr) -> Result<Vec<u8>> {
    let mac: (Mac, Mac) = (lab.camera.mac, lab.camera.network.mac);
    let ends = Ends { mac, ip: (address(lab, case.speaks_as, to)?, to) };
    frame::build(ends, case.tags, Service::Udp(case.port), &raw::marker())
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn tagged_frames_are_judged_by_the_zone_of_their_port() {
    let scratch = Scratch::new().unwrap();
    let policy = policy(&scratch, POLICY).unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy).unwrap();
    // Nobody answers, and no ICMP error either.
    let sink = |port: u16| lab.internet.namespace.inside(|| Ok(UdpSocket::bind(SocketAddr::from(([0_u16; 8], port)))?));
    let _sinks = [5000, 5001, 5002].map(|port| sink(port).unwrap());
    let sender = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let behind = Wire::open(&lab.router, lab.camera.network.port).unwrap();
    for to in [IpAddr::from(lab.internet.v4), lab.internet.v6.into()] {
        let frames: Vec<Vec<u8>> = CASES.iter().map(|case| built(&lab, case, to).unwrap()).collect();
        let judged = replay(&policy, "iot0", &frames).unwrap();
        for ((case, sent), judged) in CASES.iter().zip(&frames).zip(&judged) {
            let said = format!("tags {:?} as {} to {to}, udp/{}", case.tags, case.speaks_as, case.port);
            assert_eq!((&*judged.verdict, &*judged.reason), case.expected, "replay: {said}");
            let before = Counts::of(&router.metrics().unwrap()).unwrap();
            sender.send(sent).unwrap();
            let passes = case.expected.0 == "pass";
            let seen = behind.await_marked(&sent[sent.len() - 16..], if passes { PATIENCE } else { SILENCE }).unwrap();
            assert_eq!(seen.as_ref(), passes.then_some(sent), "{said}");
            let zones = (judged.from.as_deref().unwrap_or("none"), judged.to.as_deref().unwrap_or("none"));
            let mut counts = Counts::default();
            counts.expect(zones, case.expected, 1, sent.len());
            let grown = await_grown(&router, &before, &counts, PATIENCE).unwrap();
            assert!(grown == counts, "{said}: counted\n{grown}expected\n{counts}");
        }
    }
    router.stop().unwrap();
}

/// A bridge inside the router, which takes what it gets, tag and all.
const BRIDGED: &str = r#"
version = 1

[zones.plain]
ports = ["office0"]
prefixes = ["10.10.0.0/24", "fd00:10::/64"]
[zones.single]
ports = ["office0.30"]
prefixes = ["10.33.0.0/24", "fd00:33::/64"]

[[transitions]]
from = "plain"
to = "same"
allow = ["udp/5000"]
[[transitions]]
from = "single"
to = "same"
allow = ["udp/5001"]
"#;

/// How a kernel hands its card a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Inside,
    Beside,
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_tag_beside_the_frame_does_not_make_it_an_untagged_one() {
    const SENT: usize = 7;
    let scratch = Scratch::new().unwrap();
    let policy = policy(&scratch, BRIDGED).unwrap();
    let lab = Lab::new().unwrap();
    bridge(&lab.router, &["office0"]).unwrap();
    // A switch before the office's port. Its kernel takes the tag off what it receives, and leaves it to its card, a veth,
    // to put it on again, which hands it over beside the frame; unless that card says that it cannot.
    let switch = &lab.office.namespace;
    switch.run("ip", &["link", "add", "behind", "type", "veth", "peer", "name", "before"]).unwrap();
    switch.run("ip", &["link", "set", "behind", "up"]).unwrap();
    switch.run("ethtool", &["-K", "behind", "txvlan", "off", "tx", "off"]).unwrap();
    bridge(switch, &["before", HOST_PORT]).unwrap();

    let sender = Wire::open(switch, "behind").unwrap();
    // Behind the guard.
    let taken = Wire::open(&lab.router, "br0").unwrap();
    let send = |tags: &[u16], tag: Tag, (v4, v6): ([u8; 3], u16), port: u16| -> Vec<Vec<u8>> {
        let offload = if tag == Tag::Beside { "on" } else { "off" };
        switch.run("ethtool", &["-K", HOST_PORT, "txvlan", offload]).unwrap();
        let v4 = |host| IpAddr::from([v4[0], v4[1], v4[2], host]);
        let v6 = |host| IpAddr::from([0xfd00, v6, 0, 0, 0, 0, 0, host]);
        let ends = [(v4(0x11), v4(0x12)), (v6(0x11), v6(0x12))];
        let mac = (lab.office.mac, lab.office.network.mac);
        let frames: Vec<Vec<u8>> = (0..2 * SENT)
            .map(|number| {
                let ends = Ends { mac, ip: ends[number % 2] };
                frame::build(ends, tags, Service::Udp(port), &raw::marker()).unwrap()
            })
            .collect();
        for frame in &frames {
            sender.send(frame).unwrap();
        }
        frames
    };
    let arrived = |wanted| taken.await_all_marked(MARK, wanted, PATIENCE, SILENCE).unwrap();
    const PLAIN: ([u8; 3], u16) = ([10, 10, 0], 0x10);
    const SINGLE: ([u8; 3], u16) = ([10, 33, 0], 0x33);
    let nothing = Vec::<Vec<u8>>::new();

    let sent = send(&[30], Tag::Beside, PLAIN, 5000);
    assert_eq!(arrived(2 * SENT), sent, "without enforcer nothing keeps them from passing");

    let router = Router::start(&lab, &policy).unwrap();
    let before = Counts::of(&router.metrics().unwrap()).unwrap();
    // XDP sees them without the tag, and would let them pass.
    send(&[30], Tag::Beside, PLAIN, 5000);
    assert_eq!(arrived(0), nothing, "a tag was overlooked");
    let overlooked = Counts::of(&router.metrics().unwrap()).unwrap().since(&before);
    assert_eq!(
        overlooked.get(("plain", "plain"), ("pass", "allowed")).packets,
        2,
        "the tags were inside\n{overlooked}"
    );
    // Nor does the tag's own zone make them pass: nobody judged them for it.
    send(&[30], Tag::Beside, SINGLE, 5001);
    assert_eq!(arrived(0), nothing, "a tag was overlooked");
    // Inside, where XDP sees it, the tag decides.
    send(&[30], Tag::Inside, PLAIN, 5000);
    assert_eq!(arrived(0), nothing, "the sender belongs to another port");
    let sent = send(&[30], Tag::Inside, SINGLE, 5001);
    assert_eq!(arrived(2 * SENT), sent, "tags inside");
    // Without a VLAN it is the untagged port, wherever the tag is.
    let sent = send(&[PRIORITY], Tag::Inside, PLAIN, 5000);
    assert_eq!(arrived(2 * SENT), sent, "priority tags inside");
    let sent = send(&[PRIORITY], Tag::Beside, PLAIN, 5000);
    assert_eq!(arrived(2 * SENT), sent, "priority tags beside");
    let sent = send(&[], Tag::Beside, PLAIN, 5000);
    assert_eq!(arrived(2 * SENT), sent, "no tags");
    // Of two tags only the outer travels beside: XDP sees the inner one alone.
    send(&[100, 30], Tag::Beside, SINGLE, 5001);
    assert_eq!(arrived(0), nothing, "an outer tag was overlooked");
    // Nor where both are the same, or only the inner one names a port.
    send(&[30, 30], Tag::Beside, SINGLE, 5001);
    assert_eq!(arrived(0), nothing, "an outer tag was overlooked for the inner one like it");
    send(&[30, 0], Tag::Beside, PLAIN, 5000);
    assert_eq!(arrived(0), nothing, "an outer tag was overlooked for a priority tag within");
    router.stop().unwrap();
}

/// Makes a bridge that learns nothing and says nothing.
fn bridge(namespace: &Namespace, members: &[&str]) -> Result<()> {
    namespace.run("ip", &["link", "add", "br0", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0"])?;
    for member in members {
        namespace.run("ip", &["link", "set", member, "master", "br0", "up"])?;
    }
    namespace.run("ip", &["link", "set", "br0", "up"])?;
    Ok(())
}
