//! Essentials: what a network needs before anybody may talk, checked against the source binding and its direction.
//!
//! ARP, neighbour discovery, DHCP, IGMP and MLD, and frames to 01:80:c2:00:00:00–0f (spanning tree, LACP, LLDP, EAPOL).

use crate::connection::is_link_scoped;
use crate::endpoint::{Endpoint, flag};
use crate::image;
use crate::packet::{Packet, flag as packet_flag, kind, protocol};
use crate::reason::Reason;
use crate::source::Finding;

/// What a packet is, among the essentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Essential {
    /// None of them.
    No,
    /// Settled by the source binding alone.
    Bound,
    /// IGMP or MLD: to a group, and for IPv6 from a link-local address.
    Listener,
    /// A neighbour advertisement: its target must be the sender's own address.
    Advertisement,
    /// It may only come from an uplink: router advertisements, DHCP answers.
    FromUplink,
    /// To the port of DHCP clients, from another than a server's: no essential, and only an uplink's to say.
    ToClient,
    /// A request to a DHCP server: essential where it goes to the router or to a group.
    ToRouter,
}

/// 01:80:c2:00:00:00 to 0f (IEEE 802.1Q-2022, 8.6.3), as a number without the last four bits.
const LINK_CONTROL: u64 = 0x0180_c200_0000 >> 4;

/// Which essential a packet is, by its bytes alone.
#[inline(always)]
pub fn classify(packet: &Packet) -> Essential {
    if !packet.is(packet_flag::NO_ETHERNET) && packet.destination_mac >> 4 == LINK_CONTROL && !packet.is_ip() {
        return Essential::Bound;
    }
    if packet.kind == kind::ARP {
        return Essential::Bound;
    }
    if !packet.is_ip() || packet.is(packet_flag::LATER_FRAGMENT) {
        return Essential::No;
    }
    let ports = (packet.source_port, packet.destination_port);
    match (packet.kind, packet.protocol) {
        (kind::IPV4, protocol::IGMP) => Essential::Listener,
        (kind::IPV4, protocol::UDP) if ports.0 == 68 && ports.1 == 67 => Essential::ToRouter,
        (kind::IPV4, protocol::UDP) if ports.0 == 67 && ports.1 == 68 => Essential::FromUplink,
        // Clients listen to whatever comes to their port.
        (kind::IPV4, protocol::UDP) if ports.1 == 68 => Essential::ToClient,
        (kind::IPV6, protocol::UDP) if ports.0 == 546 && ports.1 == 547 => Essential::ToRouter,
        (kind::IPV6, protocol::UDP) if ports.0 == 547 && ports.1 == 546 => Essential::FromUplink,
        (kind::IPV6, protocol::UDP) if ports.1 == 546 => Essential::ToClient,
        (kind::IPV6, protocol::ICMPV6) => match packet.icmp_type {
            // RFC 4861: solicitations; the hop limit proves that no router was between.
            133 | 135 if packet.hops == 255 => Essential::Bound,
            134 if packet.hops == 255 => Essential::FromUplink,
            136 if packet.hops == 255 => Essential::Advertisement,
            // RFC 2710, RFC 3810: multicast listeners.
            130..=132 | 143 if packet.hops == 1 => Essential::Listener,
            _ => Essential::No,
        },
        _ => Essential::No,
    }
}

/// Settles an essential that enters, of a sender who is bound (or let through in audit). `zone_flags` are those of the zone
/// that the sender stands in; `from` and `to` sender and receiver.
///
/// `None`: not an essential after all, the layers decide.
#[inline(always)]
pub fn settle(
    what: Essential,
    packet: &Packet,
    zone_flags: u32,
    (from, to): (&Endpoint, &Endpoint),
) -> Option<Finding> {
    if zone_flags & image::zone::ESSENTIALS == 0 {
        return None;
    }
    let verdict = match what {
        Essential::No => return None,
        Essential::Bound | Essential::Advertisement => Ok(()),
        Essential::Listener if is_listener(packet, to) => Ok(()),
        // Only as far as the zone that it comes from, or the router.
        Essential::FromUplink | Essential::ToClient if !stays(from, to) => return None,
        Essential::FromUplink | Essential::ToClient if zone_flags & image::zone::UPLINK == 0 => {
            Err(Reason::SpoofedSource)
        }
        Essential::FromUplink => Ok(()),
        Essential::ToRouter if is_for_servers(packet) || to.is(flag::ROUTER) => Ok(()),
        Essential::Listener | Essential::ToClient | Essential::ToRouter => return None,
    };
    // Nobody needs it in fragments (RFC 6980), so it is none. But what must not be said must not be said in fragments either.
    if packet.is(packet_flag::FIRST_FRAGMENT) && verdict.is_ok() {
        return None;
    }
    Some(verdict)
}

/// True where a packet for `to` does not leave the sender's zone.
#[inline(always)]
fn stays(from: &Endpoint, to: &Endpoint) -> bool {
    to.is(flag::GROUP | flag::ROUTER | flag::LINK_LOCAL) || to.home == from.home
}

/// True for what a listener says: to a group, over IPv6 from a link-local or the unspecified address.
#[inline(always)]
pub fn is_listener(packet: &Packet, to: &Endpoint) -> bool {
    to.is(flag::GROUP) && (packet.kind == kind::IPV4 || is_link_scoped(kind::IPV6, &packet.source))
}

/// True where a request goes to all DHCP servers: a broadcast, or ff02::1:2 (RFC 8415, 7.1).
#[inline(always)]
fn is_for_servers(packet: &Packet) -> bool {
    let to = &packet.destination;
    if packet.kind == kind::IPV4 {
        return to[0] == u32::MAX;
    }
    to[0] == 0xff02_0000 && to[1] | to[2] == 0 && to[3] == 0x0001_0002
}

/// True for ARP (RFC 826) that claims another hardware address than the one that it came from.
#[inline(always)]
pub fn claims_another_mac(packet: &Packet) -> bool {
    let claimed = (packet.target[0] as u64) << 32 | packet.target[1] as u64;
    packet.kind == kind::ARP && !packet.is(packet_flag::NO_ETHERNET) && claimed != packet.source_mac
}
