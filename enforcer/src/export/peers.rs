//! Demands of MUD entries on the other end, as matches on its address or MAC.

use std::net::IpAddr;

use super::Export;
use super::space::{Family, Place, Range, elements};
use super::text::among;
use super::who::{addresses, mac};
use crate::mud::REGISTERED;
use crate::mud::profile::{PeerMatch, Profile};
use crate::policy::model::ProfileId;

/// As many addresses stand in a rule; more are a set with a name.
const IN_A_RULE: usize = 8;

/// An end of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Who sends it.
    Source,
    /// Who is to get it.
    Destination,
}

impl End {
    /// The field of its address.
    pub(super) fn field(self) -> &'static str {
        match self {
            End::Source => "saddr",
            End::Destination => "daddr",
        }
    }

    /// The other one.
    pub(super) fn other(self) -> End {
        match self {
            End::Source => End::Destination,
            End::Destination => End::Source,
        }
    }
}

impl Export<'_> {
    /// The matches of which one must hold; none where nobody meets the demand.
    pub(super) fn peer(
        &mut self,
        peer: &PeerMatch,
        (group, file): (usize, ProfileId),
        end: End,
        family: Family,
    ) -> Vec<String> {
        let policy = self.policy;
        let mine = &policy.profiles[file.0];
        match peer {
            PeerMatch::Network(net) if Family::of(net.addr()) != family => Vec::new(),
            PeerMatch::Network(net) => vec![format!("{} {} {net}", family.header(), end.field())],
            PeerMatch::LocalNetworks => self.local(end, family),
            PeerMatch::Name(name) => {
                let known = policy.names.get(name).cloned().unwrap_or_default();
                self.hosts(name, known, end, family)
            }
            PeerMatch::Controller(class) => match policy.controllers.get(class) {
                Some(known) => self.hosts(class, known.clone(), end, family),
                None if REGISTERED.contains(&class.as_str()) => {
                    let own = self.space.own_anywhere().into_iter().collect();
                    self.hosts("router", own, end, family)
                }
                None => Vec::new(),
            },
            PeerMatch::MyController => {
                let own = self.population.groups[group].my_controllers.clone();
                self.hosts("my_controllers", own, end, family)
            }
            PeerMatch::SameManufacturer => {
                let of = |profile: &Profile| profile.authority == mine.authority;
                self.devices(&mine.authority, of, end, family)
            }
            PeerMatch::Manufacturer(name) => self.devices(name, |profile| profile.authority == *name, end, family),
            PeerMatch::Model(url) => self.devices(&mine.label, |profile| profile.url == *url, end, family),
        }
    }

    /// Single addresses.
    fn hosts(&mut self, name: &str, addresses: Vec<IpAddr>, end: End, family: Family) -> Vec<String> {
        let of_family = addresses.into_iter().filter(|address| Family::of(*address) == family);
        let hosts: Vec<String> = of_family.map(|address| address.to_string()).collect();
        let right = match hosts.len() {
            0 => return Vec::new(),
            1..=IN_A_RULE => among(&hosts),
            _ => self.shared_set(&format!("{name}{}", family.digit()), family.of_set(), &[], hosts),
        };
        vec![format!("{} {} {right}", family.header(), end.field())]
    }

    /// Every zone that is no uplink, the router, and groups and addresses of the link.
    fn local(&mut self, end: End, family: Family) -> Vec<String> {
        let zones = &self.policy.zones;
        let is_local = |place| match place {
            Place::Zone(zone) => !zones[zone.0].is_uplink(),
            Place::Group | Place::LinkLocal | Place::Unspecified | Place::Own => true,
            Place::Nowhere => false,
        };
        let ranges: Vec<Range> = self.space.ranges(family, is_local);
        let name = format!("local{}", family.digit());
        let set = self.shared_set(&name, family.of_set(), &["flags interval"], elements(&ranges));
        vec![format!("{} {} {set}", family.header(), end.field())]
    }

    /// Devices with a file that is meant: by their listed addresses; the others by their MAC, or where they were last seen.
    fn devices(&mut self, name: &str, meant: impl Fn(&Profile) -> bool, end: End, family: Family) -> Vec<String> {
        let policy = self.policy;
        let groups: Vec<usize> = (0..self.population.groups.len())
            .filter(|i| self.population.groups[*i].profiles.iter().any(|id| meant(&policy.profiles[id.0])))
            .collect();
        let devices = groups.iter().flat_map(|i| &self.population.groups[*i].devices);
        let devices: Vec<_> = devices.map(|id| &policy.devices[id.0]).collect();
        let listed = devices.iter().flat_map(|device| addresses(&self.space, device, family));
        let listed: Vec<IpAddr> = listed.collect();
        let mut any_of = self.hosts(name, listed, end, family);
        match end {
            End::Source => {
                let macs: Vec<String> = devices.iter().filter_map(|device| Some(mac(device.mac?))).collect();
                if !macs.is_empty() {
                    let set = self.shared_set(&format!("{name}_macs"), "ether_addr", &[], macs);
                    any_of.push(format!("{} ether saddr {set}", self.is_family(family)));
                }
            }
            End::Destination => {
                for group in groups {
                    let learnt = self.learnt(group, family);
                    any_of.extend(learnt.map(|set| format!("{} daddr {set}", family.header())));
                }
            }
        }
        any_of
    }
}
