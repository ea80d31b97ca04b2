//! The interfaces by which packets enter, as nftables calls them, and the zones that each leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::Hook;
use super::notes::Notes;
use super::text::interface;
use crate::policy::facts::{Interface, Live};
use crate::policy::model::{Policy, Port, ZoneId};

/// An interface that stands for a port of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entrance {
    /// Its name.
    pub(super) device: String,
    /// The same in quotes.
    pub(super) quoted: String,
    /// Zones of the port.
    pub(super) zones: Vec<ZoneId>,
    /// Drops that rest on the port are let through: its zone is in audit. With several zones nobody could tell whom a sender
    /// who is let through would be judged as.
    pub(super) audit: bool,
    /// The ports that it stands for; several behind a bridge.
    pub(super) ports: Vec<Port>,
}

/// Every entrance in order of name. What hangs on the interface itself sees members of bridges apart.
pub(super) fn all(policy: &Policy, live: Option<&Live>, hook: Hook, notes: &mut Notes) -> Vec<Entrance> {
    let mut ports: BTreeMap<&Port, Vec<ZoneId>> = BTreeMap::new();
    for (i, zone) in policy.zones.iter().enumerate() {
        for port in &zone.ports {
            ports.entry(port).or_default().push(ZoneId(i));
        }
    }
    let mut devices: BTreeMap<String, Vec<(&Port, Vec<ZoneId>)>> = BTreeMap::new();
    for (port, zones) in ports {
        devices.entry(device(port, live, hook)).or_default().push((port, zones));
    }
    let mut entrances = Vec::with_capacity(devices.len());
    for (device, on_it) in devices {
        let zones: BTreeSet<&Vec<ZoneId>> = on_it.iter().map(|(_, zones)| zones).collect();
        let names: Vec<&str> = on_it.iter().map(|(port, _)| port.name.as_str()).collect();
        let names = names.join(", ");
        let Some(quoted) = interface(&device) else {
            notes.unnameable(&names);
            continue;
        };
        if zones.len() > 1 {
            notes.mixed_bridge(&device, &names);
            continue;
        }
        let zones = zones.into_iter().next().cloned().unwrap_or_default();
        let audit = matches!(zones.as_slice(), [zone] if policy.zones[zone.0].audit);
        let ports = on_it.into_iter().map(|(port, _)| port.clone()).collect();
        entrances.push(Entrance { device, quoted, zones, audit, ports });
    }
    entrances
}

/// The interface that packets of a port come from: that of the VLAN, and to the network stack the bridge or bond above. Where
/// nothing is known of it, the port's own name.
fn device(port: &Port, live: Option<&Live>, hook: Hook) -> String {
    let Some(live) = live else {
        return port.name.clone();
    };
    let mut device = match live.interface(&port.interface) {
        Some(device) => device,
        None => return port.name.clone(),
    };
    // Tags first: what carries them may itself be above the interface.
    for tag in &port.vlans {
        loop {
            let is_vlan =
                |upper: &&Interface| upper.lower.as_deref() == Some(device.name.as_str()) && upper.vlan == Some(*tag);
            if let Some(upper) = live.interfaces.iter().find(is_vlan) {
                device = upper;
                break;
            }
            match master(device, live, hook) {
                Some(master) => device = master,
                None => return port.name.clone(),
            }
        }
    }
    // No more masters than interfaces.
    for _ in 0..live.interfaces.len() {
        match master(device, live, hook) {
            Some(master) => device = master,
            None => break,
        }
    }
    device.name.clone()
}

/// The bridge or bond that takes an interface's packets; a VRF does not.
fn master<'l>(device: &Interface, live: &'l Live, hook: Hook) -> Option<&'l Interface> {
    if hook == Hook::Ingress {
        return None;
    }
    let master = live.interface(device.master.as_deref()?)?;
    (master.kind.as_deref() != Some("vrf")).then_some(master)
}

/// Interfaces left alone on purpose, in quotes, the loopback among them.
pub(super) fn left_alone(policy: &Policy) -> Vec<String> {
    let ignored = policy.router.ignore.iter().filter_map(|name| interface(name));
    std::iter::once("\"lo\"".to_owned()).chain(ignored).collect()
}
