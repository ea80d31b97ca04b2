//! The packet that an ICMP error quotes (RFC 792, RFC 4443): only enough of it to find its connection.

use enforcer_common::packet::{Packet, kind, protocol};
use network_types::ip::{Ipv4Hdr, Ipv6Hdr};

use super::{Bytes, Malformed, OrMalformed, Parsed, ipv6};

/// Fills `out` with addresses, protocol and ports of the packet that `error` quotes.
///
/// An error whose quote names no connection (truncated, a later fragment, extension headers) gives `Err`: it is then judged
/// like any other packet.
#[inline(always)]
pub fn quoted<B: Bytes + ?Sized>(frame: &B, error: &Packet, out: &mut Packet) -> Parsed<()> {
    let at = error.payload as u32;
    out.kind = error.kind;
    let transport = if error.kind == kind::IPV4 {
        let first = frame.u32(at).sane()?;
        let header = (first >> 24 & 0xf) * 4;
        if first >> 28 != 4 || header < Ipv4Hdr::LEN as u32 || frame.u16(at + 6).sane()? & 0x1fff != 0 {
            return Err(Malformed);
        }
        out.protocol = frame.u8(at + 9).sane()?;
        out.source[0] = frame.u32(at + 12).sane()?;
        out.destination[0] = frame.u32(at + 16).sane()?;
        at + header
    } else {
        if frame.u8(at).sane()? >> 4 != 6 {
            return Err(Malformed);
        }
        out.protocol = frame.u8(at + 6).sane()?;
        ipv6::address(frame, at + 8, &mut out.source)?;
        ipv6::address(frame, at + 24, &mut out.destination)?;
        at + Ipv6Hdr::LEN as u32
    };
    match out.protocol {
        protocol::TCP | protocol::UDP | protocol::SCTP => {
            let ports = frame.u32(transport).sane()?;
            out.source_port = (ports >> 16) as u16;
            out.destination_port = ports as u16;
            Ok(())
        }
        protocol::ICMP | protocol::ICMPV6 => {
            let kind = frame.u8(transport).sane()?;
            if !matches!((error.kind, kind), (kind::IPV4, 8 | 0) | (kind::IPV6, 128 | 129)) {
                return Err(Malformed);
            }
            let identifier = frame.u16(transport + 4).sane()?;
            out.source_port = identifier;
            out.destination_port = identifier;
            Ok(())
        }
        _ => Err(Malformed),
    }
}
