//! What stands in the policy about places and addresses, as tables: who has an address or a MAC, which port tags lead to.
//!
//! Nothing here decides; it is the policy, turned round so that looking up one name does not mean reading all of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::packet::Mac;
use crate::policy::facts::Facts;
use crate::policy::model::{DeviceId, Policy, Port, ZoneId};

/// Index into [`Ground::ports`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PortId(pub(super) usize);

/// A port, and the zones that it is in.
#[derive(Debug)]
pub(super) struct PortOf<'p> {
    pub(super) port: &'p Port,
    pub(super) zones: Vec<ZoneId>,
}

/// VLAN IDs from the outermost inwards; 0 where there is none.
type Tags = [u16; 2];

/// The policy, turned round.
#[derive(Debug)]
pub(super) struct Ground<'p> {
    pub(super) policy: &'p Policy,
    /// In the order of their names.
    pub(super) ports: Vec<PortOf<'p>>,
    /// By name of an interface or of a port: which tags lead to which port there.
    places: HashMap<&'p str, HashMap<Tags, PortId>>,
    macs: HashMap<Mac, DeviceId>,
    addresses: HashMap<IpAddr, DeviceId>,
    prefixes: HashMap<IpNet, ZoneId>,
    /// Prefix lengths in use, the longest first.
    lengths: BTreeSet<std::cmp::Reverse<u8>>,
    own: HashSet<IpAddr>,
    /// The router's link-local addresses, each on its port.
    own_link_local: HashSet<(Option<PortId>, IpAddr)>,
    /// The broadcast addresses of the router's own networks.
    broadcasts: HashSet<Ipv4Addr>,
}

impl<'p> Ground<'p> {
    pub(super) fn of(policy: &'p Policy, facts: &Facts) -> Ground<'p> {
        let mut ground = Ground {
            policy,
            ports: ports(policy),
            places: HashMap::new(),
            macs: HashMap::new(),
            addresses: HashMap::new(),
            prefixes: HashMap::new(),
            lengths: BTreeSet::new(),
            own: HashSet::new(),
            own_link_local: HashSet::new(),
            broadcasts: HashSet::new(),
        };
        ground.enter_places();
        for (id, device) in policy.devices.iter().enumerate() {
            ground.macs.extend(device.mac.map(|mac| (mac, DeviceId(id))));
            ground.addresses.extend(device.addresses.iter().map(|address| (*address, DeviceId(id))));
        }
        for (id, zone) in policy.zones.iter().enumerate() {
            for prefix in facts.prefixes_of(zone) {
                ground.lengths.insert(std::cmp::Reverse(prefix.prefix_len()));
                ground.prefixes.insert(prefix, ZoneId(id));
            }
        }
        for (name, networks) in &facts.addresses {
            let port = ground.ports.iter().position(|of| of.port.name == *name).map(PortId);
            for network in networks {
                ground.enter_own(port, network);
            }
        }
        ground
    }

    fn enter_own(&mut self, port: Option<PortId>, network: &IpNet) {
        let address = network.addr();
        if !is_link_local(&address) {
            self.own.insert(address);
        } else {
            self.own_link_local.insert((port, address));
        }
        // Networks of one or two addresses have no broadcast (RFC 3021).
        if let IpNet::V4(network) = network
            && network.prefix_len() < 31
        {
            self.broadcasts.insert(network.broadcast());
        }
    }

    /// An interface shows the tags of its ports. Under the name of a VLAN its frames come without that VLAN's own tags,
    /// as its device on the router shows them, or still with them.
    fn enter_places(&mut self) {
        for (id, of) in self.ports.iter().enumerate() {
            let tags = self.places.entry(&of.port.name).or_default();
            for (inner, candidate) in self.ports.iter().enumerate() {
                if candidate.port.interface == of.port.interface
                    && let Some(rest) = candidate.port.vlans.strip_prefix(of.port.vlans.as_slice())
                {
                    tags.insert(padded(rest), PortId(inner));
                }
            }
            tags.entry(padded(&of.port.vlans)).or_insert(PortId(id));
        }
        let names: HashSet<&str> = self.ports.iter().map(|of| of.port.name.as_str()).collect();
        for (id, of) in self.ports.iter().enumerate() {
            let interface = of.port.interface.as_str();
            if !names.contains(interface) {
                self.places.entry(interface).or_default().insert(padded(&of.port.vlans), PortId(id));
            }
        }
    }

    /// The port that tags lead to at an interface, or at the port of that name.
    pub(super) fn port_at(&self, place: &str, vlans: [u16; 2]) -> Option<PortId> {
        self.places.get(place)?.get(&vlans).copied()
    }

    /// True for an interface that ports stand on.
    pub(super) fn is_judged(&self, interface: &str) -> bool {
        self.places.contains_key(interface)
    }

    /// True for an interface that is left alone on purpose.
    pub(super) fn is_ignored(&self, interface: &str) -> bool {
        self.policy.router.ignore.iter().any(|ignored| ignored == interface)
    }

    /// The port by which something entered that leaves with these tags: they tell it, else there is but one.
    pub(super) fn entered_by(&self, interface: &str, vlans: [u16; 2]) -> Option<&PortOf<'p>> {
        let mut standing = self.ports.iter().filter(|of| of.port.interface == interface);
        match (self.port_at(interface, vlans), standing.next(), standing.next()) {
            (Some(port), ..) => Some(self.port(port)),
            (None, only, None) => only,
            (None, ..) => None,
        }
    }

    pub(super) fn port_name(&self, id: PortId) -> &'p str {
        &self.port(id).port.name
    }

    pub(super) fn port(&self, id: PortId) -> &PortOf<'p> {
        &self.ports[id.0]
    }

    pub(super) fn device_of_mac(&self, mac: &Mac) -> Option<DeviceId> {
        self.macs.get(mac).copied()
    }

    /// The device that lists an address.
    pub(super) fn device_of(&self, address: &IpAddr) -> Option<DeviceId> {
        self.addresses.get(address).copied()
    }

    /// The zone with the longest prefix that holds an address.
    pub(super) fn zone_of(&self, address: &IpAddr) -> Option<ZoneId> {
        self.lengths.iter().find_map(|length| {
            let network = IpNet::new(*address, length.0).ok()?.trunc();
            self.prefixes.get(&network).copied()
        })
    }

    /// True for an address of the router itself, as seen at this port: IPv4 is taken by any interface, addresses of an IPv6
    /// link by their own.
    pub(super) fn is_own(&self, port: PortId, address: &IpAddr) -> bool {
        self.own.contains(address)
            || self.own_link_local.contains(&(Some(port), *address))
            || address.is_ipv4() && self.is_own_anywhere(address)
    }

    /// True for an address of the router itself at any of its ports.
    pub(super) fn is_own_anywhere(&self, address: &IpAddr) -> bool {
        self.own.contains(address) || self.own_link_local.iter().any(|(_, own)| own == address)
    }

    /// True for the broadcast address of one of the router's networks.
    pub(super) fn is_directed_broadcast(&self, address: &IpAddr) -> bool {
        matches!(address, IpAddr::V4(address) if self.broadcasts.contains(address))
    }

    /// True where the whole policy is in audit: only then the built-in zone is.
    pub(super) fn all_in_audit(&self) -> bool {
        self.policy.zones[self.policy.router_zone.0].audit
    }

    /// True where every zone of a port is in audit.
    pub(super) fn port_in_audit(&self, port: PortId) -> bool {
        self.port(port).zones.iter().all(|zone| self.policy.zones[zone.0].audit)
    }
}

fn ports(policy: &Policy) -> Vec<PortOf<'_>> {
    let mut ports: Vec<PortOf<'_>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (id, zone) in policy.zones.iter().enumerate() {
        for port in &zone.ports {
            let at = *known.entry(&port.name).or_insert_with(|| {
                ports.push(PortOf { port, zones: Vec::new() });
                ports.len() - 1
            });
            ports[at].zones.push(ZoneId(id));
        }
    }
    ports.sort_by(|a, b| a.port.name.cmp(&b.port.name));
    ports
}

fn padded(vlans: &[u16]) -> Tags {
    [vlans.first().copied().unwrap_or(0), vlans.get(1).copied().unwrap_or(0)]
}

/// 169.254.0.0/16 and fe80::/10.
fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// True for an address that means nothing beyond its link: link-local, `::`, 0.0.0.0. It belongs to the port.
pub(super) fn belongs_to_port(address: &IpAddr) -> bool {
    address.is_unspecified() || is_link_local(address)
}

/// True for the address of many: multicast, and broadcast to everybody.
pub(super) fn is_group(address: &IpAddr) -> bool {
    address.is_multicast() || *address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// True for an address that no host on a network has: loopback, reserved, IPv4 in disguise, site-local.
pub(super) fn is_impossible(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            !address.is_unspecified() && (matches!(first, 0 | 127) || (first >= 240 && !address.is_broadcast()))
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            let disguised = matches!(segments, [0, 0, 0, 0, 0, 0 | 0xffff, ..]);
            let site_local = segments[0] & 0xffc0 == 0xfec0;
            !address.is_unspecified() && (disguised || site_local)
        }
    }
}
