//! VLANs and bridges: ports are known by the interfaces that the router really has.

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use enforcer_tests::exchange::{PATIENCE, SILENCE, Service};
use enforcer_tests::frame::{self, Ends};
use enforcer_tests::lab::{HOST_PORT, Lab};
use enforcer_tests::namespace::Namespace;
use enforcer_tests::policy::{PolicyFile, ZONES};
use enforcer_tests::raw::{self, Wire};
use enforcer_tests::rules::Rules;
use enforcer_tests::wiring;

/// Two zones on one interface, told apart by a tag.
const TAGGED: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.plain]
ports = ["iot0"]
[zones.tagged]
ports = ["iot0.30"]
[[transitions]]
from = "plain"
to = "internet"
allow = ["udp/5000"]
[[transitions]]
from = "tagged"
to = "internet"
allow = ["udp/5001"]
"#;

/// Tags, whether the sender speaks from an address of the tagged zone, the port it speaks to, and whether it arrives.
#[rustfmt::skip]
const CASES: &[(&[u16], bool, u16, bool)] = &[
    (&[],   false, 5000, true),
    (&[],   false, 5001, false),
    (&[30], true,  5001, true),
    (&[30], true,  5000, false),
    // What the other port may say.
    (&[30], false, 5000, false),
    (&[],   true,  5001, false),
    (&[31], true,  5001, false),
];

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_vlan_is_the_interface_that_takes_its_tag() {
    let trial = Namespace::new("trial").unwrap();
    if trial.run("ip", &["link", "add", "link", "lo", "name", "v", "type", "vlan", "id", "30"]).is_err() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "export SKIPPED: this kernel has no interfaces for VLANs").unwrap();
        return;
    }
    for ingress in [false, true] {
        let lab = Lab::new().unwrap();
        // Behind routing any name will do; at the entrance rules name the interface of the VLAN, too.
        let vlan = "things";
        let router = &lab.router;
        router.run("ip", &["link", "add", "link", "iot0", "name", vlan, "type", "vlan", "id", "30"]).unwrap();
        router.run("ip", &["address", "add", "10.33.0.1/24", "dev", vlan]).unwrap();
        router.run("ip", &["address", "add", "fd00:33::1/64", "dev", vlan, "nodad"]).unwrap();
        router.run("ip", &["link", "set", vlan, "up"]).unwrap();
        lab.introduce().unwrap();
        let policy = PolicyFile::new(&[TAGGED]).unwrap();
        let load = if ingress { Rules::load_at_ingress } else { Rules::load };
        let rules = load(&lab, policy.path()).unwrap();
        assert!(rules.text.contains("\"things\""), "{}", rules.text);
        let (sender, receiver) = (
            Wire::open(&lab.camera.namespace, HOST_PORT).unwrap(),
            Wire::open(&lab.internet.namespace, HOST_PORT).unwrap(),
        );
        for (tags, tagged, port, arrives) in CASES {
            for to in [IpAddr::from(lab.internet.v4), lab.internet.v6.into()] {
                let own = match (tagged, to) {
                    (false, to) => lab.camera.like(to),
                    (true, IpAddr::V4(_)) => "10.33.0.11".parse().unwrap(),
                    (true, IpAddr::V6(_)) => "fd00:33::11".parse().unwrap(),
                };
                let marker = raw::marker();
                let ends = Ends { mac: (lab.camera.mac, lab.camera.network.mac), ip: (own, to) };
                sender.send(&frame::build(ends, tags, Service::Udp(*port), &marker).unwrap()).unwrap();
                let patience = if *arrives { PATIENCE } else { SILENCE };
                let seen = receiver.await_marked(&marker, patience).unwrap().is_some();
                let said = format!("tags {tags:?}, {own} to udp/{port}, ingress: {ingress}");
                assert_eq!(seen, *arrives, "{said}: {:?}", rules.counted().unwrap());
            }
        }
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn what_a_bridge_would_switch_past_the_rules_is_dropped() {
    let lab = Lab::new().unwrap();
    let (v4, v6) = ("10.30.0.40".parse().unwrap(), "fd00:30::40".parse().unwrap());
    wiring::bridge(&lab, v4, v6).unwrap();
    if Path::new("/proc/sys/net/bridge").is_dir() {
        // Otherwise the other tables see switched frames as well, and are asked first.
        let calls = ["bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"];
        lab.router.sysctl(&calls.map(|name| (name, "0"))).unwrap();
    }
    let policy = PolicyFile::new(&[
        &ZONES.replace("ports = [\"ot0\"]", "ports = [\"ot0\"]\nprefixes = [\"10.30.0.40/32\", \"fd00:30::40/128\"]"),
        "[[transitions]]\nfrom = [\"iot\", \"ot\"]\nto = [\"iot\", \"ot\", \"internet\"]\nallow = [\"any\"]\n",
    ])
    .unwrap();
    let sender = Wire::open(&lab.camera.namespace, HOST_PORT).unwrap();
    let (switched, routed) =
        (Wire::open(&lab.ot.namespace, HOST_PORT).unwrap(), Wire::open(&lab.internet.namespace, HOST_PORT).unwrap());
    lab.introduce().unwrap();
    let try_both = |marker: &[u8]| {
        let across = Ends { mac: (lab.camera.mac, lab.ot.mac), ip: (lab.camera.v4.into(), v4) };
        sender.send(&frame::build(across, &[], Service::Udp(5000), marker).unwrap()).unwrap();
        let seen = switched.await_marked(marker, SILENCE).unwrap().is_some();
        let out =
            Ends { mac: (lab.camera.mac, lab.camera.network.mac), ip: (lab.camera.v4.into(), lab.internet.v4.into()) };
        sender.send(&frame::build(out, &[], Service::Udp(5000), marker).unwrap()).unwrap();
        (seen, routed.await_marked(marker, SILENCE).unwrap().is_some())
    };
    assert!(try_both(&raw::marker()).0, "a bridge switches");
    let rules = Rules::load(&lab, policy.path()).unwrap();
    assert!(rules.text.contains("br0 (iot0, ot0)"), "{}", rules.text);
    assert_eq!(try_both(&raw::marker()), (false, false), "whose port it is cannot be told");
    assert!(rules.bridged().unwrap() > 0);
}
