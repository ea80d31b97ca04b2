//! What `enforcer init` writes.

use super::folder;
use crate::policy::facts::{Interface, Live};
use crate::policy::first::{self, Session};
use crate::policy::{Loaded, load};

fn interface(index: u32, name: &str, kind: Option<&str>, addresses: &[&str]) -> Interface {
    Interface {
        name: name.to_owned(),
        index,
        kind: kind.map(str::to_owned),
        addresses: addresses.iter().map(|net| net.parse().unwrap()).collect(),
        ..Interface::default()
    }
}

fn router() -> Live {
    let member = |index, name: &str, kind, master: &str| Interface {
        master: Some(master.to_owned()),
        ..interface(index, name, kind, &[])
    };
    let vlan = |index, name: &str, lower: &str, id, addresses: &[&str]| Interface {
        lower: Some(lower.to_owned()),
        vlan: Some(id),
        ..interface(index, name, Some("vlan"), addresses)
    };
    Live {
        interfaces: vec![
            Interface { loopback: true, ..interface(1, "lo", None, &["127.0.0.1/8", "::1/128"]) },
            Interface { default_route: true, ..interface(2, "wan0", None, &["192.0.2.9/24", "2001:db8::9/64"]) },
            member(3, "lan1", None, "br0"),
            member(4, "lan2", None, "br0"),
            interface(5, "br0", Some("bridge"), &["10.1.0.1/16", "fd00:1::1/64"]),
            vlan(6, "guests", "br0", 30, &["10.30.0.1/16", "fd00:30::1/64"]),
            interface(7, "lan3", None, &["fe80::3/64"]),
            vlan(8, "lan3.40", "lan3", 40, &["10.40.0.1/16"]),
            interface(9, "docker0", Some("bridge"), &["172.17.0.1/16"]),
            member(10, "veth12ab", Some("veth"), "docker0"),
            interface(11, "wg0", Some("wireguard"), &["10.8.0.1/24"]),
            interface(12, "router", None, &["10.9.0.1/24"]),
        ],
    }
}

fn accepted(text: &str, live: &Live) -> Loaded {
    let folder = folder(&[("policy.toml", text)]);
    load(folder.path(), Some(live)).unwrap_or_else(|report| panic!("{text}\n{report}"))
}

#[test]
fn passes_its_own_check_and_covers_every_interface() {
    let live = router();
    let text = first::policy(&live, None);
    let Loaded { policy, warnings, .. } = accepted(&text, &live);
    // The docker bridge's member belongs to what is ignored.
    assert!(warnings.is_empty(), "{text}\n{warnings}");
    let zones: Vec<(&str, Vec<&str>)> = policy
        .zones
        .iter()
        .map(|zone| {
            let ports = zone.ports.iter().map(|port| port.name.as_str());
            (zone.name.as_str(), ports.collect())
        })
        .collect();
    let expected = [
        ("br0", vec!["lan1", "lan2"]),
        ("guests", vec!["lan1.30", "lan2.30"]),
        ("internet", vec!["wan0"]),
        ("lan3.40", vec!["lan3.40"]),
        ("router", vec![]),
        ("router-zone", vec!["router"]),
        ("wg0", vec!["wg0"]),
    ];
    assert_eq!(zones, expected);
    assert!(policy.zones.iter().all(|zone| zone.audit));
    assert_eq!(policy.router.ignore, ["docker0"]);
}

#[test]
fn management_is_from_where_the_session_comes_from() {
    let live = router();
    let session = Session { address: "10.30.0.1".parse().unwrap(), port: 2222 };
    let text = first::policy(&live, Some(session));
    let policy = accepted(&text, &live).policy;
    let management = policy.transitions.iter().find(|rule| rule.name == "management");
    let from = &management.unwrap().from.zones;
    assert_eq!(policy.zones[from[0].0].name, "guests");
    assert!(text.contains("tcp/2222"), "{text}");
}

#[test]
fn machines_with_one_side_or_none() {
    let mut live = router();
    live.interfaces.truncate(2);
    let text = first::policy(&live, None);
    assert!(text.contains("from = [\"internet\"]\nallow = [\"tcp/22\"]"), "{text}");
    accepted(&text, &live);
    live.interfaces.truncate(1);
    accepted(&first::policy(&live, None), &live);
}
