//! Services as matches of nftables.

use std::collections::{BTreeMap, BTreeSet};

use super::text::among;
use crate::policy::model::Service;

/// Every port.
const ALL: (u16, u16) = (0, u16::MAX);

/// What a list of services comes to in rules.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// Matches of which each is a rule's; an empty one holds for every packet.
    pub(super) any_of: Vec<String>,
    /// Services that these hooks do not see: frames without IP.
    pub(super) without_ip: bool,
}

impl Matches {
    /// The matches of a list of services: one for each form, whatever the number of services.
    pub(super) fn of(services: &[Service]) -> Matches {
        if services.contains(&Service::Any) {
            return Matches { any_of: vec![String::new()], without_ip: false };
        }
        let mut sorted = Sorted::default();
        for service in services {
            sorted.add(service);
        }
        sorted.matches()
    }
}

/// Elements of sets, by the form of the set.
#[derive(Debug, Default)]
struct Sorted {
    protocols: BTreeSet<u8>,
    /// Rectangles of destination and source ports, by protocol and by whether source ports matter.
    ports: BTreeMap<(bool, u8), Vec<Rectangle>>,
    icmp: [BTreeSet<u8>; 2],
    icmp_codes: [Vec<String>; 2],
    without_ip: bool,
}

impl Sorted {
    fn add(&mut self, service: &Service) {
        match service {
            Service::Any => (),
            Service::Protocol(protocol) => {
                self.protocols.insert(*protocol);
            }
            Service::Ports { protocol, destination, source } => {
                self.ports.entry((*source != ALL, *protocol)).or_default().push((*destination, *source));
            }
            Service::Icmp { protocol, kind, code } => {
                let version = usize::from(*protocol != 1);
                match code {
                    Some(code) => self.icmp_codes[version].push(format!("{kind} . {code}")),
                    None => {
                        self.icmp[version].insert(*kind);
                    }
                }
            }
            Service::Ether { .. } => self.without_ip = true,
        }
    }

    fn matches(self) -> Matches {
        let mut any_of = Vec::new();
        let mut add = |key: &str, elements: Vec<String>| {
            if !elements.is_empty() {
                any_of.push(format!("{key} {}", among(&elements)));
            }
        };
        add("meta l4proto", self.protocols.iter().map(|protocol| protocol_name(*protocol)).collect());
        let (mut to, mut from_to) = (Vec::new(), Vec::new());
        for ((by_source, protocol), rectangles) in self.ports {
            let protocol = protocol_name(protocol);
            for (destination, source) in disjoint(&rectangles) {
                if by_source {
                    from_to.push(format!("{protocol} . {} . {}", range(source), range(destination)));
                } else {
                    to.push(format!("{protocol} . {}", range(destination)));
                }
            }
        }
        add("meta l4proto . th dport", in_set(to));
        add("meta l4proto . th sport . th dport", in_set(from_to));
        let [icmp, icmp6] = self.icmp.map(|kinds| kinds.iter().map(ToString::to_string).collect());
        let [codes, codes6] = self.icmp_codes.map(in_set);
        add("icmp type", icmp);
        add("icmp type . icmp code", codes);
        add("icmpv6 type", icmp6);
        add("icmpv6 type . icmpv6 code", codes6);
        Matches { any_of, without_ip: self.without_ip }
    }
}

/// Destination ports and source ports.
type Rectangle = ((u16, u16), (u16, u16));

/// Destination ports, and the ranges of source ports that hold for all of them.
type Slab = ((u16, u16), Vec<(u16, u16)>);

/// The same ports without an overlap: elements of a set must not have any.
fn disjoint(rectangles: &[Rectangle]) -> Vec<Rectangle> {
    let mut bounds: BTreeSet<u32> = BTreeSet::new();
    for ((first, last), _) in rectangles {
        bounds.extend([u32::from(*first), u32::from(*last) + 1]);
    }
    let bounds: Vec<u32> = bounds.into_iter().collect();
    let mut slabs: Vec<Slab> = Vec::new();
    for pair in bounds.windows(2) {
        let (first, last) = (pair[0] as u16, (pair[1] - 1) as u16);
        let covering = rectangles.iter().filter(|((from, to), _)| *from <= first && last <= *to);
        let sources = merged(covering.map(|(_, source)| *source).collect());
        match slabs.last_mut() {
            Some((before, same)) if *same == sources && u32::from(before.1) + 1 == u32::from(first) => before.1 = last,
            _ => slabs.push(((first, last), sources)),
        }
    }
    let each = slabs.into_iter().flat_map(|(slab, sources)| sources.into_iter().map(move |source| (slab, source)));
    each.collect()
}

/// Ranges that neither overlap nor touch.
fn merged(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if u32::from(first) <= u32::from(before.1) + 1 => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// A concatenation is looked up in a set, also where it is one element.
fn in_set(elements: Vec<String>) -> Vec<String> {
    match elements.as_slice() {
        [one] => vec![format!("{{ {one} }}")],
        _ => elements,
    }
}

/// A protocol as nft calls it, by number where it has no name everywhere.
pub(super) fn protocol_name(protocol: u8) -> String {
    match protocol {
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "ipv6-icmp".to_owned(),
        132 => "sctp".to_owned(),
        number => number.to_string(),
    }
}

/// A range of ports.
pub(super) fn range((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(services: &[Service]) -> Vec<String> {
        Matches::of(services).any_of
    }

    fn ports(protocol: u8, destination: (u16, u16), source: (u16, u16)) -> Service {
        Service::Ports { protocol, destination, source }
    }

    #[test]
    fn each_form_is_one_set() {
        let icmp = |protocol, kind, code| Service::Icmp { protocol, kind, code };
        let list = [
            Service::Protocol(50),
            ports(6, (80, 80), ALL),
            ports(6, (443, 443), ALL),
            ports(17, (5000, 5010), ALL),
            ports(6, (22, 22), (1, 1023)),
            icmp(1, 8, None),
            icmp(1, 3, Some(4)),
            icmp(58, 128, None),
        ];
        assert_eq!(
            matches(&list),
            [
                "meta l4proto 50",
                "meta l4proto . th dport { tcp . 80, tcp . 443, udp . 5000-5010 }",
                "meta l4proto . th sport . th dport { tcp . 1-1023 . 22 }",
                "icmp type 8",
                "icmp type . icmp code { 3 . 4 }",
                "icmpv6 type 128",
            ]
        );
    }

    #[test]
    fn what_overlaps_is_written_once() {
        let list = [ports(6, (1, 1023), ALL), ports(6, (22, 22), ALL), ports(6, (1000, 2000), ALL)];
        assert_eq!(matches(&list), ["meta l4proto . th dport { tcp . 1-2000 }"]);
    }

    proptest! {
        #[test]
        fn disjoint_rectangles_cover_the_same_ports(
            rectangles in proptest::collection::vec((0u16..20, 0u16..20, 0u16..20, 0u16..20), 1..6),
        ) {
            let rectangles: Vec<Rectangle> =
                rectangles.into_iter().map(|(a, b, c, d)| ((a.min(b), a.max(b)), (c.min(d), c.max(d)))).collect();
            let cut = disjoint(&rectangles);
            let within = |(first, last): (u16, u16), port: u16| (first..=last).contains(&port);
            for destination in 0..21 {
                for source in 0..21 {
                    let holding = |list: &[Rectangle]| {
                        list.iter().filter(|(to, from)| within(*to, destination) && within(*from, source)).count()
                    };
                    prop_assert_eq!(holding(&cut), usize::from(holding(&rectangles) > 0));
                }
            }
        }
    }

    #[test]
    fn any_is_no_match_and_frames_without_ip_match_nothing() {
        assert_eq!(matches(&[Service::Any, Service::Protocol(6)]), [""]);
        let ether = Matches::of(&[Service::Ether { ethertype: 0x88b8, second: ALL }]);
        assert!(ether.without_ip && ether.any_of.is_empty());
        assert_eq!(matches(&[]), [] as [&str; 0]);
    }
}
