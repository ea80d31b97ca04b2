//! The overlay: what is local or changes, written by the daemon in front of the image of the same half.
//!
//! A half of the memory is an overlay followed by an image. Cell 0 of the half is the overlay's header.

use crate::cell::{Cells, word};
use crate::table::{Table, find_wide};

/// `ENFO`, little-endian.
pub const MAGIC: u32 = u32::from_le_bytes(*b"ENFO");

/// Words of the overlay's header.
pub mod head {
    /// [`super::MAGIC`].
    pub const MAGIC: usize = 0;
    /// First cell of the image, counted from the start of the half.
    pub const IMAGE: usize = 1;
    /// Table of interfaces and VLANs (start, mask, seed), starts counted from the half.
    pub const PORTS: usize = 2;
    /// First cell of the accounts of zones: two zones to a word, 32 to a cell.
    pub const ACCOUNTS: usize = 5;
    /// Number of zones.
    pub const ZONES: usize = 6;
    /// First cell of the counter slots of rules: 16 to a cell.
    pub const SLOTS: usize = 7;
    /// Number of rules.
    pub const RULES: usize = 8;
}

/// Bits of a port's first value word.
pub mod port {
    /// The entry is in use.
    pub const LIVE: u32 = 1;
    /// What enters here is judged; of the interface itself: it, or the device under it, is named by the policy.
    pub const JUDGED: u32 = 2;
    /// The interface is listed in `[router] ignore`.
    pub const IGNORED: u32 = 4;
    /// There is no Ethernet header.
    pub const IP_LINK: u32 = 8;
    /// The port's own MAC is known, and unicast for another is not for us.
    pub const OWN_MAC: u32 = 16;
    /// The port is part of a bridge: unicast for others passes through.
    pub const BRIDGED: u32 = 32;
    /// More MACs and link-local addresses of the port's own follow, under [`super::more_key`].
    pub const MORE: u32 = 64;
    /// Of an interface as a whole: its bridge may take tags away and put others on. [`super::Port::link`] tells which.
    pub const RETAGS: u32 = 128;
    /// Where the upper half of the port's own MAC stands.
    pub const MAC_SHIFT: u32 = 8;
    /// Set by the program alone: a packet from one link-local address of the port's own is for another of them.
    pub const TO_OWN: u32 = 1 << 30;
    /// Set by the program alone: the packet leaves by the port.
    pub const LEAVES: u32 = 1 << 31;
}

/// The overlay's header.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    /// First cell of the image, absolute.
    pub image: u32,
    /// Interfaces and VLANs, relative to the half.
    pub ports: Table,
    /// First cell of the accounts, relative to the half.
    pub accounts: u32,
    /// Number of zones.
    pub zones: u32,
    /// First cell of the counter slots, relative to the half.
    pub slots: u32,
    /// Number of rules.
    pub rules: u32,
}

/// Reads the header of the half that starts at cell `half`.
#[inline(always)]
pub fn head<C: Cells + ?Sized>(cells: &C, half: u32) -> Option<Head> {
    let cell = cells.cell(half)?;
    if word(cell, head::MAGIC) != MAGIC {
        return None;
    }
    Some(Head {
        image: half.wrapping_add(word(cell, head::IMAGE)),
        ports: Table {
            start: word(cell, head::PORTS),
            mask: word(cell, head::PORTS + 1),
            seed: word(cell, head::PORTS + 2),
        },
        accounts: word(cell, head::ACCOUNTS),
        zones: word(cell, head::ZONES),
        slots: word(cell, head::SLOTS),
        rules: word(cell, head::RULES),
    })
}

/// A port as the packet meets it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Port {
    /// Bits of [`port`]; 0 where nothing is known of it.
    pub bits: u32,
    /// Number of the port in the image, from 1; 0 where the policy does not name it.
    pub number: u32,
    /// The port's own MAC as a number, where [`port::OWN_MAC`].
    pub mac: u64,
    /// Ports of one number are on one link: members of a bridge. 0 where the port is a link of its own. Of an interface as a
    /// whole with [`port::RETAGS`]: the VLAN ID that the bridge gives to what enters untagged (bits 0–15) and of what leaves
    /// untagged (16–31), 0 where there is none or not one.
    pub link: u32,
    /// The interface identifier of the port's own address in fe80::/64 (RFC 4291, 2.5.6); 0 for none.
    pub link_local: u64,
}

impl Port {
    /// True for the port's own link-local address, in words.
    #[inline(always)]
    pub const fn is_own_link_local(&self, address: &[u32; 4]) -> bool {
        let identifier = (address[2] as u64) << 32 | address[3] as u64;
        self.link_local != 0 && address[0] == 0xfe80_0000 && address[1] == 0 && identifier == self.link_local
    }
}

/// Stands for the VLANs in the key of an interface as a whole.
pub const WHOLE_INTERFACE: u16 = 0xffff;

/// The key of a port: interface index, outer and inner VLAN ID (0 for none).
#[inline(always)]
pub const fn port_key(ifindex: u32, outer: u16, inner: u16) -> u64 {
    ifindex as u64 | (outer as u64) << 32 | (inner as u64) << 48
}

/// How often a port's own MACs and link-local addresses go on after its first.
pub const MORE: u16 = 3;

/// The key under which the own MACs and link-local addresses of the port with this key go on, `nth` from 1 to [`MORE`]: VLAN IDs
/// leave the upper bits free.
#[inline(always)]
pub const fn more_key(key: u64, nth: u16) -> u64 {
    key | (nth as u64) << 60
}

/// The port with this key. Nothing where the overlay is damaged.
#[inline(always)]
pub fn port<C: Cells + ?Sized>(cells: &C, half: u32, head: &Head, key: u64) -> Option<Port> {
    let mut out = [0u32; 6];
    if !find_wide(cells, half, &head.ports, key, &mut out)? {
        return Some(Port::default());
    }
    Some(Port {
        bits: out[0] & ((1 << port::MAC_SHIFT) - 1),
        number: out[1],
        mac: out[2] as u64 | ((out[0] >> port::MAC_SHIFT & 0xffff) as u64) << 32,
        link: out[3],
        link_local: out[4] as u64 | (out[5] as u64) << 32,
    })
}

/// The account of a zone: a number that stays with the zone's name while the daemon lives. Account 0 is no zone.
#[inline(always)]
pub fn account<C: Cells + ?Sized>(cells: &C, half: u32, head: &Head, zone: u16) -> u16 {
    let zone = zone as u32;
    if zone >= head.zones {
        return 0;
    }
    match cells.cell(half.wrapping_add(head.accounts).wrapping_add(zone >> 5)) {
        Some(cell) => (word(cell, (zone >> 1 & 15) as usize) >> (16 * (zone & 1))) as u16,
        None => 0,
    }
}

/// The counter slot of a rule: a number that stays with the rule's name while the daemon lives. Slot 0 is no rule.
#[inline(always)]
pub fn slot<C: Cells + ?Sized>(cells: &C, half: u32, head: &Head, rule: u32) -> u32 {
    if rule >= head.rules {
        return 0;
    }
    match cells.cell(half.wrapping_add(head.slots).wrapping_add(rule >> 4)) {
        Some(cell) => word(cell, (rule & 15) as usize),
        None => 0,
    }
}
