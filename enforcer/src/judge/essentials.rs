//! Step 2, continued: what passes before anybody may talk, from whom, and which way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ground::{Ground, belongs_to_port, is_group};
use super::packet::{Content, Ip, Packet, Part, Ports, protocol};
use super::who::{End, Receiver};

/// Frames to these addresses never leave their link (IEEE 802.1D, table 7-10): 01:80:c2:00:00:00 to 0f.
const LINK_CONTROL: [u8; 5] = [0x01, 0x80, 0xc2, 0, 0];
/// Neighbour discovery that crossed a router is none (RFC 4861, section 6.1.1).
pub(super) const FRESH: u8 = 255;

/// What a packet is to the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Essential {
    /// It passes without an entry, where the zone has essentials.
    Is(&'static str),
    /// It says what only those behind an uplink may say.
    Forged(&'static str),
    /// It is for the layers.
    No,
}

/// What enters from a sender who is who it says.
pub(super) fn entering(ground: &Ground<'_>, packet: &Packet<'_>, sender: &End, receiver: &Receiver) -> Essential {
    match &packet.content {
        Content::Arp(_) => Essential::Is("ARP"),
        Content::Ip(ip) => {
            let uplink = ground.policy.zones[sender.home.0].is_uplink();
            let found = match ip.protocol {
                protocol::ICMPV6 => neighbours(ground, ip, uplink, sender, receiver),
                protocol::IGMP if ip.source.is_ipv4() && matches!(receiver, Receiver::Group(_)) => {
                    Essential::Is("IGMP")
                }
                protocol::UDP => dhcp(ground, ip, uplink, sender, receiver),
                _ => Essential::No,
            };
            match found {
                // In fragments none of them is essential, and what is forged remains so (RFC 6980, RFC 7113).
                Essential::Is(_) if ip.part != Part::Whole => Essential::No,
                Essential::Is(_) | Essential::Forged(_) | Essential::No => found,
            }
        }
        Content::Ether { .. } | Content::Llc => link_control(packet),
    }
}

/// What the router itself sends. It may advertise and answer everywhere; to single neighbours beyond a link-local address
/// only where they are known to be on the port (`is_there`).
pub(super) fn leaving(packet: &Packet<'_>, receiver: &Receiver, is_there: bool) -> Essential {
    let ip = match &packet.content {
        Content::Arp(_) => return Essential::Is("ARP"),
        Content::Ether { .. } | Content::Llc => return link_control(packet),
        Content::Ip(ip) if ip.part != Part::Whole => return Essential::No,
        Content::Ip(ip) => ip,
    };
    let group = is_group(&ip.destination) || matches!(receiver, Receiver::Group(_));
    let stays = group || belongs_to_port(&ip.destination) && !ip.destination.is_unspecified();
    match (ip.protocol, ip.icmp().map(|icmp| icmp.kind)) {
        (protocol::ICMPV6, Some(130..=132 | 143)) if group && is_of_link(ip) => {
            Essential::Is("listener report or query")
        }
        (protocol::ICMPV6, Some(133..=136)) if ip.hop_limit == FRESH && (stays || is_there) => {
            Essential::Is("neighbour discovery")
        }
        (protocol::IGMP, _) if ip.source.is_ipv4() && group => Essential::Is("IGMP"),
        (protocol::UDP, _) => {
            let (client, server) = dhcp_ports(ip);
            match ip.ports().map(|ports| (ports.source, ports.destination)) {
                Some(ports) if ports == (client, server) && stays => Essential::Is("DHCP request"),
                Some(ports) if ports == (server, client) && (stays || is_there) => Essential::Is("DHCP answer"),
                _ => Essential::No,
            }
        }
        _ => Essential::No,
    }
}

/// True for the questions and answers by which neighbours find each other: they cross a bridge of two zones.
pub(super) fn crosses(packet: &Packet<'_>) -> bool {
    match &packet.content {
        Content::Arp(_) => true,
        Content::Ip(ip) => {
            let neighbours = ip.icmp().is_some_and(|icmp| matches!(icmp.kind, 135 | 136));
            neighbours && ip.protocol == protocol::ICMPV6 && ip.hop_limit == FRESH
        }
        Content::Ether { .. } | Content::Llc => false,
    }
}

/// Frames of link-control protocols: spanning tree, LACP, LLDP, EAPOL.
fn link_control(packet: &Packet<'_>) -> Essential {
    match packet.macs {
        Some(macs) if macs.destination.starts_with(&LINK_CONTROL) && macs.destination[5] < 0x10 => {
            Essential::Is("link control")
        }
        _ => Essential::No,
    }
}

fn neighbours(ground: &Ground<'_>, ip: &Ip<'_>, uplink: bool, sender: &End, receiver: &Receiver) -> Essential {
    let Some(icmp) = ip.icmp() else { return Essential::No };
    let fresh = ip.hop_limit == FRESH;
    match icmp.kind {
        130..=132 | 143 if is_of_link(ip) => Essential::Is("listener report or query"),
        133 if fresh => Essential::Is("router solicitation"),
        134 if fresh && leaves(ground, sender, receiver) => Essential::No,
        134 if fresh && uplink => Essential::Is("router advertisement"),
        134 if fresh => Essential::Forged("a router advertisement from a zone that is no uplink"),
        135 if fresh => Essential::Is("neighbour solicitation"),
        136 if fresh => Essential::Is("neighbour advertisement"),
        _ => Essential::No,
    }
}

/// Listener reports and queries never leave their link (RFC 3810, section 5).
fn is_of_link(ip: &Ip<'_>) -> bool {
    ip.destination.is_multicast() && belongs_to_port(&ip.source) && ip.hop_limit == 1
}

/// Requests go to the router or to whoever serves; answers come from uplinks, for somebody there.
fn dhcp(ground: &Ground<'_>, ip: &Ip<'_>, uplink: bool, sender: &End, receiver: &Receiver) -> Essential {
    let (client, server) = dhcp_ports(ip);
    let Some(ports) = ip.ports() else { return Essential::No };
    let to_router = receiver.end().is_some_and(|end| end.zone == ground.policy.router_zone);
    if ports == (Ports { source: client, destination: server }) && (is_to_servers(ip) || to_router) {
        return Essential::Is("DHCP request");
    }
    // The address that is offered may not be the router's yet. What goes to another zone is for the layers.
    match ports.destination == client && !leaves(ground, sender, receiver) {
        true if uplink && ports.source == server => Essential::Is("DHCP answer"),
        // Clients listen to it whatever port it comes from.
        true if !uplink => Essential::Forged("an answer to DHCP clients from a zone that is no uplink"),
        true | false => Essential::No,
    }
}

/// True for what is neither for a group, nor for the sender's own zone, nor for the router.
fn leaves(ground: &Ground<'_>, sender: &End, receiver: &Receiver) -> bool {
    match receiver {
        Receiver::Group(_) => false,
        Receiver::Is(end) | Receiver::Torn(end) => end.home != sender.home && end.zone != ground.policy.router_zone,
        Receiver::Nowhere => true,
    }
}

/// Where clients ask who do not know a server yet (RFC 2131, section 4.1; RFC 8415, section 7.1).
fn is_to_servers(ip: &Ip<'_>) -> bool {
    const RELAY_AGENTS_AND_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
    ip.destination == IpAddr::V4(Ipv4Addr::BROADCAST) || ip.destination == IpAddr::V6(RELAY_AGENTS_AND_SERVERS)
}

/// Ports of client and server.
fn dhcp_ports(ip: &Ip<'_>) -> (u16, u16) {
    match ip.source {
        IpAddr::V4(_) => (68, 67),
        IpAddr::V6(_) => (546, 547),
    }
}
