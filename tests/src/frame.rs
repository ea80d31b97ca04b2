//! Frames, built as a host of the lab would send them.

use std::net::IpAddr;

use anyhow::{Context, Result};
use etherparse::{
    EtherType, Ethernet2Header, IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder,
};

use crate::exchange::Service;
use crate::lab::Host;
use crate::topology::Mac;

/// Where a host's own ports begin.
pub const EPHEMERAL: u16 = 40_000;

/// The frame with which `from` opens a conversation with `at` through the router.
pub fn opening(from: &Host, at: impl Into<IpAddr>, service: Service) -> Result<Vec<u8>> {
    let at = at.into();
    build(Ends { mac: (from.mac, from.network.mac), ip: (from.like(at), at) }, &[], service, &[])
}

/// Who a frame is from and to.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Source and destination MAC.
    pub mac: (Mac, Mac),
    /// Source and destination address, of one family.
    pub ip: (IpAddr, IpAddr),
}

/// A frame with these VLAN tags, outermost first, for a service, with a payload.
pub fn build(ends: Ends, tags: &[u16], service: Service, payload: &[u8]) -> Result<Vec<u8>> {
    let mut headers = ip_headers(ends.ip)?;
    let transport_protocol = match (service, ends.ip.1) {
        (Service::Tcp(_), _) => IpNumber::TCP,
        (Service::Udp(_), _) => IpNumber::UDP,
        (Service::Echo, IpAddr::V4(_)) => IpNumber::ICMP,
        (Service::Echo, IpAddr::V6(_)) => IpNumber::IPV6_ICMP,
    };
    headers.set_payload_len(0)?;
    let ip = PacketBuilder::ethernet2(ends.mac.0, ends.mac.1).ip(headers);
    let mut frame = Vec::with_capacity(128);
    match service {
        Service::Tcp(port) => ip.tcp(EPHEMERAL, port, 1, 64_240).syn().write(&mut frame, payload)?,
        Service::Udp(port) => ip.udp(EPHEMERAL, port).write(&mut frame, payload)?,
        Service::Echo if transport_protocol == IpNumber::ICMP => {
            ip.icmpv4_echo_request(1, 1).write(&mut frame, payload)?;
        }
        Service::Echo => ip.icmpv6_echo_request(1, 1).write(&mut frame, payload)?,
    }
    for tag in tags.iter().rev() {
        let [high, low] = tag.to_be_bytes();
        frame.splice(12..12, [0x81, 0x00, high, low]);
    }
    Ok(frame)
}

/// The frame as a router forwards it: one hop less to live, from and to these MACs. Without tags and IPv4 options.
pub fn routed(frame: &[u8], mac: (Mac, Mac)) -> Result<Vec<u8>> {
    let (mut ethernet, rest) = Ethernet2Header::from_slice(frame)?;
    (ethernet.source, ethernet.destination) = mac;
    let mut forwarded = ethernet.to_bytes().to_vec();
    if ethernet.ether_type == EtherType::IPV4 {
        let (mut ip, payload) = Ipv4Header::from_slice(rest)?;
        ip.time_to_live = ip.time_to_live.checked_sub(1).context("no hop left")?;
        ip.header_checksum = ip.calc_header_checksum();
        ip.write_raw(&mut forwarded)?;
        forwarded.extend(payload);
    } else {
        let (mut ip, payload) = Ipv6Header::from_slice(rest)?;
        ip.hop_limit = ip.hop_limit.checked_sub(1).context("no hop left")?;
        ip.write(&mut forwarded)?;
        forwarded.extend(payload);
    }
    Ok(forwarded)
}

fn ip_headers(ends: (IpAddr, IpAddr)) -> Result<IpHeaders> {
    match ends {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            Ok(IpHeaders::Ipv4(Ipv4Header::new(0, 64, IpNumber::UDP, from.octets(), to.octets())?, Default::default()))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => Ok(IpHeaders::Ipv6(
            Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: IpNumber::UDP,
                hop_limit: 64,
                source: from.octets(),
                destination: to.octets(),
            },
            Default::default(),
        )),
        _ => None.context("a frame has two addresses of one family"),
    }
}
