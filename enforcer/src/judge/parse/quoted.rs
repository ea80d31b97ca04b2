//! What ICMP errors quote: the start of a packet, cut off somewhere behind its ports.

use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::transport;
use crate::judge::packet::{Flags, Icmp, Ip, Part, Ports, Transport, protocol};

/// The packet that an error of the same family quotes, as far as it names a connection.
pub(in crate::judge) fn quoted(v6: bool, bytes: &[u8]) -> Option<Ip<'_>> {
    if v6 { quoted_v6(bytes) } else { quoted_v4(bytes) }
}

fn quoted_v4(bytes: &[u8]) -> Option<Ip<'_>> {
    let header = Ipv4HeaderSlice::from_slice(bytes).ok()?;
    // A later fragment names no ports.
    if header.fragments_offset().value() != 0 {
        return None;
    }
    let protocol = header.protocol().0;
    let transport = transport(protocol, &bytes[header.slice().len()..])?;
    Some(Ip {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol,
        hop_limit: header.ttl(),
        part: Part::Whole,
        transport,
    })
}

fn quoted_v6(bytes: &[u8]) -> Option<Ip<'_>> {
    let header = Ipv6HeaderSlice::from_slice(bytes).ok()?;
    let protocol = header.next_header();
    // What is behind extension headers, or was in fragments, is not told apart.
    if is_extension(protocol) {
        return None;
    }
    let rest = &bytes[header.slice().len()..];
    Some(Ip {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol: protocol.0,
        hop_limit: header.hop_limit(),
        part: Part::Whole,
        transport: transport(protocol.0, rest)?,
    })
}

fn is_extension(next: IpNumber) -> bool {
    matches!(
        next,
        IpNumber::IPV6_HEADER_HOP_BY_HOP
            | IpNumber::IPV6_ROUTE_HEADER
            | IpNumber::IPV6_FRAGMENTATION_HEADER
            | IpNumber::AUTHENTICATION_HEADER
            | IpNumber::IPV6_DESTINATION_OPTIONS
            | IpNumber::MOBILITY_HEADER
            | IpNumber::HIP
            | IpNumber::SHIM6
    )
}

/// As much of the transport header as tells connections apart. The flags of TCP may be cut off, and are not looked at.
fn transport(protocol: u8, bytes: &[u8]) -> Option<Transport<'_>> {
    Some(match protocol {
        protocol::TCP => {
            Transport::Tcp { ports: ports(bytes)?, flags: Flags { syn: false, ack: true, fin: false, rst: false } }
        }
        protocol::UDP | protocol::SCTP => Transport::Ports(ports(bytes)?),
        protocol::ICMP | protocol::ICMPV6 => {
            let ([kind, code, _, _, high, low, _, _], body) = bytes.split_first_chunk()?;
            Transport::Icmp(Icmp { kind: *kind, code: *code, identifier: u16::from_be_bytes([*high, *low]), body })
        }
        _ => {
            bytes.first_chunk::<8>()?;
            Transport::Other
        }
    })
}

/// Errors quote at least eight bytes behind the IP header (RFC 792), and less is not believed.
fn ports(bytes: &[u8]) -> Option<Ports> {
    transport::ports(bytes.first_chunk::<8>()?)
}
