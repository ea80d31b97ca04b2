//! What the router itself sends and offers, and what only a router may say.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use enforcer_tests::conversation::{Conversation, datagram};
use enforcer_tests::exchange::{PATIENCE, SILENCE};
use enforcer_tests::icmp;
use enforcer_tests::lab::{HOST_PORT, Host, Lab};
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::raw::{self, Wire};
use enforcer_tests::router::{self, Router};
use enforcer_tests::topology::{IOT, Mac, Network};
use etherparse::{Icmpv6Type, PacketBuilder, PacketBuilderStep, icmpv6::TYPE_ROUTER_ADVERTISEMENT};

const POLICY: &str = r#"
[[transitions]]
name = "devices"
from = "iot"
to = ["internet", "router"]
allow = ["mud"]
[[transitions]]
from = ["office", "internet"]
to = "router"
allow = ["icmp/echo-request", "icmpv6/echo-request"]
[[guardrails]]
name = "the router does not mail"
from = "router"
to = "internet"
deny = ["tcp/25", "udp/25"]
[management]
from = ["office"]
allow = ["tcp/22"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["camera.json"]
my-controllers = ["10.10.0.10", "fd00:10::10"]
[names]
"cloud.camera.example" = ["203.0.113.10", "2001:db8:113::10"]
"#;

/// The devices' network may say anything to the router and among itself; the camera has no profile.
const LENIENT: &str = r#"
[[transitions]]
from = "iot"
to = ["router", "same"]
allow = ["any"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
"#;

fn policy() -> PolicyFile {
    let policy = PolicyFile::new(&[ZONES, POLICY]).unwrap();
    let mud = router::repository().unwrap().join("examples/demo/mud/camera.json");
    policy.write_beside("camera.json", &fs::read_to_string(mud).unwrap()).unwrap();
    policy
}

/// A TCP connection from one of the router's addresses to a host, if it comes about.
fn from_router(lab: &Lab, own: Network, to: &Host, at: IpAddr, port: u16, expected: bool) -> bool {
    let own: IpAddr = if at.is_ipv4() { own.v4.into() } else { own.v6.into() };
    let patience = if expected { PATIENCE } else { SILENCE };
    let talk = Conversation::open(&lab.router, own, &to.namespace, SocketAddr::new(at, port), patience).unwrap();
    talk.is_some_and(|mut talk| talk.goes_on(PATIENCE).unwrap())
}

/// The same the other way round.
fn to_router(lab: &Lab, from: &Host, at: IpAddr, port: u16, expected: bool) -> bool {
    let patience = if expected { PATIENCE } else { SILENCE };
    let at = SocketAddr::new(at, port);
    let talk = Conversation::open(&from.namespace, from.like(at.ip()), &lab.router, at, patience).unwrap();
    talk.is_some_and(|mut talk| talk.goes_on(PATIENCE).unwrap())
}

fn both(host: &Host) -> [IpAddr; 2] {
    [host.v4.into(), host.v6.into()]
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_it_opens_is_answered() {
    let lab = Lab::new().unwrap();
    let policy = policy();
    let router = Router::start(&lab, policy.path()).unwrap();
    for host in [&lab.internet, &lab.office, &lab.ot, &lab.sensor] {
        let network = host.network;
        for at in both(host) {
            assert!(from_router(&lab, network, host, at, 443, true), "tcp to {}", host.name);
            let own: IpAddr = if at.is_ipv4() { network.v4.into() } else { network.v6.into() };
            let end = SocketAddr::new(at, 5000);
            let (peer, answered) = datagram(&lab.router, own, &host.namespace, end, PATIENCE).unwrap();
            assert!(peer.is_some() && answered, "udp to {}", host.name);
            assert!(icmp::echo(&lab.router, at, PATIENCE).unwrap(), "echo to {}", host.name);
        }
    }
    assert_eq!(router.metrics().unwrap().sum("enforcer_packets_total", &[("verdict", "drop")]), 0.0);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn guardrails_and_profiles_hold_for_it() {
    let lab = Lab::new().unwrap();
    let policy = policy();
    let router = Router::start(&lab, policy.path()).unwrap();
    for at in both(&lab.internet) {
        assert!(!from_router(&lab, lab.internet.network, &lab.internet, at, 25, false), "mail to {at}");
    }
    // The camera's profile lets nobody but its recorder in.
    for at in both(&lab.camera) {
        for port in [80, 554] {
            assert!(!from_router(&lab, IOT, &lab.camera, at, port, false), "tcp/{port} to {at}");
        }
        assert!(!icmp::echo(&lab.router, at, SILENCE).unwrap(), "echo to {at}");
    }
    let metrics = router.metrics().unwrap();
    let dropped = |to: &str, reason: &str| {
        let labels = [("from", "router"), ("to", to), ("verdict", "drop"), ("reason", reason)];
        metrics.sum("enforcer_packets_total", &labels)
    };
    assert!(dropped("internet", "guardrail") >= 2.0);
    assert!(dropped("iot", "mud-to-device") >= 6.0);
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn only_management_logs_in() {
    let lab = Lab::new().unwrap();
    let policy = policy();
    let router = Router::start(&lab, policy.path()).unwrap();
    let own =
        |network: Network, at: IpAddr| -> IpAddr { if at.is_ipv4() { network.v4.into() } else { network.v6.into() } };
    for (host, expected) in
        [(&lab.office, true), (&lab.camera, false), (&lab.sensor, false), (&lab.ot, false), (&lab.internet, false)]
    {
        for at in both(host) {
            let at = own(host.network, at);
            assert_eq!(to_router(&lab, host, at, 22, expected), expected, "{} to {at}", host.name);
            // Another of the router's addresses is the router too.
            let other = own(lab.internet.network, at);
            assert_eq!(to_router(&lab, host, other, 22, expected), expected, "{} to {other}", host.name);
            assert!(!to_router(&lab, host, at, 23, false), "telnet from {} to {at}", host.name);
        }
    }
    // The camera's profile names the router as its resolver.
    for at in [IpAddr::from(IOT.v4), IpAddr::from(IOT.v6)] {
        let end = SocketAddr::new(at, 53);
        let (peer, answered) =
            datagram(&lab.camera.namespace, lab.camera.like(at), &lab.router, end, PATIENCE).unwrap();
        assert!(peer.is_some() && answered, "dns at {at}");
        let (peer, _) = datagram(&lab.sensor.namespace, lab.sensor.like(at), &lab.router, end, SILENCE).unwrap();
        assert_eq!(peer, None, "dns at {at} for a device without profile");
    }
    router.stop().unwrap();
}

/// The link-local address that a MAC gives.
fn link_local(mac: Mac) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac;
    let pairs = [[a ^ 2, b], [c, 0xff], [0xfe, d], [e, f]].map(u16::from_be_bytes);
    Ipv6Addr::new(0xfe80, 0, 0, 0, pairs[0], pairs[1], pairs[2], pairs[3])
}

/// A router advertisement from `host`.
fn advertisement(host: &Host, marker: &[u8]) -> Vec<u8> {
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    // Reachable time, retransmission timer; a nonce (RFC 3971, 5.3.2).
    let body = [&[0; 8][..], &[14, 3, 0, 0, 0, 0, 0, 0], marker].concat();
    let kind = Icmpv6Type::Unknown { type_u8: TYPE_ROUTER_ADVERTISEMENT, code_u8: 0, bytes5to8: [64, 0, 0x07, 0x08] };
    let step = PacketBuilder::ethernet2(host.mac, [0x33, 0x33, 0, 0, 0, 1])
        .ipv6(link_local(host.mac).octets(), all_nodes.octets(), 255)
        .icmpv6(kind);
    written(|frame| step.write(frame, &body))
}

/// What a DHCP server sends: an offer to everybody over IPv4, an answer to the router's own client over IPv6.
fn offers(host: &Host, marker: &[u8]) -> [Vec<u8>; 2] {
    let udp = |step: PacketBuilderStep<etherparse::IpHeaders>, ports: (u16, u16)| {
        written(|frame| step.udp(ports.0, ports.1).write(frame, marker))
    };
    let v4 = PacketBuilder::ethernet2(host.mac, [0xff; 6]).ipv4(host.v4.octets(), Ipv4Addr::BROADCAST.octets(), 64);
    let to = link_local(host.network.mac);
    let v6 = PacketBuilder::ethernet2(host.mac, host.network.mac).ipv6(link_local(host.mac).octets(), to.octets(), 64);
    [udp(v4, (67, 68)), udp(v6, (547, 546))]
}

fn written<E: std::fmt::Debug>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Vec<u8> {
    let mut frame = Vec::new();
    write(&mut frame).unwrap();
    frame
}

/// An ARP announcement by `by` that `claimed`, with this hardware address, is there.
fn announcement(by: Mac, hardware: Mac, claimed: Ipv4Addr, marker: &[u8]) -> Vec<u8> {
    let arp = [0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1];
    let ends = [&hardware[..], &claimed.octets(), &[0; 6], &claimed.octets()].concat();
    let mut frame = [&[0xff; 6][..], &by, &arp, &ends, marker].concat();
    frame.resize(60, 0);
    frame
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_only_a_router_may_say_comes_from_an_uplink() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, LENIENT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let spoofed = || {
        let labels = [("verdict", "drop"), ("reason", "spoofed-source")];
        router.metrics().unwrap().sum("enforcer_packets_total", &labels)
    };
    for (host, passes) in [(&lab.camera, false), (&lab.sensor, false), (&lab.office, false), (&lab.internet, true)] {
        let here = Wire::open(&lab.router, host.network.port).unwrap();
        let there = Wire::open(&host.namespace, HOST_PORT).unwrap();
        let marker = raw::marker();
        let [v4, v6] = offers(host, &marker);
        for (what, frame) in [("an RA", advertisement(host, &marker)), ("an offer", v4), ("a DHCPv6 answer", v6)] {
            let before = spoofed();
            there.send(&frame).unwrap();
            let (patience, expected) = if passes { (PATIENCE, Some(frame)) } else { (SILENCE, None) };
            assert_eq!(here.await_marked(&marker, patience).unwrap(), expected, "{what} from {}", host.name);
            let dropped = if passes { 0.0 } else { 1.0 };
            assert_eq!(spoofed() - before, dropped, "{what} from {}", host.name);
        }
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn an_address_is_claimed_by_its_owner_only() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, LENIENT]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let here = Wire::open(&lab.router, IOT.port).unwrap();
    let (camera, sensor) = (&lab.camera, &lab.sensor);
    for (what, host, hardware, claimed, passes) in [
        ("the camera's own", camera, camera.mac, camera.v4, true),
        ("the sensor's own", sensor, sensor.mac, sensor.v4, true),
        ("the sensor's, by the camera", camera, camera.mac, sensor.v4, false),
        ("the camera's, by the sensor", sensor, sensor.mac, camera.v4, false),
        ("the router's", sensor, sensor.mac, IOT.v4, false),
        ("an office address", sensor, sensor.mac, lab.office.v4, false),
        ("the camera's, with the camera's MAC inside", sensor, camera.mac, camera.v4, false),
        ("its own, with another MAC inside", sensor, camera.mac, sensor.v4, false),
    ] {
        let there = Wire::open(&host.namespace, HOST_PORT).unwrap();
        let marker = raw::marker();
        let frame = announcement(host.mac, hardware, claimed, &marker);
        there.send(&frame).unwrap();
        let (patience, expected) = if passes { (PATIENCE, Some(frame)) } else { (SILENCE, None) };
        assert_eq!(here.await_marked(&marker, patience).unwrap(), expected, "{what}");
    }
    let labels = [("from", "iot"), ("verdict", "drop"), ("reason", "spoofed-source")];
    let metrics = router.metrics().unwrap();
    assert_eq!(metrics.sum("enforcer_packets_total", &labels[1..]), 6.0);
    router.stop().unwrap();
}
