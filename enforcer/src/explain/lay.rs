//! The lay of the land: who has an address or a MAC by the policy, and where it is reached.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::site::Site;
use crate::policy::facts::Facts;
use crate::policy::model::{Device, Policy, Port, Zone, ZoneId};

/// The policy and the router's addresses, to be looked up in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lay<'s> {
    pub(super) policy: &'s Policy,
    pub(super) facts: &'s Facts,
}

impl<'s> Lay<'s> {
    pub(super) fn of(site: &'s Site) -> Lay<'s> {
        Lay { policy: &site.loaded.policy, facts: &site.loaded.facts }
    }

    pub(super) fn zone(&self, name: &str) -> Option<&'s Zone> {
        self.policy.zones.iter().find(|zone| zone.name == name)
    }

    pub(super) fn device(&self, name: &str) -> Option<&'s Device> {
        self.policy.devices.iter().find(|device| device.name == name)
    }

    pub(super) fn zone_of_device(&self, device: &Device) -> &'s Zone {
        &self.policy.zones[device.zone.0]
    }

    /// The device that lists an address.
    pub(super) fn device_of(&self, address: IpAddr) -> Option<&'s Device> {
        self.policy.devices.iter().find(|device| device.addresses.contains(&address))
    }

    pub(super) fn device_of_mac(&self, mac: [u8; 6]) -> Option<&'s Device> {
        self.policy.devices.iter().find(|device| device.mac == Some(mac))
    }

    /// The zone with the longest prefix that holds an address.
    pub(super) fn zone_of(&self, address: IpAddr) -> Option<&'s Zone> {
        let zones = self.policy.zones.iter();
        let prefixes = zones.flat_map(|zone| self.facts.prefixes_of(zone).into_iter().map(move |net| (net, zone)));
        let holding = prefixes.filter(|(net, _)| net.contains(&address));
        holding.max_by_key(|(net, _)| net.prefix_len()).map(|(_, zone)| zone)
    }

    /// The zone whose prefixes come nearest to an address that is in none: an uplink where nothing is near.
    pub(super) fn zone_near(&self, address: IpAddr) -> Option<&'s Zone> {
        let near = |zone: &&Zone| {
            let shared = self.facts.prefixes_of(zone).into_iter().map(|net| shared_bits(net, address));
            shared.max().filter(|bits| *bits >= if address.is_ipv4() { 8 } else { 16 })
        };
        let nearest = self.policy.zones.iter().filter(|zone| near(zone).is_some()).max_by_key(near);
        nearest.or_else(|| self.policy.zones.iter().find(|zone| zone.is_uplink()))
    }

    /// The zones that a port is in.
    pub(super) fn zones_at(&self, port: &str) -> Vec<&'s Zone> {
        let at = |zone: &&Zone| zone.ports.iter().any(|own| own.name == port);
        self.policy.zones.iter().filter(at).collect()
    }

    pub(super) fn ports(&self) -> impl Iterator<Item = (&'s Port, &'s Zone)> {
        self.policy.zones.iter().flat_map(|zone| zone.ports.iter().map(move |port| (port, zone)))
    }

    /// The port of a zone by which an address is reached: where its network is, else the first.
    pub(super) fn port_of(&self, zone: &'s Zone, address: Option<IpAddr>) -> Option<&'s Port> {
        let reaches = |port: &&Port| address.is_some_and(|address| self.is_connected(&port.name, address));
        zone.ports.iter().find(reaches).or_else(|| zone.ports.first())
    }

    /// True for an address in one of the router's own networks on a port.
    pub(super) fn is_connected(&self, port: &str, address: IpAddr) -> bool {
        self.facts.addresses.get(port).is_some_and(|nets| nets.iter().any(|net| net.contains(&address)))
    }

    /// True for an address of the router.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        self.facts.addresses.values().flatten().any(|net| net.addr() == address)
    }

    /// An address of the router, on that port where it has one.
    pub(super) fn own(&self, port: Option<&str>, four: bool) -> Option<IpAddr> {
        let fits = |net: &&IpNet| net.addr().is_ipv4() == four && !is_link_local(net.addr());
        let here = port.and_then(|port| self.facts.addresses.get(port)).into_iter().flatten();
        here.chain(self.facts.addresses.values().flatten()).find(fits).map(IpNet::addr)
    }

    /// An address in a zone that is nobody's in particular.
    pub(super) fn somebody_in(&self, zone: &Zone, four: bool) -> Option<IpAddr> {
        let id = self.policy.zones.iter().position(|other| other.name == zone.name).map(ZoneId);
        let prefixes = self.facts.prefixes_of(zone).into_iter().filter(|net| net.addr().is_ipv4() == four);
        let candidates = prefixes.flat_map(|net| match net.prefix_len() {
            0 => examples(four),
            _ => hosts(net),
        });
        let named: Vec<IpAddr> =
            self.policy.controllers.values().chain(self.policy.names.values()).flatten().copied().collect();
        let broadcasts: Vec<IpAddr> = self.facts.broadcasts().collect();
        let mut free = candidates.filter(|address| {
            self.zone_of(*address).map(|zone| &zone.name) == id.map(|id| &self.policy.zones[id.0].name)
                && self.device_of(*address).is_none()
                && !self.is_own(*address)
                && !named.contains(address)
                && !broadcasts.contains(address)
        });
        free.next()
    }

    /// A MAC that no device has.
    pub(super) fn unlisted_mac(&self, last: u8) -> [u8; 6] {
        let mut candidates = (0..=255).map(|fifth| [2, 0, 0, 0xee, fifth, last]);
        candidates.find(|mac| self.device_of_mac(*mac).is_none()).unwrap_or([2, 0, 0, 0xee, 0, last])
    }

    /// A name that no zone and no device has.
    pub(super) fn unused_name(&self, wanted: &str) -> String {
        let free = |name: &String| self.zone(name).is_none() && self.device(name).is_none();
        let numbered = (2..1000).map(|number| format!("{wanted}-{number}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(free).unwrap_or_else(|| wanted.to_owned())
    }
}

/// Addresses for documentation, which stand for any on the internet.
fn examples(four: bool) -> Vec<IpAddr> {
    let examples: [&str; 6] =
        ["198.51.100.10", "203.0.113.210", "192.0.2.10", "2001:db8:ffff::10", "3fff::10", "2001:db8::10"];
    let parsed = examples.iter().filter_map(|text| text.parse::<IpAddr>().ok());
    parsed.filter(|address| address.is_ipv4() == four).collect()
}

/// Some hosts of a network: not the first ones, which routers like to have.
fn hosts(net: IpNet) -> Vec<IpAddr> {
    const OFFSETS: [u32; 14] = [100, 101, 102, 150, 200, 50, 20, 10, 5, 4, 3, 2, 1, 0];
    let at = |offset: u32| match net.network() {
        IpAddr::V4(first) => u32::from(first).checked_add(offset).map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        IpAddr::V6(first) => u128::from(first).checked_add(u128::from(offset)).map(|bits| IpAddr::V6(bits.into())),
    };
    let end = |address: &IpAddr| match net {
        IpNet::V4(net) => {
            net.prefix_len() < 31 && (*address == IpAddr::V4(net.network()) || *address == IpAddr::V4(net.broadcast()))
        }
        IpNet::V6(_) => false,
    };
    OFFSETS.into_iter().filter_map(at).filter(|address| net.contains(address) && !end(address)).collect()
}

fn shared_bits(net: IpNet, address: IpAddr) -> u8 {
    let shared = match (net.network(), address) {
        (IpAddr::V4(net), IpAddr::V4(address)) => (u32::from(net) ^ u32::from(address)).leading_zeros(),
        (IpAddr::V6(net), IpAddr::V6(address)) => (u128::from(net) ^ u128::from(address)).leading_zeros(),
        _ => 0,
    };
    (shared as u8).min(net.prefix_len())
}

/// 169.254.0.0/16 and fe80::/10.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// True for the address of many.
pub(super) fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// An address as a prefix of its own.
pub(super) fn alone(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

/// A MAC as it is written.
pub(super) fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
