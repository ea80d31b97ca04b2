//! Endpoint records, each once.

use std::collections::HashMap;

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::endpoint::{Endpoint, flag};
use enforcer_common::image::ZONE_ROUTER;
use enforcer_common::packet::mac_number;

use super::numbers::Numbers;
use crate::policy::model::{Device, DeviceId, Policy, Unknown, ZoneId};

/// Everything about a listed device that does not depend on the address at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeviceFacts {
    /// Device label.
    pub(super) label: u32,
    /// Profile number.
    pub(super) profile: u32,
    /// Some entry names the device.
    pub(super) special: bool,
}

/// The endpoints of an image; endpoint 0 is unused, endpoint 1 the router.
#[derive(Debug)]
pub(super) struct Endpoints {
    records: Vec<Endpoint>,
    known: HashMap<[u32; 8], u32>,
}

/// The eight words of a record in the image.
fn words(endpoint: &Endpoint) -> [u32; 8] {
    [
        u32::from(endpoint.zone) | u32::from(endpoint.home) << 16,
        endpoint.device,
        endpoint.address_label,
        endpoint.device_label,
        endpoint.profile,
        endpoint.flags,
        endpoint.mac as u32,
        (endpoint.mac >> 32) as u32,
    ]
}

impl Endpoints {
    /// The unused endpoint and the router's, which has no address label of its own but `router_label`.
    pub(super) fn new(router_label: u32) -> Endpoints {
        let mut endpoints = Endpoints { records: vec![Endpoint::default()], known: HashMap::new() };
        endpoints.router(router_label);
        endpoints
    }

    fn add(&mut self, endpoint: Endpoint) -> u32 {
        let next = self.records.len() as u32;
        *self.known.entry(words(&endpoint)).or_insert_with(|| {
            self.records.push(endpoint);
            next
        })
    }

    /// One of the router's own addresses.
    pub(super) fn router(&mut self, label: u32) -> u32 {
        self.add(Endpoint {
            zone: ZONE_ROUTER,
            home: ZONE_ROUTER,
            address_label: label,
            flags: flag::ROUTER,
            ..Endpoint::default()
        })
    }

    /// An address of no zone: group, link-local, unspecified, or never on a wire.
    pub(super) fn special(&mut self, flags: u32, label: u32) -> u32 {
        self.add(Endpoint { address_label: label, flags, ..Endpoint::default() })
    }

    /// An unlisted address of a zone.
    pub(super) fn member(&mut self, policy: &Policy, numbers: &Numbers, zone: ZoneId, label: u32) -> u32 {
        let member = Endpoints::unlisted(policy, numbers, zone, label);
        self.add(member)
    }

    /// The broadcast address of a network of a zone: a group for those in the zone, an address like others for the rest.
    pub(super) fn broadcast(&mut self, policy: &Policy, numbers: &Numbers, zone: ZoneId, label: u32) -> u32 {
        let member = Endpoints::unlisted(policy, numbers, zone, label);
        self.add(Endpoint { flags: member.flags | flag::GROUP, ..member })
    }

    fn unlisted(policy: &Policy, numbers: &Numbers, zone: ZoneId, label: u32) -> Endpoint {
        let home = &policy.zones[zone.0];
        let (judged_as, mut flags) = match home.unknown {
            Unknown::Allow => (zone, 0),
            Unknown::Deny => (zone, flag::DENIED),
            Unknown::Quarantine(quarantine) => (quarantine, 0),
        };
        if policy.zones[judged_as.0].audit {
            flags |= flag::AUDIT | flag::ZONE_AUDIT;
        }
        Endpoint {
            zone: numbers.zone(judged_as),
            home: numbers.zone(zone),
            address_label: label,
            flags,
            ..Endpoint::default()
        }
    }

    /// A listed device, at an address with this label.
    pub(super) fn device(
        &mut self,
        policy: &Policy,
        numbers: &Numbers,
        (id, device): (DeviceId, &Device),
        facts: DeviceFacts,
        label: u32,
    ) -> u32 {
        let set = |condition: bool, bit: u32| if condition { bit } else { 0 };
        let flags = flag::LISTED
            | set(facts.profile != 0, flag::PROFILED)
            | set(facts.special, flag::SPECIAL)
            | set(device.audit, flag::AUDIT)
            | set(policy.zones[device.zone.0].audit, flag::ZONE_AUDIT)
            | set(device.mac.is_some(), flag::HAS_MAC)
            | set(device.addresses.iter().any(|address| address.is_ipv4()), flag::FENCED4)
            | set(device.addresses.iter().any(|address| address.is_ipv6()), flag::FENCED6);
        self.add(Endpoint {
            zone: numbers.zone(device.zone),
            home: numbers.zone(device.zone),
            device: numbers.device(id),
            address_label: label,
            device_label: facts.label,
            profile: facts.profile,
            flags,
            mac: device.mac.map_or(0, mac_number),
        })
    }

    /// Number of endpoints, the unused one included.
    pub(super) fn count(&self) -> u32 {
        self.records.len() as u32
    }

    /// The cells: two records to each.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let write = |pair: &[Endpoint]| {
            let mut cell = [0; WORDS];
            for (i, record) in pair.iter().enumerate() {
                cell[i * 8..i * 8 + 8].copy_from_slice(&words(record));
            }
            cell
        };
        self.records.chunks(2).map(write).collect()
    }
}
