//! IPv4 with options and fragments (RFC 791).

use enforcer_common::packet::{Packet, flag, kind};
use network_types::ip::Ipv4Hdr;

use super::{Bytes, Malformed, Next, OrMalformed, Parsed};

/// Loose and strict source routing: the packet would go elsewhere than where it is judged to go.
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;
/// Option bytes that an IPv4 header has room for: each turn takes one at least.
const OPTIONS: u32 = 40;
/// A datagram's greatest length.
const MAX_DATAGRAM: u32 = 65_535;

/// Parses an IPv4 header at `at`; `next` gets the place of the transport header.
#[inline(always)]
pub(super) fn parse<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut Packet, next: &mut Next) -> Parsed<()> {
    let first = frame.u32(at).sane()?;
    let header = (first >> 24 & 0xf) * 4;
    let total = first & 0xffff;
    if first >> 28 != 4 || header < Ipv4Hdr::LEN as u32 || total < header || total > out.length.wrapping_sub(at) {
        return Err(Malformed);
    }
    out.kind = kind::IPV4;
    let second = frame.u32(at + 4).sane()?;
    let third = frame.u32(at + 8).sane()?;
    out.hops = (third >> 24) as u8;
    out.protocol = (third >> 16) as u8;
    out.source[0] = frame.u32(at + 12).sane()?;
    out.destination[0] = frame.u32(at + 16).sane()?;
    if header > Ipv4Hdr::LEN as u32 {
        frame.options(at + Ipv4Hdr::LEN as u32, header - Ipv4Hdr::LEN as u32)?;
    }
    let payload = total - header;
    let more = second >> 13 & 1 == 1;
    let offset = (second & 0x1fff) * 8;
    if more || offset != 0 {
        out.fragment_id = second >> 16;
        out.fragment_offset = offset as u16;
        out.fragment_length = payload as u16;
        if payload == 0 || more && payload % 8 != 0 || header + offset + payload > MAX_DATAGRAM {
            return Err(Malformed);
        }
        if offset != 0 {
            out.flags |= flag::LATER_FRAGMENT;
            return Ok(());
        }
        out.flags |= flag::FIRST_FRAGMENT;
    }
    *next = Next { at: at + header, left: payload };
    Ok(())
}

/// Walks the options: they must fill their space sanely and route nothing by source.
#[inline(always)]
pub(crate) fn options<B: Bytes + ?Sized>(frame: &B, at: u32, length: u32) -> Parsed<()> {
    let mut position = 0;
    let mut turn = 0;
    while turn < OPTIONS && position < length {
        let kind = frame.u8(at + position).sane()?;
        match kind {
            0 => return Ok(()),
            1 => position += 1,
            LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE => return Err(Malformed),
            _ => {
                let size = frame.u8(at + position + 1).sane()? as u32;
                if size < 2 || position + size > length {
                    return Err(Malformed);
                }
                position += size;
            }
        }
        turn += 1;
    }
    if position == length { Ok(()) } else { Err(Malformed) }
}
