//! Writes the overlay: what is local or changes, in front of the image of the same half.

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::overlay::{MAGIC, MORE, WHOLE_INTERFACE, head, more_key, port, port_key};
use enforcer_common::packet::mac_number;
use enforcer_common::table::WIDE;

use super::registry::Registry;
use crate::compile::image::{Image, Names};
use crate::compile::table::Builder;

/// What is known of a place where packets enter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Interface index.
    pub ifindex: u32,
    /// Outer and inner VLAN ID, 0 for none; both [`enforcer_common::overlay::WHOLE_INTERFACE`] for the interface itself.
    pub vlans: (u16, u16),
    /// Bits of [`port`]; [`port::LIVE`] is added.
    pub bits: u32,
    /// Number of the port in the image; 0 for none.
    pub number: u32,
    /// The MACs under which the router is reached there; none where they are not known.
    pub macs: Vec<[u8; 6]>,
    /// What tells the link that it is a part of with others; 0 where it is one of its own.
    pub link: u32,
    /// The interface identifiers of the router's own addresses in fe80::/64 there.
    pub link_locals: Vec<u64>,
}

/// The cells of an overlay, ready to have the image put behind it. Entries have distinct keys.
pub fn build(entries: &[Entry], names: &Names, registry: &mut Registry) -> Vec<Cell> {
    let mut cells = vec![[0u32; WORDS]];
    let mut builder = Builder::<2, 6>::new(WIDE);
    for entry in entries {
        let key = port_key(entry.ifindex, entry.vlans.0, entry.vlans.1);
        let most = if entry.vlans.1 == WHOLE_INTERFACE { 1 } else { usize::from(MORE) + 1 };
        let count = entry.macs.len().max(entry.link_locals.len()).clamp(1, most);
        for (nth, at) in (0u16..).zip(0..count) {
            let mac = entry.macs.get(at).copied();
            let own = if mac.is_some() { port::OWN_MAC } else { 0 };
            let more = if nth == 0 && count > 1 { port::MORE } else { 0 };
            let mac = mac.map(mac_number).unwrap_or_default();
            let link_local = entry.link_locals.get(at).copied().unwrap_or_default();
            let key = more_key(key, nth);
            builder.insert(
                [key as u32, (key >> 32) as u32],
                [
                    port::LIVE | entry.bits | own | more | ((mac >> 32) as u32) << port::MAC_SHIFT,
                    entry.number,
                    mac as u32,
                    entry.link,
                    link_local as u32,
                    (link_local >> 32) as u32,
                ],
            );
        }
    }
    let ports = builder.finish(&mut cells, 0);

    let accounts = cells.len();
    cells.resize(accounts + names.zones.len().div_ceil(2 * WORDS), [0; WORDS]);
    for (zone, name) in names.zones.iter().enumerate().skip(1) {
        let account = u32::from(registry.account(name));
        cells[accounts + zone / 32][zone / 2 % WORDS] |= account << (16 * (zone % 2));
    }
    let slots = cells.len();
    cells.resize(slots + names.rules.len().div_ceil(WORDS), [0; WORDS]);
    for (number, rule) in names.rules.iter().enumerate().skip(1) {
        cells[slots + number / WORDS][number % WORDS] = registry.slot(rule.layer, &rule.name);
    }

    let length = cells.len() as u32;
    let first = &mut cells[0];
    first[head::MAGIC] = MAGIC;
    first[head::IMAGE] = length;
    first[head::PORTS] = ports.start;
    first[head::PORTS + 1] = ports.mask;
    first[head::PORTS + 2] = ports.seed;
    first[head::ACCOUNTS] = accounts as u32;
    first[head::ZONES] = names.zones.len() as u32;
    first[head::SLOTS] = slots as u32;
    first[head::RULES] = names.rules.len() as u32;
    cells
}

/// A whole half: the overlay and the image behind it.
pub fn half(entries: &[Entry], image: &Image, registry: &mut Registry) -> Vec<Cell> {
    let mut cells = build(entries, &image.names, registry);
    cells.extend_from_slice(&image.cells);
    cells
}

#[cfg(test)]
mod tests {
    use enforcer_common::overlay;

    use super::*;
    use crate::compile::image::Rule;

    fn names(zones: usize, rules: usize) -> Names {
        Names {
            zones: (0..zones).map(|i| format!("zone{i}")).collect(),
            rules: (0..rules).map(|i| Rule { name: format!("rule{i}"), layer: "transition", place: None }).collect(),
            ..Names::default()
        }
    }

    #[test]
    fn the_kernel_reads_what_was_written() {
        for (zones, rules, ports) in [(1, 1, 0), (2, 1, 1), (40, 100, 500), (129, 17, 3)] {
            let names = names(zones, rules);
            let mut registry = Registry::new(65_536);
            registry.account("before");
            let mut entries = Vec::new();
            for i in 1..=ports {
                for (vlans, number) in [((0, 0), i), ((i as u16, 7), i + 1), ((WHOLE_INTERFACE, WHOLE_INTERFACE), 0)] {
                    entries.push(Entry {
                        ifindex: i,
                        vlans,
                        bits: port::JUDGED,
                        number,
                        macs: (0..number % 4).map(|n| [2 + n as u8, 0, 0, 0, 0x30, i as u8]).collect(),
                        link: i / 2,
                        link_locals: (0..i % 10).map(|n| (u64::from(i) << 40) | (u64::from(n) + 1)).collect(),
                    });
                }
            }
            let image = Image { cells: vec![[9; WORDS]; 2], digest: [0; 32], names: names.clone() };
            // The half stands behind another one.
            let mut cells = vec![[0xffff_ffff; WORDS]; 5];
            cells.extend(half(&entries, &image, &mut registry));
            let cells = cells.as_slice();

            let head = overlay::head(cells, 5).unwrap();
            assert_eq!(cells[head.image as usize], [9; WORDS]);
            assert_eq!(head.image as usize + 2, cells.len());
            for entry in &entries {
                let whole = entry.vlans == (WHOLE_INTERFACE, WHOLE_INTERFACE);
                let key = port_key(entry.ifindex, entry.vlans.0, entry.vlans.1);
                let found = overlay::port(cells, 5, &head, key).unwrap();
                let flags = port::OWN_MAC | port::MORE;
                assert_eq!(found.bits & !flags, port::LIVE | port::JUDGED);
                assert_eq!((found.number, found.link), (entry.number, entry.link));
                let last = if found.bits & port::MORE == 0 { 0 } else { MORE };
                let most = if whole { 1 } else { usize::from(MORE) + 1 };
                let all: Vec<_> =
                    (0..=last).map(|nth| overlay::port(cells, 5, &head, more_key(key, nth)).unwrap()).collect();
                let macs = all.iter().filter(|port| port.bits & port::OWN_MAC != 0).map(|port| port.mac);
                assert!(macs.eq(entry.macs.iter().take(most).copied().map(mac_number)), "{entry:?}");
                let link_locals = all.iter().map(|port| port.link_local).filter(|identifier| *identifier != 0);
                assert!(link_locals.eq(entry.link_locals.iter().take(most).copied()), "{entry:?}");
            }
            assert_eq!(overlay::port(cells, 5, &head, port_key(ports + 1, 0, 0)).unwrap().bits, 0);
            for (zone, name) in names.zones.iter().enumerate().skip(1) {
                let account = overlay::account(cells, 5, &head, zone as u16);
                assert_eq!(registry.zone(account), Some(name.as_str()));
            }
            for rule in 1..rules {
                assert_eq!(overlay::slot(cells, 5, &head, rule as u32), rule as u32);
            }
            assert_eq!(overlay::account(cells, 5, &head, zones as u16), 0);
            assert_eq!(overlay::slot(cells, 5, &head, rules as u32), 0);
        }
    }
}
