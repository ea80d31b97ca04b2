//! Who an address is: host tables, prefix ladders, MACs.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use enforcer_common::endpoint::flag;
use enforcer_common::ladder::Ref;
use enforcer_common::packet::mac_number;
use ipnet::IpNet;

use super::Error;
use super::endpoints::{DeviceFacts, Endpoints};
use super::labels::{Labels, Question};
use super::ladder::Ladders;
use super::numbers::Numbers;
use super::segments::{Segment, cut, ladder4, ladder6, number, words};
use super::table::Builder;
use crate::policy::facts::Facts;
use crate::policy::model::{Device, DeviceId, Policy, ZoneId};

/// Addresses that mean the same on every network, and how they are flagged.
pub(crate) const SPECIAL: [(&str, u32); 14] = [
    ("0.0.0.0/8", flag::BAD),
    ("0.0.0.0/32", flag::UNSPECIFIED),
    ("127.0.0.0/8", flag::BAD),
    ("169.254.0.0/16", flag::LINK_LOCAL),
    ("224.0.0.0/4", flag::GROUP),
    ("240.0.0.0/4", flag::BAD),
    ("255.255.255.255/32", flag::GROUP),
    ("::/96", flag::BAD),
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

    /// Where a segment is, by the longest prefix that says anything of it.
    fn place(&self, segment: &Segment) -> Place {
        let roles = segment.covering.iter().rev().map(|i| self.roles[*i]);
        let mut telling = roles.filter(|role| role.zone.is_some() || role.special.is_some());
        match telling.next() {
            Some(Role { zone: Some(zone), .. }) => Place::Zone(zone),
            Some(Role { special: Some(bits), .. }) => Place::Special(bits),
            Some(_) | None => Place::Nowhere,
        }
    }

    /// The questions about a segment that are answered with yes.
    fn answers(&self, segment: &Segment) -> Vec<u32> {
        let questions = segment.covering.iter().filter_map(|i| self.roles[*i].question);
        questions.collect()
    }

    fn at(&self, address: IpAddr) -> &Segment {
        let number = number(address);
        &self.segments[self.segments.partition_point(|segment| segment.last < number)]
    }
}

/// What an address is by itself.
#[derive(Debug, Clone, Copy)]
enum Place {
    Zone(ZoneId),
    Special(u32),
    Nowhere,
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
    let roles = roles(policy, facts, labels);
    let local: Vec<u32> = labels.question(&Question::Local).into_iter().collect();
    let router: Vec<u32> = labels.question(&Question::Router).into_iter().collect();
    let router_label = labels.label([local.as_slice(), &router].concat());
    let mut writer = Writer {
        policy,
        numbers,
        labels,
        local,
        router,
        families: [Family::new(&roles, false), Family::new(&roles, true)],
        built: Addresses {
            endpoints: Endpoints::new(router_label),
            hosts4: Builder::new(enforcer_common::table::SMALL),
            hosts6: Builder::new(enforcer_common::table::LARGE),
            macs: Builder::new(enforcer_common::table::MEDIUM),
            prefixes4: Ref::NOTHING,
            prefixes6: Ref::NOTHING,
            anonymous: Vec::new(),
        },
    };
    for zone in 0..policy.zones.len() {
        let endpoint = writer.unlisted(Place::Zone(ZoneId(zone)), Vec::new());
        writer.built.anonymous.push(endpoint);
    }
    let endpoints = writer.prefixes(0);
    writer.built.prefixes4 = ladder4(ladders, &writer.families[0].segments, &endpoints)?;
    let endpoints = writer.prefixes(1);
    writer.built.prefixes6 = ladder6(ladders, &writer.families[1].segments, &endpoints)?;
    writer.hosts(facts, devices);
    Ok(writer.built)
}

struct Writer<'a> {
    policy: &'a Policy,
    numbers: &'a Numbers,
    labels: &'a mut Labels,
    /// The question whether an address is local.
    local: Vec<u32>,
    /// The question whether it is the router's.
    router: Vec<u32>,
    families: [Family; 2],
    built: Addresses,
}

impl Writer<'_> {
    /// The endpoint of an address that is no listed device, with the answers that its prefixes give.
    fn unlisted(&mut self, place: Place, mut yes: Vec<u32>) -> u32 {
        let bits = match place {
            Place::Zone(zone) => {
                let label = self.in_zone(zone, yes);
                return self.built.endpoints.member(self.policy, self.numbers, zone, label);
            }
            Place::Special(bits) => bits,
            Place::Nowhere => return 0,
        };
        if bits & (flag::GROUP | flag::LINK_LOCAL | flag::UNSPECIFIED) != 0 {
            yes.extend(&self.local);
        }
        let label = self.labels.label(yes);
        self.built.endpoints.special(bits, label)
    }

    /// The label of an address of a zone.
    fn in_zone(&mut self, zone: ZoneId, mut yes: Vec<u32>) -> u32 {
        if !self.policy.zones[zone.0].is_uplink() {
            yes.extend(&self.local);
        }
        self.labels.label(yes)
    }

    /// The endpoints of one family's segments.
    fn prefixes(&mut self, family: usize) -> Vec<u32> {
        let count = self.families[family].segments.len();
        let each = (0..count).map(|i| {
            let family = &self.families[family];
            let segment = &family.segments[i];
            let (place, yes) = (family.place(segment), family.answers(segment));
            self.unlisted(place, yes)
        });
        each.collect()
    }

    /// Everything that is known by its whole address: the router's own, those that MUD lists or broadcasts make particular,
    /// and listed devices.
    fn hosts(&mut self, facts: &Facts, devices: &[DeviceFacts]) {
        let own: BTreeSet<IpAddr> = facts.addresses.values().flatten().map(IpNet::addr).collect();
        let broadcast: BTreeSet<IpAddr> = facts.broadcasts().collect();
        let asked: BTreeSet<IpAddr> = self.labels.hosts().collect();
        let mut owned: HashSet<IpAddr> = HashSet::new();
        for (i, device) in self.policy.devices.iter().enumerate() {
            let listed = device.addresses.iter().filter(|address| !own.contains(address));
            let listed: Vec<IpAddr> = listed.copied().collect();
            owned.extend(listed.iter().filter(|address| asked.contains(address) || broadcast.contains(address)));
            self.device((DeviceId(i), device), devices[i], &listed, &asked);
        }
        for address in asked.union(&broadcast).filter(|address| !owned.contains(address) && !own.contains(address)) {
            let (place, yes) = self.alone(*address, asked.contains(address));
            let endpoint = match place {
                Place::Zone(zone) if broadcast.contains(address) => {
                    let label = self.in_zone(zone, yes);
                    self.built.endpoints.broadcast(self.policy, self.numbers, zone, label)
                }
                Place::Zone(_) | Place::Special(_) | Place::Nowhere => self.unlisted(place, yes),
            };
            self.host(*address, endpoint);
        }
        for address in own {
            let (place, mut yes) = self.alone(address, asked.contains(&address));
            yes.extend(self.router.iter().chain(&self.local));
            let label = self.labels.label(yes);
            let endpoint = match place {
                Place::Special(bits) if bits & flag::LINK_LOCAL != 0 => {
                    self.built.endpoints.special(flag::LINK_LOCAL | flag::ROUTER, label)
                }
                Place::Special(_) | Place::Zone(_) | Place::Nowhere => self.built.endpoints.router(label),
            };
            self.host(address, endpoint);
        }
    }

    /// What one address is by its prefixes, and the answers that they and it alone give.
    fn alone(&self, address: IpAddr, asked: bool) -> (Place, Vec<u32>) {
        let family = &self.families[usize::from(address.is_ipv6())];
        let segment = family.at(address);
        let mut yes = family.answers(segment);
        if asked {
            yes.extend(self.labels.question(&Question::Host(address)));
        }
        (family.place(segment), yes)
    }

    /// A listed device, at its addresses and by its MAC.
    fn device(
        &mut self,
        (id, device): (DeviceId, &Device),
        facts: DeviceFacts,
        addresses: &[IpAddr],
        asked: &BTreeSet<IpAddr>,
    ) {
        // Mostly all of them have the same answers: one endpoint is enough.
        let mut last = None;
        let mut endpoint = |writer: &mut Self, label: u32| match last {
            Some((known, endpoint)) if known == label => endpoint,
            _ => {
                let endpoints = &mut writer.built.endpoints;
                let endpoint = endpoints.device(writer.policy, writer.numbers, (id, device), facts, label);
                last = Some((label, endpoint));
                endpoint
            }
        };
        if let Some(mac) = device.mac.map(mac_number) {
            let label = self.in_zone(device.zone, Vec::new());
            let endpoint = endpoint(self, label);
            self.built.macs.insert([mac as u32, (mac >> 32) as u32], [endpoint]);
        }
        for address in addresses {
            let (_, yes) = self.alone(*address, asked.contains(address));
            let label = self.in_zone(device.zone, yes);
            let endpoint = endpoint(self, label);
            self.host(*address, endpoint);
        }
    }

    fn host(&mut self, address: IpAddr, endpoint: u32) {
        if endpoint == 0 {
            return;
        }
        if address.is_ipv6() {
            self.built.hosts6.insert(words(address), [endpoint]);
        } else {
            self.built.hosts4.insert([words(address)[0]], [endpoint]);
        }
    }
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
