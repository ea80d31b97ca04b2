//! Dispatch by receiver: for each sender, the chains of the zones and devices that it may send to.

use std::collections::BTreeMap;

use enforcer_common::reason::Reason;

use super::reasons::Target;
use super::space::{Family, Place, Range};
use super::text::{Chain, verdict_map};
use super::who::{Kind, Subject, addresses};
use super::{Export, Hook};
use crate::policy::model::{Device, Unknown, ZoneId};

/// Addresses, and where packets to them are decided.
type Places = Vec<(Range, Target)>;

impl<'a> Export<'a> {
    /// Where packets of a sender are decided, by receiver. Receivers in no zone are refused before.
    pub(super) fn receivers(&mut self, sender: Subject) -> Target {
        if let Some(known) = self.receivers.get(&sender) {
            return known.clone();
        }
        let target = self.receivers_of(sender);
        self.receivers.insert(sender, target.clone());
        target
    }

    fn receivers_of(&mut self, sender: Subject) -> Target {
        let mut chain = Chain::new(self.names.unique(&format!("from_{}", self.call(sender))));
        let zones: Vec<ZoneId> = self.declared().collect();
        let by_zone: Vec<(ZoneId, Target)> =
            zones.into_iter().map(|zone| (zone, self.receiver_zone(sender, zone))).collect();
        self.named_receivers(sender, &mut chain);
        self.own_receivers(sender, &mut chain);
        let mut places: Places = Vec::new();
        for family in Family::BOTH {
            for (zone, target) in &by_zone {
                let ranges = self.space.ranges(family, |place| place == Place::Zone(*zone));
                places.extend(ranges.into_iter().map(|range| (range, target.clone())));
            }
            if self.hook == Hook::Ingress {
                places.extend(self.receivers_here(sender, family));
            }
        }
        places.sort_by_key(|(range, _)| *range);
        // Nobody to send to: silence means no, whatever the address.
        let default = most_common(&places).unwrap_or_else(|| self.pair(sender, Subject::anyone(sender.zone)));
        for family in Family::BOTH {
            let others = places.iter().filter(|(range, target)| range.family == family && *target != default);
            let elements: Vec<(String, String)> =
                others.map(|(range, target)| (range.to_string(), target.verdict())).collect();
            if !elements.is_empty() {
                chain.rule(verdict_map(&format!("{} daddr", family.header()), &elements));
            }
        }
        if chain.is_empty() {
            return default;
        }
        if default != Target::Agree {
            chain.rule(default.verdict());
        }
        let target = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        target
    }

    /// Declared zones.
    pub(super) fn declared(&self) -> impl Iterator<Item = ZoneId> + use<> {
        let router = self.policy.router_zone;
        (0..self.policy.zones.len()).map(ZoneId).filter(move |zone| *zone != router)
    }

    /// Addresses that mean something else to this sender than their network does: broadcasts to its own zone, and where
    /// packets to it are seen as well, the router by its addresses on the sender's link.
    fn own_receivers(&mut self, sender: Subject, chain: &mut Chain) {
        let is_router = sender.zone == self.policy.router_zone;
        let mut elements = Vec::new();
        for (address, zone) in self.space.zoned_broadcasts() {
            if zone == sender.zone || is_router {
                let target = self.pair(sender, Subject::anyone(zone));
                if target != self.unlisted(zone, &mut |export, who| export.pair(sender, who)) {
                    elements.push((address.to_string(), target.verdict()));
                }
            }
        }
        if !elements.is_empty() {
            chain.rule(verdict_map("ip daddr", &elements));
        }
        let link_local = self.space.link_local_on(&self.policy.zones[sender.zone.0].ports);
        if self.hook == Hook::Ingress && !link_local.is_empty() {
            let verdict = self.pair(sender, Subject::anyone(self.policy.router_zone)).verdict();
            let elements: Vec<(String, String)> =
                link_local.iter().map(|address| (address.to_string(), verdict.clone())).collect();
            chain.rule(verdict_map("ip6 daddr", &elements));
        }
    }

    /// The router itself and groups, where packets to them are seen as well.
    fn receivers_here(&mut self, sender: Subject, family: Family) -> Places {
        let router = self.pair(sender, Subject::anyone(self.policy.router_zone));
        let group = self.pair(sender, Subject::anyone(sender.zone));
        let neighbour = self.unlisted(sender.zone, &mut |export, who| export.pair(sender, who));
        let mut places = Places::new();
        for (wanted, target) in [(Place::Own, &router), (Place::LinkLocal, &neighbour), (Place::Group, &group)] {
            let ranges = self.space.ranges(family, |place| place == wanted);
            places.extend(ranges.into_iter().map(|range| (range, target.clone())));
        }
        places
    }

    /// Where packets to a zone are decided; a chain of its own where its members are not all the same.
    fn receiver_zone(&mut self, sender: Subject, zone: ZoneId) -> Target {
        let unlisted = self.unlisted(zone, &mut |export, who| export.pair(sender, who));
        let mut differing: Vec<(Kind, Target)> = Vec::new();
        for kind in [Kind::Plain, Kind::Profiled] {
            if self.population.has(zone, kind) {
                let target = self.pair(sender, Subject { zone, device: None, kind });
                if target != unlisted {
                    differing.push((kind, target));
                }
            }
        }
        if differing.is_empty() {
            return unlisted;
        }
        let zone_name = &self.policy.zones[zone.0].name;
        let mut chain = Chain::new(self.names.unique(&format!("{}_to_all_of_{zone_name}", self.call(sender))));
        for (kind, target) in differing {
            for family in Family::BOTH {
                let header = family.header();
                if let Some(set) = self.kind_set(zone, kind, family) {
                    chain.rule(format!("{header} daddr {set} {}", target.verdict()));
                }
                for group in self.groups_of(zone, kind) {
                    if let Some(learnt) = self.learnt(group, family) {
                        chain.rule(format!("{header} daddr {learnt} {}", target.verdict()));
                    }
                }
            }
        }
        chain.rule(unlisted.verdict());
        let target = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        target
    }

    /// Devices that rules name, where they lead elsewhere than their zone.
    fn named_receivers(&mut self, sender: Subject, chain: &mut Chain) {
        let mut maps: BTreeMap<Family, Vec<(String, String)>> = BTreeMap::new();
        let mut learnt = Vec::new();
        for group in 0..self.population.groups.len() {
            let subject = self.population.groups[group].subject;
            if subject.device.is_none() {
                continue;
            }
            let target = self.pair(sender, subject);
            let otherwise = match self.population.has(subject.zone, subject.kind) {
                true => self.pair(sender, Subject { device: None, ..subject }),
                false => self.unlisted(subject.zone, &mut |export, who| export.pair(sender, who)),
            };
            if target == otherwise {
                continue;
            }
            for family in Family::BOTH {
                let elements = maps.entry(family).or_default();
                for device in &self.population.groups[group].devices {
                    let addresses = addresses(&self.space, &self.policy.devices[device.0], family);
                    elements.extend(addresses.map(|address| (address.to_string(), target.verdict())));
                }
                if let Some(set) = self.learnt(group, family) {
                    learnt.push(format!("{} daddr {set} {}", family.header(), target.verdict()));
                }
            }
        }
        for (family, elements) in maps {
            if !elements.is_empty() {
                chain.rule(verdict_map(&format!("{} daddr", family.header()), &elements));
            }
        }
        chain.rules(learnt);
    }

    /// Where members of a zone who are no listed device lead.
    pub(super) fn unlisted(&mut self, zone: ZoneId, target: &mut dyn FnMut(&mut Self, Subject) -> Target) -> Target {
        let audit = self.policy.zones[zone.0].audit;
        match self.policy.zones[zone.0].unknown {
            Unknown::Allow => target(self, Subject::anyone(zone)),
            Unknown::Quarantine(quarantine) => target(self, Subject::anyone(quarantine)),
            Unknown::Deny if self.drops(audit) => self.refuse(Reason::UnknownDevice, audit),
            Unknown::Deny => {
                let then = target(self, Subject::anyone(zone));
                self.softened(then)
            }
        }
    }

    /// The listed addresses of a zone's devices of a kind.
    pub(super) fn kind_set(&mut self, zone: ZoneId, kind: Kind, family: Family) -> Option<String> {
        let listed = self.of_kind(zone, kind).flat_map(|device| addresses(&self.space, device, family)).collect();
        let name = self.call(Subject { zone, device: None, kind });
        self.address_set(&name, family, listed)
    }

    /// A zone's devices of a kind.
    pub(super) fn of_kind(&self, zone: ZoneId, kind: Kind) -> impl Iterator<Item = &'a Device> + use<'a> {
        let devices = self.policy.devices.iter().filter(move |device| device.zone == zone);
        devices.filter(move |device| device.profiles.is_empty() == (kind == Kind::Plain))
    }
}

/// The target that most ranges lead to; the others are told apart from it.
fn most_common(places: &[(Range, Target)]) -> Option<Target> {
    let mut counts: BTreeMap<&Target, usize> = BTreeMap::new();
    for (_, target) in places {
        *counts.entry(target).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(target, _)| target.clone())
}
