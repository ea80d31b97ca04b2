//! The ends of a packet that is given by words: who a word means, with which address, and where it is met.

use std::net::IpAddr;

use super::lay::{Lay, is_link_local};
use super::words::WordError;
use crate::policy::Words as PolicyWords;
use crate::policy::model::{Device, Zone};

/// Who a word means.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'s> {
    Router,
    Zone(&'s Zone),
    Device(&'s Device),
    /// A host name of `[names]`.
    Name(&'s [IpAddr]),
    Address(IpAddr),
}

/// An end with its address, in one family.
#[derive(Debug, Clone)]
pub(super) struct Placed<'s> {
    pub(super) address: IpAddr,
    /// The zone that it stands in; none for the router, for addresses of the link and for those in no zone.
    pub(super) zone: Option<&'s Zone>,
    pub(super) device: Option<&'s Device>,
    /// What was chosen, where the word leaves a choice.
    pub(super) note: Option<String>,
}

impl<'s> End<'s> {
    /// Reads a word: a zone, a device, `router`, a host name of `[names]`, or an address.
    pub(super) fn read(lay: Lay<'s>, words: &PolicyWords, text: &str) -> Result<End<'s>, WordError> {
        if text == "router" {
            return Ok(End::Router);
        }
        if let Some(zone) = lay.zone(text) {
            return Ok(End::Zone(zone));
        }
        if let Some(device) = lay.device(text) {
            return Ok(End::Device(device));
        }
        if let Some(addresses) = lay.policy.names.get(&text.to_lowercase()) {
            return Ok(End::Name(addresses));
        }
        if let Ok(address) = text.parse() {
            return Ok(End::Address(address));
        }
        if words.is_group(text) {
            return Err(WordError::Group(text.to_owned()));
        }
        let zones = lay.policy.zones.iter().map(|zone| zone.name.as_str());
        let known: Vec<&str> = zones.chain(lay.policy.devices.iter().map(|device| device.name.as_str())).collect();
        Err(WordError::Nobody { word: text.to_owned(), help: crate::policy::nearest_of(text, &known) })
    }

    /// The zone that is meant, where it is known without an address.
    pub(super) fn zone(&self, lay: Lay<'s>) -> Option<&'s Zone> {
        match self {
            End::Zone(zone) => Some(zone),
            End::Device(device) => Some(lay.zone_of_device(device)),
            End::Address(address) if is_link_local(*address) => None,
            End::Address(address) => match lay.device_of(*address) {
                Some(device) => Some(lay.zone_of_device(device)),
                None => lay.zone_of(*address),
            },
            End::Name(addresses) => addresses.first().and_then(|address| lay.zone_of(*address)),
            End::Router => None,
        }
    }

    /// The end in one family, seen from `port`; none where it has no address there.
    pub(super) fn placed(&self, lay: Lay<'s>, port: Option<&str>, four: bool) -> Option<Placed<'s>> {
        match *self {
            End::Router => {
                let address = lay.own(port, four)?;
                Some(Placed { address, zone: None, device: None, note: Some(format!("{address} is the router's")) })
            }
            End::Zone(zone) => {
                let address = lay.somebody_in(zone, four)?;
                let note = Some(format!("{address} stands for somebody in {}", zone.name));
                Some(Placed { address, zone: Some(zone), device: None, note })
            }
            End::Device(device) => {
                let zone = lay.zone_of_device(device);
                if let Some(listed) = device.addresses.iter().find(|address| address.is_ipv4() == four) {
                    return Some(Placed { address: *listed, zone: Some(zone), device: Some(device), note: None });
                }
                device.mac?;
                let address = lay.somebody_in(zone, four)?;
                let note = Some(format!("{} lists no such address; it is taken to have {address}", device.name));
                Some(Placed { address, zone: Some(zone), device: Some(device), note })
            }
            End::Name(addresses) => {
                let address = *addresses.iter().find(|address| address.is_ipv4() == four)?;
                let note = Some(format!("{address} is the first of its addresses in `[names]`"));
                Some(Placed { address, zone: lay.zone_of(address), device: None, note })
            }
            End::Address(address) => {
                let device = lay.device_of(address);
                let zone = self.zone(lay).filter(|_| !lay.is_own(address));
                (address.is_ipv4() == four).then_some(Placed { address, zone, device, note: None })
            }
        }
    }

    /// True for the router itself, by name or by address.
    pub(super) fn is_router(&self, lay: Lay<'_>) -> bool {
        match self {
            End::Router => true,
            End::Address(address) => lay.is_own(*address),
            End::Zone(_) | End::Device(_) | End::Name(_) => false,
        }
    }
}
