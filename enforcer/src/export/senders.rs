//! Dispatch by sender: by device where rules name it, else by port, and by address where a port has several zones.

use enforcer_common::reason::Reason;

use super::Export;
use super::entrances::Entrance;
use super::reasons::Target;
use super::space::{Family, Place};
use super::text::{Chain, verdict_map};
use super::who::{Kind, Subject, addresses, mac};
use crate::policy::model::ZoneId;

/// Where a sender's packets are decided.
pub(super) type Decides<'d, 'a> = &'d mut dyn FnMut(&mut Export<'a>, Subject) -> Target;

impl<'a> Export<'a> {
    /// The chain `name` that leads packets on by their sender, whatever the entrance.
    pub(super) fn senders(&mut self, name: &str, decides: Decides<'_, 'a>) -> String {
        let mut chain = Chain::new(self.names.unique(name));
        // An audited port lends nobody another zone's rights: senders there are told apart by themselves.
        let (audited, bound): (Vec<Entrance>, Vec<Entrance>) =
            self.entrances.iter().cloned().partition(|entrance| entrance.audit);
        let mut apart = Vec::with_capacity(audited.len());
        for entrance in &audited {
            let target = self.senders_on(name, entrance, decides);
            apart.push((entrance.quoted.clone(), target.verdict()));
        }
        if !apart.is_empty() {
            chain.rule(verdict_map("iifname", &apart));
        }
        self.named_senders(&bound, &mut chain, decides);
        let mut by_entrance = Vec::with_capacity(bound.len());
        for entrance in &bound {
            let target = self.sender_on(name, entrance, decides);
            by_entrance.push((entrance.quoted.clone(), target.verdict()));
        }
        if !by_entrance.is_empty() {
            chain.rule(verdict_map("iifname", &by_entrance));
        }
        // Whatever came by another interface was refused before.
        let nobody = self.refuse(Reason::UnknownZone, false);
        chain.rule(nobody.verdict());
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// The rules that lead packets of one entrance on by their sender.
    pub(super) fn senders_on(&mut self, name: &str, entrance: &Entrance, decides: Decides<'_, 'a>) -> Target {
        let mut chain = Chain::new(self.names.unique(&format!("{name}_on_{}", entrance.device)));
        self.named_senders(std::slice::from_ref(entrance), &mut chain, decides);
        let target = self.sender_on(name, entrance, decides);
        if chain.is_empty() {
            return target;
        }
        chain.rule(target.verdict());
        let target = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        target
    }

    /// Devices that rules name, where they lead elsewhere than their zone: by address, and by MAC where they have one.
    fn named_senders(&mut self, entrances: &[Entrance], chain: &mut Chain, decides: Decides<'_, 'a>) {
        let (mut by_address, mut by_mac) = ([Vec::new(), Vec::new()], Vec::new());
        for group in 0..self.population.groups.len() {
            let subject = self.population.groups[group].subject;
            let may_come = |entrance: &Entrance| entrance.zones.contains(&subject.zone);
            if subject.device.is_none() || !entrances.iter().any(may_come) {
                continue;
            }
            let target = decides(self, subject);
            let otherwise = match self.population.has(subject.zone, subject.kind) {
                true => decides(self, Subject { device: None, ..subject }),
                false => self.unlisted(subject.zone, decides),
            };
            if target == otherwise {
                continue;
            }
            for device in &self.population.groups[group].devices {
                let device = &self.policy.devices[device.0];
                for family in Family::BOTH {
                    let addresses = addresses(&self.space, device, family);
                    by_address[family as usize]
                        .extend(addresses.map(|address| (address.to_string(), target.verdict())));
                }
                by_mac.extend(device.mac.map(|own| (mac(own), target.verdict())));
            }
        }
        for family in Family::BOTH {
            let elements = &by_address[family as usize];
            if !elements.is_empty() {
                chain.rule(verdict_map(&format!("{} saddr", family.header()), elements));
            }
        }
        if !by_mac.is_empty() {
            chain.rule(verdict_map("ether saddr", &by_mac));
        }
    }

    /// Where other senders on an entrance are decided.
    fn sender_on(&mut self, name: &str, entrance: &Entrance, decides: Decides<'_, 'a>) -> Target {
        if let [zone] = entrance.zones.as_slice() {
            return self.sender_in(name, *zone, decides);
        }
        // Of several zones addresses tell.
        let mut chain = Chain::new(self.names.unique(&format!("{name}_at_{}", entrance.device)));
        let targets: Vec<(ZoneId, Target)> =
            entrance.zones.iter().map(|zone| (*zone, self.sender_in(name, *zone, decides))).collect();
        for family in Family::BOTH {
            let elements = targets.iter().flat_map(|(zone, target)| {
                let ranges = self.space.ranges(family, |place| place == Place::Zone(*zone));
                ranges.into_iter().map(|range| (range.to_string(), target.verdict()))
            });
            let elements: Vec<(String, String)> = elements.collect();
            if !elements.is_empty() {
                chain.rule(verdict_map(&format!("{} saddr", family.header()), &elements));
            }
        }
        // A sender without address belongs to none of several zones.
        let rest = self.refuse(Reason::UnknownZone, false);
        chain.rule(rest.verdict());
        let target = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        target
    }

    /// Where members of a zone are decided; a chain of its own where they are not all the same.
    fn sender_in(&mut self, name: &str, zone: ZoneId, decides: Decides<'_, 'a>) -> Target {
        let unlisted = self.unlisted(zone, decides);
        let mut differing: Vec<(Kind, Target)> = Vec::new();
        for kind in [Kind::Plain, Kind::Profiled] {
            if self.population.has(zone, kind) {
                let target = decides(self, Subject { zone, device: None, kind });
                if target != unlisted {
                    differing.push((kind, target));
                }
            }
        }
        if differing.is_empty() {
            return unlisted;
        }
        let zone_name = &self.policy.zones[zone.0].name;
        let mut chain = Chain::new(self.names.unique(&format!("{name}_in_{zone_name}")));
        for (kind, target) in differing {
            for family in Family::BOTH {
                if let Some(set) = self.kind_set(zone, kind, family) {
                    chain.rule(format!("{} saddr {set} {}", family.header(), target.verdict()));
                }
            }
            if let Some(set) = self.kind_macs(zone, kind) {
                chain.rule(format!("ether saddr {set} {}", target.verdict()));
            }
        }
        chain.rule(unlisted.verdict());
        let target = Target::Chain(chain.name.clone());
        self.table.chain(chain);
        target
    }

    /// The MACs of a zone's devices of a kind.
    fn kind_macs(&mut self, zone: ZoneId, kind: Kind) -> Option<String> {
        let macs: Vec<String> = self.of_kind(zone, kind).filter_map(|device| Some(mac(device.mac?))).collect();
        let name = format!("{}_macs", self.call(Subject { zone, device: None, kind }));
        (!macs.is_empty()).then(|| self.shared_set(&name, "ether_addr", &[], macs))
    }
}
