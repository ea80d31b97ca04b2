//! Who packets are from and to, as far as rules can tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::space::{Family, Space};
use crate::compile::{asking, asks, named};
use crate::policy::model::{Device, DeviceId, Policy, ProfileId, ZoneId};

/// What a member of a zone is to a service `mud`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// No listed device.
    Unlisted,
    /// A listed device without profile.
    Plain,
    /// A device with a profile.
    Profiled,
}

/// One end of a pair: members of a zone, or a device that rules name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Subject {
    /// The zone that it is judged as.
    pub(super) zone: ZoneId,
    /// The device, where some rule names it.
    pub(super) device: Option<DeviceId>,
    /// What it is.
    pub(super) kind: Kind,
}

impl Subject {
    /// Anybody in a zone who is no listed device.
    pub(super) fn anyone(zone: ZoneId) -> Subject {
        Subject { zone, device: None, kind: Kind::Unlisted }
    }
}

/// Devices that no rule and no list tells apart.
#[derive(Debug)]
pub(super) struct Group {
    /// The name of its first device.
    pub(super) name: String,
    /// What its devices are to transitions and guardrails.
    pub(super) subject: Subject,
    /// Their profiles.
    pub(super) profiles: Vec<ProfileId>,
    /// Their own controllers, where a profile asks for them.
    pub(super) my_controllers: Vec<IpAddr>,
    /// Their answers must be listed.
    pub(super) replies_listed: bool,
    /// Drops that rest on them are let through.
    pub(super) audit: bool,
    /// The devices.
    pub(super) devices: Vec<DeviceId>,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Population {
    /// Devices by what they share, in order of their first device's name.
    pub(super) groups: Vec<Group>,
    /// Kinds of devices, other than named ones, that a zone has.
    kinds: BTreeSet<(ZoneId, Kind)>,
}

impl Population {
    /// Everybody in a policy.
    pub(super) fn new(policy: &Policy) -> Population {
        let (named, asking) = (named(policy), asking(policy));
        let mut known = BTreeMap::new();
        let mut population = Population { groups: Vec::new(), kinds: BTreeSet::new() };
        for (i, device) in policy.devices.iter().enumerate() {
            let id = DeviceId(i);
            let kind = if device.profiles.is_empty() { Kind::Plain } else { Kind::Profiled };
            let subject = Subject { zone: device.zone, device: named.contains(&id).then_some(id), kind };
            if subject.device.is_none() {
                population.kinds.insert((device.zone, kind));
            }
            let asks = asks(&asking, &device.profiles);
            let my_controllers = if asks { device.my_controllers.clone() } else { Vec::new() };
            let shared = (subject, device.profiles.clone(), my_controllers, device.replies_listed, device.audit);
            let index = *known.entry(shared.clone()).or_insert_with(|| {
                let (subject, profiles, my_controllers, replies_listed, audit) = shared;
                let (name, devices) = (device.name.clone(), Vec::new());
                let group = Group { name, subject, profiles, my_controllers, replies_listed, audit, devices };
                population.groups.push(group);
                population.groups.len() - 1
            });
            population.groups[index].devices.push(id);
        }
        population
    }

    /// Whether a zone has devices of a kind, beside those that rules name.
    pub(super) fn has(&self, zone: ZoneId, kind: Kind) -> bool {
        self.kinds.contains(&(zone, kind))
    }
}

/// The listed addresses of a device; one of the router's own is the router's.
pub(super) fn addresses<'a>(space: &'a Space, device: &'a Device, family: Family) -> impl Iterator<Item = IpAddr> + 'a {
    let of_family = device.addresses.iter().filter(move |address| Family::of(**address) == family);
    of_family.filter(|address| !space.own.contains(address)).copied()
}

/// Whether a device is known by its MAC and has no listed address of a family: it may have any of its zone.
pub(super) fn roams(device: &Device, family: Family) -> bool {
    device.mac.is_some() && !device.addresses.iter().any(|address| Family::of(*address) == family)
}

/// A MAC as nft writes it.
pub(super) fn mac(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
