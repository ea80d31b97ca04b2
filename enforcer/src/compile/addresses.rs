//! Who an address is: host tables, prefix ladders, MACs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use enforcer_common::endpoint::flag;
use enforcer_common::ladder::Ref;
use ipnet::IpNet;

use super::Error;
use super::endpoints::{DeviceFacts, Endpoints, mac_number};
use super::labels::{Labels, Question};
use super::ladder::Ladders;
use super::numbers::Numbers;
use super::segments::{Segment, cut, ladder4, ladder6, number, words};
use super::table::Builder;
use crate::policy::facts::Facts;
use crate::policy::model::{DeviceId, Policy, ZoneId};

/// Addresses that mean the same on every network, and how they are flagged.
const SPECIAL: [(&str, u32); 13] = [
    ("0.0.0.0/8", flag::BAD),
    ("0.0.0.0/32", flag::UNSPECIFIED),
    ("127.0.0.0/8", flag::BAD),
    ("169.254.0.0/16", flag::LINK_LOCAL),
    ("224.0.0.0/4", flag::GROUP),
    ("240.0.0.0/4", flag::BAD),
    ("255.255.255.255/32", flag::GROUP),
    ("::/128", flag::UNSPECIFIED),
    ("::1/128", flag::BAD),
    ("::ffff:0:0/96", flag::BAD),
    ("fe80::/10", flag::LINK_LOCAL),
    ("fec0::/10", flag::BAD),
    ("ff00::/8", flag::GROUP),
];

/// What a prefix says of the addresses in it.
#[derive(Debug, Clone, Copy, Default)]
struct Role {
    zone: Option<ZoneId>,
    special: Option<u32>,
    question: Option<u32>,
}

/// The tables from addresses and MACs to endpoints.
#[derive(Debug)]
pub(super) struct Addresses {
    /// The endpoints.
    pub(super) endpoints: Endpoints,
    /// IPv4 hosts.
    pub(super) hosts4: Builder<1, 1>,
    /// IPv6 hosts.
    pub(super) hosts6: Builder<4, 1>,
    /// MACs.
    pub(super) macs: Builder<2, 1>,
    /// Ladder of IPv4 prefixes.
    pub(super) prefixes4: Ref,
    /// Ladder of IPv6 prefixes.
    pub(super) prefixes6: Ref,
    /// By zone of the policy: the endpoint of an unlisted sender without address.
    pub(super) anonymous: Vec<u32>,
}

/// One family's prefixes and segments.
struct Family {
    roles: Vec<Role>,
    segments: Vec<Segment>,
}

impl Family {
    fn new(all: &BTreeMap<IpNet, Role>, v6: bool) -> Family {
        let own: Vec<(IpNet, Role)> =
            all.iter().filter(|(net, _)| net.addr().is_ipv6() == v6).map(|(net, role)| (*net, *role)).collect();
        let nets: Vec<IpNet> = own.iter().map(|(net, _)| *net).collect();
        Family {
            segments: cut(&nets, if v6 { 128 } else { 32 }),
            roles: own.into_iter().map(|(_, role)| role).collect(),
        }
    }

    /// Zone or special flags of a segment (the longest prefix that has either), and the questions answered with yes.
    fn of(&self, segment: &Segment) -> (Option<ZoneId>, Option<u32>, Vec<u32>) {
        let place = segment
            .covering
            .iter()
            .rev()
            .map(|i| self.roles[*i])
            .find(|role| role.zone.is_some() || role.special.is_some())
            .unwrap_or_default();
        let yes = segment.covering.iter().filter_map(|i| self.roles[*i].question).collect();
        (place.zone, place.special, yes)
    }

    fn at(&self, address: IpAddr) -> &Segment {
        let number = number(address);
        &self.segments[self.segments.partition_point(|segment| segment.last < number)]
    }
}

/// Builds the tables. `devices` has the facts of each device of the policy.
pub(super) fn build(
    policy: &Policy,
    facts: &Facts,
    numbers: &Numbers,
    labels: &mut Labels,
    ladders: &mut Ladders,
    devices: &[DeviceFacts],
) -> Result<Addresses, Error> {
    let local = labels.question(&Question::Local);
    let router = labels.question(&Question::Router);
    let router_label = labels.label(local.into_iter().chain(router).collect());
    let mut built = Addresses {
        endpoints: Endpoints::new(router_label),
        hosts4: Builder::new(enforcer_common::table::SMALL),
        hosts6: Builder::new(enforcer_common::table::LARGE),
        macs: Builder::new(enforcer_common::table::MEDIUM),
        prefixes4: Ref::NOTHING,
        prefixes6: Ref::NOTHING,
        anonymous: Vec::new(),
    };
    let roles = roles(policy, facts, labels);
    let families = [Family::new(&roles, false), Family::new(&roles, true)];
    // The answers of an address: those of its prefixes, and whether it is local.
    let answers = |zone: Option<ZoneId>, special: Option<u32>, mut yes: Vec<u32>| {
        let is_local = special.is_some_and(|bits| bits & (flag::GROUP | flag::LINK_LOCAL | flag::UNSPECIFIED) != 0)
            || zone.is_some_and(|zone| !policy.zones[zone.0].is_uplink());
        if is_local {
            yes.extend(local);
        }
        yes
    };
    let of_place = |built: &mut Addresses, labels: &mut Labels, zone, special, yes: Vec<u32>| {
        let label = labels.label(answers(zone, special, yes));
        match (zone, special) {
            (Some(zone), _) => built.endpoints.member(policy, numbers, zone, label),
            (None, Some(bits)) => built.endpoints.special(bits, label),
            (None, None) => 0,
        }
    };
    for zone in 0..policy.zones.len() {
        let endpoint = of_place(&mut built, labels, Some(ZoneId(zone)), None, Vec::new());
        built.anonymous.push(endpoint);
    }
    for (v6, family) in [false, true].into_iter().zip(&families) {
        let mut endpoints = Vec::with_capacity(family.segments.len());
        for segment in &family.segments {
            let (zone, special, yes) = family.of(segment);
            endpoints.push(of_place(&mut built, labels, zone, special, yes));
        }
        if v6 {
            built.prefixes6 = ladder6(ladders, &family.segments, &endpoints)?;
        } else {
            built.prefixes4 = ladder4(ladders, &family.segments, &endpoints)?;
        }
    }

    let owners: HashMap<IpAddr, DeviceId> = policy
        .devices
        .iter()
        .enumerate()
        .flat_map(|(i, device)| device.addresses.iter().map(move |address| (*address, DeviceId(i))))
        .collect();
    let own: BTreeSet<IpAddr> = facts.addresses.values().flatten().map(IpNet::addr).collect();
    let broadcast = broadcasts(facts);
    let hosts: BTreeSet<IpAddr> = labels
        .hosts()
        .chain(owners.keys().copied())
        .chain(own.iter().copied())
        .chain(broadcast.iter().copied())
        .collect();
    for address in hosts {
        let family = &families[usize::from(address.is_ipv6())];
        let (zone, special, mut yes) = family.of(family.at(address));
        yes.extend(labels.question(&Question::Host(address)));
        let endpoint = if own.contains(&address) {
            yes.extend(router);
            yes.extend(local);
            let label = labels.label(yes);
            if special.is_some_and(|bits| bits & flag::LINK_LOCAL != 0) {
                built.endpoints.special(flag::LINK_LOCAL | flag::ROUTER, label)
            } else {
                built.endpoints.router(label)
            }
        } else if let Some(id) = owners.get(&address) {
            let label = labels.label(answers(Some(policy.devices[id.0].zone), None, yes));
            built.endpoints.device(policy, numbers, (*id, &policy.devices[id.0]), devices[id.0], label)
        } else if broadcast.contains(&address) {
            of_place(&mut built, labels, None, Some(flag::GROUP), yes)
        } else {
            of_place(&mut built, labels, zone, special, yes)
        };
        if endpoint == 0 {
            continue;
        }
        if address.is_ipv6() {
            built.hosts6.insert(words(address), [endpoint]);
        } else {
            built.hosts4.insert([words(address)[0]], [endpoint]);
        }
    }
    for (i, device) in policy.devices.iter().enumerate() {
        if let Some(mac) = device.mac {
            let label = labels.label(answers(Some(device.zone), None, Vec::new()));
            let endpoint = built.endpoints.device(policy, numbers, (DeviceId(i), device), devices[i], label);
            let mac = mac_number(mac);
            built.macs.insert([mac as u32, (mac >> 32) as u32], [endpoint]);
        }
    }
    Ok(built)
}

/// Every prefix that decides anything.
fn roles(policy: &Policy, facts: &Facts, labels: &Labels) -> BTreeMap<IpNet, Role> {
    let mut roles: BTreeMap<IpNet, Role> = BTreeMap::new();
    for (text, bits) in SPECIAL {
        if let Ok(net) = text.parse() {
            roles.entry(net).or_default().special = Some(bits);
        }
    }
    for (i, zone) in policy.zones.iter().enumerate() {
        for prefix in facts.prefixes_of(zone) {
            roles.entry(prefix).or_default().zone = Some(ZoneId(i));
        }
    }
    for net in labels.networks() {
        roles.entry(net).or_default().question = labels.question(&Question::Network(net));
    }
    roles
}

/// Directed broadcast addresses of the router's own IPv4 networks.
fn broadcasts(facts: &Facts) -> BTreeSet<IpAddr> {
    let nets = facts.addresses.values().flatten();
    nets.filter_map(|net| match net {
        IpNet::V4(net) if net.prefix_len() <= 30 => Some(IpAddr::V4(net.broadcast())),
        IpNet::V4(_) | IpNet::V6(_) => None,
    })
    .collect()
}
