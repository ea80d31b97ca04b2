//! The layout of a generation: what its cells hold and how to read them.
//!
//! An image starts with two header cells. All indices in an image count cells from its own first cell; `base` in the
//! readers is where that cell stands in the memory that holds the image.

use crate::cell::{Cells, sign, word};
use crate::table::Table;

/// `ENF1`, little-endian.
pub const MAGIC: u32 = u32::from_le_bytes(*b"ENF1");
/// Version of this layout.
pub const VERSION: u32 = 1;

/// Words of header cell 0.
pub mod head0 {
    /// [`super::MAGIC`].
    pub const MAGIC: usize = 0;
    /// [`super::VERSION`].
    pub const VERSION: usize = 1;
    /// Cells of the image, headers included.
    pub const CELLS: usize = 2;
    /// Bits: [`super::FLAG_AUDIT_ALL`], [`super::FLAG_LEARNS`].
    pub const FLAGS: usize = 3;
    /// Table of MACs (start, mask, seed) to endpoints.
    pub const MACS: usize = 4;
    /// Table of IPv4 hosts to endpoints.
    pub const HOSTS4: usize = 7;
    /// Table of IPv6 hosts to endpoints.
    pub const HOSTS6: usize = 10;
    /// Ladder over the IPv4 address to an endpoint.
    pub const PREFIXES4: usize = 13;
    /// Ladder over the four words of an IPv6 address to an endpoint.
    pub const PREFIXES6: usize = 14;
    /// First cell of the endpoints, two to a cell.
    pub const ENDPOINTS: usize = 15;
}

/// Words of header cell 1.
pub mod head1 {
    /// First cell of the zone records, four to a cell.
    pub const ZONES: usize = 0;
    /// Number of zones, the unused zone 0 included.
    pub const ZONE_COUNT: usize = 1;
    /// First cell of the zone matrix, four pairs to a cell, row by sender.
    pub const MATRIX: usize = 2;
    /// Table of pairs of subjects, at least one of them a device.
    pub const PAIRS: usize = 3;
    /// First cell of the ports, a cell each; port 0 is unused.
    pub const PORTS: usize = 6;
    /// Number of ports, the unused port 0 included.
    pub const PORT_COUNT: usize = 7;
    /// First cell of the profiles, a cell each; profile 0 is unused.
    pub const PROFILES: usize = 8;
    /// Number of profiles, the unused profile 0 included.
    pub const PROFILE_COUNT: usize = 9;
    /// Number of endpoints, the unused endpoint 0 included.
    pub const ENDPOINT_COUNT: usize = 10;
    /// Number of rules, the unused rule 0 included.
    pub const RULE_COUNT: usize = 11;
    /// Number of devices, the unused device 0 included.
    pub const DEVICE_COUNT: usize = 12;
    /// First 4 bytes of the SHA-256 of all cells with this word 0, little-endian.
    pub const CHECKSUM: usize = 13;
}

/// The top-level mode is audit: no drop is enforced.
pub const FLAG_AUDIT_ALL: u32 = 1;

/// Some device's addresses are not listed: what it uses is learnt.
pub const FLAG_LEARNS: u32 = 2;

/// The built-in zone `router`. Zone 0 means none.
pub const ZONE_ROUTER: u16 = 1;

/// The tables that address lookups need, read once from header cell 0.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head0 {
    /// Bits: [`FLAG_AUDIT_ALL`], [`FLAG_LEARNS`].
    pub flags: u32,
    /// MACs to endpoints.
    pub macs: Table,
    /// IPv4 hosts to endpoints.
    pub hosts4: Table,
    /// IPv6 hosts to endpoints.
    pub hosts6: Table,
    /// Ladder of IPv4 prefixes.
    pub prefixes4: u32,
    /// Ladder of IPv6 prefixes.
    pub prefixes6: u32,
    /// First cell of the endpoints.
    pub endpoints: u32,
}

/// Three words of a header as a table.
#[inline(always)]
fn table(cell: &[u32; 16], at: usize) -> Table {
    Table { start: word(cell, at), mask: word(cell, at + 1), seed: word(cell, at + 2) }
}

/// Reads header cell 0.
#[inline(always)]
fn head0<C: Cells + ?Sized>(cells: &C, base: u32) -> Option<Head0> {
    let cell = cells.cell(base)?;
    Some(Head0 {
        flags: word(cell, head0::FLAGS),
        macs: table(cell, head0::MACS),
        hosts4: table(cell, head0::HOSTS4),
        hosts6: table(cell, head0::HOSTS6),
        prefixes4: word(cell, head0::PREFIXES4),
        prefixes6: word(cell, head0::PREFIXES6),
        endpoints: word(cell, head0::ENDPOINTS),
    })
}

/// What the layers need, read once from header cell 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head1 {
    /// First cell of the zone records.
    pub zones: u32,
    /// Number of zones.
    pub zone_count: u32,
    /// First cell of the zone matrix.
    pub matrix: u32,
    /// Pairs with a device.
    pub pairs: Table,
    /// First cell of the ports.
    pub ports: u32,
    /// Number of ports.
    pub port_count: u32,
    /// First cell of the profiles.
    pub profiles: u32,
}

/// Reads header cell 1.
#[inline(always)]
fn head1<C: Cells + ?Sized>(cells: &C, base: u32) -> Option<Head1> {
    let cell = cells.cell(base.wrapping_add(1))?;
    Some(Head1 {
        zones: word(cell, head1::ZONES),
        zone_count: word(cell, head1::ZONE_COUNT),
        matrix: word(cell, head1::MATRIX),
        pairs: table(cell, head1::PAIRS),
        ports: word(cell, head1::PORTS),
        port_count: word(cell, head1::PORT_COUNT),
        profiles: word(cell, head1::PROFILES),
    })
}

/// Where an image stands, and both header cells of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heads {
    /// First cell of the image in the memory that holds it.
    pub base: u32,
    /// Header cell 0: who is who.
    pub who: Head0,
    /// Header cell 1: what is allowed.
    pub what: Head1,
}

/// Reads both header cells of the image whose first cell is `base`.
#[inline(always)]
pub fn heads<C: Cells + ?Sized>(cells: &C, base: u32) -> Option<Heads> {
    Some(Heads { base, who: head0(cells, base)?, what: head1(cells, base)? })
}

/// Bits of a zone record.
pub mod zone {
    /// Drops that this zone alone decides are let through.
    pub const AUDIT: u32 = 1;
    /// ARP, neighbour discovery, DHCP and the like are settled before the layers.
    pub const ESSENTIALS: u32 = 2;
    /// The router is the client there.
    pub const UPLINK: u32 = 4;
}

/// A zone record: 4 words, of which two are used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zone {
    /// Bits of [`zone`].
    pub flags: u32,
    /// The endpoint of an unlisted sender without an address of its own (no IP, link-local, unspecified).
    pub anonymous: u32,
}

/// Reads a zone record.
#[inline(always)]
pub fn zone<C: Cells + ?Sized>(cells: &C, heads: &Heads, zone: u16) -> Option<Zone> {
    if zone as u32 >= heads.what.zone_count {
        return None;
    }
    let cell = cells.cell(heads.base.wrapping_add(heads.what.zones).wrapping_add(zone as u32 >> 2))?;
    let at = (zone as usize & 3) * 4;
    Some(Zone { flags: word(cell, at), anonymous: word(cell, at + 1) })
}

/// Zones that one port can belong to: words 1–15 of its cell.
pub const PORT_ZONES: usize = 15;

/// True where the port's cell names the zone.
#[inline(always)]
pub fn port_has_zone(port: &[u32; 16], zone: u16) -> bool {
    let mut others = 1;
    let mut i = 1;
    while i <= PORT_ZONES {
        // 1 where the two differ.
        others &= sign(((word(port, i) ^ zone as u32) as u64).wrapping_neg());
        i += 1;
    }
    others == 0 && zone != 0
}

/// Reads the cell of a port: bits 0–15 of word 0 are the number of zones, bit 16 says that all of them are in audit, words
/// 1–15 are the zones.
#[inline(always)]
pub fn port<'a, C: Cells + ?Sized>(cells: &'a C, heads: &Heads, port: u32) -> Option<&'a [u32; 16]> {
    if port == 0 || port >= heads.what.port_count {
        return None;
    }
    cells.cell(heads.base.wrapping_add(heads.what.ports).wrapping_add(port))
}

/// Words of a profile's cell: ladders over the fields of [`crate::packet::fields`].
pub mod profile {
    /// IPv4 packets that the device sends and that open something.
    pub const FROM4: usize = 0;
    /// IPv6 packets that the device sends and that open something.
    pub const FROM6: usize = 1;
    /// Frames without IP that the device sends.
    pub const FROM_ETHER: usize = 2;
    /// IPv4 packets to the device that open something.
    pub const TO4: usize = 3;
    /// IPv6 packets to the device that open something.
    pub const TO6: usize = 4;
    /// Frames without IP to the device.
    pub const TO_ETHER: usize = 5;
    /// IPv4 answers of the device; its outcomes carry [`crate::layers::MUD_DROP`] where the answer must not pass.
    pub const FROM4_REPLY: usize = 6;
    /// IPv6 answers of the device.
    pub const FROM6_REPLY: usize = 7;
    /// IPv4 answers to the device.
    pub const TO4_REPLY: usize = 8;
    /// IPv6 answers to the device.
    pub const TO6_REPLY: usize = 9;
}
