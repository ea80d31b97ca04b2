//! Addresses of the router that come and go while it enforces.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use enforcer_tests::conversation::Conversation;
use enforcer_tests::exchange::{PATIENCE, SILENCE};
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::router::Router;

const WEB: &str = r#"
[[transitions]]
from = "office"
to = "internet"
allow = ["tcp/443"]
[management]
from = ["office"]
allow = ["tcp/22"]
"#;

/// Waits until another generation is in force than `before`; tells which.
fn next_generation(router: &Router<'_>, before: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let generation = router.status().unwrap()["generation"].as_u64().unwrap();
        if generation != before {
            return generation;
        }
        assert!(Instant::now() < end, "still generation {before}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_new_prefix_of_a_port_belongs_to_its_zone() {
    let lab = Lab::new().unwrap();
    let policy = PolicyFile::new(&[ZONES, WEB]).unwrap();
    let router = Router::start(&lab, policy.path()).unwrap();
    let office = &lab.office.namespace;
    for (own, length, gateway) in [("10.11.0.10", 24, "10.11.0.1"), ("fd00:11::10", 64, "fd00:11::1")] {
        office.run("ip", &["address", "add", &format!("{own}/{length}"), "dev", HOST_PORT, "nodad"]).unwrap();
        let own: IpAddr = own.parse().unwrap();
        let outside = if own.is_ipv4() { IpAddr::from(lab.internet.v4) } else { lab.internet.v6.into() };
        let gateway: IpAddr = gateway.parse().unwrap();
        let reaches = |to, at, port, patience| {
            let at = SocketAddr::new(at, port);
            let talk = Conversation::open(office, own, to, at, patience).unwrap();
            talk.is_some_and(|mut talk| talk.goes_on(patience).unwrap())
        };
        assert!(!reaches(&lab.internet.namespace, outside, 443, SILENCE), "{own} is nobody's yet");

        let before = router.status().unwrap()["generation"].as_u64().unwrap();
        let network = format!("{gateway}/{length}");
        lab.router.run("ip", &["address", "add", &network, "dev", "office0", "nodad"]).unwrap();
        let with = next_generation(&router, before);
        assert!(reaches(&lab.internet.namespace, outside, 443, PATIENCE), "{own} to {outside}");
        assert!(reaches(&lab.router, gateway, 22, PATIENCE), "the new address is the router");
        assert!(!reaches(&lab.router, gateway, 80, SILENCE), "the new address is the router");

        lab.router.run("ip", &["address", "del", &network, "dev", "office0"]).unwrap();
        next_generation(&router, with);
        assert!(!reaches(&lab.internet.namespace, outside, 443, SILENCE), "{own} is nobody's again");
    }
    assert_eq!(router.status().unwrap()["last_reload"]["by"], "interfaces");
    router.stop().unwrap();
}
