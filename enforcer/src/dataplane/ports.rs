//! Which live interfaces the ports of a generation stand on, and what the overlay tells of every interface.

use std::collections::{BTreeMap, BTreeSet};

use enforcer_common::overlay::{WHOLE_INTERFACE, port};

use super::Error;
use super::netlink::{Interfaces, Link};
use super::overlay::Entry;
use crate::compile::image::Names;
use crate::policy::facts::link_locals;

/// The ports of a generation on the live interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Entries of the overlay's table.
    pub entries: Vec<Entry>,
    /// Interfaces that the programs hang on, by name.
    pub attach: BTreeMap<String, Target>,
    /// Interfaces that the policy names and that do not exist.
    pub missing: Vec<String>,
    /// Interfaces in use that nobody named: what enters by them does not leave by a port.
    pub unnamed: Vec<String>,
    /// Bridges, bonds and the like of which only some members are named, with those that are not.
    pub mixed: Vec<(String, Vec<String>)>,
}

/// An interface to attach to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its index.
    pub index: u32,
    /// Its frames have an Ethernet header.
    pub ethernet: bool,
    /// Some of its ports are VLANs.
    pub vlans: bool,
}

/// By interface index: the one port whose packets enter by it; 0 where there are several.
#[derive(Debug, Default)]
struct Alone(BTreeMap<u32, u32>);

impl Alone {
    fn add(&mut self, number: u32, index: u32) {
        let port = self.0.entry(index).or_insert(number);
        if *port != number {
            *port = 0;
        }
    }

    /// Its number; 0 for none.
    fn port(&self, index: u32) -> u32 {
        self.0.get(&index).copied().unwrap_or(0)
    }
}

impl Layout {
    /// Lays the ports of `names` on the live interfaces; those in `ignore` are left alone on purpose.
    pub fn new(names: &Names, ignore: &[String], live: &Interfaces) -> Self {
        let mut layout = Layout::default();
        let mut alone = Alone::default();
        for (number, name) in names.ports.iter().enumerate().skip(1) {
            match live.by_name(&name.interface) {
                Some(link) => {
                    layout.add_port(number as u32, names, link, live);
                    alone.add(number as u32, link.index);
                    alone.add(number as u32, live.vlan_device(link, &name.vlans).unwrap_or(link).index);
                }
                None if layout.missing.contains(&name.interface) => {}
                None => layout.missing.push(name.interface.clone()),
            }
        }
        layout.add_interfaces(ignore, live, &alone);
        layout.entries.sort_unstable_by_key(|entry| (entry.ifindex, entry.vlans));
        layout
    }

    /// An error where an interface is missing.
    pub fn check(&self) -> Result<(), Error> {
        if self.missing.is_empty() {
            return Ok(());
        }
        Err(Error::NoInterface(self.missing.clone()))
    }

    fn add_port(&mut self, number: u32, names: &Names, link: &Link, live: &Interfaces) {
        let name = &names.ports[number as usize];
        let device = live.vlan_device(link, &name.vlans).unwrap_or(link);
        let outer = name.vlans.first().copied().unwrap_or_default();
        let inner = name.vlans.get(1).copied().unwrap_or_default();
        let bits = bits_of(device, link, live);
        let own = device.mac.or(link.mac);
        let reached = live.reached_by(link, &name.vlans);
        let others = reached.iter().filter(|_| bits & port::BRIDGED != 0).filter_map(|link| link.mac);
        self.entries.push(Entry {
            ifindex: link.index,
            vlans: (outer, inner),
            bits: port::JUDGED | bits,
            number,
            macs: distinct(own.into_iter().chain(others)),
            link: live
                .bridge_of(device)
                .or(live.bridge_of(link))
                .map_or(0, |bridge| link_of(bridge, &name.zones, names)),
            link_locals: distinct(reached.iter().flat_map(|link| link_locals(&link.addresses))),
        });
        let target = self.attach.entry(link.name.clone()).or_insert(Target {
            index: link.index,
            ethernet: link.ethernet,
            vlans: false,
        });
        target.vlans |= !name.vlans.is_empty();
    }

    /// An entry for each interface as a whole, and the lists of what nobody named.
    fn add_interfaces(&mut self, ignore: &[String], live: &Interfaces, alone: &Alone) {
        let named: BTreeSet<u32> = self.attach.values().map(|target| target.index).collect();
        let ignored: BTreeSet<u32> =
            live.iter().filter(|link| ignore.contains(&link.name)).map(|link| link.index).collect();
        let judged = self.judged(&named, &ignored, live);
        for link in live.iter().filter(|link| !link.loopback || named.contains(&link.index)) {
            let mut bits = 0;
            if judged.contains(&link.index) {
                bits |= port::JUDGED;
            } else if ignored.contains(&link.index) {
                bits |= port::IGNORED;
            } else {
                if link.up && !carries(link, &named, live) {
                    self.unnamed.push(link.name.clone());
                }
                continue;
            }
            let retags = live.bridge_of(link).filter(|bridge| bridge.filters_vlans).map(|_| native_vlans(link));
            self.entries.push(Entry {
                ifindex: link.index,
                vlans: (WHOLE_INTERFACE, WHOLE_INTERFACE),
                bits: bits | bits_of(link, link, live) | retags.map_or(0, |_| port::RETAGS),
                number: alone.port(link.index),
                link: retags.unwrap_or_default(),
                ..Entry::default()
            });
        }
    }

    /// Named interfaces, and those above them. What stands on several interfaces is judged only where nothing enters it by
    /// an interface that nobody named: its traffic would otherwise pass as judged.
    fn judged(&mut self, named: &BTreeSet<u32>, ignored: &BTreeSet<u32>, live: &Interfaces) -> BTreeSet<u32> {
        let mut judged = named.clone();
        loop {
            let above: Vec<&Link> = live
                .iter()
                .filter(|link| !judged.contains(&link.index) && !ignored.contains(&link.index))
                .filter(|link| {
                    let mut beneath = beneath(link, live).peekable();
                    beneath.peek().is_some()
                        && beneath.clone().any(|low| judged.contains(&low.index))
                        && beneath.all(|low| judged.contains(&low.index) || ignored.contains(&low.index))
                })
                .collect();
            if above.is_empty() {
                break;
            }
            judged.extend(above.iter().map(|link| link.index));
        }
        for link in live.iter().filter(|link| !judged.contains(&link.index) && !ignored.contains(&link.index)) {
            let (known, unknown): (Vec<&Link>, Vec<&Link>) =
                beneath(link, live).partition(|low| judged.contains(&low.index) || ignored.contains(&low.index));
            if known.iter().any(|low| judged.contains(&low.index)) {
                let unknown = unknown.iter().map(|low| low.name.clone()).collect();
                self.mixed.push((link.name.clone(), unknown));
            }
        }
        judged
    }

    /// The numbers of the entries, for a check that something changed.
    pub fn has_changed(&self, other: &Layout) -> bool {
        self.entries != other.entries || self.attach != other.attach
    }
}

/// Tells the link that members of a bridge share whose zones are the same, tagged there or not; the same for every generation.
/// Never 0.
fn link_of(bridge: &Link, zones: &[u16], names: &Names) -> u32 {
    let mut zones: Vec<&str> = zones.iter().map(|zone| names.zones[usize::from(*zone)].as_str()).collect();
    zones.sort_unstable();
    let text = format!("{} {}", bridge.index, zones.join(" "));
    let hash = text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.max(1)
}

/// The VLAN of what enters a bridge's member untagged, and that of what leaves by it untagged, where it is but one.
fn native_vlans(member: &Link) -> u32 {
    let leaving = if let [vlan] = *member.untagged { vlan } else { 0 };
    u32::from(member.pvid) | u32::from(leaving) << 16
}

fn distinct<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| seen.insert(*one)).collect()
}

/// What stands directly beneath an interface: the members of a bridge or bond, the carrier of a VLAN device.
fn beneath<'a>(link: &'a Link, live: &'a Interfaces) -> impl Iterator<Item = &'a Link> + Clone {
    live.iter().filter(|low| low.master == Some(link.index) || link.lower == Some(low.index))
}

/// True where the interface is a member of a named one, or carries it: the policy names what stands above.
fn carries(link: &Link, named: &BTreeSet<u32>, live: &Interfaces) -> bool {
    let mut open = vec![link.index];
    let mut seen = BTreeSet::new();
    while let Some(index) = open.pop() {
        if !seen.insert(index) {
            continue;
        }
        if named.contains(&index) {
            return true;
        }
        open.extend(live.by_index(index).and_then(|link| link.master));
        open.extend(live.iter().filter(|upper| upper.lower == Some(index)).map(|upper| upper.index));
    }
    false
}

/// Bits that follow from the device: `device` is the VLAN's own device where there is one, `carrier` what XDP hangs on.
fn bits_of(device: &Link, carrier: &Link, live: &Interfaces) -> u32 {
    let mut bits = 0;
    if !carrier.ethernet {
        bits |= port::IP_LINK;
    }
    // Unicast for a macvlan above has a MAC of its own and is for us all the same.
    let others = live.iter().any(|link| link.lower == Some(device.index) && link.vlan.is_none());
    if live.is_bridged(device) || live.is_bridged(carrier) || device.kind == "bridge" || others {
        bits |= port::BRIDGED;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::image::PortName;

    fn link(index: u32, name: &str) -> Link {
        Link {
            index,
            name: name.to_owned(),
            up: true,
            loopback: false,
            ethernet: true,
            mac: Some([2, 0, 0, 0, 0, index as u8]),
            master: None,
            lower: None,
            vlan: None,
            kind: String::new(),
            addresses: Vec::new(),
            filters_vlans: false,
            pvid: 0,
            untagged: Vec::new(),
            xdp: None,
        }
    }

    fn names(ports: &[(&str, &str, &[u16])]) -> Names {
        let mut names = Names { ports: vec![PortName::default()], ..Names::default() };
        for (name, interface, vlans) in ports {
            names.ports.push(PortName {
                name: (*name).to_owned(),
                interface: (*interface).to_owned(),
                vlans: vlans.to_vec(),
                zones: vec![2],
            });
        }
        names.zones = ["", "router", "office", "iot"].map(str::to_owned).to_vec();
        names
    }

    #[test]
    fn a_bridge_that_tells_vlans_apart_says_what_is_untagged() {
        let mut live = bridged();
        (live[1].pvid, live[1].untagged) = (30, vec![30]);
        (live[2].pvid, live[2].untagged) = (20, vec![20, 30]);
        let names = names(&[("lan0", "lan0", &[]), ("lan1", "lan1", &[])]);
        let links = |layout: &Layout| {
            let whole = |index| move |entry: &&Entry| entry.ifindex == index && entry.vlans.0 == WHOLE_INTERFACE;
            [2, 3].map(|index| {
                let entry = layout.entries.iter().find(whole(index)).unwrap();
                (entry.bits & port::RETAGS != 0).then_some(entry.link)
            })
        };
        assert_eq!(links(&Layout::new(&names, &[], &Interfaces::of(live.clone()))), [None, None]);
        live[3].filters_vlans = true;
        assert_eq!(links(&Layout::new(&names, &[], &Interfaces::of(live))), [Some(30 | 30 << 16), Some(20)]);
    }

    #[test]
    fn members_of_a_bridge_are_reached_under_its_addresses() {
        let mut live = bridged();
        live[3].addresses = ["fe80::1/64", "fe80::a/64", "192.168.1.1/24"].map(|text| text.parse().unwrap()).to_vec();
        live[4].addresses = vec!["fe80::30/64".parse().unwrap()];
        live[4].mac = Some([6; 6]);
        let mut names = names(&[
            ("lan0", "lan0", &[]),
            ("lan1", "lan1", &[]),
            ("lan0.30", "lan0", &[30]),
            ("lan1.30", "lan1", &[30]),
            ("wan0", "wan0", &[]),
        ]);
        for number in [3, 4] {
            names.ports[number].zones = vec![3];
        }
        let layout = Layout::new(&names, &[], &Interfaces::of(live));
        let find =
            |number| layout.entries.iter().find(|entry| entry.number == number && entry.vlans.0 != WHOLE_INTERFACE);
        let [lan0, lan1, tagged0, tagged1, wan0] = [1, 2, 3, 4, 5].map(|number| find(number).unwrap());
        assert_eq!(lan0.macs, [[2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 10]]);
        assert_eq!(lan0.link_locals, [1, 10]);
        assert_eq!(lan1.macs, [[2, 0, 0, 0, 0, 3], [2, 0, 0, 0, 0, 10]]);
        assert_eq!(tagged0.macs, [[2, 0, 0, 0, 0, 2], [6; 6]]);
        assert_eq!(tagged0.link_locals, [0x30]);
        assert_eq!((lan0.link, tagged0.link, wan0.link), (lan1.link, tagged1.link, 0));
        assert!(lan0.link != 0 && tagged0.link != 0 && lan0.link != tagged0.link);
    }

    fn whole(layout: &Layout, index: u32) -> Option<u32> {
        let key = (WHOLE_INTERFACE, WHOLE_INTERFACE);
        let entry = layout.entries.iter().find(|entry| entry.ifindex == index && entry.vlans == key);
        entry.map(|entry| entry.bits)
    }

    fn bridged() -> Vec<Link> {
        let mut bridge = link(10, "br0");
        bridge.kind = "bridge".to_owned();
        let mut lan0 = link(2, "lan0");
        lan0.master = Some(10);
        let mut lan1 = link(3, "lan1");
        lan1.master = Some(10);
        let mut vlan = link(11, "guests");
        vlan.kind = "vlan".to_owned();
        vlan.vlan = Some(30);
        vlan.lower = Some(10);
        vec![link(4, "wan0"), lan0, lan1, bridge, vlan]
    }

    #[test]
    fn what_stands_on_named_interfaces_is_judged() {
        let names = names(&[("lan0", "lan0", &[]), ("lan1", "lan1", &[]), ("wan0", "wan0", &[])]);
        let layout = Layout::new(&names, &[], &Interfaces::of(bridged()));
        assert_eq!(layout.missing, Vec::<String>::new());
        assert_eq!(layout.unnamed, Vec::<String>::new());
        for index in [2, 3, 4, 10, 11] {
            assert_ne!(whole(&layout, index).unwrap() & port::JUDGED, 0, "{index}");
        }
        let lan0 = layout.entries.iter().find(|entry| entry.number == 1).unwrap();
        assert_eq!(lan0.bits, port::JUDGED | port::BRIDGED);
        let wan0 = layout.entries.iter().find(|entry| entry.number == 3).unwrap();
        assert_eq!((wan0.bits, &*wan0.macs), (port::JUDGED, &[[2, 0, 0, 0, 0, 4]][..]));
        assert_eq!(wan0.link, 0);
    }

    #[test]
    fn a_bridge_with_an_unnamed_member_is_not_judged() {
        let names = names(&[("lan0", "lan0", &[]), ("wan0", "wan0", &[])]);
        let live = Interfaces::of(bridged());
        let layout = Layout::new(&names, &[], &live);
        assert_eq!(whole(&layout, 10), None);
        assert_eq!(layout.unnamed, ["lan1", "br0", "guests"]);
        assert_eq!(layout.mixed, [("br0".to_owned(), vec!["lan1".to_owned()])]);

        let layout = Layout::new(&names, &["lan1".to_owned()], &live);
        assert_eq!(whole(&layout, 3), Some(port::IGNORED | port::BRIDGED));
        assert_ne!(whole(&layout, 10).unwrap() & port::JUDGED, 0, "the operator answers for what is ignored");
        assert_eq!(layout.unnamed, Vec::<String>::new());
    }

    #[test]
    fn vlan_ports_hang_on_their_interface() {
        let mut device = link(7, "guests");
        device.kind = "vlan".to_owned();
        device.lower = Some(2);
        device.vlan = Some(30);
        device.mac = Some([6; 6]);
        let names = names(&[("lan0.30", "lan0", &[30]), ("lan0.5.6", "lan0", &[5, 6]), ("ppp0", "ppp0", &[])]);
        let layout = Layout::new(&names, &[], &Interfaces::of([link(2, "lan0"), device]));
        assert_eq!(layout.missing, ["ppp0"]);
        assert!(layout.attach["lan0"].vlans);
        let find = |vlans| layout.entries.iter().find(|entry| entry.vlans == vlans).unwrap();
        assert_eq!(find((30, 0)).macs, [[6; 6]], "the VLAN device's own MAC");
        assert_eq!(find((5, 6)).number, 2);
        assert_ne!(whole(&layout, 7).unwrap() & port::JUDGED, 0);
    }

    #[test]
    fn an_interface_without_ethernet_is_an_ip_link() {
        let mut tunnel = link(5, "wg0");
        tunnel.ethernet = false;
        tunnel.mac = None;
        let layout = Layout::new(&names(&[("wg0", "wg0", &[])]), &[], &Interfaces::of([tunnel]));
        assert_eq!(layout.entries.len(), 2);
        assert!(layout.entries.iter().all(|entry| entry.bits & port::IP_LINK != 0 && entry.macs.is_empty()));
    }
}
