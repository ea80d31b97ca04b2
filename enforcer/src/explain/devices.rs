//! A sender or receiver that no device lists, listed.

use std::net::IpAddr;

use super::candidates::{Ops, Situation, Way, quoted};
use super::edit::Op;
use super::lay::{is_group, is_link_local, mac_text};
use crate::policy::model::{Unknown, Zone};

/// The end that its zone does not admit, as a device.
pub(super) fn listed(situation: &Situation<'_>) -> Option<Way> {
    let (sender, receiver) = situation.zones();
    let answer = situation.answer;
    let denies = |zone: &&Zone| zone.unknown == Unknown::Deny;
    if let Some(zone) = sender.filter(denies).filter(|_| answer.device.is_none()) {
        let address = situation.seen.source.filter(|address| is_of_host(*address));
        return Some(Way::plain(entry(situation, zone, address, own_mac(situation, zone, address))?));
    }
    let zone = receiver.filter(denies).filter(|_| answer.peer.is_none())?;
    let address = situation.seen.destination.filter(|address| is_of_host(*address));
    let mac = situation.seen.macs.map(|(_, to)| to).filter(|_| address.is_none() && situation.question.mac_known);
    Some(Way::plain(entry(situation, zone, address, mac)?))
}

/// An address that a device can list.
fn is_of_host(address: IpAddr) -> bool {
    !address.is_unspecified() && !is_link_local(address) && !is_group(address)
}

/// The sender's MAC, unless it may be that of another router on the way.
fn own_mac(situation: &Situation<'_>, zone: &Zone, address: Option<IpAddr>) -> Option<[u8; 6]> {
    let (mac, _) = situation.seen.macs.filter(|_| situation.question.mac_known)?;
    let port = situation.answer.port.as_deref()?;
    let near = address.is_none_or(|address| situation.lay.is_connected(port, address));
    (near && !zone.is_uplink() && situation.lay.device_of_mac(mac).is_none()).then_some(mac)
}

fn entry(situation: &Situation<'_>, zone: &Zone, address: Option<IpAddr>, mac: Option<[u8; 6]>) -> Option<Ops> {
    let wanted = match (address, mac) {
        (Some(address), _) => address.to_string(),
        (None, Some(mac)) => mac_text(mac),
        (None, None) => return None,
    };
    let name = situation.lay.unused_name(&format!("host-{}", wanted.replace(['.', ':'], "-")));
    let mac = mac.map(|mac| format!("mac = \"{}\"\n", mac_text(mac))).unwrap_or_default();
    let addresses = address.map(|address| format!("addresses = [\"{address}\"]\n")).unwrap_or_default();
    let text = format!("[devices.{name}]\n{mac}{addresses}zone = {}\n", quoted(&zone.name));
    Some(vec![(situation.file(zone.place.as_ref()), Op::Append { text })])
}
