//! The packet that an ICMP error quotes (RFC 792, RFC 4443): only enough of it to find its connection.

use enforcer_common::packet::{Packet, flag, kind, protocol};
use network_types::ip::{Ipv4Hdr, Ipv6Hdr};

use super::{Bytes, Malformed, OrMalformed, Parsed, ipv6, transport::NO_NEXT_HEADER};

/// Fills `out` with addresses, protocol and ports of the packet that `error` quotes.
///
/// An error whose quote names no connection (truncated, a later fragment, extension headers) gives `Err`: it is then judged
/// like any other packet.
#[inline(always)]
pub fn quoted<B: Bytes + ?Sized>(frame: &B, error: &Packet, out: &mut Packet) -> Parsed<()> {
    let (at, rest) = (error.payload as u32, error.rest as u32);
    out.kind = error.kind;
    let header = if error.kind == kind::IPV4 {
        let first = frame.u32(at).sane()?;
        let header = (first >> 24 & 0xf) * 4;
        if first >> 28 != 4 || header < Ipv4Hdr::LEN as u32 || frame.u16(at + 6).sane()? & 0x1fff != 0 {
            return Err(Malformed);
        }
        out.protocol = frame.u8(at + 9).sane()?;
        out.source[0] = frame.u32(at + 12).sane()?;
        out.destination[0] = frame.u32(at + 16).sane()?;
        header
    } else {
        if frame.u8(at).sane()? >> 4 != 6 {
            return Err(Malformed);
        }
        out.protocol = frame.u8(at + 6).sane()?;
        ipv6::address(frame, at + 8, &mut out.source)?;
        ipv6::address(frame, at + 24, &mut out.destination)?;
        Ipv6Hdr::LEN as u32
    };
    // RFC 792: at least 8 bytes behind the header are quoted. What stands behind the datagram is padding.
    if header + 8 > rest {
        return Err(Malformed);
    }
    let transport = at + header;
    match out.protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP => {
            let ports = frame.u32(transport).sane()?;
            out.source_port = (ports >> 16) as u16;
            out.destination_port = ports as u16;
            Ok(())
        }
        protocol::ICMP | protocol::ICMPV6 => {
            let identifier = frame.u16(transport + 4).sane()?;
            match (error.kind, frame.u8(transport).sane()?) {
                (kind::IPV4, 8) | (kind::IPV6, 128) => out.source_port = identifier,
                (kind::IPV4, 0) | (kind::IPV6, 129) => {
                    out.destination_port = identifier;
                    out.flags |= flag::ECHO_REPLY;
                }
                _ => return Err(Malformed),
            }
            Ok(())
        }
        protocol::IGMP | NO_NEXT_HEADER => Err(Malformed),
        other if error.kind == kind::IPV6 && ipv6::is_extension(other) => Err(Malformed),
        // Known by its addresses alone.
        _ => Ok(()),
    }
}
