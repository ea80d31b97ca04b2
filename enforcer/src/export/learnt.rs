//! Devices that are known by their MAC and have no listed address of a family: the rules learn from what they send.

use super::Export;
use super::space::Family;
use super::who::{Kind, Subject, mac, roams};
use crate::policy::model::ZoneId;

/// Addresses that one group of devices may have at a time, and how long they are known after the last packet.
const LEARNT: [&str; 3] = ["size 65535", "flags dynamic,timeout", "timeout 1d"];

impl Export<'_> {
    /// The rules that learn, and forget what another MAC has taken over.
    pub(super) fn learning(&mut self) -> Vec<String> {
        let mut rules = Vec::new();
        for group in 0..self.population.groups.len() {
            for family in Family::BOTH {
                let Some(learnt) = self.learnt(group, family) else { continue };
                let macs = self.roaming_macs(group, family);
                let name = format!("macs_{}", self.first_roaming(group, family));
                let macs = self.shared_set(&name, "ether_addr", &[], macs);
                let header = family.header();
                rules.push(format!("ether saddr {macs} update {learnt} {{ {header} saddr }}"));
                rules.push(format!(
                    "{header} saddr {learnt} ether saddr != {macs} delete {learnt} {{ {header} saddr }}"
                ));
            }
        }
        if !rules.is_empty() {
            self.notes.learns();
        }
        rules
    }

    /// The set of addresses that devices of a group were last seen to use; nothing where all of theirs are listed.
    pub(super) fn learnt(&mut self, group: usize, family: Family) -> Option<String> {
        if self.roaming_macs(group, family).is_empty() {
            return None;
        }
        // Its name is its own, whoever asks first.
        let name = format!("learnt_{}{}", self.first_roaming(group, family), family.digit());
        let key = ("learnt", vec![name.clone()]);
        if let Some(known) = self.sets.get(&key) {
            return Some(known.clone());
        }
        let unique = self.names.unique(&name);
        let reference = self.table.set(unique, family.of_set(), &LEARNT, Vec::new());
        self.sets.insert(key, reference.clone());
        Some(reference)
    }

    /// What sets are called after: the first device of a group that may have any address of its zone.
    fn first_roaming(&self, group: usize, family: Family) -> &str {
        let group = &self.population.groups[group];
        let devices = group.devices.iter().map(|id| &self.policy.devices[id.0]);
        let first = devices.into_iter().find(|device| roams(device, family));
        first.map_or(&group.name, |device| &device.name)
    }

    /// MACs of the devices of a group that may have any address of their zone.
    pub(super) fn roaming_macs(&self, group: usize, family: Family) -> Vec<String> {
        let devices = self.population.groups[group].devices.iter().map(|id| &self.policy.devices[id.0]);
        devices.filter(|device| roams(device, family)).filter_map(|device| Some(mac(device.mac?))).collect()
    }

    /// Groups of a kind in a zone that no rule names.
    pub(super) fn groups_of(&self, zone: ZoneId, kind: Kind) -> Vec<usize> {
        let wanted = Subject { zone, device: None, kind };
        let groups = self.population.groups.iter().enumerate();
        groups.filter(|(_, group)| group.subject == wanted).map(|(i, _)| i).collect()
    }
}
