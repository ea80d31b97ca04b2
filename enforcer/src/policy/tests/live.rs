//! Live interfaces as ports of a policy.

use super::{folder, one_finding};
use crate::policy::facts::{Interface, Live};
use crate::policy::{Loaded, load};

fn interface(index: u32, name: &str, addresses: &[&str]) -> Interface {
    Interface {
        name: name.to_owned(),
        index,
        addresses: addresses.iter().map(|net| net.parse().unwrap()).collect(),
        ..Interface::default()
    }
}

/// lan1 and lan2 in a bridge with an address and a VLAN on it, and a VLAN on wan0.
fn live() -> Live {
    let member = |index, name| Interface { master: Some("br0".to_owned()), ..interface(index, name, &[]) };
    let vlan = |index, name, lower: &str, id, address: &str| Interface {
        lower: Some(lower.to_owned()),
        vlan: Some(id),
        ..interface(index, name, &[address])
    };
    Live {
        interfaces: vec![
            Interface { loopback: true, ..interface(1, "lo", &["127.0.0.1/8"]) },
            interface(2, "wan0", &["192.0.2.9/24", "fe80::9/64"]),
            member(3, "lan1"),
            member(4, "lan2"),
            interface(5, "br0", &["10.1.0.1/16", "fd00:1::1/64"]),
            vlan(6, "guests", "br0", 30, "10.30.0.1/16"),
            vlan(7, "wan0.7", "wan0", 7, "198.51.100.2/30"),
        ],
    }
}

fn loaded(text: &str) -> Loaded {
    let folder = folder(&[("policy.toml", text)]);
    load(folder.path(), Some(&live())).unwrap_or_else(|report| panic!("{report}"))
}

const POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0", "wan0.7"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.lan]
ports = ["lan1", "lan2"]
[zones.guests]
ports = ["lan1.30"]
[zones.far]
ports = ["far0"]
[[transitions]]
from = "*"
to = "internet"
allow = ["any"]
[management]
from = "lan"
allow = ["tcp/22"]
[router]
addresses = { far0 = ["10.99.0.1/16"], lan1 = ["10.66.0.1/16"] }
"#;

#[test]
fn addresses_of_ports_are_those_of_their_vlans_and_bridges() {
    let facts = loaded(POLICY).facts;
    let of = |port: &str| -> Vec<String> {
        let nets = facts.addresses[port].iter();
        nets.map(ToString::to_string).collect()
    };
    assert_eq!(of("lan1"), ["10.1.0.1/16", "fd00:1::1/64"], "live tells, not the file");
    assert_eq!(of("lan1.30"), ["10.30.0.1/16"]);
    assert_eq!(of("wan0"), ["192.0.2.9/24", "fe80::9/64"]);
    assert_eq!(of("wan0.7"), ["198.51.100.2/30"]);
    assert_eq!(of("far0"), ["10.99.0.1/16"], "no live interface tells");
}

#[test]
fn ports_that_do_not_exist_here_are_told() {
    let warnings = loaded(POLICY).warnings;
    one_finding(POLICY, &warnings, ("no interface `far0` here", "policy.toml:11", ""));
}

#[test]
fn interfaces_that_nobody_named_are_told() {
    let policy = "version = 1\n[zones.lan]\nports = [\"lan1\"]\n[[transitions]]\nfrom = \"lan\"\nto = \"same\"\nallow = [\"any\"]\n[management]\nfrom = \"lan\"\nallow = [\"tcp/22\"]\n[router]\nignore = [\"wan0\"]";
    let warnings = loaded(policy).warnings;
    one_finding(policy, &warnings, ("interface `lan2` is in no zone", "", "ignore = [\"lan2\"]"));
}

#[test]
fn a_policy_of_another_machine_says_nothing_about_this_one() {
    let policy = "version = 1\n[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.0.0.0/8\"]\n[[transitions]]\nfrom = \"x\"\nto = \"same\"\nallow = [\"any\"]\n[management]\nfrom = \"x\"\nallow = [\"tcp/22\"]";
    assert!(loaded(policy).warnings.is_empty());
}
