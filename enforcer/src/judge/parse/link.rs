//! Ethernet, VLAN tags, ARP.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{ArpHardwareId, ArpOperation, ArpPacketSlice, EtherType, Ethernet2HeaderSlice, SingleVlanSlice};

use super::{Malformed, ip, sane};
use crate::judge::Medium;
use crate::judge::packet::{Arp, Content, Macs, Packet};

/// Smaller numbers in place of an EtherType are lengths (IEEE 802.3).
const FIRST_ETHERTYPE: u16 = 0x0600;
/// The two access points of an LLC header (IEEE 802.2).
const LLC_ENDS: usize = 2;
/// No VLAN has this number (IEEE 802.1Q).
const RESERVED_VLAN: u16 = 4095;
/// Two VLANs and a priority tag.
const MOST_TAGS: usize = 3;

/// Reads a frame as the port hands it on.
pub(in crate::judge) fn frame(medium: Medium, bytes: &[u8]) -> Result<Packet<'_>, Malformed> {
    match medium {
        Medium::Ethernet => ethernet(bytes),
        Medium::Ip => {
            let content = match bytes.first().map(|first| first >> 4) {
                Some(4) => ip::v4(bytes)?,
                Some(6) => ip::v6(0, bytes)?,
                _ => return Err(Malformed("neither IPv4 nor IPv6, on a port without Ethernet headers")),
            };
            Ok(Packet { macs: None, vlans: [0; 2], content: Content::Ip(content) })
        }
    }
}

fn ethernet(bytes: &[u8]) -> Result<Packet<'_>, Malformed> {
    let header = Ethernet2HeaderSlice::from_slice(bytes).map_err(|_| Malformed("shorter than an Ethernet header"))?;
    let macs = Some(Macs { source: header.source(), destination: header.destination() });
    let (vlans, ethertype, payload) = tags(header.ether_type(), &bytes[header.slice().len()..])?;
    let content = match ethertype {
        EtherType::IPV4 => Content::Ip(ip::v4(payload)?),
        EtherType::IPV6 => Content::Ip(ip::v6(bytes.len() - payload.len(), payload)?),
        EtherType::ARP => Content::Arp(arp(payload)?),
        EtherType(length) if length < FIRST_ETHERTYPE => {
            sane(usize::from(length) <= payload.len(), "an 802.3 length beyond the frame")?;
            sane(payload.len() >= LLC_ENDS, "an LLC header past the end")?;
            sane(!hides_a_packet(&payload[..usize::from(length)]), "IP, ARP or a tag behind a SNAP header")?;
            Content::Llc
        }
        EtherType(ethertype) => {
            let Some([high, low]) = payload.first_chunk() else {
                return Err(Malformed("it ends behind the EtherType"));
            };
            Content::Ether { ethertype, second: u16::from_be_bytes([*high, *low]) }
        }
    };
    Ok(Packet { macs, vlans, content })
}

/// The VLANs, the EtherType behind the tags, and what it says of.
fn tags(mut ethertype: EtherType, mut payload: &[u8]) -> Result<([u16; 2], EtherType, &[u8]), Malformed> {
    let mut vlans = [0; 2];
    let (mut tags, mut named) = (0, 0);
    while is_tag(ethertype) {
        let tag = SingleVlanSlice::from_slice(payload).map_err(|_| Malformed("a VLAN tag past the end"))?;
        tags += 1;
        sane(tags <= MOST_TAGS, "more than three VLAN tags")?;
        let vlan = tag.vlan_identifier().value();
        sane(vlan != RESERVED_VLAN, "VLAN ID 4095")?;
        // 0 is a priority tag, and names no VLAN.
        if vlan != 0 {
            sane(named < vlans.len(), "more than two VLANs")?;
            vlans[named] = vlan;
            named += 1;
        }
        ethertype = tag.ether_type();
        payload = tag.payload_slice();
    }
    Ok((vlans, ethertype, payload))
}

fn is_tag(ethertype: EtherType) -> bool {
    matches!(
        ethertype,
        EtherType::VLAN_TAGGED_FRAME | EtherType::PROVIDER_BRIDGING | EtherType::VLAN_DOUBLE_TAGGED_FRAME
    )
}

/// True for a SNAP header (RFC 1042, IEEE 802.1H) with an EtherType behind it that is judged elsewhere: some stacks take
/// such a packet as if there were no header.
fn hides_a_packet(llc: &[u8]) -> bool {
    let Some([0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, high, low]) = llc.first_chunk() else {
        return false;
    };
    let ethertype = EtherType(u16::from_be_bytes([*high, *low]));
    is_tag(ethertype) || matches!(ethertype, EtherType::IPV4 | EtherType::IPV6 | EtherType::ARP)
}

fn arp(bytes: &[u8]) -> Result<Arp, Malformed> {
    let packet = ArpPacketSlice::from_slice(bytes).map_err(|_| Malformed("ARP past the end"))?;
    let of_ipv4_over_ethernet =
        packet.hw_addr_type() == ArpHardwareId::ETHERNET && packet.proto_addr_type() == EtherType::IPV4;
    sane(of_ipv4_over_ethernet, "ARP that is not for IPv4 over Ethernet")?;
    sane(
        matches!(packet.operation(), ArpOperation::REQUEST | ArpOperation::REPLY),
        "ARP that neither asks nor answers",
    )?;
    match (packet.sender_hw_addr().try_into(), <[u8; 4]>::try_from(packet.sender_protocol_addr())) {
        (Ok(sender_mac), Ok(sender)) => Ok(Arp { sender_mac, sender: IpAddr::V4(Ipv4Addr::from(sender)) }),
        _ => Err(Malformed("ARP with addresses of other lengths")),
    }
}
