//! A table of exchanges, tried with enforcer and with the rules: the same arrives and is answered, for the same reasons.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use enforcer_tests::conversation::{Conversation, datagram};
use enforcer_tests::demo::PACKETS;
use enforcer_tests::exchange::{self, PATIENCE, SILENCE, Service};
use enforcer_tests::icmp;
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::policy::PolicyFile;
use enforcer_tests::router::{self, Router};
use enforcer_tests::rules::{Rules, grown};

use Service::{Echo, Tcp, Udp};

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
unknown = "deny"

[services]
ping = ["icmp/echo-request", "icmpv6/echo-request"]

[[transitions]]
name = "work"
from = "office"
to = "internet"
allow = ["tcp/443", "tcp/8000-8010", "udp/5000-5010", "ping"]
deny = ["tcp/8005"]
[[transitions]]
name = "engineering"
from = "office"
to = "ot"
allow = ["tcp/502", "ping"]
[[transitions]]
name = "devices"
from = "office"
to = "iot"
allow = ["mud", "tcp/8883"]
[[transitions]]
from = "iot"
to = ["internet", "router"]
allow = ["mud"]
[[transitions]]
name = "meter"
from = "sensor"
to = "internet"
allow = ["udp/5683"]

[[guardrails]]
name = "no telnet"
from = "*"
to = "*"
deny = ["tcp/23"]
except = [{ from = "office", to = "ot" }]
[[guardrails]]
name = "the router does not mail"
from = "router"
to = "internet"
deny = ["tcp/25"]
[[guardrails]]
name = "only tried"
from = "office"
to = "internet"
deny = ["tcp/8001"]
mode = "audit"

[management]
from = "office"
allow = ["tcp/22", "ping"]

[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["camera.json"]
my-controllers = ["10.10.0.10", "fd00:10::10"]
[devices.sensor]
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"
[devices.plc]
addresses = ["10.40.0.10", "fd00:40::10"]
zone = "ot"
[names]
"cloud.camera.example" = ["203.0.113.10", "2001:db8:113::10"]
"#;

/// Who asks, who is asked (the end of its addresses, where it is not its own), what, and what becomes of it.
type Row = (&'static str, (&'static str, Option<u16>), Service, &'static str);

const PASS: &str = "allowed";

/// Enough for a question to arrive whose answer does not.
const A_WHILE: Duration = Duration::from_secs(1);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("office",   ("internet", None), Tcp(443),  PASS),
    ("office",   ("internet", None), Udp(5005), PASS),
    ("office",   ("internet", None), Echo,      PASS),
    ("office",   ("internet", None), Tcp(8004), PASS),
    ("office",   ("internet", None), Tcp(8005), "no-transition"),
    ("office",   ("internet", None), Udp(5011), "no-transition"),
    ("office",   ("internet", None), Tcp(23),   "guardrail"),
    // A guardrail in audit says so, and lets it through.
    ("office",   ("internet", None), Tcp(8001), "audit guardrail"),
    ("office",   ("ot", None),       Tcp(502),  PASS),
    ("office",   ("ot", None),       Echo,      PASS),
    // The exception makes room in the guardrail, and nobody uses it.
    ("office",   ("ot", None),       Tcp(23),   "no-transition"),
    ("office",   ("ot", Some(0x99)), Tcp(502),  "unknown-device"),
    ("office",   ("camera", None),   Tcp(554),  PASS),
    ("office",   ("camera", None),   Tcp(8883), "mud-to-device"),
    ("office",   ("camera", None),   Echo,      "mud-to-device"),
    ("office",   ("sensor", None),   Tcp(8883), PASS),
    ("office",   ("sensor", None),   Tcp(554),  "no-transition"),
    ("camera",   ("internet", None), Tcp(443),  PASS),
    ("camera",   ("internet", None), Tcp(80),   "mud-from-device"),
    ("camera",   ("internet", Some(0x66)), Tcp(443), "mud-from-device"),
    ("camera",   ("ot", None),       Tcp(502),  "no-transition"),
    ("sensor",   ("internet", None), Udp(5683), PASS),
    ("sensor",   ("internet", None), Tcp(443),  "no-transition"),
    ("internet", ("office", None),   Tcp(443),  "no-transition"),
    ("internet", ("camera", None),   Tcp(554),  "no-transition"),
    ("internet", ("ot", None),       Tcp(23),   "guardrail"),
    ("ot",       ("office", None),   Udp(5000), "no-transition"),
    ("office",   ("router", None),   Tcp(22),   PASS),
    ("office",   ("router", None),   Echo,      PASS),
    ("office",   ("router", None),   Tcp(80),   "no-transition"),
    ("camera",   ("router", None),   Udp(53),   PASS),
    ("camera",   ("router", None),   Udp(54),   "mud-from-device"),
    ("sensor",   ("router", None),   Udp(53),   "no-transition"),
    ("internet", ("router", None),   Tcp(22),   "no-transition"),
    ("router",   ("internet", None), Tcp(443),  PASS),
    ("router",   ("internet", None), Tcp(25),   "guardrail"),
    ("router",   ("office", None),   Udp(5000), PASS),
    ("router",   ("camera", None),   Tcp(80),   "mud-to-device"),
    ("router",   ("ot", Some(0x99)), Tcp(502),  "unknown-device"),
];

/// What judges, and the reasons that it has counted so far.
enum Judge<'lab> {
    Enforcer(Router<'lab>),
    Rules(Rules<'lab>),
}

impl<'lab> Judge<'lab> {
    fn start(lab: &'lab Lab, policy: &Path, with_enforcer: bool) -> Judge<'lab> {
        if with_enforcer {
            Judge::Enforcer(Router::start(lab, policy).expect("enforcer runs"))
        } else {
            Judge::Rules(Rules::load(lab, policy).expect("nft takes the rules"))
        }
    }

    fn counted(&self) -> std::collections::BTreeMap<String, u64> {
        match self {
            Judge::Rules(rules) => rules.counted().expect("counters"),
            Judge::Enforcer(router) => {
                let metrics = router.metrics().expect("metrics");
                let mut counted = std::collections::BTreeMap::new();
                for sample in metrics.matching(PACKETS, &[]) {
                    let audit = if sample.labels["verdict"] == "audit" { "audit_" } else { "" };
                    *counted.entry(format!("{audit}{}", sample.labels["reason"])).or_default() += sample.value as u64;
                }
                counted
            }
        }
    }
}

/// Address of a host, or of one that it stands in for.
fn address(lab: &Lab, host: &str, end: Option<u16>, from: &str, v6: bool) -> IpAddr {
    if host == "router" {
        let network = lab.host(from).expect("a host of the lab").network;
        return if v6 { network.v6.into() } else { network.v4.into() };
    }
    let host = lab.host(host).expect("a host of the lab");
    let own = if v6 { IpAddr::V6(host.v6) } else { host.v4.into() };
    match (own, end) {
        (own, None) => own,
        (IpAddr::V4(own), Some(end)) => {
            let [a, b, c, _] = own.octets();
            // 0x66 as 66: the addresses of both families look alike.
            IpAddr::from([a, b, c, format!("{end:x}").parse().expect("an address")])
        }
        (IpAddr::V6(own), Some(end)) => {
            let mut segments = own.segments();
            segments[7] = end;
            segments.into()
        }
    }
}

/// Tries an exchange; true when it arrived and was answered, and false when nothing arrived.
fn attempt(lab: &Lab, (from, (to, end), service, expected): Row, v6: bool) -> Result<bool> {
    let at = address(lab, to, end, from, v6);
    let passes = expected == PASS || expected.starts_with("audit");
    let patience = if passes { PATIENCE } else { SILENCE };
    if from == "router" {
        let network = lab.host(to)?.network;
        let own: IpAddr = if v6 { network.v6.into() } else { network.v4.into() };
        let to = &lab.host(to)?.namespace;
        return match service {
            Tcp(port) => {
                let talk = Conversation::open(&lab.router, own, to, SocketAddr::new(at, port), patience)?;
                talk.map_or(Ok(false), |mut talk| talk.goes_on(PATIENCE))
            }
            Udp(port) => Ok(datagram(&lab.router, own, to, SocketAddr::new(at, port), patience)?.1),
            Echo => icmp::echo(&lab.router, at, patience),
        };
    }
    let there = if to == "router" { &lab.router } else { &lab.host(to)?.namespace };
    let seen = exchange::attempt_within(lab.host(from)?, there, at, service, patience)?;
    assert_eq!(seen.arrived, seen.answered, "{from} to {at} {service}: half a conversation");
    Ok(seen.answered)
}

fn policy() -> PolicyFile {
    let policy = PolicyFile::new(&[POLICY]).expect("a file");
    let camera = router::repository().expect("a repository").join("examples/demo/mud/camera.json");
    policy
        .write_beside("camera.json", &std::fs::read_to_string(camera).expect("the MUD file of the demo"))
        .expect("a file");
    policy
}

/// The lab with one more address in the plant.
fn lab() -> Lab {
    let lab = Lab::new().expect("a lab");
    for address in ["10.40.0.99/24", "fd00:40::99/64"] {
        let nodad = if address.contains(':') { &["nodad"][..] } else { &[] };
        let add = [&["address", "add", address, "dev", HOST_PORT], nodad].concat();
        lab.ot.namespace.run("ip", &add).expect("one more address");
    }
    lab
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn exchanges_end_alike_for_the_same_reasons() {
    let policy = policy();
    for with_enforcer in [true, false] {
        let lab = lab();
        let judge = Judge::start(&lab, policy.path(), with_enforcer);
        let mut wrong = Vec::new();
        for row in ROWS {
            for v6 in [false, true] {
                let before = judge.counted();
                let passed = attempt(&lab, *row, v6).unwrap();
                let reasons = grown(&before, &judge.counted());
                let (from, (to, end), service, expected) = row;
                let reason = expected.replace(' ', "_");
                let passes = *expected == PASS || expected.starts_with("audit");
                // What the router sends and enforcer lets out is counted like the rest.
                if passed != passes || !reasons.contains(&reason) {
                    let end = end.unwrap_or_default();
                    wrong.push(format!(
                        "{from} to {to} {end:x} {service}, IPv6 {v6}: {passed}, {reasons:?}, not {expected}"
                    ));
                }
            }
        }
        assert!(wrong.is_empty(), "with enforcer: {with_enforcer}\n{}", wrong.join("\n"));
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn answers_must_be_listed_where_the_policy_says_so() {
    let text = POLICY.replace("zone = \"iot\"\nmud =", "zone = \"iot\"\nreplies = \"listed\"\nmud =");
    let text = text.replace("[devices.sensor]\n", "[devices.sensor]\nmud = [\"sensor.json\"]\nreplies = \"listed\"\n");
    let policy = policy();
    policy.write(&[&text]).unwrap();
    policy.write_beside("sensor.json", SENSOR).unwrap();
    for with_enforcer in [true, false] {
        let lab = lab();
        let judge = Judge::start(&lab, policy.path(), with_enforcer);
        for at in [IpAddr::from(lab.sensor.v4), lab.sensor.v6.into()] {
            for (port, answered) in [(8000, true), (8001, false)] {
                let before = judge.counted();
                let (own, end) = (lab.office.like(at), SocketAddr::new(at, port));
                let patience = if answered { PATIENCE } else { A_WHILE };
                let (asked, heard) =
                    datagram(&lab.office.namespace, own, &lab.sensor.namespace, end, patience).unwrap();
                let reasons = grown(&before, &judge.counted());
                let said = format!("udp/{port} at {at}, with enforcer: {with_enforcer}: {reasons:?}");
                assert!(asked.is_some(), "{said}");
                assert_eq!(heard, answered, "{said}");
                assert_eq!(reasons.contains(&"mud-from-device".to_owned()), !answered, "{said}");
            }
        }
        // All that the camera's file says is said of both directions.
        assert!(attempt(&lab, ("camera", ("internet", None), Tcp(443), PASS), true).unwrap());
    }
}

/// It is asked at two ports, and may answer from one of them.
const SENSOR: &str = r#"{
  "ietf-mud:mud": {
    "mud-version": 1, "mud-url": "https://sensor.example/s.json", "last-update": "2026-03-01T12:00:00Z", "is-supported": true,
    "from-device-policy": {"access-lists": {"access-list": [{"name": "from4"}, {"name": "from6"}]}},
    "to-device-policy": {"access-lists": {"access-list": [{"name": "to4"}, {"name": "to6"}]}}
  },
  "ietf-access-control-list:acls": {"acl": [
    {"name": "from4", "type": "ipv4-acl-type", "aces": {"ace": [{"name": "answer", "matches": {"ietf-mud:mud": {"local-networks": [null]}, "udp": {"source-port": {"port": 8000}}}, "actions": {"forwarding": "accept"}}]}},
    {"name": "from6", "type": "ipv6-acl-type", "aces": {"ace": [{"name": "answer", "matches": {"ietf-mud:mud": {"local-networks": [null]}, "udp": {"source-port": {"port": 8000}}}, "actions": {"forwarding": "accept"}}]}},
    {"name": "to4", "type": "ipv4-acl-type", "aces": {"ace": [{"name": "asked", "matches": {"ietf-mud:mud": {"local-networks": [null]}, "udp": {"destination-port": {"lower-port": 8000, "upper-port": 8001}}}, "actions": {"forwarding": "accept"}}]}},
    {"name": "to6", "type": "ipv6-acl-type", "aces": {"ace": [{"name": "asked", "matches": {"ietf-mud:mud": {"local-networks": [null]}, "udp": {"destination-port": {"lower-port": 8000, "upper-port": 8001}}}, "actions": {"forwarding": "accept"}}]}}
  ]}
}"#;
