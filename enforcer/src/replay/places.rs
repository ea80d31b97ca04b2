//! The interfaces that replay invents, and the overlay that leads from them to the ports of the policy.
//!
//! Every port has an interface of its own, as a capture on a VLAN device shows it: without the port's tags. Every interface
//! that ports stand on has one too, where tags lead to the port. Each exists twice, with and without Ethernet headers.

use std::collections::BTreeMap;

use enforcer_common::overlay::{WHOLE_INTERFACE, port};

use super::link::Medium;
use crate::compile::image::{Names, PortName};
use crate::dataplane::overlay::Entry;
use crate::policy::facts::Facts;

/// An interface that replay invents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place(u32);

impl Place {
    /// Its index as the program sees it.
    pub(super) fn ifindex(self, medium: Medium) -> u32 {
        match medium {
            Medium::Ethernet => 2 * self.0 + 1,
            Medium::Ip => 2 * self.0 + 2,
        }
    }

    /// Its number among [`Places::all`].
    pub(super) fn number(self) -> usize {
        self.0 as usize
    }
}

/// Interface index, outer and inner VLAN ID.
type At = (u32, (u16, u16));

/// All of them.
#[derive(Debug)]
pub(super) struct Places<'a> {
    names: &'a Names,
    /// By name of an interface; ports stand at their own numbers.
    interfaces: BTreeMap<&'a str, Place>,
    /// By interface index and VLANs: the port's bits and its number.
    entries: BTreeMap<At, (u32, u32)>,
    /// By number of a port: the interface identifier of the router's own link-local address there.
    link_locals: BTreeMap<u32, Vec<u64>>,
}

impl<'a> Places<'a> {
    /// The places of a policy's ports.
    pub(super) fn of(names: &'a Names, facts: &Facts) -> Places<'a> {
        let mut interfaces = BTreeMap::new();
        for (_, named) in ports(names) {
            let next = names.ports.len() as u32 + interfaces.len() as u32;
            interfaces.entry(named.interface.as_str()).or_insert(Place(next));
        }
        let link_locals = ports(names).map(|(number, port)| (number, facts.link_locals_of(&port.name))).collect();
        let mut places = Places { names, interfaces, entries: BTreeMap::new(), link_locals };
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

    /// The interface as a whole. Without headers there are no tags either.
    fn enter_whole(&mut self, place: Place) {
        for (medium, link) in [(Medium::Ethernet, 0), (Medium::Ip, port::IP_LINK)] {
            let at = (place.ifindex(medium), (WHOLE_INTERFACE, WHOLE_INTERFACE));
            self.entries.insert(at, (port::JUDGED | link, 0));
        }
    }

    /// What is already there is the better match.
    fn enter(&mut self, place: Place, vlans: &[u16], number: u32) {
        let Some(at) = at(place, vlans) else { return };
        self.entries.entry(at).or_insert((port::JUDGED, number));
        if vlans.is_empty() {
            let bare = (place.ifindex(Medium::Ip), (0, 0));
            self.entries.insert(bare, (port::JUDGED | port::IP_LINK, number));
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

    /// The names of all places by their numbers: ports, then interfaces.
    pub(super) fn all(&self) -> Vec<String> {
        let ports = self.names.ports.iter().map(|port| port.name.clone());
        let mut all: Vec<String> = ports.collect();
        all.resize(all.len() + self.interfaces.len(), String::new());
        for (name, place) in &self.interfaces {
            all[place.number()] = (*name).to_owned();
        }
        all
    }

    /// The number of the port that tags lead to there.
    pub(super) fn port_at(&self, place: Place, vlans: &[u16]) -> Option<u32> {
        let (_, number) = self.entries.get(&at(place, vlans)?)?;
        (*number != 0).then_some(*number)
    }

    /// The numbers of ports that stand on these tags, whatever the interface.
    pub(super) fn with_tags(&self, vlans: &[u16]) -> impl Iterator<Item = u32> {
        ports(self.names).filter(move |(_, port)| !vlans.is_empty() && port.vlans == vlans).map(|(number, _)| number)
    }

    /// Names that `find` knows.
    pub(super) fn known(&self) -> Vec<&'a str> {
        let ports = ports(self.names).map(|(_, port)| port.name.as_str());
        let mut known: Vec<&str> = ports.chain(self.interfaces.keys().copied()).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    /// The entries of the overlay.
    pub(super) fn overlay(&self) -> Vec<Entry> {
        let entries = self.entries.iter().map(|(at, (bits, number))| Entry {
            ifindex: at.0,
            vlans: at.1,
            bits: *bits,
            number: *number,
            // Which MACs are the router's own is not known, nor which ports are on one bridge.
            link_locals: self.link_locals.get(number).cloned().unwrap_or_default(),
            ..Entry::default()
        });
        entries.collect()
    }
}

/// Ports with their numbers, from 1.
fn ports(names: &Names) -> impl Iterator<Item = (u32, &PortName)> {
    (0u32..).zip(&names.ports).skip(1)
}

fn at(place: Place, vlans: &[u16]) -> Option<At> {
    let vlans = match vlans {
        [] => (0, 0),
        [outer] => (*outer, 0),
        [outer, inner] => (*outer, *inner),
        _ => return None,
    };
    Some((place.ifindex(Medium::Ethernet), vlans))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataplane::overlay::build;
    use crate::dataplane::registry::Registry;
    use enforcer_common::overlay::{self, port_key};

    pub(super) fn names(written: &[(&str, &str, &[u16])]) -> Names {
        let mut ports = vec![PortName::default()];
        ports.extend(written.iter().map(|(name, interface, vlans)| PortName {
            name: (*name).into(),
            interface: (*interface).into(),
            vlans: vlans.to_vec(),
            zones: vec![],
        }));
        Names { ports, ..Names::default() }
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
        let places = Places::of(names, &Facts::default());
        let cells = build(&places.overlay(), names, &mut Registry::new(1));
        let cells = cells.as_slice();
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
        let bits = port::LIVE | port::JUDGED | port::IP_LINK;
        assert_eq!(seen(&names, "lan1", Medium::Ip, 0, 0), (bits, "lan1".into()));
        assert_eq!(seen(&names, "lan0.30", Medium::Ip, 0, 0), (bits, "lan0.30".into()));
        assert_eq!(seen(&names, "lan0", Medium::Ip, 0, 0).1, "");
        for by in ["lan0", "lan0.30", "lan1"] {
            let whole = seen(&names, by, Medium::Ip, WHOLE_INTERFACE, WHOLE_INTERFACE);
            assert_eq!(whole, (bits, String::new()));
        }
    }

    #[test]
    fn every_invented_interface_is_judged_as_a_whole() {
        let names = trunk();
        for by in ["lan0", "lan0.30", "lan1"] {
            let (bits, port) = seen(&names, by, Medium::Ethernet, WHOLE_INTERFACE, WHOLE_INTERFACE);
            assert_eq!((bits, port.as_str()), (port::LIVE | port::JUDGED, ""));
        }
    }

    #[test]
    fn what_the_policy_does_not_know_is_not_found() {
        let names = trunk();
        let places = Places::of(&names, &Facts::default());
        assert!(places.find("lan2").is_none());
        assert_eq!(places.known(), ["lan0", "lan0.30", "lan0.30.100", "lan0.40", "lan1", "lan1.7"]);
    }
}
