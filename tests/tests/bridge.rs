//! A bridge whose two ports are in two zones: what it floods and what it forwards is judged all the same.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use enforcer_tests::conversation::{Conversation, datagram};
use enforcer_tests::exchange::{PATIENCE, SILENCE, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::icmp;
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::policy::PolicyFile;
use enforcer_tests::raw::{self, Wire};
use enforcer_tests::router::Router;
use enforcer_tests::topology::Mac;
use enforcer_tests::wiring;

/// One network, whose halves are two zones.
const ZONES: &str = r#"version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0"]
prefixes = ["10.30.0.0/25", "fd00:30::/65"]
[zones.ot]
ports = ["ot0"]
prefixes = ["10.30.0.128/25", "fd00:30:0:0:8000::/65"]
"#;

/// Announcements may enter from both sides, and stay there.
const ANNOUNCED: &str = r#"
[[transitions]]
from = ["iot", "ot"]
to = "same"
allow = ["udp/5353", "eth/0x88b8"]
"#;

const ACROSS: &str = r#"
[[transitions]]
name = "announcements"
from = "iot"
to = "ot"
allow = ["udp/5353", "eth/0x88b8"]
"#;

const PLANT4: Ipv4Addr = Ipv4Addr::new(10, 30, 0, 140);
const PLANT6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x30, 0, 0, 0x8000, 0, 0, 0x40);

/// The addresses of the camera and of the controller, family by family.
fn pairs(lab: &Lab) -> [(IpAddr, IpAddr); 2] {
    [(lab.camera.v4.into(), PLANT4.into()), (lab.camera.v6.into(), PLANT6.into())]
}

fn lab() -> Lab {
    let lab = Lab::new().unwrap();
    wiring::bridge(&lab, PLANT4.into(), PLANT6.into()).unwrap();
    lab
}

/// A group-addressed frame of each kind, with a name and the bytes to look for.
fn announcements(mac: Mac, v4: IpAddr, v6: IpAddr) -> Vec<(&'static str, [u8; 16], Vec<u8>)> {
    let groups = [
        ("224.0.0.251", [0x01, 0x00, 0x5e, 0, 0, 0xfb], v4, IpAddr::from([224, 0, 0, 251])),
        ("ff02::fb", [0x33, 0x33, 0, 0, 0, 0xfb], v6, IpAddr::from([0xff02, 0, 0, 0, 0, 0, 0, 0xfb])),
    ];
    let mut frames = Vec::new();
    for (name, group, from, to) in groups {
        let marker = raw::marker();
        let ends = Ends { mac: (mac, group), ip: (from, to) };
        frames.push((name, marker, frame::build(ends, &[], Service::Udp(5353), &marker).unwrap()));
    }
    // GOOSE: APPID, length, two reserved fields.
    let marker = raw::marker();
    let mut goose =
        [&[0x01, 0x0c, 0xcd, 0x01, 0x00, 0x01][..], &mac, &[0x88, 0xb8, 0x00, 0x01, 0, 48, 0, 0, 0, 0]].concat();
    goose.extend(marker);
    goose.resize(62, 0);
    frames.push(("GOOSE", marker, goose));
    frames
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn group_frames_are_flooded_only_where_a_transition_says_so() {
    let lab = lab();
    let policy = PolicyFile::new(&[ZONES, ANNOUNCED]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let iot = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let ot = Wire::open(&lab.ot.namespace, HOST_PORT).unwrap();
    let sent_by = [("iot", &iot, &ot, lab.camera.mac, 0), ("ot", &ot, &iot, lab.ot.mac, 1)];

    for (name, from, to, mac, side) in sent_by {
        let pick = |pair: (IpAddr, IpAddr)| if side == 0 { pair.0 } else { pair.1 };
        let [v4, v6] = pairs(&lab).map(pick);
        for (kind, marker, frame) in announcements(mac, v4, v6) {
            let before = dropped(&router);
            from.send(&frame).unwrap();
            assert_eq!(to.await_marked(&marker, SILENCE).unwrap(), None, "{kind} from {name}");
            assert_eq!(dropped(&router), before + 1.0, "{kind} from {name}: the copy is what was dropped");
        }
    }

    policy.write(&[ZONES, ANNOUNCED, ACROSS]).unwrap();
    router.ask(&["reload"]).unwrap();
    for (name, from, to, mac, side) in sent_by {
        let pick = |pair: (IpAddr, IpAddr)| if side == 0 { pair.0 } else { pair.1 };
        let [v4, v6] = pairs(&lab).map(pick);
        for (kind, marker, frame) in announcements(mac, v4, v6) {
            from.send(&frame).unwrap();
            let (patience, expected) = if name == "iot" { (PATIENCE, Some(frame)) } else { (SILENCE, None) };
            assert_eq!(to.await_marked(&marker, patience).unwrap(), expected, "{kind} from {name}");
        }
    }
    router.stop().unwrap();
}

/// What was dropped between the two zones for want of a transition.
fn dropped(router: &Router<'_>) -> f64 {
    let metrics = router.metrics().unwrap();
    [("iot", "ot"), ("ot", "iot")]
        .iter()
        .map(|(from, to)| {
            metrics.sum("enforcer_packets_total", &[("from", from), ("to", to), ("reason", "no-transition")])
        })
        .sum()
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn without_its_own_zone_a_group_frame_does_not_enter() {
    let lab = lab();
    let policy = PolicyFile::new(&[ZONES, ACROSS]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let iot = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let ot = Wire::open(&lab.ot.namespace, HOST_PORT).unwrap();
    for (kind, marker, frame) in announcements(lab.camera.mac, lab.camera.v4.into(), lab.camera.v6.into()) {
        iot.send(&frame).unwrap();
        assert_eq!(ot.await_marked(&marker, SILENCE).unwrap(), None, "{kind}");
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn unicast_across_the_bridge_is_judged_by_zones() {
    let lab = lab();
    let across = "[[transitions]]\nfrom = \"iot\"\nto = \"ot\"\n\
        allow = [\"tcp/502\", \"udp/5000\", \"icmp/echo-request\", \"icmpv6/echo-request\"]\n";
    let policy = PolicyFile::new(&[ZONES, across]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let (camera, plant) = (&lab.camera.namespace, &lab.ot.namespace);
    for (own, at) in pairs(&lab) {
        let tcp = Conversation::open(camera, own, plant, SocketAddr::new(at, 502), PATIENCE).unwrap();
        let mut tcp = tcp.unwrap_or_else(|| panic!("tcp from {own} to {at}"));
        assert!(tcp.goes_on(PATIENCE).unwrap(), "tcp from {own} to {at}");
        let (peer, answered) = datagram(camera, own, plant, SocketAddr::new(at, 5000), PATIENCE).unwrap();
        assert!(peer.is_some() && answered, "udp from {own} to {at}");
        assert!(icmp::echo(camera, at, PATIENCE).unwrap(), "echo from {own} to {at}");

        let denied = Conversation::open(camera, own, plant, SocketAddr::new(at, 80), SILENCE).unwrap();
        assert!(denied.is_none(), "tcp/80 from {own} to {at}");
        let back = Conversation::open(plant, at, camera, SocketAddr::new(own, 502), SILENCE).unwrap();
        assert!(back.is_none(), "tcp/502 from {at} to {own}");
        let (peer, _) = datagram(plant, at, camera, SocketAddr::new(own, 5000), SILENCE).unwrap();
        assert_eq!(peer, None, "udp from {at} to {own}");
        assert!(!icmp::echo(plant, own, SILENCE).unwrap(), "echo from {at} to {own}");
    }
    router.stop().unwrap();
}

/// Both halves are one zone.
const ONE_ZONE: &str = r#"version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0", "ot0"]
[[transitions]]
from = "iot"
to = "same"
allow = ["udp/5000", "eth/0x88b8"]
"#;

const CAMERA: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xa);
const PLANT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xb);

fn comes_about(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    loop {
        if what() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The answer to a UDP frame without tags: the other way round, which leaves its checksum as it is.
fn answer(frame: &[u8], marker: &[u8; 16]) -> Vec<u8> {
    let ends = Ends {
        mac: (frame[..6].try_into().unwrap(), frame[6..12].try_into().unwrap()),
        ip: (PLANT.into(), CAMERA.into()),
    };
    let mut answer = frame::build(ends, &[], Service::Udp(5000), marker).unwrap();
    let ports = 54..58;
    answer[ports].rotate_left(2);
    answer
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn link_local_conversations_go_across_the_bridge() {
    let lab = lab();
    let policy = PolicyFile::new(&[ONE_ZONE]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let camera = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let plant = Wire::open(&lab.ot.namespace, HOST_PORT).unwrap();
    let [asked, answered, unasked] = [(); 3].map(|()| raw::marker());
    let ends = Ends { mac: (lab.camera.mac, lab.ot.mac), ip: (CAMERA.into(), PLANT.into()) };
    let question = frame::build(ends, &[], Service::Udp(5000), &asked).unwrap();
    let back = answer(&question, &unasked);
    plant.send(&back).unwrap();
    assert_eq!(camera.await_marked(&unasked, SILENCE).unwrap(), None, "an answer to nothing");
    camera.send(&question).unwrap();
    assert_eq!(plant.await_marked(&asked, PATIENCE).unwrap(), Some(question.clone()));
    let back = answer(&question, &answered);
    plant.send(&back).unwrap();
    assert_eq!(camera.await_marked(&answered, PATIENCE).unwrap(), Some(back), "the answer comes in by another port");
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn the_routers_link_local_addresses_are_those_of_the_bridge() {
    let lab = lab();
    lab.router.run("ip", &["link", "set", wiring::BRIDGE, "address", "02:00:00:00:00:77"]).unwrap();
    for own in ["fe80::77/64", "fe80::78/64"] {
        lab.router.run("ip", &["address", "add", own, "dev", wiring::BRIDGE, "nodad"]).unwrap();
    }
    let policy = PolicyFile::new(&[ONE_ZONE]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let camera = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let plant = Wire::open(&lab.ot.namespace, HOST_PORT).unwrap();
    let refused = |reason| {
        let count = |to| [("from", "iot"), ("to", to), ("verdict", "drop"), ("reason", reason)];
        let metrics = router.metrics().unwrap();
        ["router", "iot"].map(|to| metrics.sum("enforcer_packets_total", &count(to)))
    };
    let unknown = "fe80::79";
    for (from, mac, host) in [(&camera, lab.camera.mac, CAMERA), (&plant, lab.ot.mac, PLANT)] {
        // To an address that nobody told of, the bridge's MAC tells.
        for own in ["fe80::77", "fe80::78", unknown] {
            let before = refused("no-transition");
            let ends = Ends { mac: (mac, [2, 0, 0, 0, 0, 0x77]), ip: (host.into(), own.parse().unwrap()) };
            from.send(&frame::build(ends, &[], Service::Udp(5000), &[]).unwrap()).unwrap();
            assert!(comes_about(|| refused("no-transition") == [before[0] + 1.0, before[1]]), "{host} to {own}");
        }
        let forged = || router.metrics().unwrap().sum("enforcer_packets_total", &[("reason", "spoofed-source")]);
        let before = forged();
        for own in ["fe80::77", "fe80::78"] {
            let ends = Ends { mac: (mac, lab.office.mac), ip: (own.parse().unwrap(), host.into()) };
            from.send(&frame::build(ends, &[], Service::Udp(5000), &[]).unwrap()).unwrap();
        }
        let spoofed = || forged() == before + 2.0;
        assert!(comes_about(spoofed), "{host} in the router's name");
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_bridge_may_take_tags_away_and_put_others_on() {
    let lab = lab();
    let filtering = ["link", "set", wiring::BRIDGE, "type", "bridge", "vlan_filtering", "1"];
    if lab.router.run("ip", &filtering).is_err() {
        eprintln!("SKIPPED: the bridges of this kernel know no VLANs");
        return;
    }
    let bridge = |arguments: &[&str]| lab.router.run("bridge", &[&["vlan"], arguments].concat()).unwrap();
    for port in ["iot0", "ot0"] {
        bridge(&["del", "dev", port, "vid", "1"]);
    }
    bridge(&["add", "dev", "iot0", "vid", "30", "pvid", "untagged"]);
    bridge(&["add", "dev", "ot0", "vid", "30"]);
    // Another zone has the tag on the port where the frames enter without one.
    let zones = ONE_ZONE.replace("\"ot0\"", "\"ot0.30\"").replace("\"office0\"", "\"office0\", \"iot0.30\"");
    let policy = PolicyFile::new(&[&zones]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let camera = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let plant = Wire::open(&lab.ot.namespace, HOST_PORT).unwrap();
    let goose = || announcements(lab.camera.mac, lab.camera.v4.into(), lab.camera.v6.into()).remove(2);
    let (_, marker, frame) = goose();
    camera.send(&frame).unwrap();
    assert!(plant.await_marked(&marker, PATIENCE).unwrap().is_some(), "untagged to tagged, within the zone");
    let (_, marker, mut frame) = goose();
    frame[6..12].copy_from_slice(&lab.ot.mac);
    frame.splice(12..12, [0x81, 0x00, 0, 30]);
    plant.send(&frame).unwrap();
    assert!(camera.await_marked(&marker, PATIENCE).unwrap().is_some(), "tagged to untagged, within the zone");
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn neighbours_find_each_other_across_the_bridge() {
    let lab = lab();
    let policy = PolicyFile::new(&[ZONES, ANNOUNCED]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for (own, at) in pairs(&lab) {
        for (from, to) in [(&lab.camera.namespace, at), (&lab.ot.namespace, own)] {
            // Nothing else may cross; but the question who has the address is answered.
            assert!(!icmp::echo(from, to, Duration::from_millis(500)).unwrap(), "echo to {to}");
            let known = from.run("ip", &["neighbour", "show", &to.to_string()]).unwrap();
            assert!(known.contains("lladdr"), "{to} was not found: {known}");
            assert!(!known.contains("INCOMPLETE") && !known.contains("FAILED"), "{known}");
        }
    }
    // And it answers the router, which has its addresses on the bridge.
    for (own, at) in pairs(&lab) {
        for to in [own, at] {
            assert!(icmp::echo(&lab.router, to, PATIENCE).unwrap(), "the router's echo to {to}");
        }
    }
    router.stop().unwrap();
}
