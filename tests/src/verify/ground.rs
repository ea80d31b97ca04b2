//! What a policy mentions, as traffic needs it: hosts where they belong, addresses at every edge, ports, and what rules speak of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use enforcer::mud::profile::{Ace, PeerMatch};
use enforcer::policy::model::{DeviceId, Policy, Service, Side, ZoneId};
use enforcer::replay::Medium;
use ipnet::IpNet;

use super::dice::Dice;
use super::prepared::{Interfaces, Prepared};
use super::site::{inside, moved};

/// A hardware address.
pub type Mac = [u8; 6];

/// The router's MAC, on every port.
pub const ROUTER_MAC: Mac = [2, 0, 0, 0, 0xff, 1];

/// Where frames enter: a port of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Position among the interfaces.
    pub interface: usize,
    /// With or without Ethernet headers.
    pub medium: Medium,
    /// VLAN IDs from the outermost inwards.
    pub vlans: Vec<u16>,
}

/// Somebody with an address, a MAC and a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC.
    pub mac: Mac,
    /// Position among the places; none for the router itself.
    pub place: Option<usize>,
}

/// What a rule is about: somebody, somebody else, and what they speak.
#[derive(Debug, Clone)]
pub enum Intent<'p> {
    /// A transition, guardrail or exception.
    Rule {
        /// Its senders.
        from: &'p Side,
        /// Its receivers.
        to: &'p Side,
        /// One of its services.
        service: Service,
    },
    /// An entry of a MUD file.
    Entry {
        /// A device that has the file.
        device: DeviceId,
        /// The device is the sender.
        from_device: bool,
        /// The entry.
        ace: &'p Ace,
    },
}

/// The policy as traffic sees it.
#[derive(Debug)]
pub struct Ground<'p> {
    /// The policy itself.
    pub policy: &'p Policy,
    /// Ports of the policy.
    pub places: Vec<Place>,
    /// Hosts that stand where they belong.
    pub hosts: Vec<Host>,
    /// Link-local addresses at every place.
    pub neighbours: Vec<Host>,
    /// The router's own addresses.
    pub router: Vec<Host>,
    /// Every address that is worth trying.
    pub addresses: Vec<IpAddr>,
    /// MACs of devices and of others.
    pub macs: Vec<Mac>,
    /// Bounds of every range of ports, and one below and above.
    pub ports: Vec<u16>,
    /// What rules speak of.
    pub intents: Vec<Intent<'p>>,
    by_zone: BTreeMap<ZoneId, Vec<usize>>,
    by_device: BTreeMap<DeviceId, Vec<usize>>,
    prefixes: Vec<(IpNet, ZoneId)>,
    of_zone: BTreeMap<ZoneId, Vec<usize>>,
}

const SPECIAL: [&str; 26] = [
    "0.0.0.0",
    "0.0.0.1",
    "255.255.255.255",
    "127.0.0.1",
    "169.254.0.1",
    "169.254.9.9",
    "224.0.0.1",
    "224.0.0.251",
    "239.255.255.250",
    "223.255.255.255",
    "240.0.0.1",
    "198.51.100.7",
    "10.0.0.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fe80::2:3",
    "febf:ffff::1",
    "fec0::1",
    "ff02::1",
    "ff02::fb",
    "ff02::1:2",
    "ff05::1:3",
    "2001:db8:f::7",
    "feff:ffff::1",
];

impl<'p> Ground<'p> {
    /// Reads it from a policy.
    pub fn of(prepared: &'p Prepared, interfaces: &Interfaces, dice: &mut Dice) -> Ground<'p> {
        let policy = &prepared.loaded.policy;
        let mut ground = Ground {
            policy,
            places: Vec::new(),
            hosts: Vec::new(),
            neighbours: Vec::new(),
            router: Vec::new(),
            addresses: Vec::new(),
            macs: policy.devices.iter().filter_map(|device| device.mac).collect(),
            ports: vec![53, 67, 68, 123, 546, 547, 40_000, 40_001],
            intents: Vec::new(),
            by_zone: BTreeMap::new(),
            by_device: BTreeMap::new(),
            prefixes: Vec::new(),
            of_zone: BTreeMap::new(),
        };
        ground.macs.extend((0x20..0x28).map(|last| [2, 0, 0, 0, 0, last]));
        ground.find_places(prepared, interfaces);
        ground.find_router(prepared);
        ground.find_hosts(prepared, dice);
        ground.find_intents();
        ground.find_ports();
        ground.find_addresses();
        ground
    }

    fn find_places(&mut self, prepared: &Prepared, interfaces: &Interfaces) {
        for port in prepared.names().ports.iter().skip(1) {
            let Some(interface) = interfaces.position(&port.interface) else { continue };
            for zone in &port.zones {
                // The image counts zones from 1, the router first; names are the same.
                let name = &prepared.names().zones[usize::from(*zone)];
                if let Some(zone) = self.policy.zones.iter().position(|zone| zone.name == *name) {
                    self.of_zone.entry(ZoneId(zone)).or_default().push(self.places.len());
                }
            }
            let medium = interfaces.0[interface].medium;
            self.places.push(Place { interface, medium, vlans: port.vlans.clone() });
        }
    }

    fn find_router(&mut self, prepared: &Prepared) {
        for net in prepared.loaded.facts.addresses.values().flatten() {
            // By which port it is reached is for the other end to say.
            self.router.push(Host { address: net.addr(), mac: ROUTER_MAC, place: None });
        }
    }

    fn find_hosts(&mut self, prepared: &Prepared, dice: &mut Dice) {
        for (index, zone) in self.policy.zones.iter().enumerate() {
            let nets = prepared.loaded.facts.prefixes_of(zone);
            self.prefixes.extend(nets.into_iter().map(|net| (net, ZoneId(index))));
        }
        let prefixes = self.prefixes.clone();
        // Whose address it is already, and what is nobody's.
        let listed = self.policy.devices.iter().flat_map(|device| device.addresses.iter().copied());
        let own = prepared.loaded.facts.addresses.values().flatten();
        let taken: BTreeSet<IpAddr> =
            listed.chain(own.clone().map(IpNet::addr)).chain(own.map(IpNet::broadcast)).collect();
        for (net, zone) in &prefixes {
            let (first, last) = (net.network(), net.broadcast());
            let mut edges = vec![first, moved(first, 1), inside(*net, dice), moved(last, -1), last];
            if net.prefix_len() == 0 {
                edges = match net {
                    IpNet::V4(_) => vec![Ipv4Addr::new(198, 51, 100, 7).into(), Ipv4Addr::new(8, 8, 8, 8).into()],
                    IpNet::V6(_) => vec![Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, 7).into()],
                };
            }
            for address in edges {
                if self.zone_of(address) == Some(*zone) && !taken.contains(&address) {
                    let mac = [2, 0, 0, 0, 0, 0x20 + dice.below(8) as u8];
                    self.add_host(address, mac, *zone, None, dice);
                }
            }
        }
        for (index, device) in self.policy.devices.iter().enumerate() {
            let mut addresses = device.addresses.clone();
            let nets: Vec<IpNet> =
                prefixes.iter().filter(|(_, zone)| *zone == device.zone).map(|(net, _)| *net).collect();
            for family in [false, true] {
                // What is not fenced has some address of its zone.
                if !device.addresses.iter().any(|address| address.is_ipv6() == family) {
                    let nets: Vec<IpNet> = nets.iter().filter(|net| net.addr().is_ipv6() == family).copied().collect();
                    addresses.extend(dice.maybe(&nets).map(|net| moved(net.network(), 2)));
                }
            }
            let mac = device.mac.unwrap_or([2, 0, 0, 0, 0, 0x20]);
            for address in addresses {
                self.add_host(address, mac, device.zone, Some(DeviceId(index)), dice);
            }
        }
        for place in 0..self.places.len() {
            for address in ["fe80::2", "169.254.7.7"].iter().filter_map(|text| text.parse().ok()) {
                let mac = *dice.pick(&self.macs);
                self.neighbours.push(Host { address, mac, place: Some(place) });
            }
        }
    }

    fn add_host(&mut self, address: IpAddr, mac: Mac, zone: ZoneId, device: Option<DeviceId>, dice: &mut Dice) {
        let Some(place) = self.of_zone.get(&zone).and_then(|places| dice.maybe(places)) else { return };
        let number = self.hosts.len();
        self.hosts.push(Host { address, mac, place: Some(*place) });
        self.by_zone.entry(zone).or_default().push(number);
        if let Some(device) = device {
            self.by_device.entry(device).or_default().push(number);
        }
    }

    fn find_intents(&mut self) {
        let policy = self.policy;
        let mut rule = |from, to, services: &[Service]| {
            self.intents.extend(services.iter().map(|service| Intent::Rule { from, to, service: service.clone() }));
        };
        for transition in &policy.transitions {
            rule(&transition.from, &transition.to, &transition.allow);
            rule(&transition.from, &transition.to, &transition.deny);
        }
        for guardrail in &policy.guardrails {
            rule(&guardrail.from, &guardrail.to, &guardrail.deny);
            for exception in &guardrail.except {
                rule(&exception.from, &exception.to, &exception.allow);
            }
        }
        for (index, device) in policy.devices.iter().enumerate() {
            for profile in &device.profiles {
                let profile = &policy.profiles[profile.0];
                let device = DeviceId(index);
                let entry = |from_device, ace| Intent::Entry { device, from_device, ace };
                self.intents.extend(profile.from_device.iter().map(|ace| entry(true, ace)));
                self.intents.extend(profile.to_device.iter().map(|ace| entry(false, ace)));
            }
        }
    }

    fn find_ports(&mut self) {
        let mut bounds = Vec::new();
        for intent in &self.intents {
            match intent {
                Intent::Rule { service: Service::Ports { destination, source, .. }, .. } => {
                    bounds.extend([*destination, *source]);
                }
                Intent::Rule { .. } => {}
                Intent::Entry { ace, .. } => {
                    bounds.extend(ace.transport.source_ports.iter().chain(&ace.transport.destination_ports).copied());
                }
            }
        }
        for (first, last) in bounds {
            self.ports.extend([first, last, first.wrapping_sub(1), last.wrapping_add(1)]);
        }
        self.ports.sort_unstable();
        self.ports.dedup();
    }

    fn find_addresses(&mut self) {
        let policy = self.policy;
        let mut nets: Vec<IpNet> = self.prefixes.iter().map(|(net, _)| *net).collect();
        let aces = policy.profiles.iter().flat_map(|profile| profile.from_device.iter().chain(&profile.to_device));
        for ace in aces {
            nets.extend(&ace.own);
            nets.extend(ace.peer.iter().filter_map(
                |peer| {
                    if let PeerMatch::Network(net) = peer { Some(*net) } else { None }
                },
            ));
        }
        for net in nets.iter().filter(|net| net.prefix_len() > 0) {
            let (first, last) = (net.network(), net.broadcast());
            self.addresses.extend([moved(first, -1), first, last, moved(last, 1)]);
        }
        let listed = policy.devices.iter().flat_map(|device| device.addresses.iter().chain(&device.my_controllers));
        let named = policy.controllers.values().chain(policy.names.values()).flatten();
        let own = self.router.iter().map(|host| &host.address);
        for address in listed.chain(named).chain(own) {
            self.addresses.extend([moved(*address, -1), *address, moved(*address, 1)]);
        }
        self.addresses.extend(SPECIAL.iter().filter_map(|text| text.parse::<IpAddr>().ok()));
        self.addresses.sort();
        self.addresses.dedup();
    }

    /// The zone of the longest prefix that holds an address.
    pub fn zone_of(&self, address: IpAddr) -> Option<ZoneId> {
        let holding = self.prefixes.iter().filter(|(net, _)| net.contains(&address));
        holding.max_by_key(|(net, _)| net.prefix_len()).map(|(_, zone)| *zone)
    }

    /// Some host of a side of a rule; `sender` is what `same` refers to.
    pub fn member(&self, side: &Side, sender: Option<&Host>, dice: &mut Dice) -> Option<Host> {
        if side.same && dice.percent(50) || side.star && dice.percent(70) {
            let zone = sender.filter(|_| side.same).and_then(|host| self.zone_of(host.address));
            let of_zone = zone.and_then(|zone| self.in_zone(zone, dice));
            return of_zone.or_else(|| dice.maybe(&self.hosts).cloned());
        }
        let count = side.zones.len() + side.devices.len();
        if count == 0 {
            return dice.maybe(&self.hosts).cloned();
        }
        let which = dice.below(count);
        match side.zones.get(which) {
            Some(zone) => self.in_zone(*zone, dice),
            None => self.device(side.devices[which - side.zones.len()], dice),
        }
    }

    /// Some host of a zone; the router itself for `router`.
    fn in_zone(&self, zone: ZoneId, dice: &mut Dice) -> Option<Host> {
        if zone == self.policy.router_zone {
            return dice.maybe(&self.router).cloned();
        }
        self.by_zone.get(&zone).map(|hosts| self.hosts[*dice.pick(hosts)].clone())
    }

    /// A device with one of its addresses.
    pub fn device(&self, device: DeviceId, dice: &mut Dice) -> Option<Host> {
        self.by_device.get(&device).map(|hosts| self.hosts[*dice.pick(hosts)].clone())
    }

    /// Whoever has this address: a host, the router, or somebody in its zone.
    pub fn at(&self, address: IpAddr, dice: &mut Dice) -> Host {
        let known = self.hosts.iter().chain(&self.router).chain(&self.neighbours).find(|host| host.address == address);
        if let Some(host) = known {
            return host.clone();
        }
        let places = self.zone_of(address).and_then(|zone| self.of_zone.get(&zone));
        let place = places.and_then(|places| dice.maybe(places)).copied();
        let place = place.or_else(|| (!self.places.is_empty()).then(|| dice.below(self.places.len())));
        Host { address, mac: *dice.pick(&self.macs), place }
    }
}
