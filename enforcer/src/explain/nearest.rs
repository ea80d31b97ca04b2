//! The entry of a device's MUD files that came nearest to a packet, and what it misses. A hint for people: what helps is
//! tried before it is shown.

use std::net::IpAddr;

use super::ace::{Direction, Listed};
use super::lay::{Lay, is_group, is_link_local};
use crate::judge::Carries;
use crate::mud::profile::{Ace, Family, Initiated, PeerMatch, Transport};
use crate::policy::model::{Device, Zone};

const DNS: &str = "urn:ietf:params:mud:dns";
const NTP: &str = "urn:ietf:params:mud:ntp";

/// An accepting entry, and what of it does not hold.
#[derive(Debug, Clone)]
pub(super) struct Near<'s> {
    pub(super) ace: &'s Ace,
    pub(super) unmet: Vec<Unmet<'s>>,
}

/// A match that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmet<'s> {
    Family,
    Peer(&'s PeerMatch),
    Own,
    Protocol,
    SourcePort,
    DestinationPort,
    Icmp,
    Opener,
    Unsupported(&'s str),
}

/// Who is at the other end, by the policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'s> {
    pub(super) zone: Option<&'s Zone>,
    pub(super) device: Option<&'s Device>,
}

/// The accepting entry that misses least; the first of equals.
pub(super) fn nearest<'s>(lay: Lay<'s>, device: &'s Device, listed: &Listed, peer: Peer<'s>) -> Option<Near<'s>> {
    let profiles = device.profiles.iter().map(|id| &lay.policy.profiles[id.0]);
    let entries = profiles.flat_map(|profile| match listed.direction {
        Direction::FromDevice => &profile.from_device,
        Direction::ToDevice => &profile.to_device,
    });
    let near = entries.filter(|ace| ace.accept).map(|ace| Near { ace, unmet: unmet(lay, device, listed, peer, ace) });
    near.min_by_key(|near| near.unmet.len() + usize::from(near.unmet.contains(&Unmet::Family)))
}

impl Near<'_> {
    /// The entry, and what it misses, in words.
    pub(super) fn told(&self) -> String {
        let misses: Vec<String> = self.unmet.iter().map(|unmet| unmet.told(self.ace)).collect();
        format!("`{}` ({}) comes nearest, but {}", self.ace.rule, self.ace.place, misses.join(", and "))
    }
}

impl Unmet<'_> {
    fn told(self, ace: &Ace) -> String {
        match self {
            Unmet::Family => "it is for another family of addresses".to_owned(),
            Unmet::Peer(peer) => format!("the other end is not {}", peer_told(peer)),
            Unmet::Own => "the device has another address".to_owned(),
            Unmet::Protocol => match ace.transport.protocol {
                Some(protocol) => format!("it wants IP protocol {protocol}"),
                None => "it wants another protocol".to_owned(),
            },
            Unmet::SourcePort => format!("it wants source port {}", ranges(&ace.transport.source_ports)),
            Unmet::DestinationPort => format!("it wants port {}", ranges(&ace.transport.destination_ports)),
            Unmet::Icmp => "it wants another type or code".to_owned(),
            Unmet::Opener => "the other side must open the connection".to_owned(),
            Unmet::Unsupported(node) => format!("`{node}` in it is not evaluated, so that it accepts nothing"),
        }
    }
}

fn peer_told(peer: &PeerMatch) -> String {
    match peer {
        PeerMatch::Network(network) => format!("in {network}"),
        PeerMatch::Name(name) => format!("`{name}` by `[names]`"),
        PeerMatch::LocalNetworks => "in a local network".to_owned(),
        PeerMatch::Controller(class) => format!("a controller of the class `{class}`"),
        PeerMatch::MyController => "one of its `my-controllers`".to_owned(),
        PeerMatch::SameManufacturer => "a device of the same manufacturer".to_owned(),
        PeerMatch::Manufacturer(authority) => format!("a device made by `{authority}`"),
        PeerMatch::Model(url) => format!("a device with the MUD URL `{url}`"),
    }
}

fn ranges(ranges: &[(u16, u16)]) -> String {
    let shown = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(" or ")
}

fn unmet<'s>(lay: Lay<'s>, device: &Device, listed: &Listed, peer: Peer<'s>, ace: &'s Ace) -> Vec<Unmet<'s>> {
    let mut unmet = Vec::new();
    if !is_of_family(ace.family, listed) {
        unmet.push(Unmet::Family);
    }
    let own = match listed.direction {
        Direction::FromDevice => listed.seen.source,
        Direction::ToDevice => listed.seen.destination,
    };
    if !ace.own.iter().all(|network| own.is_some_and(|own| network.contains(&own))) {
        unmet.push(Unmet::Own);
    }
    let others = ace.peer.iter().filter(|wanted| !is_peer(lay, device, listed, peer, wanted));
    unmet.extend(others.map(Unmet::Peer));
    unmet.extend(transport(&ace.transport, listed.seen.carries));
    let from_device = (listed.direction == Direction::FromDevice) != listed.reply;
    if ace.initiated.is_some_and(|initiated| (initiated == Initiated::FromDevice) != from_device) {
        unmet.push(Unmet::Opener);
    }
    unmet.extend(ace.unsupported.iter().map(|node| Unmet::Unsupported(node)));
    unmet
}

fn is_of_family(family: Family, listed: &Listed) -> bool {
    match (family, listed.peer(), listed.seen.carries) {
        (Family::Ipv4, Some(peer), _) => peer.is_ipv4(),
        (Family::Ipv6, Some(peer), _) => peer.is_ipv6(),
        (Family::Ip, peer, _) => peer.is_some(),
        (Family::Ethernet(None), _, _) => true,
        (Family::Ethernet(Some(wanted)), None, Carries::Ether(ethertype, _)) => wanted == ethertype,
        (Family::Ipv4 | Family::Ipv6 | Family::Ethernet(_), _, _) => false,
    }
}

fn is_peer(lay: Lay<'_>, device: &Device, listed: &Listed, peer: Peer<'_>, wanted: &PeerMatch) -> bool {
    let address = listed.peer();
    let among = |list: Option<&Vec<IpAddr>>| list.zip(address).is_some_and(|(list, address)| list.contains(&address));
    let made = |holds: &dyn Fn(&crate::mud::profile::Profile) -> bool| {
        let profiles = peer.device.into_iter().flat_map(|peer| &peer.profiles);
        profiles.into_iter().any(|id| holds(&lay.policy.profiles[id.0]))
    };
    match wanted {
        PeerMatch::Network(network) => address.is_some_and(|address| network.contains(&address)),
        PeerMatch::Name(name) => among(lay.policy.names.get(name)),
        PeerMatch::LocalNetworks => {
            let of_link = address.is_none_or(|address| is_group(address) || is_link_local(address));
            of_link || peer.zone.is_some_and(|zone| !zone.is_uplink())
        }
        PeerMatch::Controller(class) => match lay.policy.controllers.get(class) {
            // The two classes that are the router, where they are not set; in frames without IP its zone alone tells.
            None if matches!(class.as_str(), DNS | NTP) => match address {
                Some(address) => lay.is_own(address),
                None => peer.zone.is_some_and(|zone| zone.name == "router"),
            },
            set => among(set),
        },
        PeerMatch::MyController => among(Some(&device.my_controllers)),
        PeerMatch::SameManufacturer => {
            let own = device.profiles.iter().map(|id| &lay.policy.profiles[id.0].authority);
            own.into_iter().any(|own| made(&|other| other.authority == *own))
        }
        PeerMatch::Manufacturer(authority) => made(&|other| other.authority == *authority),
        PeerMatch::Model(url) => made(&|other| other.url == *url),
    }
}

fn transport<'s>(wanted: &Transport, carries: Carries) -> Vec<Unmet<'s>> {
    let (protocol, ports, icmp) = match carries {
        Carries::Ports { protocol, source, destination } => (Some(protocol), Some((source, destination)), None),
        Carries::Icmp { protocol, kind, code } => (Some(protocol), None, Some((kind, code))),
        Carries::Protocol(protocol) => (Some(protocol), None, None),
        Carries::Ether(..) | Carries::Llc => (None, None, None),
    };
    if wanted.protocol.is_some_and(|wanted| protocol != Some(wanted)) {
        return vec![Unmet::Protocol];
    }
    let within = |ranges: &[(u16, u16)], port: Option<u16>| {
        ranges.is_empty()
            || ranges.iter().any(|(first, last)| port.is_some_and(|port| (*first..=*last).contains(&port)))
    };
    let mut unmet = Vec::new();
    if !within(&wanted.source_ports, ports.map(|(source, _)| source)) {
        unmet.push(Unmet::SourcePort);
    }
    if !within(&wanted.destination_ports, ports.map(|(_, destination)| destination)) {
        unmet.push(Unmet::DestinationPort);
    }
    let kind = wanted.icmp_type.is_none_or(|wanted| icmp.is_some_and(|(kind, _)| kind == wanted));
    let code = wanted.icmp_code.is_none_or(|wanted| icmp.is_some_and(|(_, code)| code == wanted));
    if !(kind && code) {
        unmet.push(Unmet::Icmp);
    }
    unmet
}
