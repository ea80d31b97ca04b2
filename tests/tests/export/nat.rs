//! Translated addresses: masquerade is judged by the inside host, and of port forwards only those that the policy declares
//! are let in.

use std::net::{IpAddr, SocketAddr};

use enforcer_tests::conversation::Conversation;
use enforcer_tests::exchange::{PATIENCE, SILENCE};
use enforcer_tests::lab::Lab;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::rules::Rules;
use enforcer_tests::wiring;

const POLICY: &str = r#"
[[transitions]]
name = "out"
from = "office"
to = "internet"
allow = ["tcp/443", "tcp/25"]
[[transitions]]
name = "in"
from = "internet"
to = "nas"
allow = ["tcp/443", "tcp/444"]
[[guardrails]]
name = "the router does not mail"
from = "router"
to = "internet"
deny = ["tcp/25"]
[devices.nas]
addresses = ["10.10.0.10", "fd00:10::10"]
zone = "office"
[[forwards]]
at = "internet"
service = "tcp/8443"
to = "nas"
port = 443
"#;

const TRANSLATION: &str = "table ip nat {
    chain out { type nat hook postrouting priority srcnat; oifname \"wan0\" masquerade; }
    chain in { type nat hook prerouting priority dstnat; iifname \"wan0\" tcp dport 8443 dnat to 10.10.0.10:443; \
        iifname \"wan0\" tcp dport 8444 dnat to 10.10.0.10:444; }
}
";

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn translated_connections_are_judged_by_the_inside_host() {
    let lab = Lab::new().unwrap();
    wiring::nft(&lab, TRANSLATION).unwrap();
    let policy = PolicyFile::new(&[ZONES, POLICY]).unwrap();
    let rules = Rules::load(&lab, policy.path()).unwrap();
    let (inside, outside) = (&lab.office, &lab.internet);
    // What the router says in its own name for somebody inside is under its guardrails as well. IPv6 is not translated.
    let out = [(443, true, true), (25, false, true), (80, false, false)];
    for (port, v4, v6) in out {
        for (at, expected) in [(IpAddr::from(outside.v4), v4), (outside.v6.into(), v6)] {
            let end = SocketAddr::new(at, port);
            let patience = if expected { PATIENCE } else { SILENCE };
            let talk =
                Conversation::open(&inside.namespace, inside.like(at), &outside.namespace, end, patience).unwrap();
            assert_eq!(talk.is_some(), expected, "to {end}: {:?}", rules.counted().unwrap());
            if let Some(mut talk) = talk {
                assert!(talk.goes_on(PATIENCE).unwrap(), "to {end}");
            }
        }
    }
    for (port, inner, expected) in [(8443, 443, true), (8444, 444, false)] {
        let listener = inside.namespace.inside(|| Ok(std::net::TcpListener::bind((inside.v4, inner))?)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let own = SocketAddr::new(outside.v4.into(), 0);
        let at = SocketAddr::new(outside.network.v4.into(), port);
        let patience = if expected { PATIENCE } else { SILENCE };
        let connected =
            outside.namespace.inside(|| enforcer_tests::exchange::tcp_connect(own, at, patience)).unwrap().is_some();
        assert_eq!(connected, expected, "{port}: {:?}", rules.counted().unwrap());
    }
    // Without translation the same host is reached as the transition says, whatever is forwarded.
    let end = SocketAddr::new(inside.v6.into(), 444);
    let talk = Conversation::open(&outside.namespace, outside.v6, &inside.namespace, end, PATIENCE).unwrap();
    assert!(talk.is_some(), "to {end}: {:?}", rules.counted().unwrap());
}
