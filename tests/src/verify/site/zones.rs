//! Zones, their ports and prefixes, and the router's addresses there.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::networks;
use crate::verify::dice::Dice;

/// An interface that `[router] ignore` may list.
pub(super) const IGNORED: &str = "docker0";

const NAMES: [&str; 9] = ["internet", "office", "iot", "cell1", "cell2", "guests", "lab", "backup", "quarantine"];
/// Interfaces whose names start with `tun` have no Ethernet header.
const INTERFACES: [&str; 6] = ["lan0", "lan1", "lan2", "wan0", "trunk0", "tun0"];
const VLANS: [u16; 7] = [1, 2, 10, 30, 100, 4093, 4094];

/// A zone as it will be written.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) ports: Vec<String>,
    pub(super) connected: bool,
    pub(super) fixed: Vec<IpNet>,
    /// All its networks, those of its ports' interfaces among them.
    pub(super) networks: Vec<IpNet>,
    pub(super) unknown: &'static str,
    pub(super) audit: bool,
    pub(super) essentials: bool,
}

impl Zone {
    pub(super) fn value(&self) -> Value {
        let mut zone = Map::new();
        zone.insert("ports".into(), json!(self.ports));
        let connected = self.connected.then(|| json!("connected"));
        let prefixes: Vec<Value> = connected.into_iter().chain(self.fixed.iter().map(|net| json!(net))).collect();
        zone.insert("prefixes".into(), prefixes.into());
        if self.unknown != "allow" {
            zone.insert("unknown".into(), json!(self.unknown));
        }
        if self.audit {
            zone.insert("mode".into(), json!("audit"));
        }
        if !self.essentials {
            zone.insert("essentials".into(), json!(false));
        }
        Value::Object(zone)
    }
}

/// Two to eight zones with prefixes of their own; ports may be shared.
pub(super) fn zones(dice: &mut Dice) -> Vec<Zone> {
    let count = dice.weighted(&[(2, 2), (4, 3), (5, 4), (4, 5), (2, 6), (1, 7), (1, 8)]);
    let names = dice.some(&NAMES, count, count);
    let quarantine = names.contains(&"quarantine");
    let mut claimed: Vec<IpNet> = Vec::new();
    let mut taken: BTreeMap<String, bool> = BTreeMap::new();
    let mut zones: Vec<Zone> = Vec::new();
    for name in names {
        let mut fixed = Vec::new();
        if name == "internet" {
            for default in ["0.0.0.0/0", "::/0"] {
                if dice.percent(80) {
                    fixed.extend(default.parse::<IpNet>());
                }
            }
        }
        let connected = dice.percent(45);
        let wanted = dice.between(usize::from(!connected), 4);
        for _ in 0..wanted {
            let net = match dice.maybe(&claimed) {
                Some(other) if other.prefix_len() > 0 && dice.percent(60) => networks::relative(*other, dice),
                _ => networks::network(dice),
            };
            if !claimed.contains(&net) {
                fixed.push(net);
            }
        }
        fixed.sort();
        fixed.dedup();
        claimed.extend(&fixed);
        let ports = ports(&mut taken, connected, fixed.is_empty(), dice);
        let unknown = match dice.below(10) {
            0 | 1 => "deny",
            2 | 3 if quarantine && name != "quarantine" => "quarantine",
            _ => "allow",
        };
        zones.push(Zone {
            name: name.to_owned(),
            ports,
            connected,
            networks: fixed.clone(),
            fixed,
            unknown,
            audit: dice.percent(15),
            essentials: dice.percent(80),
        });
    }
    zones
}

/// Ports of a zone. `taken` says of each port whether a zone with connected networks has it.
fn ports(taken: &mut BTreeMap<String, bool>, connected: bool, bare: bool, dice: &mut Dice) -> Vec<String> {
    let mut ports = Vec::new();
    for _ in 0..dice.weighted(&[(1, 0), (12, 1), (8, 2), (3, 3)]) {
        let shared: Vec<&String> = taken
            .iter()
            .filter(|(port, by)| !(ports.contains(*port) || **by && connected))
            .map(|(port, _)| port)
            .collect();
        if !bare && dice.percent(20) && !shared.is_empty() {
            let port = (*dice.pick(&shared)).clone();
            ports.push(port);
            continue;
        }
        let interface = *dice.pick(&INTERFACES);
        let port = match dice.below(6) {
            0..=2 => interface.to_owned(),
            3 | 4 => format!("{interface}.{}", dice.pick(&VLANS)),
            _ => format!("{interface}.{}.{}", dice.pick(&VLANS), dice.pick(&VLANS)),
        };
        let port = if interface.starts_with("tun") { interface.to_owned() } else { port };
        if !taken.contains_key(&port) && !ports.contains(&port) {
            ports.push(port);
        }
    }
    if !bare {
        for port in &ports {
            *taken.entry(port.clone()).or_default() |= connected;
        }
    } else {
        // A zone that prefixes do not tell apart keeps its ports to itself.
        for port in &ports {
            taken.insert(port.clone(), true);
        }
    }
    ports
}

/// The router's addresses on most ports, in the zone's networks or in new ones. Connected networks become the zone's.
pub(super) fn router(zones: &mut [Zone], dice: &mut Dice) -> BTreeMap<String, Vec<IpNet>> {
    let mut ports: Vec<String> = zones.iter().flat_map(|zone| zone.ports.iter().cloned()).collect();
    ports.sort();
    ports.dedup();
    let mut addresses: BTreeMap<String, Vec<IpNet>> = BTreeMap::new();
    let mut claimed: Vec<IpNet> = zones.iter().flat_map(|zone| zone.fixed.iter().copied()).collect();
    for port in ports {
        if !dice.percent(90) {
            continue;
        }
        let stands_there = |zone: &Zone| zone.ports.contains(&port);
        let nets: Vec<IpNet> =
            zones.iter().filter(|zone| stands_there(zone)).flat_map(|zone| zone.fixed.clone()).collect();
        let mut connected = zones.iter_mut().find(|zone| zone.connected && stands_there(zone));
        let mut own: Vec<IpNet> = Vec::new();
        for _ in 0..dice.between(1, 3) {
            let net = match dice.maybe(&nets) {
                Some(net) if net.prefix_len() > 0 && dice.percent(50) => *net,
                _ => networks::network(dice),
            };
            let host = networks::edge(net, dice);
            let twice = addresses.values().flatten().chain(&own).any(|other: &IpNet| other.addr() == host);
            let of_zone = connected.as_ref().is_some_and(|zone| zone.networks.contains(&net));
            let of_other = connected.is_some() && claimed.contains(&net) && !of_zone;
            let broadcast = host == net.broadcast() && host.is_ipv4() && net.prefix_len() < 31;
            if of_other || twice || broadcast || !networks::is_usable(host) || !net.contains(&host) {
                continue;
            }
            own.extend(IpNet::new(host, net.prefix_len()));
            if let Some(zone) = connected.as_mut().filter(|_| !of_zone) {
                claimed.push(net);
                zone.networks.push(net);
            }
        }
        if dice.percent(10) {
            let own_link_locals: &[&str] = match dice.percent(50) {
                true if dice.percent(50) => &["fe80::1/64", "fe80::2/64", "fe80::3/64"],
                true => &["fe80::1/64"],
                false => &["169.254.0.1/16"],
            };
            own.extend(own_link_locals.iter().flat_map(|text| text.parse::<IpNet>()));
        }
        if !own.is_empty() {
            addresses.insert(port, own);
        }
    }
    addresses
}
