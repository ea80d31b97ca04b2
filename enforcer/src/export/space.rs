//! The address space: who an address is by itself, as stretches that do not overlap.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use enforcer_common::endpoint::flag;
use ipnet::IpNet;

use crate::compile::{SPECIAL, cut, number};
use crate::policy::facts::Facts;
use crate::policy::model::{Policy, Port, ZoneId};

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub(super) const BOTH: [Family; 2] = [Family::V4, Family::V6];

    /// The family of an address.
    pub(super) fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// The header in matches: `ip` or `ip6`.
    pub(super) fn header(self) -> &'static str {
        match self {
            Family::V4 => "ip",
            Family::V6 => "ip6",
        }
    }

    /// The end of the names of its sets and chains.
    pub(super) fn digit(self) -> char {
        match self {
            Family::V4 => '4',
            Family::V6 => '6',
        }
    }

    /// The type of its addresses in sets.
    pub(super) fn of_set(self) -> &'static str {
        match self {
            Family::V4 => "ipv4_addr",
            Family::V6 => "ipv6_addr",
        }
    }
}

/// What an address is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the prefixes of a zone; the longest prefix decides.
    Zone(ZoneId),
    /// Multicast or broadcast.
    Group,
    /// 169.254.0.0/16 or fe80::/10.
    LinkLocal,
    /// 0.0.0.0 or `::`.
    Unspecified,
    /// One of the router's own.
    Own,
    /// Never on a wire, or in no zone.
    Nowhere,
}

/// Addresses from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Range {
    /// Their family.
    pub(super) family: Family,
    /// The first.
    pub(super) first: u128,
    /// The last.
    pub(super) last: u128,
}

impl Range {
    /// One address.
    pub(super) fn one(address: IpAddr) -> Range {
        let number = number(address);
        Range { family: Family::of(address), first: number, last: number }
    }

    /// The range as two numbers, for fields whose type nft does not know.
    pub(super) fn numbers(&self) -> String {
        if self.first == self.last {
            format!("{:#x}", self.first)
        } else {
            format!("{:#x}-{:#x}", self.first, self.last)
        }
    }
}

impl fmt::Display for Range {
    /// An address, a prefix, or two addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.last - self.first;
        let address = |number: u128| match self.family {
            Family::V4 => IpAddr::V4(Ipv4Addr::from(number as u32)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from(number)),
        };
        let bits = if self.family == Family::V4 { 32 } else { 128 };
        if size == 0 {
            write!(f, "{}", address(self.first))
        } else if size & size.wrapping_add(1) == 0 && self.first & size == 0 {
            write!(f, "{}/{}", address(self.first), bits - size.count_ones())
        } else {
            write!(f, "{}-{}", address(self.first), address(self.last))
        }
    }
}

/// The whole space.
#[derive(Debug)]
pub(super) struct Space {
    /// By prefixes alone.
    bare: Vec<(Range, Place)>,
    /// The same with the router's own addresses taken out.
    full: Vec<(Range, Place)>,
    /// The router's own addresses, but for those of IPv6 links.
    pub(super) own: BTreeSet<IpAddr>,
    /// Those of IPv6 links, by port: they mean nothing on others.
    link_local: BTreeMap<String, BTreeSet<IpAddr>>,
    /// Directed broadcast addresses of its networks.
    pub(super) broadcasts: BTreeSet<IpAddr>,
}

impl Space {
    /// The space of a policy.
    pub(super) fn new(policy: &Policy, facts: &Facts) -> Space {
        let mut own = BTreeSet::new();
        let mut link_local: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
        for (port, nets) in &facts.addresses {
            for address in nets.iter().map(IpNet::addr) {
                if matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
                    link_local.entry(port.clone()).or_default().insert(address);
                } else {
                    own.insert(address);
                }
            }
        }
        let broadcasts: BTreeSet<IpAddr> = facts.broadcasts().filter(|address| !own.contains(address)).collect();
        let mut places: BTreeMap<IpNet, Place> = BTreeMap::new();
        for (text, bits) in SPECIAL {
            if let Ok(net) = text.parse() {
                places.insert(net, special(bits));
            }
        }
        for (i, zone) in policy.zones.iter().enumerate() {
            let prefixes = facts.prefixes_of(zone).into_iter();
            places.extend(prefixes.map(|prefix| (prefix, Place::Zone(ZoneId(i)))));
        }
        let bare = stretches(&places);
        places.extend(own.iter().map(|address| (IpNet::from(*address), Place::Own)));
        Space { bare, full: stretches(&places), own, link_local, broadcasts }
    }

    /// All of the router's addresses.
    pub(super) fn own_anywhere(&self) -> BTreeSet<IpAddr> {
        self.own.iter().chain(self.link_local.values().flatten()).copied().collect()
    }

    /// The router's own addresses of IPv6 links that it has on each of these ports; none where there is no port.
    pub(super) fn link_local_on(&self, ports: &[Port]) -> BTreeSet<IpAddr> {
        let on = |port: &Port| self.link_local.get(&port.name).cloned().unwrap_or_default();
        let each = ports.iter().map(on);
        each.reduce(|all, these| all.intersection(&these).copied().collect()).unwrap_or_default()
    }

    /// The same, of any of these ports.
    pub(super) fn link_local_at(&self, ports: &[Port]) -> BTreeSet<IpAddr> {
        ports.iter().filter_map(|port| self.link_local.get(&port.name)).flatten().copied().collect()
    }

    /// Broadcast addresses of the router's networks, each with the zone that it is in.
    pub(super) fn zoned_broadcasts(&self) -> Vec<(IpAddr, ZoneId)> {
        let of_zone = |address: &IpAddr| {
            let number = number(*address);
            let holding = self.full.iter().find(|(range, _)| {
                range.family == Family::of(*address) && range.first <= number && number <= range.last
            });
            match holding {
                Some((_, Place::Zone(zone))) => Some((*address, *zone)),
                _ => None,
            }
        };
        self.broadcasts.iter().filter_map(of_zone).collect()
    }

    /// Where prefixes alone put addresses; the router's own are where their networks are.
    pub(super) fn by_prefix(&self, family: Family, wanted: impl Fn(Place) -> bool) -> Vec<Range> {
        chosen(&self.bare, family, wanted)
    }

    /// The same, the router's own and broadcast addresses for themselves.
    pub(super) fn ranges(&self, family: Family, wanted: impl Fn(Place) -> bool) -> Vec<Range> {
        chosen(&self.full, family, wanted)
    }
}

fn special(bits: u32) -> Place {
    if bits & flag::GROUP != 0 {
        Place::Group
    } else if bits & flag::LINK_LOCAL != 0 {
        Place::LinkLocal
    } else if bits & flag::UNSPECIFIED != 0 {
        Place::Unspecified
    } else {
        Place::Nowhere
    }
}

fn stretches(places: &BTreeMap<IpNet, Place>) -> Vec<(Range, Place)> {
    let mut all = Vec::new();
    for family in Family::BOTH {
        let of_family = places.iter().filter(|(net, _)| Family::of(net.addr()) == family);
        let (nets, of): (Vec<IpNet>, Vec<Place>) = of_family.unzip();
        let bits = if family == Family::V4 { 32 } else { 128 };
        all.extend(cut(&nets, bits).into_iter().map(|segment| {
            let place = segment.covering.last().map_or(Place::Nowhere, |innermost| of[*innermost]);
            (Range { family, first: segment.first, last: segment.last }, place)
        }));
    }
    all
}

/// The wanted stretches, those that touch made one.
fn chosen(stretches: &[(Range, Place)], family: Family, wanted: impl Fn(Place) -> bool) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    for (range, place) in stretches {
        if range.family != family || !wanted(*place) {
            continue;
        }
        match ranges.last_mut() {
            Some(before) if before.last.checked_add(1) == Some(range.first) => before.last = range.last,
            _ => ranges.push(*range),
        }
    }
    ranges
}

/// Ranges as elements of a set.
pub(super) fn elements(ranges: &[Range]) -> Vec<String> {
    ranges.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_as_short_as_can_be() {
        let v4 = |first: [u8; 4], last: [u8; 4]| Range {
            family: Family::V4,
            first: number(Ipv4Addr::from(first).into()),
            last: number(Ipv4Addr::from(last).into()),
        };
        for (range, text) in [
            (v4([10, 0, 0, 1], [10, 0, 0, 1]), "10.0.0.1"),
            (v4([10, 0, 0, 0], [10, 0, 0, 255]), "10.0.0.0/24"),
            (v4([10, 0, 0, 1], [10, 0, 0, 254]), "10.0.0.1-10.0.0.254"),
            (v4([0, 0, 0, 0], [255, 255, 255, 255]), "0.0.0.0/0"),
            (Range { family: Family::V6, first: 0, last: u128::MAX }, "::/0"),
        ] {
            assert_eq!(range.to_string(), text);
        }
    }
}
