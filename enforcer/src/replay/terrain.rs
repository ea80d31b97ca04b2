//! Which zone an address or a device belongs to, and by which ports of the policy a zone is reached: the image is asked, so
//! that one that comes as a file serves as well as one compiled here.

use std::collections::HashMap;
use std::net::IpAddr;

use enforcer_common::cell::Cell;
use enforcer_common::endpoint::{Endpoint, flag};
use enforcer_common::image::{Heads, heads, zone};
use enforcer_common::packet::{kind, mac_number};
use enforcer_common::source;
use ipnet::IpNet;

use super::sketch::Mac;
use crate::compile::image::Image;
use crate::policy::facts::Facts;

/// Number of a zone in the image.
pub(super) type Zone = u16;

/// The image as the choice of a port needs it. Ports go by their numbers in it.
#[derive(Debug)]
pub(super) struct Terrain<'a> {
    cells: &'a [Cell],
    heads: Heads,
    /// Ports of each zone, in the order of their names.
    ports: Vec<Vec<u32>>,
    uplinks: Vec<bool>,
    /// The router's own addresses and the port that each stands on.
    own: HashMap<IpAddr, u32>,
    /// Networks of the router's own interfaces, by port.
    networks: Vec<(IpNet, u32)>,
}

impl<'a> Terrain<'a> {
    /// The terrain of an image that was compiled for these addresses of the router.
    pub(super) fn of(image: &'a Image, facts: &Facts) -> Terrain<'a> {
        let cells = image.cells.as_slice();
        let heads = heads(cells, 0).unwrap_or_default();
        let numbers: HashMap<&str, u32> =
            image.names.ports.iter().map(|port| port.name.as_str()).zip(0..).skip(1).collect();
        let zones = 0..image.names.zones.len() as Zone;
        let is_uplink = |number| {
            let record = enforcer_common::image::zone(cells, &heads, number);
            number != 0 && record.is_some_and(|record| record.flags & zone::UPLINK != 0)
        };
        let mut terrain = Terrain {
            cells,
            heads,
            ports: vec![Vec::new(); zones.len()],
            uplinks: zones.map(is_uplink).collect(),
            own: HashMap::new(),
            networks: Vec::new(),
        };
        for (number, port) in (0..).zip(&image.names.ports) {
            for zone in &port.zones {
                terrain.ports[usize::from(*zone)].push(number);
            }
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
    pub(super) fn zone_of_mac(&self, mac: &Mac) -> Option<Zone> {
        let mut found = Endpoint::default();
        source::device(self.cells, &self.heads, mac_number(*mac), &mut found).ok()?;
        found.is(flag::LISTED).then_some(found.home)
    }

    /// The zone of an address: a device's, or that of the longest prefix.
    pub(super) fn zone_of(&self, address: &IpAddr) -> Option<Zone> {
        let (kind, words) = match address {
            IpAddr::V4(address) => (kind::IPV4, [u32::from(*address), 0, 0, 0]),
            IpAddr::V6(address) => {
                let number = u128::from(*address);
                (kind::IPV6, [96, 64, 32, 0].map(|shift| (number >> shift) as u32))
            }
        };
        let mut found = Endpoint::default();
        source::address(self.cells, &self.heads, kind, &words, &mut found).ok()?;
        (found.home != 0).then_some(found.home)
    }

    /// The port that one of the router's own addresses stands on.
    pub(super) fn own(&self, address: &IpAddr) -> Option<u32> {
        self.own.get(address).copied()
    }

    /// True where the port is one of the zone's.
    pub(super) fn stands_on(&self, zone: Zone, port: u32) -> bool {
        self.ports[usize::from(zone)].contains(&port)
    }

    /// The port of a zone by which this address is reached: where its network is, else the first.
    pub(super) fn port_of(&self, zone: Zone, address: Option<&IpAddr>) -> Option<u32> {
        let connected = address.and_then(|address| {
            let mut networks = self.networks.iter();
            networks.find(|(network, port)| network.contains(address) && self.stands_on(zone, *port))
        });
        match connected {
            Some((_, port)) => Some(*port),
            None => self.ports[usize::from(zone)].first().copied(),
        }
    }

    /// The first port of an uplink, or of a zone that is none.
    pub(super) fn first_port(&self, uplink: bool) -> Option<u32> {
        let zones = self.ports.iter().zip(&self.uplinks);
        zones.filter(|(_, is)| **is == uplink).flat_map(|(ports, _)| ports).min().copied()
    }
}
