//! A sender who does not belong where it is, and the binding that would make it right.

use std::net::IpAddr;

use super::candidates::{Ops, Situation, Way};
use super::edit::{Op, Target};
use super::lay::{is_group, is_link_local, mac_text};
use crate::policy::model::Device;

/// One for each thing that can be wrong in the policy.
pub(super) fn bindings(situation: &Situation<'_>) -> Vec<Way> {
    let Situation { lay, answer, seen, question, .. } = *situation;
    let Some(port) = answer.port.as_deref() else { return Vec::new() };
    let Some(source) = seen.source.filter(|source| can_be_bound(situation, *source)) else { return Vec::new() };
    let mac = seen.macs.map(|(mac, _)| mac).filter(|_| question.mac_known);
    let by_mac = seen.macs.and_then(|(mac, _)| lay.device_of_mac(mac));
    let by_address = lay.device_of(source);
    let mut ways = Vec::new();
    match (by_address, by_mac) {
        (Some(device), None) => {
            if let Some(mac) = mac.filter(|_| device.mac.is_some()) {
                let note = format!("if {} has a new network card; otherwise somebody forges", device.name);
                ways.push(Way { tries: vec![vec![other_mac(situation, device, mac)]], note: Some(note) });
            }
            ways.extend(moved(situation, device, port));
        }
        (None, Some(device)) => {
            let lists = device.addresses.iter().any(|own| own.is_ipv4() == source.is_ipv4());
            let mut ops: Ops = Vec::new();
            if lay.zone_of(source).map(|zone| &zone.name) != Some(&lay.zone_of_device(device).name) {
                ops.push(situation.prefix(lay.zone_of_device(device), source));
            }
            if lists {
                ops.push(another_address(situation, device, source));
            }
            if !ops.is_empty() {
                let note = format!("if {source} is an address of {}; otherwise somebody forges", device.name);
                ways.push(Way { tries: vec![ops], note: Some(note) });
            }
            ways.extend(moved(situation, device, port));
        }
        // An address of one device under the MAC of another: one of both entries is wrong, and which cannot be told.
        (Some(_), Some(_)) => (),
        (None, None) => {
            if let [zone] = lay.zones_at(port).as_slice() {
                let note = format!("if {source} is behind {port}; otherwise somebody forges");
                ways.push(Way { tries: vec![vec![situation.prefix(zone, source)]], note: Some(note) });
            }
        }
    }
    ways
}

/// What no host has, or the router itself has, no policy binds to anybody.
fn can_be_bound(situation: &Situation<'_>, source: IpAddr) -> bool {
    let strange = source.is_unspecified() || source.is_loopback() || is_group(source) || is_link_local(source);
    !strange && !situation.lay.is_own(source)
}

/// The port, for a device that comes by one of another zone.
fn moved(situation: &Situation<'_>, device: &Device, port: &str) -> Option<Way> {
    let zone = situation.lay.zone_of_device(device);
    if zone.ports.iter().any(|own| own.name == port) {
        return None;
    }
    let note = format!("if {} stands behind {port}; otherwise somebody forges", device.name);
    Some(Way { tries: vec![vec![situation.port(zone, port)]], note: Some(note) })
}

fn other_mac(situation: &Situation<'_>, device: &Device, mac: [u8; 6]) -> (String, Op) {
    let target = Target::Named("devices", device.name.clone());
    (situation.file(device.place.as_ref()), Op::Set { target, key: "mac", item: mac_text(mac).into() })
}

fn another_address(situation: &Situation<'_>, device: &Device, address: IpAddr) -> (String, Op) {
    let target = Target::Named("devices", device.name.clone());
    let item = address.to_string().into();
    (situation.file(device.place.as_ref()), Op::Push { target, key: "addresses".to_owned(), item, implied: None })
}
