//! Addresses and ports of a frame's first bytes, for people; judged by nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};

/// What is shown of a frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Source address; the MAC where there is no IP.
    pub source: Option<String>,
    /// Destination address.
    pub destination: Option<String>,
    /// `tcp`, `icmpv6`, `arp`, `ip/50`, `eth/0x88b8`.
    pub protocol: Option<String>,
    /// Source port.
    pub source_port: Option<u16>,
    /// Destination port.
    pub destination_port: Option<u16>,
}

/// Reads the start of a frame; `ip` where it has no Ethernet header.
pub fn show(bytes: &[u8], ip: bool) -> Shown {
    let packet = if ip { LaxSlicedPacket::from_ip(bytes).ok() } else { LaxSlicedPacket::from_ethernet(bytes).ok() };
    let mut shown = Shown::default();
    let Some(packet) = packet else { return shown };
    match &packet.net {
        Some(LaxNetSlice::Ipv4(net)) => {
            let header = net.header();
            shown.source = Some(header.source_addr().to_string());
            shown.destination = Some(header.destination_addr().to_string());
            shown.protocol = Some(protocol(net.payload().ip_number.0));
        }
        Some(LaxNetSlice::Ipv6(net)) => {
            let header = net.header();
            shown.source = Some(header.source_addr().to_string());
            shown.destination = Some(header.destination_addr().to_string());
            shown.protocol = Some(protocol(net.payload().ip_number.0));
        }
        Some(LaxNetSlice::Arp(arp)) => {
            shown.protocol = Some("arp".to_owned());
            shown.source = address(arp.sender_protocol_addr());
            shown.destination = address(arp.target_protocol_addr());
        }
        None => show_ethernet(bytes, &packet, ip, &mut shown),
    }
    show_ports(&packet, &mut shown);
    shown
}

fn show_ethernet(bytes: &[u8], packet: &LaxSlicedPacket<'_>, ip: bool, shown: &mut Shown) {
    if ip || bytes.len() < 14 {
        return;
    }
    shown.destination = Some(mac(&bytes[..6]));
    shown.source = Some(mac(&bytes[6..12]));
    shown.protocol = packet.ether_payload().map(|payload| format!("eth/{:#06x}", payload.ether_type.0));
}

fn show_ports(packet: &LaxSlicedPacket<'_>, shown: &mut Shown) {
    let ports = match &packet.transport {
        Some(TransportSlice::Tcp(tcp)) => Some((tcp.source_port(), tcp.destination_port())),
        Some(TransportSlice::Udp(udp)) => Some((udp.source_port(), udp.destination_port())),
        Some(TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_) | TransportSlice::Igmp(_)) | None => None,
    };
    shown.source_port = ports.map(|ports| ports.0);
    shown.destination_port = ports.map(|ports| ports.1);
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).to_string())
}

fn mac(bytes: &[u8]) -> String {
    let parts: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

fn protocol(number: u8) -> String {
    match number {
        1 => "icmp".to_owned(),
        2 => "igmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "icmpv6".to_owned(),
        132 => "sctp".to_owned(),
        number => format!("ip/{number}"),
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::*;

    #[test]
    fn addresses_and_ports() {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .single_vlan(30.try_into().unwrap())
            .ipv6([0xfd; 16], [0xfe; 16], 64)
            .udp(5353, 53);
        let mut bytes = Vec::new();
        builder.write(&mut bytes, &[0; 400]).unwrap();
        bytes.truncate(128);
        let shown = show(&bytes, false);
        assert_eq!(shown.protocol.as_deref(), Some("udp"));
        assert_eq!((shown.source_port, shown.destination_port), (Some(5353), Some(53)));
        assert!(shown.source.unwrap().starts_with("fdfd:"));
    }

    #[test]
    fn frames_without_ip() {
        let mut bytes = vec![1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 9, 0x88, 0xb8];
        bytes.extend([0; 40]);
        let shown = show(&bytes, false);
        assert_eq!(shown.source.as_deref(), Some("02:00:00:00:00:09"));
        assert_eq!(shown.protocol.as_deref(), Some("eth/0x88b8"));
        assert_eq!(show(&[], false), Shown::default());
        assert_eq!(show(&[0x45], true), Shown::default());
    }
}
