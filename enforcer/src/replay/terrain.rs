//! Which zone an address or a device belongs to, and by which ports of the policy a zone is reached.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use super::sketch::Mac;
use crate::compile::image::Names;
use crate::policy::facts::Facts;
use crate::policy::model::{Policy, ZoneId};

/// The policy as the choice of a port needs it. Ports go by their numbers in the image.
#[derive(Debug)]
pub(super) struct Terrain {
    /// Ports of each zone, in the order of their names.
    ports: Vec<Vec<u32>>,
    uplinks: Vec<bool>,
    macs: HashMap<Mac, ZoneId>,
    hosts: HashMap<IpAddr, ZoneId>,
    prefixes: HashMap<IpNet, ZoneId>,
    /// Prefix lengths in use, the longest first.
    lengths: BTreeSet<std::cmp::Reverse<u8>>,
    /// The router's own addresses and the port that each stands on.
    own: HashMap<IpAddr, u32>,
    /// Networks of the router's own interfaces, by port.
    networks: Vec<(IpNet, u32)>,
}

impl Terrain {
    /// Reads it from the policy.
    pub(super) fn of(policy: &Policy, facts: &Facts, names: &Names) -> Terrain {
        let numbers: HashMap<&str, u32> = names.ports.iter().map(|port| port.name.as_str()).zip(0..).skip(1).collect();
        let mut terrain = Terrain {
            ports: Vec::new(),
            uplinks: policy.zones.iter().map(|zone| zone.is_uplink()).collect(),
            macs: HashMap::new(),
            hosts: HashMap::new(),
            prefixes: HashMap::new(),
            lengths: BTreeSet::new(),
            own: HashMap::new(),
            networks: Vec::new(),
        };
        for (index, zone) in policy.zones.iter().enumerate() {
            let ports = zone.ports.iter().filter_map(|port| numbers.get(port.name.as_str()));
            terrain.ports.push(ports.copied().collect());
            for prefix in facts.prefixes_of(zone) {
                terrain.lengths.insert(std::cmp::Reverse(prefix.prefix_len()));
                terrain.prefixes.insert(prefix, ZoneId(index));
            }
        }
        for device in &policy.devices {
            terrain.macs.extend(device.mac.map(|mac| (mac, device.zone)));
            let hosts = device.addresses.iter().map(|address| (*address, device.zone));
            terrain.hosts.extend(hosts);
        }
        for (port, nets) in &facts.addresses {
            let Some(number) = numbers.get(port.as_str()) else {
                continue;
            };
            for net in nets {
                terrain.own.insert(net.addr(), *number);
                terrain.networks.push((net.trunc(), *number));
            }
        }
        terrain
    }

    /// The zone of a listed device by its MAC.
    pub(super) fn zone_of_mac(&self, mac: &Mac) -> Option<ZoneId> {
        self.macs.get(mac).copied()
    }

    /// The zone of an address: a device's, or that of the longest prefix.
    pub(super) fn zone_of(&self, address: &IpAddr) -> Option<ZoneId> {
        if let Some(zone) = self.hosts.get(address) {
            return Some(*zone);
        }
        self.lengths.iter().find_map(|length| {
            let network = IpNet::new(*address, length.0).ok()?.trunc();
            self.prefixes.get(&network).copied()
        })
    }

    /// The port that one of the router's own addresses stands on.
    pub(super) fn own(&self, address: &IpAddr) -> Option<u32> {
        self.own.get(address).copied()
    }

    /// True where the port is one of the zone's.
    pub(super) fn stands_on(&self, zone: ZoneId, port: u32) -> bool {
        self.ports[zone.0].contains(&port)
    }

    /// The port of a zone by which this address is reached: where its network is, else the first.
    pub(super) fn port_of(&self, zone: ZoneId, address: Option<&IpAddr>) -> Option<u32> {
        let connected = address.and_then(|address| {
            let mut networks = self.networks.iter();
            networks.find(|(network, port)| network.contains(address) && self.stands_on(zone, *port))
        });
        match connected {
            Some((_, port)) => Some(*port),
            None => self.ports[zone.0].first().copied(),
        }
    }

    /// The first port of an uplink, or of a zone that is none.
    pub(super) fn first_port(&self, uplink: bool) -> Option<u32> {
        let zones = self.ports.iter().zip(&self.uplinks);
        zones.filter(|(_, is)| **is == uplink).flat_map(|(ports, _)| ports).min().copied()
    }
}
