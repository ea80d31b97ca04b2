//! Who sends and who receives: step 2 of a packet's judgement, and the other end of it.

use crate::cell::Cells;
use crate::endpoint::{Endpoint, endpoint, flag};
use crate::image::{Heads, port_has_zone, zone};
use crate::overlay;
use crate::packet::{self, Packet, kind};
use crate::reason::Reason;
use crate::table::{find_large, find_medium, find_small};

/// Cells, and what devices without listed addresses were last seen to use.
pub trait World: Cells {
    /// The MAC (as a number) of the listed device that was last seen to send from this address; 0 for none.
    fn learnt(&self, kind: u8, address: &[u32; 4]) -> u64;
}

/// What a step found: fine, or a reason to refuse.
pub type Finding = Result<(), Reason>;

/// An image that cannot be read to the end refuses what it was asked about.
const DAMAGED: Reason = Reason::Malformed;

/// The endpoint of an address, from the host tables and then the prefixes. `out.flags` and `out.zone` stay 0 for an address
/// that no prefix holds.
#[inline(never)]
pub fn address<W: Cells + ?Sized>(
    world: &W,
    heads: &Heads,
    kind: u8,
    address: &[u32; 4],
    out: &mut Endpoint,
) -> Finding {
    let hosts = if kind == kind::IPV6 {
        find_large(world, heads.base, &heads.who.hosts6, address)
    } else {
        find_small(world, heads.base, &heads.who.hosts4, address[0])
    };
    let mut index = hosts.ok_or(DAMAGED)?;
    if index == 0 {
        let fields = [address[0], address[1], address[2], address[3], 0, 0, 0, 0];
        let start = if kind == kind::IPV6 { heads.who.prefixes6 } else { heads.who.prefixes4 };
        index = world.walk(heads.base, start, &fields).ok_or(DAMAGED)?;
    }
    if index == 0 {
        *out = Endpoint::default();
        return Ok(());
    }
    *out = endpoint(world, heads, index).ok_or(DAMAGED)?;
    Ok(())
}

/// The listed device with this MAC, if there is one.
#[inline(never)]
pub fn device<W: Cells + ?Sized>(world: &W, heads: &Heads, mac: u64, out: &mut Endpoint) -> Finding {
    let index = find_medium(world, heads.base, &heads.who.macs, mac).ok_or(DAMAGED)?;
    if index == 0 {
        *out = Endpoint::default();
        return Ok(());
    }
    *out = endpoint(world, heads, index).ok_or(DAMAGED)?;
    Ok(())
}

/// True where the device's listed addresses leave out every other address of this family.
#[inline(always)]
const fn fenced(device: &Endpoint, kind: u8) -> bool {
    match kind {
        kind::IPV4 | kind::ARP => device.is(flag::FENCED4),
        kind::IPV6 => device.is(flag::FENCED6),
        _ => false,
    }
}

/// Makes `who`, known by its address, the listed device that its MAC says.
#[inline(always)]
fn adopt(who: &mut Endpoint, device: &Endpoint) {
    who.zone = device.zone;
    who.home = device.home;
    who.device = device.device;
    who.device_label = device.device_label;
    who.profile = device.profile;
    who.flags = device.flags;
    who.mac = device.mac;
}

/// The unlisted sender of the port's zone, for packets that name no address of a zone.
#[inline(always)]
fn anonymous<W: Cells + ?Sized>(world: &W, heads: &Heads, port: &[u32; 16], out: &mut Endpoint) -> Finding {
    // Where prefixes tell the zones of a port apart, a sender without address belongs to none of them.
    if port[0] & 0xffff != 1 {
        return Err(Reason::UnknownZone);
    }
    let record = zone(world, heads, port[1] as u16).ok_or(DAMAGED)?;
    *out = endpoint(world, heads, record.anonymous).ok_or(DAMAGED)?;
    Ok(())
}

/// Who sends this packet: fills `out` as far as it can be known, and says whether address, MAC and port belong together.
///
/// `port` is the cell of the port by which it entered. With `anywhere`, zones need not be on that port: for packets that were
/// judged when they entered, and of which only the addresses are at hand.
#[inline(always)]
pub fn sender<W: World + ?Sized>(
    world: &W,
    heads: &Heads,
    port: &[u32; 16],
    anywhere: bool,
    packet: &Packet,
    out: &mut Endpoint,
) -> Finding {
    let mut by_mac = Endpoint::default();
    if packet.source_mac != 0 {
        if packet.source_mac >> 40 & 1 == 1 {
            *out = Endpoint::default();
            return Err(Reason::SpoofedSource);
        }
        device(world, heads, packet.source_mac, &mut by_mac)?;
    } else if anywhere && packet.is_ip() {
        let mac = world.learnt(packet.kind, &packet.source);
        if mac != 0 {
            device(world, heads, mac, &mut by_mac)?;
        }
    }
    let known_mac = by_mac.device != 0;
    if packet.kind == kind::OTHER {
        return without_address(world, heads, port, anywhere, &by_mac, out);
    }
    address(world, heads, packet.kind, &packet.source, out)?;
    let land = packet.is_ip() && is_same(&packet.source, &packet.destination);
    if out.is(flag::LINK_LOCAL | flag::UNSPECIFIED) {
        // Linux takes IPv4 for any of its addresses by any interface; over IPv6 the port tells whose it is.
        if packet.kind != kind::IPV6 && out.is(flag::ROUTER) {
            return Err(Reason::SpoofedSource);
        }
        // What the address says stays, whoever has the MAC; kept there, since the stack is small.
        const OF_LINK: u32 = flag::LINK_LOCAL | flag::UNSPECIFIED;
        by_mac.address_label = out.address_label;
        by_mac.flags |= out.flags & OF_LINK;
        let found = without_address(world, heads, port, anywhere, &by_mac, out);
        out.address_label = by_mac.address_label;
        out.flags |= by_mac.flags & OF_LINK;
        return if land { Err(Reason::SpoofedSource) } else { found };
    }
    if out.is(flag::GROUP | flag::ROUTER | flag::BAD) {
        return Err(Reason::SpoofedSource);
    }
    if out.home == 0 {
        if known_mac {
            adopt(out, &by_mac);
        }
        return Err(Reason::SpoofedSource);
    }
    // Nobody sends to himself by way of a wire.
    let mut spoofed = land || !anywhere && !port_has_zone(port, out.home);
    if out.is(flag::LISTED) {
        // What is no IP leaves with the MAC that it came with.
        let unbound = packet.is(packet::flag::NO_ETHERNET) || anywhere && packet.source_mac == 0 && packet.is_ip();
        let bound = !unbound;
        spoofed |= out.is(flag::HAS_MAC) && bound && out.mac != packet.source_mac;
        spoofed |= known_mac && by_mac.device != out.device;
    } else if known_mac {
        spoofed |= fenced(&by_mac, packet.kind) || by_mac.home != out.home;
        adopt(out, &by_mac);
    }
    if spoofed { Err(Reason::SpoofedSource) } else { Ok(()) }
}

/// Compares addresses without a branch for each word.
#[inline(always)]
pub const fn is_same(a: &[u32; 4], b: &[u32; 4]) -> bool {
    (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) == 0
}

/// A sender known by its MAC and port alone.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn without_address<W: Cells + ?Sized>(
    world: &W,
    heads: &Heads,
    port: &[u32; 16],
    anywhere: bool,
    by_mac: &Endpoint,
    out: &mut Endpoint,
) -> Finding {
    if by_mac.device != 0 {
        *out = *by_mac;
        if !anywhere && !port_has_zone(port, by_mac.home) {
            return Err(Reason::SpoofedSource);
        }
        return Ok(());
    }
    anonymous(world, heads, port, out)
}

/// Who a packet is for. `local` is the port by which it entered; `from` its sender.
///
/// Group addresses and frames without IP, ARP among them, stay in the sender's zone; a link-local address belongs to the port.
/// The broadcast address of a network is a group for its own zone, and for the router, alone.
#[inline(always)]
pub fn receiver<W: World + ?Sized>(
    world: &W,
    heads: &Heads,
    local: &overlay::Port,
    packet: &Packet,
    from: &Endpoint,
    out: &mut Endpoint,
) -> Finding {
    let mut by_mac = Endpoint::default();
    if packet.destination_mac != 0 && !packet.is_group_mac() {
        device(world, heads, packet.destination_mac, &mut by_mac)?;
    }
    if !packet.is_ip() {
        if by_mac.device != 0 {
            *out = by_mac;
        } else if packet.is_group_mac() {
            in_zone_of(from, out);
        } else {
            neighbour_of(world, heads, from, out)?;
        }
        return Ok(());
    }
    address(world, heads, packet.kind, &packet.destination, out)?;
    if out.is(flag::GROUP) && out.home != 0 && out.home != from.home {
        if from.is(flag::ROUTER) {
            // Everybody in the network's zone.
            out.zone = out.home;
            out.flags = flag::GROUP | out.flags & flag::ZONE_AUDIT;
            return Ok(());
        }
        out.flags &= !flag::GROUP;
    }
    if out.is(flag::GROUP) {
        let label = out.address_label;
        in_zone_of(from, out);
        out.address_label = label;
        out.flags |= flag::GROUP;
        return Ok(());
    }
    if out.is(flag::LINK_LOCAL) {
        return link_local(world, heads, local, packet, from, &by_mac, out);
    }
    if out.is(flag::ROUTER) {
        return Ok(());
    }
    if out.is(flag::BAD | flag::UNSPECIFIED) || out.home == 0 {
        return Err(Reason::UnknownZone);
    }
    if !out.is(flag::LISTED) {
        let mac = world.learnt(packet.kind, &packet.destination);
        if mac != 0 && by_mac.device == 0 {
            device(world, heads, mac, &mut by_mac)?;
        } else if mac != 0 && by_mac.mac != mac {
            // The MAC says one device and the address another: whose profile would hold is not known.
            return Err(Reason::UnknownDevice);
        }
        if by_mac.device != 0 && by_mac.home == out.home && !fenced(&by_mac, packet.kind) {
            adopt(out, &by_mac);
        }
    }
    Ok(())
}

/// Somebody in the zone of the sender who is no listed device.
#[inline(always)]
fn neighbour_of<W: Cells + ?Sized>(world: &W, heads: &Heads, from: &Endpoint, out: &mut Endpoint) -> Finding {
    let anonymous = match zone(world, heads, from.home) {
        Some(record) => record.anonymous,
        None => 0,
    };
    if anonymous == 0 {
        in_zone_of(from, out);
        return Ok(());
    }
    *out = endpoint(world, heads, anonymous).ok_or(DAMAGED)?;
    Ok(())
}

/// Everybody in the zone of the sender.
#[inline(always)]
fn in_zone_of(from: &Endpoint, out: &mut Endpoint) {
    *out = Endpoint {
        zone: from.zone,
        home: from.home,
        address_label: from.address_label,
        flags: from.flags & flag::ZONE_AUDIT,
        ..Endpoint::default()
    };
}

/// A link-local destination: the router's own, or a neighbour on the same port.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn link_local<W: Cells + ?Sized>(
    world: &W,
    heads: &Heads,
    local: &overlay::Port,
    packet: &Packet,
    from: &Endpoint,
    by_mac: &Endpoint,
    out: &mut Endpoint,
) -> Finding {
    let label = out.address_label;
    // Linux takes IPv4 for any of its addresses by any interface, IPv6 for those of the interface.
    let listed = out.is(flag::ROUTER)
        && (packet.kind != kind::IPV6
            || local.is_own_link_local(&packet.destination)
            || local.bits & overlay::port::TO_OWN != 0);
    // What it has got since nobody told: the MAC says so, or that unicast for others does not come here.
    let own = listed
        || local.bits & overlay::port::OWN_MAC != 0
            && (packet.destination_mac == local.mac || local.bits & overlay::port::BRIDGED == 0);
    // What leaves is for the other end of the link.
    let leaves = from.is(flag::ROUTER) || local.bits & overlay::port::LEAVES != 0;
    if !leaves && (own || packet.is(packet::flag::NO_ETHERNET)) {
        *out = endpoint(world, heads, ROUTER_ENDPOINT).ok_or(DAMAGED)?;
    } else if by_mac.device != 0 && by_mac.home == from.home {
        *out = *by_mac;
    } else {
        neighbour_of(world, heads, from, out)?;
    }
    out.address_label = label;
    out.flags |= flag::LINK_LOCAL;
    Ok(())
}

/// The endpoint of the router itself, for want of one of its addresses.
pub const ROUTER_ENDPOINT: u32 = 1;
