//! A small site: an uplink, an office, things on a VLAN of a trunk, and cells on two ports.

use etherparse::{PacketBuilder, VlanId};

use crate::compile::compile;
use crate::compile::image::{Image, Names};
use crate::policy::facts::Facts;
use crate::policy::model::{Device, Policy, Port, Router, Unknown, Zone, ZoneId};
use crate::replay::sketch::Mac;

pub(super) const ROUTER: Mac = [2, 0, 0, 0, 0, 1];
pub(super) const CAMERA: Mac = [2, 0, 0, 0, 0x30, 0x11];
pub(super) const OTHER: Mac = [2, 0, 0, 0, 0, 9];
pub(super) const GATEWAY: Mac = [2, 0, 0, 0, 0, 0xfe];

/// A zone by name, ports (`lan0.30`) and prefixes; none are `connected`.
fn zone(name: &str, ports: &[&str], prefixes: &[&str]) -> Zone {
    Zone {
        name: name.into(),
        ports: ports.iter().map(|port| self::port(port)).collect(),
        connected: prefixes.is_empty(),
        prefixes: prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect(),
        unknown: Unknown::Allow,
        audit: false,
        essentials: true,
        place: None,
    }
}

fn port(name: &str) -> Port {
    let mut parts = name.split('.');
    Port {
        name: name.into(),
        interface: parts.next().unwrap().into(),
        vlans: parts.map(|vlan| vlan.parse().unwrap()).collect(),
    }
}

pub(super) fn policy() -> Policy {
    let mut router = Router::default();
    for (port, address) in [
        ("lan0.20", "10.20.0.1/16"),
        ("lan0.30", "10.30.0.1/16"),
        ("lan0.30", "fd00:30::1/64"),
        ("lan1", "10.40.1.1/24"),
        ("lan2", "10.40.2.1/24"),
        ("wan0", "203.0.113.2/30"),
    ] {
        let addresses: &mut Vec<_> = router.addresses.entry(port.into()).or_default();
        addresses.push(address.parse().unwrap());
    }
    Policy {
        zones: vec![
            zone("cells", &["lan1", "lan2"], &[]),
            zone("internet", &["wan0"], &["0.0.0.0/0", "::/0"]),
            zone("iot", &["lan0.30"], &[]),
            zone("office", &["lan0.20"], &[]),
            zone("router", &[], &[]),
        ],
        router_zone: ZoneId(4),
        devices: vec![Device {
            name: "lobby-camera".into(),
            mac: Some(CAMERA),
            addresses: vec!["10.30.0.11".parse().unwrap()],
            zone: ZoneId(2),
            profiles: vec![],
            my_controllers: vec![],
            replies_listed: false,
            audit: false,
            place: None,
        }],
        transitions: vec![],
        guardrails: vec![],
        forwards: vec![],
        controllers: Default::default(),
        names: Default::default(),
        router,
        profiles: vec![],
    }
}

pub(super) fn facts() -> Facts {
    Facts::declared(&policy())
}

/// The policy, compiled.
pub(super) fn image() -> Image {
    compile(&policy(), &facts()).unwrap()
}

/// The names in it.
pub(super) fn names() -> Names {
    image().names
}

/// A UDP datagram over IPv4.
pub(super) fn udp(mac: Mac, source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(mac, ROUTER)
        .ipv4(source, destination, 64)
        .udp(4000, 53)
        .write(&mut bytes, &[0; 18])
        .unwrap();
    bytes
}

/// The same with a tag.
pub(super) fn tagged(vlan: u16, mac: Mac, source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(mac, ROUTER)
        .single_vlan(VlanId::try_new(vlan).unwrap())
        .ipv4(source, destination, 64)
        .udp(4000, 53)
        .write(&mut bytes, &[0; 18])
        .unwrap();
    bytes
}

/// A UDP datagram over IPv6.
pub(super) fn udp6(mac: Mac, source: &str, destination: &str) -> Vec<u8> {
    let address = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(mac, ROUTER)
        .ipv6(address(source), address(destination), 64)
        .udp(4000, 53)
        .write(&mut bytes, &[0; 18])
        .unwrap();
    bytes
}
