//! MUD: what the profiles of one device say of a packet.

use std::net::IpAddr;

use super::case::step;
use super::ground::{Ground, belongs_to_port, is_group};
use super::spoken::{Spoken, What};
use super::who::End;
use super::{Rule, rule_of};
use crate::mud::profile::{Ace, Family, Initiated, PeerMatch, Profile, Transport};
use crate::policy::model::{Device, DeviceId, ZoneId};

const DNS: &str = "urn:ietf:params:mud:dns";
const NTP: &str = "urn:ietf:params:mud:ntp";

/// Who opened the connection that a packet belongs to, or opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    Device,
    Peer,
}

/// What the lists of one direction say.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer<'p> {
    /// The device has no profile: it is not judged here.
    NoProfile,
    /// One of the files accepts it.
    Accepted(Rule<'p>),
    /// None accepts it, and an entry drops it.
    Dropped(Rule<'p>),
    /// No entry speaks of it.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    FromDevice,
    ToDevice,
}

/// The lists of one direction, and a packet.
pub(super) struct List<'a, 'p> {
    ground: &'a Ground<'p>,
    device: &'p Device,
    direction: Direction,
    spoken: Spoken,
    peer: End,
}

impl<'a, 'p> List<'a, 'p> {
    /// What the device sends to `peer`.
    pub(super) fn from_device(ground: &'a Ground<'p>, device: DeviceId, peer: End, spoken: Spoken) -> List<'a, 'p> {
        let device = &ground.policy.devices[device.0];
        List { ground, device, direction: Direction::FromDevice, spoken, peer }
    }

    /// What `peer` sends to the device.
    pub(super) fn to_device(ground: &'a Ground<'p>, device: DeviceId, peer: End, spoken: Spoken) -> List<'a, 'p> {
        let device = &ground.policy.devices[device.0];
        List { ground, device, direction: Direction::ToDevice, spoken, peer }
    }

    /// In each file the first entry that matches decides; several files are a union.
    pub(super) fn judge(&self, opener: Opener) -> Answer<'p> {
        let mut answer = Answer::Silent;
        if self.device.profiles.is_empty() {
            return Answer::NoProfile;
        }
        for id in &self.device.profiles {
            let profile = &self.ground.policy.profiles[id.0];
            let entries = match self.direction {
                Direction::FromDevice => &profile.from_device,
                Direction::ToDevice => &profile.to_device,
            };
            let Some(ace) = entries.iter().find(|ace| self.matches(ace, profile, opener)) else {
                continue;
            };
            let rule = rule_of(&ace.rule, step::MUD, &ace.place);
            if ace.accept {
                return Answer::Accepted(rule);
            }
            // The first of them is named.
            if matches!(answer, Answer::Silent) {
                answer = Answer::Dropped(rule);
            }
        }
        answer
    }

    /// All matches must hold. What is not evaluated makes an accepting entry dead; a dropping one does not ask for it.
    fn matches(&self, ace: &Ace, profile: &Profile, opener: Opener) -> bool {
        let dead = ace.accept && !ace.unsupported.is_empty();
        let (own, other) = match self.direction {
            Direction::FromDevice => (self.spoken.source, self.spoken.destination),
            Direction::ToDevice => (self.spoken.destination, self.spoken.source),
        };
        !dead
            && self.is_of_family(ace.family)
            && ace.own.iter().all(|network| own.is_some_and(|own| network.contains(&own)))
            && ace.peer.iter().all(|wanted| self.is_peer(wanted, other, profile))
            && self.is_spoken(&ace.transport)
            && match ace.initiated {
                None => true,
                Some(Initiated::FromDevice) => opener == Opener::Device,
                Some(Initiated::ToDevice) => opener == Opener::Peer,
            }
    }

    fn is_of_family(&self, family: Family) -> bool {
        let ethertype = match (self.spoken.what, self.spoken.source) {
            (What::Ip { .. }, Some(IpAddr::V4(_))) => Some(0x0800),
            (What::Ip { .. }, _) => Some(0x86dd),
            (What::Ether { ethertype, .. }, _) => Some(ethertype),
            (What::Llc, _) => None,
        };
        match family {
            Family::Ipv4 => ethertype == Some(0x0800),
            Family::Ipv6 => ethertype == Some(0x86dd),
            Family::Ip => matches!(ethertype, Some(0x0800 | 0x86dd)),
            Family::Ethernet(None) => true,
            Family::Ethernet(wanted) => ethertype == wanted,
        }
    }

    fn is_peer(&self, wanted: &PeerMatch, address: Option<IpAddr>, profile: &Profile) -> bool {
        let policy = self.ground.policy;
        // Frames without IP have no address; a forged one counts for nothing.
        let local = self.is_local(address);
        let without_ip = address.is_none();
        let address = address.filter(|address| !self.peer.forged && self.is_somebodys(address));
        let listed = |addresses: Option<&Vec<IpAddr>>| {
            addresses.zip(address).is_some_and(|(addresses, address)| addresses.contains(&address))
        };
        match wanted {
            PeerMatch::Network(network) => address.is_some_and(|address| network.contains(&address)),
            PeerMatch::Name(name) => listed(policy.names.get(name)),
            PeerMatch::LocalNetworks => local,
            PeerMatch::Controller(class) => match policy.controllers.get(class) {
                // The two classes that are the router, where they are not set.
                None if matches!(class.as_str(), DNS | NTP) => match address {
                    Some(address) => self.ground.is_own_anywhere(&address),
                    None => without_ip && self.peer.zone == policy.router_zone,
                },
                set => listed(set),
            },
            PeerMatch::MyController => listed(Some(&self.device.my_controllers)),
            PeerMatch::SameManufacturer => self.peer_has(|other| other.authority == profile.authority),
            PeerMatch::Manufacturer(authority) => self.peer_has(|other| other.authority == *authority),
            PeerMatch::Model(url) => self.peer_has(|other| other.url == *url),
        }
    }

    /// False for an address that is in no zone: who sends from it is let through in audit, and no entry means him.
    fn is_somebodys(&self, address: &IpAddr) -> bool {
        let ground = self.ground;
        is_group(address)
            || belongs_to_port(address)
            || ground.is_own_anywhere(address)
            || ground.device_of(address).is_some()
            || ground.zone_of(address).is_some()
    }

    /// Every zone that is no uplink, the router, and addresses that are local wherever they are. A frame without IP does not
    /// leave its segment.
    fn is_local(&self, address: Option<IpAddr>) -> bool {
        let Some(address) = address else { return true };
        let (ground, policy) = (self.ground, self.ground.policy);
        let is_local = |zone: ZoneId| !policy.zones[zone.0].is_uplink();
        if self.peer.forged {
            return is_local(self.peer.home);
        }
        if is_group(&address) || belongs_to_port(&address) || ground.is_own_anywhere(&address) {
            return true;
        }
        let listed = ground.device_of(&address).map(|device| policy.devices[device.0].zone);
        listed.or_else(|| ground.zone_of(&address)).is_some_and(is_local)
    }

    /// True where the other end is a listed device with such a profile.
    fn peer_has(&self, wanted: impl Fn(&Profile) -> bool) -> bool {
        let policy = self.ground.policy;
        let device = self.peer.device.map(|device| &policy.devices[device.0]);
        let mut profiles = device.into_iter().flat_map(|device| &device.profiles);
        profiles.any(|id| wanted(&policy.profiles[id.0]))
    }

    fn is_spoken(&self, transport: &Transport) -> bool {
        if *transport == Transport::default() {
            return true;
        }
        let What::Ip { protocol, ports, icmp } = self.spoken.what else {
            return false;
        };
        let within = |ranges: &[(u16, u16)], port: Option<u16>| {
            let holds = |(first, last): &(u16, u16)| port.is_some_and(|port| (*first..=*last).contains(&port));
            ranges.is_empty() || ranges.iter().any(holds)
        };
        transport.protocol.is_none_or(|wanted| wanted == protocol)
            && within(&transport.source_ports, ports.map(|ports| ports.source))
            && within(&transport.destination_ports, ports.map(|ports| ports.destination))
            && transport.icmp_type.is_none_or(|wanted| icmp.is_some_and(|(kind, _)| kind == wanted))
            && transport.icmp_code.is_none_or(|wanted| icmp.is_some_and(|(_, code)| code == wanted))
    }
}
