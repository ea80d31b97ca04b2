//! The interfaces that replay invents, and the overlay that leads from them to the ports of the policy.
//!
//! Every port has an interface of its own, as a capture on a VLAN device shows it: without the port's tags. Every interface
//! that ports stand on has one too, where tags lead to the port. Each exists twice, with and without Ethernet headers.

use std::collections::BTreeMap;

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::overlay::{MAGIC, WHOLE_INTERFACE, head, port, port_key};
use enforcer_common::table::WIDE;

use super::link::Medium;
use crate::compile::image::{Names, PortName};
use crate::compile::table::Builder;

/// An interface that replay invents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(u32);

impl Place {
    /// Its index as the program sees it.
    pub(super) fn ifindex(self, medium: Medium) -> u32 {
        match medium {
            Medium::Ethernet => 2 * self.0 + 1,
            Medium::Ip => 2 * self.0 + 2,
        }
    }
}

/// All of them.
#[derive(Debug)]
pub(super) struct Places<'a> {
    names: &'a Names,
    /// By name of an interface; ports stand at their own numbers.
    interfaces: BTreeMap<&'a str, Place>,
    /// By key of the overlay: the port's bits and its number.
    entries: BTreeMap<u64, (u32, u32)>,
}

impl<'a> Places<'a> {
    /// The places of a policy's ports.
    pub(super) fn of(names: &'a Names) -> Places<'a> {
        let mut interfaces = BTreeMap::new();
        for (_, named) in ports(names) {
            let next = names.ports.len() as u32 + interfaces.len() as u32;
            interfaces.entry(named.interface.as_str()).or_insert(Place(next));
        }
        let mut places = Places {
            names,
            interfaces,
            entries: BTreeMap::new(),
        };
        places.enter_ports();
        places.enter_interfaces();
        places
    }

    fn enter_ports(&mut self) {
        for (number, named) in ports(self.names) {
            let place = self.port(number);
            self.enter_whole(place);
            for (inner, candidate) in ports(self.names) {
                if candidate.interface == named.interface
                    && let Some(rest) = candidate.vlans.strip_prefix(named.vlans.as_slice())
                {
                    self.enter(place, rest, inner);
                }
            }
            // A capture of the interface, entered by the name of its VLAN: the tags are still there.
            self.enter(place, &named.vlans, number);
        }
    }

    fn enter_interfaces(&mut self) {
        for (number, named) in ports(self.names) {
            let place = self.interfaces[named.interface.as_str()];
            self.enter_whole(place);
            self.enter(place, &named.vlans, number);
        }
    }

    /// The interface as a whole, for what leaves and entered there; without headers there are no tags either.
    fn enter_whole(&mut self, place: Place) {
        let judged = port::LIVE | port::JUDGED;
        for (medium, bits) in [(Medium::Ethernet, 0), (Medium::Ip, port::IP_LINK)] {
            let key = port_key(place.ifindex(medium), WHOLE_INTERFACE, 0);
            self.entries.insert(key, (judged | bits, 0));
        }
        let bare = port_key(place.ifindex(Medium::Ip), 0, 0);
        self.entries.entry(bare).or_insert((judged | port::IP_LINK, 0));
    }

    /// What is already there is the better match.
    fn enter(&mut self, place: Place, vlans: &[u16], number: u32) {
        let Some(key) = key(place, vlans) else { return };
        self.entries.entry(key).or_insert((port::LIVE | port::JUDGED, number));
        if vlans.is_empty() {
            let bare = port_key(place.ifindex(Medium::Ip), 0, 0);
            let bits = port::LIVE | port::JUDGED | port::IP_LINK;
            self.entries.insert(bare, (bits, number));
        }
    }

    /// The place of the port with this number.
    pub(super) fn port(&self, number: u32) -> Place {
        Place(number)
    }

    /// The place of a port or an interface that the policy knows.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        ports(self.names)
            .find(|(_, port)| port.name == name)
            .map(|(number, _)| self.port(number))
            .or_else(|| self.interfaces.get(name).copied())
    }

    /// The number of the port that tags lead to there.
    pub(super) fn port_at(&self, place: Place, vlans: &[u16]) -> Option<u32> {
        let (_, number) = self.entries.get(&key(place, vlans)?)?;
        (*number != 0).then_some(*number)
    }

    /// The numbers of ports that stand on these tags, whatever the interface.
    pub(super) fn with_tags(&self, vlans: &[u16]) -> impl Iterator<Item = u32> {
        ports(self.names)
            .filter(move |(_, port)| !vlans.is_empty() && port.vlans == vlans)
            .map(|(number, _)| number)
    }

    /// Names that `find` knows.
    pub(super) fn known(&self) -> Vec<&'a str> {
        let ports = ports(self.names).map(|(_, port)| port.name.as_str());
        let mut known: Vec<&str> = ports.chain(self.interfaces.keys().copied()).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    /// The overlay and the image behind it: a half of the memory, from its first cell.
    pub(super) fn half(&self, image: &[Cell]) -> Vec<Cell> {
        let mut cells = vec![[0; WORDS]];
        let mut table = Builder::<2, 6>::new(WIDE);
        for (key, (bits, number)) in &self.entries {
            table.insert([*key as u32, (*key >> 32) as u32], [*bits, *number, 0, 0, 0, 0]);
        }
        let table = table.finish(&mut cells, 0);
        let start = cells.len() as u32;
        let header = &mut cells[0];
        header[head::MAGIC] = MAGIC;
        header[head::IMAGE] = start;
        header[head::PORTS] = table.start;
        header[head::PORTS + 1] = table.mask;
        header[head::PORTS + 2] = table.seed;
        // No accounts and no counter slots: nobody reads the counters of a replay.
        cells.extend(image);
        cells
    }
}

/// Ports with their numbers, from 1.
fn ports(names: &Names) -> impl Iterator<Item = (u32, &PortName)> {
    (0u32..).zip(&names.ports).skip(1)
}

fn key(place: Place, vlans: &[u16]) -> Option<u64> {
    let (outer, inner) = match vlans {
        [] => (0, 0),
        [outer] => (*outer, 0),
        [outer, inner] => (*outer, *inner),
        _ => return None,
    };
    Some(port_key(place.ifindex(Medium::Ethernet), outer, inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use enforcer_common::overlay;

    pub(super) fn names(written: &[(&str, &str, &[u16])]) -> Names {
        let mut ports = vec![PortName::default()];
        ports.extend(written.iter().map(|(name, interface, vlans)| PortName {
            name: (*name).into(),
            interface: (*interface).into(),
            vlans: vlans.to_vec(),
            zones: vec![],
        }));
        Names {
            ports,
            ..Names::default()
        }
    }

    fn trunk() -> Names {
        names(&[
            ("lan0.30", "lan0", &[30]),
            ("lan0.30.100", "lan0", &[30, 100]),
            ("lan0.40", "lan0", &[40]),
            ("lan1", "lan1", &[]),
            ("lan1.7", "lan1", &[7]),
        ])
    }

    /// Looks up as the program does.
    fn seen(names: &Names, by: &str, medium: Medium, outer: u16, inner: u16) -> (u32, String) {
        let places = Places::of(names);
        let half = places.half(&[]);
        let cells = half.as_slice();
        let header = overlay::head(cells, 0).unwrap();
        assert_eq!(header.image as usize, cells.len());
        let key = port_key(places.find(by).unwrap().ifindex(medium), outer, inner);
        let port = overlay::port(cells, 0, &header, key).unwrap();
        (port.bits, names.ports[port.number as usize].name.clone())
    }

    fn name(names: &Names, by: &str, outer: u16, inner: u16) -> String {
        seen(names, by, Medium::Ethernet, outer, inner).1
    }

    #[test]
    fn tags_complete_the_interface() {
        let names = trunk();
        assert_eq!(name(&names, "lan0", 30, 0), "lan0.30");
        assert_eq!(name(&names, "lan0", 30, 100), "lan0.30.100");
        assert_eq!(name(&names, "lan0", 40, 0), "lan0.40");
        assert_eq!(name(&names, "lan0", 0, 0), "");
        assert_eq!(name(&names, "lan0", 50, 0), "");
        assert_eq!(name(&names, "lan1", 0, 0), "lan1");
        assert_eq!(name(&names, "lan1", 7, 0), "lan1.7");
    }

    #[test]
    fn a_vlan_device_shows_its_frames_without_the_tag() {
        let names = trunk();
        assert_eq!(name(&names, "lan0.30", 0, 0), "lan0.30");
        assert_eq!(name(&names, "lan0.30", 100, 0), "lan0.30.100");
        assert_eq!(name(&names, "lan0.30", 101, 0), "");
        assert_eq!(name(&names, "lan0.30.100", 0, 0), "lan0.30.100");
    }

    #[test]
    fn a_vlan_named_for_a_capture_of_its_interface_still_is_that_vlan() {
        let names = trunk();
        assert_eq!(name(&names, "lan0.30", 30, 0), "lan0.30");
        assert_eq!(name(&names, "lan0.30.100", 30, 100), "lan0.30.100");
        assert_eq!(name(&names, "lan0.30", 40, 0), "");
    }

    #[test]
    fn bare_packets_enter_by_an_ip_link() {
        let names = trunk();
        let live = port::LIVE | port::JUDGED | port::IP_LINK;
        assert_eq!(seen(&names, "lan1", Medium::Ip, 0, 0), (live, "lan1".into()));
        assert_eq!(seen(&names, "lan0.30", Medium::Ip, 0, 0), (live, "lan0.30".into()));
        assert_eq!(seen(&names, "lan0", Medium::Ip, 0, 0), (live, String::new()));
    }

    #[test]
    fn every_invented_interface_is_judged_as_a_whole() {
        let names = trunk();
        for by in ["lan0", "lan0.30", "lan1"] {
            let (bits, port) = seen(&names, by, Medium::Ethernet, WHOLE_INTERFACE, 0);
            assert_eq!((bits, port.as_str()), (port::LIVE | port::JUDGED, ""));
        }
    }

    #[test]
    fn what_the_policy_does_not_know_is_not_found() {
        let names = trunk();
        let places = Places::of(&names);
        assert!(places.find("lan2").is_none());
        assert_eq!(
            places.known(),
            ["lan0", "lan0.30", "lan0.30.100", "lan0.40", "lan1", "lan1.7"]
        );
    }
}
