//! TCP, UDP, SCTP, ICMP, ICMPv6.

use etherparse::{TcpHeaderSlice, UdpHeaderSlice};

use super::{Malformed, sane};
use crate::judge::packet::{Flags, Icmp, Ports, Transport, protocol};

/// The common header of SCTP (RFC 9260, section 3.1).
const SCTP_HEADER: usize = 12;
/// The header of ICMPv6, and an address behind it (RFC 4861, sections 4.3 and 4.4).
const NEIGHBOUR: usize = 24;
/// Of a UDP datagram.
const SHORTEST_UDP: u16 = 8;

/// The transport header; it must be there whole, even in a first fragment.
pub(super) fn read(protocol: u8, whole: bool, bytes: &[u8]) -> Result<Transport<'_>, Malformed> {
    match protocol {
        protocol::TCP => tcp(bytes),
        protocol::UDP => udp(whole, bytes),
        protocol::SCTP => {
            sane(bytes.len() >= SCTP_HEADER, "an SCTP header past the end")?;
            Ok(Transport::Ports(ports(bytes).ok_or(Malformed("an SCTP header past the end"))?))
        }
        protocol::ICMP => icmp(bytes),
        protocol::ICMPV6 => {
            // Neighbour solicitations and advertisements are of one address.
            let target = matches!(bytes.first(), Some(135 | 136));
            sane(!target || bytes.len() >= NEIGHBOUR, "neighbour discovery without its target")?;
            icmp(bytes)
        }
        _ => Ok(Transport::Other),
    }
}

fn tcp(bytes: &[u8]) -> Result<Transport<'_>, Malformed> {
    let header = TcpHeaderSlice::from_slice(bytes).map_err(|_| Malformed("a TCP header past the end"))?;
    let flags = Flags { syn: header.syn(), ack: header.ack(), fin: header.fin(), rst: header.rst() };
    let Flags { syn, ack, fin, rst } = flags;
    sane(syn || ack || fin || rst, "TCP without any of SYN, FIN, RST and ACK")?;
    sane(!(syn && (fin || rst)), "TCP with SYN and FIN or RST")?;
    sane(!(fin && rst), "TCP with FIN and RST")?;
    sane(!fin || ack, "TCP with FIN and without ACK")?;
    Ok(Transport::Tcp { ports: Ports { source: header.source_port(), destination: header.destination_port() }, flags })
}

fn udp(whole: bool, bytes: &[u8]) -> Result<Transport<'_>, Malformed> {
    let header = UdpHeaderSlice::from_slice(bytes).map_err(|_| Malformed("a UDP header past the end"))?;
    sane(header.length() >= SHORTEST_UDP, "a UDP length below 8")?;
    // Of a fragmented datagram only the start is there.
    sane(!whole || usize::from(header.length()) <= bytes.len(), "a UDP length beyond the datagram")?;
    Ok(Transport::Ports(Ports { source: header.source_port(), destination: header.destination_port() }))
}

fn icmp(bytes: &[u8]) -> Result<Transport<'_>, Malformed> {
    let Some(([kind, code, _, _, high, low, _, _], body)) = bytes.split_first_chunk() else {
        return Err(Malformed("an ICMP header past the end"));
    };
    let identifier = u16::from_be_bytes([*high, *low]);
    Ok(Transport::Icmp(Icmp { kind: *kind, code: *code, identifier, body }))
}

/// Source and destination port: the first four bytes of TCP, UDP and SCTP.
pub(super) fn ports(bytes: &[u8]) -> Option<Ports> {
    let [a, b, c, d] = bytes.first_chunk()?;
    Some(Ports { source: u16::from_be_bytes([*a, *b]), destination: u16::from_be_bytes([*c, *d]) })
}
