//! An interface of the router that the policy does not name.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use enforcer_tests::conversation::{Conversation, datagram};
use enforcer_tests::exchange::{PATIENCE, SILENCE};
use enforcer_tests::icmp;
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::Router;
use enforcer_tests::wiring;

const STRAY: &str = "stray0";
const STRAY4: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
const STRAY6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x99, 0, 0, 0, 0, 0, 2);

/// Everything is allowed that can be, but for two things.
const RULES: &str = r#"
[[transitions]]
from = "*"
to = "*"
allow = ["any"]
[[transitions]]
from = ["internet", "office", "iot", "ot"]
to = ["router", "same"]
allow = ["any"]
[[guardrails]]
name = "nobody mails"
from = "*"
to = "internet"
deny = ["tcp/25", "udp/25"]
[[guardrails]]
name = "the router leaves the plant alone"
from = "router"
to = "ot"
deny = ["any"]
"#;

const IGNORE: &str = "[router]\nignore = [\"stray0\"]\n";

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nothing_gets_through_from_it() {
    let lab = Lab::new().unwrap();
    let stray = wiring::stray(&lab, STRAY).unwrap();
    let policy = PolicyFile::new(&[ZONES, RULES]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    for host in lab.hosts() {
        for (own, at) in [(IpAddr::from(STRAY4), IpAddr::from(host.v4)), (STRAY6.into(), host.v6.into())] {
            let tcp = Conversation::open(&stray, own, &host.namespace, SocketAddr::new(at, 443), SILENCE).unwrap();
            assert!(tcp.is_none(), "tcp to {}", host.name);
            let (peer, _) = datagram(&stray, own, &host.namespace, SocketAddr::new(at, 5000), SILENCE).unwrap();
            assert_eq!(peer, None, "udp to {}", host.name);
            assert!(!icmp::echo(&stray, at, SILENCE).unwrap(), "echo to {}", host.name);
        }
    }
    let metrics = router.metrics().unwrap();
    // Five hosts, two families, at least one frame for each of three protocols.
    let dropped = metrics.sum("enforcer_packets_total", &[("verdict", "drop"), ("reason", "unknown-zone")]);
    assert!(dropped >= 30.0, "{dropped} dropped as unknown-zone");
    assert_eq!(metrics.sum("enforcer_unnamed_interfaces", &[("interface", STRAY)]), 1.0);
    assert_eq!(router.status().unwrap()["unnamed"], serde_json::json!([STRAY]));
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn one_that_comes_later_is_listed_and_stopped_too() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, RULES]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    assert_eq!(router.status().unwrap()["unnamed"], serde_json::json!([]));
    assert_eq!(router.metrics().unwrap().matching("enforcer_unnamed_interfaces", &[("interface", STRAY)]).count(), 0);
    let stray = wiring::stray(&lab, STRAY).unwrap();
    let end = Instant::now() + Duration::from_secs(5);
    while router.status().unwrap()["unnamed"] != serde_json::json!([STRAY]) {
        assert!(Instant::now() < end, "{}", router.status().unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(router.metrics().unwrap().sum("enforcer_unnamed_interfaces", &[("interface", STRAY)]), 1.0);
    for at in [IpAddr::from(lab.internet.v4), IpAddr::from(lab.internet.v6)] {
        assert!(!icmp::echo(&stray, at, SILENCE).unwrap(), "echo to {at}");
    }
    router.stop().unwrap();
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn one_that_is_ignored_counts_as_the_router() {
    let lab = Lab::new().unwrap();
    let stray = wiring::stray(&lab, STRAY).unwrap();
    let policy = PolicyFile::new(&[ZONES, RULES, IGNORE]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    assert_eq!(router.status().unwrap()["unnamed"], serde_json::json!([]));
    assert_eq!(router.metrics().unwrap().matching("enforcer_unnamed_interfaces", &[("interface", STRAY)]).count(), 0);
    let outside = &lab.internet.namespace;
    for (own, at) in [(IpAddr::from(STRAY4), IpAddr::from(lab.internet.v4)), (STRAY6.into(), lab.internet.v6.into())] {
        let tcp = Conversation::open(&stray, own, outside, SocketAddr::new(at, 443), PATIENCE).unwrap();
        let mut tcp = tcp.unwrap_or_else(|| panic!("tcp to {at}"));
        assert!(tcp.goes_on(PATIENCE).unwrap(), "tcp to {at}");
        let (peer, answered) = datagram(&stray, own, outside, SocketAddr::new(at, 5000), PATIENCE).unwrap();
        assert!(peer.is_some() && answered, "udp to {at}");
        assert!(icmp::echo(&stray, at, PATIENCE).unwrap(), "echo to {at}");
        let mail = Conversation::open(&stray, own, outside, SocketAddr::new(at, 25), SILENCE).unwrap();
        assert!(mail.is_none(), "mail to {at}");
        let (peer, _) = datagram(&stray, own, outside, SocketAddr::new(at, 25), SILENCE).unwrap();
        assert_eq!(peer, None, "mail by udp to {at}");
    }
    for (own, at) in [(IpAddr::from(STRAY4), IpAddr::from(lab.ot.v4)), (STRAY6.into(), lab.ot.v6.into())] {
        let tcp = Conversation::open(&stray, own, &lab.ot.namespace, SocketAddr::new(at, 502), SILENCE).unwrap();
        assert!(tcp.is_none(), "tcp to {at}");
    }
    let metrics = router.metrics().unwrap();
    for (rule, to) in [("nobody mails", "internet"), ("the router leaves the plant alone", "ot")] {
        let labels = [("layer", "guardrail"), ("rule", rule)];
        assert!(metrics.sum("enforcer_rule_packets_total", &labels) >= 2.0, "{rule}");
        let labels = [("from", "router"), ("to", to), ("verdict", "drop"), ("reason", "guardrail")];
        assert!(metrics.sum("enforcer_packets_total", &labels) >= 2.0, "{rule}");
    }
    assert_eq!(metrics.sum("enforcer_packets_total", &[("reason", "unknown-zone")]), 0.0);
    router.stop().unwrap();
}
