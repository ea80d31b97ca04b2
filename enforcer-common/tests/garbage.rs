//! Lookups in cells that nobody wrote: whatever the cells hold, each lookup ends, and reads no cell that is not there. The
//! kernel program runs these same functions; the sanitizers run these tests.

use std::cell::Cell as Counter;

use enforcer_common::cell::{Cell, Cells, WORDS};
use enforcer_common::endpoint::{Endpoint, endpoint};
use enforcer_common::image::{Heads, head0, heads, port, port_has_zone, zone};
use enforcer_common::ladder::{MAX_STEPS, Ref, walk};
use enforcer_common::layers::{Decision, judge};
use enforcer_common::overlay;
use enforcer_common::packet::{Packet, kind};
use enforcer_common::reason::{Reason, Verdict};
use enforcer_common::source::{self, World};
use enforcer_common::table::{Table, find_large, find_medium, find_pair, find_small, find_wide};
use proptest::prelude::*;

/// Cells that count how often they are read.
struct Watched<'a> {
    cells: &'a [Cell],
    reads: Counter<usize>,
}

impl<'a> Watched<'a> {
    fn new(cells: &'a [Cell]) -> Self {
        Watched { cells, reads: Counter::new(0) }
    }

    /// Reads since the last time that somebody asked.
    fn reads(&self) -> usize {
        self.reads.take()
    }
}

impl Cells for Watched<'_> {
    fn cell(&self, index: u32) -> Option<&Cell> {
        self.reads.set(self.reads.get() + 1);
        self.cells.get(index as usize)
    }
}

impl World for Watched<'_> {
    fn learnt(&self, _: u8, address: &[u32; 4]) -> u64 {
        u64::from(address[3])
    }
}

/// A word of a cell: anything, or what leads somewhere in a small image.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        0u32..40,
        (0u32..8, 0u32..8, 0u32..40).prop_map(|(field, depth, index)| Ref::ladder(field, depth, index).0),
        (0u32..40).prop_map(|payload| Ref::done(payload).0),
        Just(u32::MAX),
    ]
}

fn cells() -> impl Strategy<Value = Vec<Cell>> {
    prop::collection::vec(prop::array::uniform16(word()), 0..40)
}

fn table() -> impl Strategy<Value = Table> {
    (word(), prop_oneof![Just(0u32), Just(1), Just(7), any::<u32>()], any::<u32>())
        .prop_map(|(start, mask, seed)| Table { start, mask, seed })
}

proptest! {
    #[test]
    fn a_walk_ends(cells in cells(), base in word(), start in word(), fields in prop::array::uniform8(word())) {
        let watched = Watched::new(&cells);
        let found = walk(&watched, base, start, &fields);
        prop_assert!(watched.reads() <= MAX_STEPS);
        prop_assert!(found.is_none_or(|payload| payload >> 31 == 0));
    }

    #[test]
    fn a_table_is_read_twice_at_most(cells in cells(), base in word(), table in table(), key: u64, wide: [u32; 4]) {
        let watched = Watched::new(&cells);
        let (mut three, mut six) = ([0; 3], [0; 6]);
        find_small(&watched, base, &table, key as u32);
        prop_assert!(watched.reads() <= 2);
        find_medium(&watched, base, &table, key);
        prop_assert!(watched.reads() <= 2);
        find_large(&watched, base, &table, &wide);
        prop_assert!(watched.reads() <= 2);
        find_pair(&watched, base, &table, key, &mut three);
        prop_assert!(watched.reads() <= 2);
        find_wide(&watched, base, &table, key, &mut six);
        prop_assert!(watched.reads() <= 2);
    }

    #[test]
    fn records_are_there_or_not(cells in cells(), half in word(), number in word()) {
        let cells = cells.as_slice();
        if let Some(head) = overlay::head(cells, half) {
            overlay::port(cells, half, &head, u64::from(number));
            overlay::account(cells, half, &head, number as u16);
            overlay::slot(cells, half, &head, number);
        }
        let Some(heads) = heads(cells, half) else { return Ok(()) };
        endpoint(cells, &heads, number);
        zone(cells, &heads, number as u16);
        if let Some(port) = port(cells, &heads, number) {
            let named = port[1..].contains(&(number & 0xffff));
            prop_assert_eq!(port_has_zone(port, number as u16), named && number as u16 != 0);
        }
    }

    /// Whoever sends and receives, the packet is judged, or the image is called damaged; never both ways twice.
    #[test]
    fn a_packet_is_judged_or_refused(
        mut cells in cells(),
        packet in packet(),
        port in prop::array::uniform16(word()),
        anywhere: bool,
        local in (0u32..64, any::<u64>(), any::<u64>()),
    ) {
        prop_assume!(cells.len() > 2);
        // Endpoints stand where they can be found.
        cells[0][head0::ENDPOINTS] %= 40;
        let watched = Watched::new(&cells);
        let heads = heads(&watched, 0).unwrap();
        let local = overlay::Port { bits: local.0, number: 1, mac: local.1, link_local: local.2, ..overlay::Port::default() };
        let (mut from, mut to) = (Endpoint::default(), Endpoint::default());
        let sent = source::sender(&watched, &heads, &port, anywhere, &packet, &mut from);
        let received = source::receiver(&watched, &heads, &local, &packet, &from, &mut to);
        prop_assert!(watched.reads() < 200);
        for refused in [sent, received].into_iter().filter_map(Result::err) {
            prop_assert!(!refused.is_pass());
        }
        judged(&watched, &heads, &packet, (from, to))?;
    }
}

fn judged(
    watched: &Watched<'_>,
    heads: &Heads,
    packet: &Packet,
    ends: (Endpoint, Endpoint),
) -> Result<(), TestCaseError> {
    let (mut fields, mut decision) = ([0; 8], Decision::default());
    for earlier in [None, Some(Reason::SpoofedSource)] {
        let read = judge(watched, heads, packet, &ends, earlier, &mut fields, &mut decision);
        prop_assert!(watched.reads() < 400);
        if read.is_some() {
            prop_assert_eq!(decision.verdict == Verdict::Pass, decision.reason.is_pass());
            prop_assert!(earlier.is_none() || decision.verdict != Verdict::Pass, "an earlier refusal is forgotten");
        }
    }
    Ok(())
}

fn packet() -> impl Strategy<Value = Packet> {
    let addresses = (prop::array::uniform4(word()), prop::array::uniform4(word()));
    let macs = (prop_oneof![Just(0), any::<u64>()], prop_oneof![Just(0), any::<u64>()]);
    let kinds = prop::sample::select(vec![kind::OTHER, kind::ARP, kind::IPV4, kind::IPV6]);
    (addresses, macs, kinds, any::<[u8; 4]>(), any::<(u16, u16, u16)>()).prop_map(
        |((source, destination), (source_mac, destination_mac), kind, bytes, ports)| Packet {
            source,
            destination,
            source_mac: source_mac >> 16,
            destination_mac: destination_mac >> 16,
            kind,
            protocol: bytes[0],
            flags: bytes[1],
            icmp_type: bytes[2],
            icmp_code: bytes[3],
            source_port: ports.0,
            destination_port: ports.1,
            ethertype: ports.2,
            second: ports.0,
            ..Packet::default()
        },
    )
}

#[test]
fn every_number_is_one_reason_or_none() {
    for number in 0..=u8::MAX {
        let reason = Reason::from_u8(number);
        assert_eq!(reason.map(|reason| reason as u8), Reason::ALL.get(usize::from(number)).map(|_| number));
        assert_eq!(Verdict::from_u8(number).is_some(), number < 3);
    }
}

/// A position behind the last word is taken round, as the kernel program does.
#[test]
fn a_word_is_always_one_of_the_cell() {
    let cell: Cell = std::array::from_fn(|i| i as u32);
    for position in 0..3 * WORDS {
        assert_eq!(enforcer_common::cell::word(&cell, position) as usize, position % WORDS);
    }
}
