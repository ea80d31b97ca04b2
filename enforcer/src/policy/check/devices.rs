//! Devices: one owner for every address, and a place in their zone.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Checked;
use crate::policy::report::Findings;
use crate::policy::source::{At, Span};

pub(super) fn errors(checked: &Checked<'_>, findings: &mut Findings) {
    let devices = &checked.document.devices;
    let mut macs: HashMap<[u8; 6], (usize, Span)> = HashMap::with_capacity(devices.len());
    let mut addresses: HashMap<IpAddr, (usize, Span)> = HashMap::with_capacity(devices.len());
    let routers: HashSet<IpAddr> = checked.facts.addresses.values().flatten().map(IpNet::addr).collect();
    let broadcasts: HashSet<IpAddr> = checked.facts.broadcasts().collect();
    let networks: Vec<Networks> =
        checked.policy.zones.iter().map(|zone| Networks::new(checked.facts.prefixes_of(zone))).collect();
    for (index, device) in devices.iter().enumerate() {
        if let Some(mac) = &device.entry.mac {
            let shown = hexadecimal(mac.value);
            claim(checked, &mut macs, index, mac, &shown, findings);
        }
        let zone = checked.policy.devices[index].zone;
        let networks = &networks[zone.0];
        for address in device.entry.addresses.iter() {
            let shown = address.value.to_string();
            claim(checked, &mut addresses, index, address, &shown, findings);
            if routers.contains(&address.value) {
                findings
                    .error(address.span, format!("{shown} is the router's own address"))
                    .help("write the device's address");
            } else if is_impossible(&address.value) {
                findings
                    .error(address.span, format!("no host has the address {shown}"))
                    .help("write the device's address");
            } else if broadcasts.contains(&address.value) {
                findings
                    .error(address.span, format!("{shown} is the broadcast address of one of the router's networks"))
                    .help("write the device's address");
            } else if networks.known() && !networks.contain(address.value) && zone != checked.policy.router_zone {
                let name = checked.zone_name(zone);
                findings
                    .error(
                        address.span,
                        format!("{shown} is in no prefix of zone `{name}`, where `{}` stands", device.name),
                    )
                    .help(format!("the prefixes of `{name}` are {}", networks.listed()));
            }
        }
    }
}

/// Group addresses, and those that never stand in a packet on a wire as a host's.
fn is_impossible(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_multicast() || address.octets()[0] == 0 || address.is_loopback() || address.octets()[0] >= 240
        }
        IpAddr::V6(address) => {
            let words = address.segments();
            address.is_multicast()
                || words[0] & 0xffc0 == 0xfec0
                || words[..5] == [0; 5] && matches!(words[5], 0 | 0xffff)
        }
    }
}

fn claim<T: Hash + Eq + Copy>(
    checked: &Checked<'_>,
    owners: &mut HashMap<T, (usize, Span)>,
    device: usize,
    claimed: &At<T>,
    shown: &str,
    findings: &mut Findings,
) {
    let (owner, first) = *owners.entry(claimed.value).or_insert((device, claimed.span));
    if owner == device {
        return;
    }
    let devices = &checked.document.devices;
    let (one, two) = (&devices[owner].name, &devices[device].name);
    findings
        .error(claimed.span, format!("{shown} belongs to device `{two}` and to device `{one}`"))
        .also(first, format!("device `{one}` has it"))
        .help("no two devices share a MAC address or an address: correct one of them");
}

fn hexadecimal(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// The prefixes of a zone, asked by address in a time that does not depend on how many there are.
struct Networks {
    lengths: BTreeSet<(bool, u8)>,
    set: HashSet<IpNet>,
    first: Vec<IpNet>,
}

impl Networks {
    fn new(prefixes: Vec<IpNet>) -> Networks {
        let lengths = prefixes.iter().map(|net| (net.addr().is_ipv4(), net.prefix_len()));
        Networks {
            lengths: lengths.collect(),
            first: prefixes.iter().take(6).copied().collect(),
            set: prefixes.into_iter().collect(),
        }
    }

    fn known(&self) -> bool {
        !self.set.is_empty()
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.lengths.iter().any(|(ipv4, length)| {
            *ipv4 == address.is_ipv4() && IpNet::new(address, *length).is_ok_and(|net| self.set.contains(&net.trunc()))
        })
    }

    fn listed(&self) -> String {
        let first: Vec<String> = self.first.iter().map(IpNet::to_string).collect();
        let more = if self.set.len() > first.len() { " …" } else { "" };
        format!("{}{more}", first.join(", "))
    }
}
