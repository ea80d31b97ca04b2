//! Step 2, continued: what passes before anybody may talk, from whom, and which way.

use std::net::{IpAddr, Ipv6Addr};

use super::ground::{Ground, PortId};
use super::packet::{Content, Ip, Packet, Ports, protocol};
use super::who::{self, End, Receiver, Sender};

/// Frames to these addresses never leave their link (IEEE 802.1D, table 7-10): 01:80:c2:00:00:00 to 0f.
const LINK_CONTROL: [u8; 5] = [0x01, 0x80, 0xc2, 0, 0];
/// Neighbour discovery that crossed a router is none (RFC 4861, section 6.1.1).
const FRESH: u8 = 255;

/// What a packet is to the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Essential {
    /// It passes without an entry, where the zone has essentials.
    Is(&'static str),
    /// It says what only somebody else may say.
    Forged(&'static str),
    /// It is for the layers.
    No,
}

/// What enters by `port`.
pub(super) fn entering(
    ground: &Ground<'_>,
    port: PortId,
    packet: &Packet<'_>,
    sender: &End,
    receiver: &Receiver,
) -> Essential {
    match &packet.content {
        Content::Arp(_) => Essential::Is("ARP"),
        Content::Ip(ip) => {
            let uplink = ground.policy.zones[sender.home.0].is_uplink();
            match ip.protocol {
                protocol::ICMPV6 => neighbours(ground, port, packet, ip, uplink),
                protocol::IGMP if ip.destination.is_multicast() => Essential::Is("IGMP"),
                protocol::UDP => dhcp(ground, ip, uplink, sender, receiver),
                _ => Essential::No,
            }
        }
        Content::Ether { .. } | Content::Llc => link_control(packet),
    }
}

/// What the router itself sends to a zone.
pub(super) fn leaving(packet: &Packet<'_>, uplink: bool) -> Essential {
    let ip = match &packet.content {
        Content::Arp(_) => return Essential::Is("ARP"),
        Content::Ether { .. } | Content::Llc => return link_control(packet),
        Content::Ip(ip) => ip,
    };
    let fresh = ip.hop_limit == FRESH;
    match (ip.protocol, ip.icmp().map(|icmp| icmp.kind)) {
        (protocol::ICMPV6, Some(130..=132 | 143)) if ip.destination.is_multicast() => {
            Essential::Is("listener report or query")
        }
        (protocol::ICMPV6, Some(133 | 135 | 136)) if fresh => Essential::Is("neighbour discovery"),
        (protocol::ICMPV6, Some(134)) if fresh && !uplink => Essential::Is("router advertisement"),
        (protocol::IGMP, _) if ip.destination.is_multicast() => Essential::Is("IGMP"),
        (protocol::UDP, _) => {
            let (client, server) = dhcp_ports(ip);
            match ip.ports() {
                Some(ports) if ports == Ports { source: server, destination: client } && !uplink => {
                    Essential::Is("DHCP answer")
                }
                Some(ports) if ports == Ports { source: client, destination: server } => Essential::Is("DHCP request"),
                _ => Essential::No,
            }
        }
        _ => Essential::No,
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

fn neighbours(ground: &Ground<'_>, port: PortId, packet: &Packet<'_>, ip: &Ip<'_>, uplink: bool) -> Essential {
    let Some(icmp) = ip.icmp() else { return Essential::No };
    let fresh = ip.hop_limit == FRESH;
    match icmp.kind {
        130..=132 | 143 if ip.destination.is_multicast() => Essential::Is("listener report or query"),
        133 if fresh => Essential::Is("router solicitation"),
        134 if !uplink => Essential::Forged("a router advertisement from a zone that is no uplink"),
        134 if fresh => Essential::Is("router advertisement"),
        135 if fresh => Essential::Is("neighbour solicitation"),
        136 if fresh => match icmp.body.first_chunk::<16>() {
            Some(target) if !may_have(ground, port, packet, Ipv6Addr::from(*target).into()) => {
                Essential::Forged("a neighbour advertisement for somebody else's address")
            }
            Some(_) => Essential::Is("neighbour advertisement"),
            None => Essential::No,
        },
        _ => Essential::No,
    }
}

/// True where the sender of a frame could send from this address as well.
fn may_have(ground: &Ground<'_>, port: PortId, packet: &Packet<'_>, address: IpAddr) -> bool {
    let mac = packet.macs.map(|macs| macs.source);
    let claimed = who::claimed(ground, port, mac, Some(address));
    !address.is_unspecified() && matches!(claimed, Sender::Is(_))
}

/// Requests go to the router or to a group; answers come from uplinks, for somebody there.
fn dhcp(ground: &Ground<'_>, ip: &Ip<'_>, uplink: bool, sender: &End, receiver: &Receiver) -> Essential {
    let (client, server) = dhcp_ports(ip);
    let Some(ports) = ip.ports() else { return Essential::No };
    let asks = ports == Ports { source: client, destination: server };
    let answers = ports == Ports { source: server, destination: client };
    let (to_group, to_zone) = match receiver {
        Receiver::Is(end) => (false, Some(end.zone)),
        Receiver::Group(_) => (true, None),
        Receiver::Nowhere => (false, None),
    };
    let to_router = to_zone == Some(ground.policy.router_zone);
    if answers && !uplink {
        return Essential::Forged("an answer of a DHCP server from a zone that is no uplink");
    }
    // The address that is offered may not be the router's yet.
    let to_client = to_group || to_router || to_zone == Some(sender.zone);
    match (asks && (to_group || to_router), answers && to_client) {
        (true, _) => Essential::Is("DHCP request"),
        (_, true) => Essential::Is("DHCP answer"),
        (false, false) => Essential::No,
    }
}

/// Ports of client and server.
fn dhcp_ports(ip: &Ip<'_>) -> (u16, u16) {
    if ip.source.is_ipv4() { (68, 67) } else { (546, 547) }
}
