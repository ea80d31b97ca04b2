//! Endpoints: who an address or a MAC is.

use crate::cell::{Cells, word};
use crate::image::Heads;

/// Bits of [`Endpoint::flags`].
pub mod flag {
    /// A listed device.
    pub const LISTED: u32 = 1;
    /// A device with a MUD profile.
    pub const PROFILED: u32 = 1 << 1;
    /// The device, else its zone, is in audit.
    pub const AUDIT: u32 = 1 << 2;
    /// Some transition or guardrail names this device: pairs with it must be looked up.
    pub const SPECIAL: u32 = 1 << 3;
    /// The device's MAC is known.
    pub const HAS_MAC: u32 = 1 << 4;
    /// IPv4 addresses are listed: the device has no others.
    pub const FENCED4: u32 = 1 << 5;
    /// IPv6 addresses are listed: the device has no others.
    pub const FENCED6: u32 = 1 << 6;
    /// No listed device, in a zone that demands one.
    pub const DENIED: u32 = 1 << 7;
    /// A group address: multicast or broadcast.
    pub const GROUP: u32 = 1 << 8;
    /// One of the router's own addresses.
    pub const ROUTER: u32 = 1 << 9;
    /// An address that never stands in a packet on a wire (loopback, 240/4, IPv4-mapped …).
    pub const BAD: u32 = 1 << 10;
    /// A link-local address: it belongs to the zone of the port.
    pub const LINK_LOCAL: u32 = 1 << 11;
    /// The zone is in audit.
    pub const ZONE_AUDIT: u32 = 1 << 12;
    /// `0.0.0.0` or `::`.
    pub const UNSPECIFIED: u32 = 1 << 13;
}

/// An endpoint as a verdict needs it. In the image: eight words, two endpoints to a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Endpoint {
    /// The zone that it is judged as. 0: none of its own (group, link-local).
    pub zone: u16,
    /// The zone whose prefixes hold the address and whose ports it may enter by; another than `zone` in quarantine.
    pub home: u16,
    /// Number of the device, from 1; 0 for none.
    pub device: u32,
    /// What MUD lists can tell of the address: the class of all addresses with the same answers.
    pub address_label: u32,
    /// What MUD lists can tell of the device: the class of all devices with the same answers.
    pub device_label: u32,
    /// Its profile, from 1; 0 for none.
    pub profile: u32,
    /// Bits of [`flag`].
    pub flags: u32,
    /// MAC as a number (first octet highest) where [`flag::HAS_MAC`].
    pub mac: u64,
}

impl Endpoint {
    /// True where any of the bits is set.
    #[inline(always)]
    pub const fn is(&self, bits: u32) -> bool {
        self.flags & bits != 0
    }
}

/// Reads endpoint `index` (not 0).
#[inline(always)]
pub fn endpoint<C: Cells + ?Sized>(cells: &C, heads: &Heads, index: u32) -> Option<Endpoint> {
    let cell = cells.cell(heads.base.wrapping_add(heads.who.endpoints).wrapping_add(index >> 1))?;
    let at = (index as usize & 1) * 8;
    Some(Endpoint {
        zone: word(cell, at) as u16,
        home: (word(cell, at) >> 16) as u16,
        device: word(cell, at + 1),
        address_label: word(cell, at + 2),
        device_label: word(cell, at + 3),
        profile: word(cell, at + 4),
        flags: word(cell, at + 5),
        mac: word(cell, at + 6) as u64 | (word(cell, at + 7) as u64) << 32,
    })
}
