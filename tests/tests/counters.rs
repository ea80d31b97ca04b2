//! Counters equal the frames sent, for each pair of zones; what was allowed arrives as it was sent, and nothing else does.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use enforcer_tests::counts::{Counts, await_grown};
use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::lab::{HOST_PORT, Host, Lab};
use enforcer_tests::namespace::Namespace;
use enforcer_tests::raw::{self, MARK, Wire};
use enforcer_tests::router::Router;
use enforcer_tests::scratch::Scratch;
use enforcer_tests::topology::NETWORKS;

/// A service that the policy allows between some zones, and one that it allows nowhere.
const SPOKEN: u16 = 5000;
const UNSPOKEN: u16 = 6000;

const POLICY: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0"]
[zones.ot]
ports = ["ot0"]

[services]
spoken = ["udp/5000"]

[[transitions]]
from = "office"
to = ["internet", "iot", "ot", "router"]
allow = ["spoken", "tcp/502", "icmp/echo-request", "icmpv6/echo-request"]
[[transitions]]
from = "iot"
to = "internet"
allow = ["spoken"]
[[transitions]]
from = "internet"
to = "iot"
allow = ["spoken"]
[[transitions]]
from = "ot"
to = ["office", "internet"]
allow = ["spoken"]

[[guardrails]]
name = "no way out of the plant"
from = "ot"
to = "internet"
deny = ["any"]
[[guardrails]]
name = "no way into the plant"
from = "internet"
to = "ot"
deny = ["any"]

[management]
from = ["office"]
allow = ["tcp/22"]
"#;

/// What the policy says of the service that is spoken.
fn expected(from: &str, to: &str) -> (&'static str, &'static str) {
    match (from, to) {
        ("office", "internet" | "iot" | "ot" | "router") | ("iot", "internet") | ("internet", "iot") => {
            ("pass", "allowed")
        }
        ("ot", "office") => ("pass", "allowed"),
        ("ot", "internet") | ("internet", "ot") => ("drop", "guardrail"),
        _ => ("drop", "no-transition"),
    }
}

struct Zone<'lab> {
    name: &'static str,
    host: &'lab Host,
}

fn zones(lab: &Lab) -> [Zone<'_>; 4] {
    [
        Zone { name: "internet", host: &lab.internet },
        Zone { name: "office", host: &lab.office },
        Zone { name: "iot", host: &lab.camera },
        Zone { name: "ot", host: &lab.ot },
    ]
}

fn policy(scratch: &Scratch) -> Result<PathBuf> {
    let file = scratch.file("policy.toml");
    fs::write(&file, POLICY)?;
    Ok(file)
}

/// Takes datagrams and answers none, and no ICMP error answers either.
fn sink(namespace: &Namespace) -> Result<UdpSocket> {
    namespace.inside(|| Ok(UdpSocket::bind(SocketAddr::from(([0_u16; 8], SPOKEN)))?))
}

/// The frames of this process that arrive, until as many are there as should be; then none may follow.
fn arrivals(wire: &Wire, wanted: usize) -> Result<Vec<Vec<u8>>> {
    wire.await_all_marked(MARK, wanted, PATIENCE, SILENCE)
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn counters_equal_the_frames_sent_between_each_pair_of_zones() {
    let scratch = Scratch::new().unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy(&scratch).unwrap()).unwrap();
    let zones = zones(&lab);
    let _sinks: Vec<UdpSocket> = zones.iter().map(|zone| sink(&zone.host.namespace).unwrap()).collect();
    let _router_sink = sink(&lab.router).unwrap();
    let wires: Vec<Wire> = zones.iter().map(|zone| Wire::open(&zone.host.namespace, HOST_PORT).unwrap()).collect();
    // What is for the router itself is seen behind XDP.
    let inner: Vec<Wire> = NETWORKS.iter().map(|network| Wire::open(&lab.router, network.port).unwrap()).collect();

    let before = Counts::of(&router.metrics().unwrap()).unwrap();
    let mut counts = Counts::default();
    let mut arriving: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    let mut entering: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
    // Every pair, family and service has a number of its own, so that none can stand for another.
    let mut number = 2;
    for (from, wire) in zones.iter().zip(&wires) {
        let targets = zones.iter().filter(|to| to.name != from.name).map(|to| (to.name, Some(to.host)));
        for (to, host) in targets.chain([("router", None)]) {
            let addresses: [IpAddr; 2] = match host {
                Some(host) => [host.v4.into(), host.v6.into()],
                None => [from.host.network.v4.into(), from.host.network.v6.into()],
            };
            for (address, port) in addresses.into_iter().flat_map(|address| [(address, SPOKEN), (address, UNSPOKEN)]) {
                number += 1;
                let (verdict, reason) = match (port, expected(from.name, to)) {
                    (UNSPOKEN, (_, "allowed")) => ("drop", "no-transition"),
                    (_, told) => told,
                };
                let mut length = 0;
                for _ in 0..number {
                    let ends =
                        Ends { mac: (from.host.mac, from.host.network.mac), ip: (from.host.like(address), address) };
                    let sent = frame::build(ends, &[], Service::Udp(port), &raw::marker()).unwrap();
                    wire.send(&sent).unwrap();
                    length = sent.len();
                    if verdict == "pass" {
                        if let Some(host) = host {
                            let forwarded = frame::routed(&sent, (host.network.mac, host.mac)).unwrap();
                            arriving.entry(to).or_default().push(forwarded);
                        }
                        entering.entry(from.name).or_default().push(sent);
                    }
                }
                if verdict == "pass" {
                    counts.expect((from.name, to), ("pass", "allowed"), 1, length);
                    counts.expect((from.name, to), ("pass", "established"), number - 1, length);
                } else {
                    counts.expect((from.name, to), (verdict, reason), number, length);
                }
            }
        }
    }

    for (zone, wire) in zones.iter().zip(&wires) {
        let mut wanted = arriving.remove(zone.name).unwrap_or_default();
        let mut seen = arrivals(wire, wanted.len()).unwrap();
        // From several senders they may come in any order.
        wanted.sort();
        seen.sort();
        assert_eq!(seen.len(), wanted.len(), "frames that arrived in {}", zone.name);
        assert!(seen == wanted, "{}: other frames arrived than were sent", zone.name);
    }
    for (zone, wire) in zones.iter().zip(&inner) {
        let wanted = entering.remove(zone.name).unwrap_or_default();
        let seen = arrivals(wire, wanted.len()).unwrap();
        assert_eq!(seen.len(), wanted.len(), "frames that the router's stack saw from {}", zone.name);
        assert!(seen == wanted, "{}: the stack saw other frames than were allowed", zone.name);
    }
    let grown = await_grown(&router, &before, &counts, PATIENCE).unwrap();
    assert!(grown == counts, "counted:\n{grown}expected:\n{counts}");
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn answers_are_counted_from_the_side_that_answers() {
    const REQUESTS: u64 = 5;
    let scratch = Scratch::new().unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy(&scratch).unwrap()).unwrap();
    let wire = Wire::open(&lab.office.namespace, HOST_PORT).unwrap();
    let before = Counts::of(&router.metrics().unwrap()).unwrap();
    let mut counts = Counts::default();
    for address in [IpAddr::from(lab.ot.v4), lab.ot.v6.into()] {
        let ends = Ends { mac: (lab.office.mac, lab.office.network.mac), ip: (lab.office.like(address), address) };
        for number in 0..REQUESTS {
            let marker = raw::marker();
            let request = frame::build(ends, &[], Service::Echo, &marker).unwrap();
            wire.send(&request).unwrap();
            assert!(wire.await_marked(&marker, PATIENCE).unwrap().is_some(), "no answer to request {number}");
            let reason = if number == 0 { "allowed" } else { "established" };
            counts.expect(("office", "ot"), ("pass", reason), 1, request.len());
            counts.expect(("ot", "office"), ("pass", "established"), 1, request.len());
        }
    }
    let grown = await_grown(&router, &before, &counts, PATIENCE).unwrap();
    assert!(grown == counts, "counted:\n{grown}expected:\n{counts}");
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_tcp_exchange_is_counted_segment_by_segment() {
    let scratch = Scratch::new().unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy(&scratch).unwrap()).unwrap();
    for at in [IpAddr::from(lab.ot.v4), lab.ot.v6.into()] {
        let (asking, answering) =
            (Wire::open(&lab.office.namespace, HOST_PORT).unwrap(), Wire::open(&lab.ot.namespace, HOST_PORT).unwrap());
        let before = Counts::of(&router.metrics().unwrap()).unwrap();
        let seen = exchange::attempt(&lab.office, &lab.ot.namespace, at, Service::Tcp(502)).unwrap();
        assert!(seen.arrived && seen.answered, "{at}");
        // What arrived on one side is what the other sent: nothing of it was dropped.
        let segments = |wire: &Wire| -> Vec<usize> {
            let frames = wire.collect(Duration::from_millis(500)).unwrap();
            let protocol = if at.is_ipv4() { 23 } else { 20 };
            let ip = if at.is_ipv4() { [0x08, 0x00] } else { [0x86, 0xdd] };
            frames.iter().filter(|frame| frame[12..14] == ip && frame[protocol] == 6).map(Vec::len).collect()
        };
        let (there, back) = (segments(&answering), segments(&asking));
        let mut counts = Counts::default();
        for (number, length) in there.iter().enumerate() {
            let reason = if number == 0 { "allowed" } else { "established" };
            counts.expect(("office", "ot"), ("pass", reason), 1, *length);
        }
        for length in &back {
            counts.expect(("ot", "office"), ("pass", "established"), 1, *length);
        }
        assert!(there.len() >= 4 && back.len() >= 3, "{there:?} {back:?}");
        let grown = await_grown(&router, &before, &counts, PATIENCE).unwrap();
        assert!(grown == counts, "{at}: counted:\n{grown}expected:\n{counts}");
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_is_refused_before_the_layers_is_counted_with_its_reason() {
    let scratch = Scratch::new().unwrap();
    let lab = Lab::new().unwrap();
    lab.introduce().unwrap();
    let router = Router::start(&lab, &policy(&scratch).unwrap()).unwrap();
    let wire = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let behind = Wire::open(&lab.router, lab.camera.network.port).unwrap();
    let before = Counts::of(&router.metrics().unwrap()).unwrap();
    let mac = (lab.camera.mac, lab.camera.network.mac);
    for (number, reason) in [(3, "spoofed-source"), (5, "malformed"), (7, "unknown-device")] {
        for address in [IpAddr::from(lab.internet.v4), lab.internet.v6.into()] {
            let mut ends = Ends { mac, ip: (lab.camera.like(address), address) };
            match reason {
                "spoofed-source" => ends.ip.0 = lab.office.like(address),
                "unknown-device" => ends.mac.1 = [0x02, 0, 0, 0, 0x30, 0x99],
                _ => {}
            }
            for _ in 0..number {
                let mut sent = frame::build(ends, &[], Service::Udp(SPOKEN), &raw::marker()).unwrap();
                if reason == "malformed" {
                    sent.truncate(sent.len() - 1);
                }
                wire.send(&sent).unwrap();
            }
        }
    }
    assert_eq!(arrivals(&behind, 0).unwrap(), Vec::<Vec<u8>>::new());
    let metrics = router.metrics().unwrap();
    let grown = Counts::of(&metrics).unwrap().since(&before);
    for (number, reason) in [(3, "spoofed-source"), (5, "malformed"), (7, "unknown-device")] {
        let labels = [("verdict", "drop"), ("reason", reason)];
        assert_eq!(metrics.sum("enforcer_packets_total", &labels), f64::from(2 * number), "{reason}:\n{grown}");
    }
    assert_eq!(metrics.sum("enforcer_packets_total", &[("verdict", "drop")]), 30.0, "{grown}");
    router.stop().unwrap();
}
