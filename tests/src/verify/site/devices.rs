//! Devices, controllers and names.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{Draft, networks};
use crate::verify::dice::Dice;

const NAMES: [&str; 7] = ["camera", "lamp", "printer", "plc", "historian", "sensor", "tablet"];
const CLASSES: [&str; 5] = [
    "urn:ietf:params:mud:dns",
    "urn:ietf:params:mud:ntp",
    "urn:ietf:params:mud:gateway",
    "https://lamps.example/controllers",
    "https://plc.example/engineering",
];
/// Names that MUD files and `[names]` have.
pub(super) const HOSTS: [&str; 4] =
    ["cloud.example.com", "updates.example.com", "time.example.net", "nowhere.example.org"];

/// A device as it will be written.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) addresses: Vec<IpAddr>,
    rest: Map<String, Value>,
}

impl Device {
    pub(super) fn value(&self) -> Value {
        let mut device = self.rest.clone();
        device.insert("zone".into(), json!(self.zone));
        if !self.addresses.is_empty() {
            device.insert("addresses".into(), json!(self.addresses));
        }
        Value::Object(device)
    }
}

/// Devices in the zones that have networks, some of them with MUD files.
pub(super) fn devices(draft: &mut Draft, profiles: &[String], dice: &mut Dice) {
    let wanted = dice.weighted(&[(1, 0), (2, 1), (3, 2), (3, 3), (2, 4), (2, 6)]);
    for (number, name) in (1u8..).zip(dice.some(&NAMES, wanted, wanted)) {
        let zone = dice.pick(&draft.zones).clone();
        let mut device =
            Device { name: name.to_owned(), zone: zone.name.clone(), addresses: Vec::new(), rest: Map::new() };
        if dice.percent(70) {
            for _ in 0..dice.between(1, 3) {
                let Some(net) = dice.maybe(&zone.networks) else { break };
                let address = networks::edge(*net, dice);
                let listed = draft.devices.iter().flat_map(|device| &device.addresses).chain(&device.addresses);
                let own = draft.router.values().flatten().any(|net| net.addr() == address);
                // Nor the broadcast address of a network of the router's, which is nobody's.
                let of_all =
                    draft.router.values().flatten().any(|net| net.broadcast() == address && net.addr().is_ipv4());
                let fits = !own && !of_all && net.contains(&address) && networks::is_usable(address);
                if fits && !listed.into_iter().any(|other| *other == address) {
                    device.addresses.push(address);
                }
            }
        }
        if device.addresses.is_empty() || dice.percent(60) {
            device.rest.insert("mac".into(), json!(format!("02:00:00:00:00:{number:02x}")));
        }
        let files = dice.weighted(&[(3, 0), (5, 1), (2, 2)]);
        let files = dice.some(profiles, files, files);
        if !files.is_empty() {
            device.rest.insert("mud".into(), json!(files));
        }
        if dice.percent(50) {
            let controllers = addresses(draft, 1, 2, dice);
            device.rest.insert("my-controllers".into(), controllers);
        }
        if dice.percent(15) {
            device.rest.insert("mode".into(), json!(dice.pick(&["audit", "enforce"])));
        }
        if dice.percent(20) {
            device.rest.insert("replies".into(), json!("listed"));
        }
        draft.devices.push(device);
    }
}

fn addresses(draft: &Draft, fewest: usize, most: usize, dice: &mut Dice) -> Value {
    let mut list: Vec<IpAddr> = Vec::new();
    for _ in 0..dice.between(fewest, most) {
        let address = draft.address(dice);
        if !list.contains(&address) {
            list.push(address);
        }
    }
    json!(list)
}

/// `[controllers]`.
pub(super) fn controllers(draft: &Draft, dice: &mut Dice) -> Value {
    let classes = dice.some(&CLASSES, 0, CLASSES.len());
    classes.into_iter().map(|class| (class.to_owned(), addresses(draft, 1, 3, dice))).collect::<Map<_, _>>().into()
}

/// `[names]`.
pub(super) fn names(draft: &Draft, dice: &mut Dice) -> Value {
    let hosts = dice.some(&HOSTS[..3], 0, 3);
    hosts.into_iter().map(|host| (host.to_owned(), addresses(draft, 1, 3, dice))).collect::<Map<_, _>>().into()
}

/// A controller class, as MUD files name it.
pub(super) fn class(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(&CLASSES)
}
