//! IPv6 with extension headers and fragments (RFC 8200).

use enforcer_common::packet::{Packet, flag, kind};
use network_types::ip::Ipv6Hdr;

use super::{Bytes, Malformed, OrMalformed, Parsed, transport};

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;
/// Extension headers that are followed; a longer chain is malformed.
const MAX_HEADERS: u32 = 8;
const MAX_DATAGRAM: u32 = 65_535;

/// Reads an address of four words.
#[inline(always)]
pub(super) fn address<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut [u32; 4]) -> Parsed<()> {
    out[0] = frame.u32(at).sane()?;
    out[1] = frame.u32(at + 4).sane()?;
    out[2] = frame.u32(at + 8).sane()?;
    out[3] = frame.u32(at + 12).sane()?;
    Ok(())
}

/// Parses an IPv6 header at `at`, its extension headers and what follows them.
#[inline(always)]
pub(super) fn parse<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut Packet) -> Parsed<()> {
    let first = frame.u32(at).sane()?;
    let second = frame.u32(at + 4).sane()?;
    let payload = second >> 16;
    if first >> 28 != 6 || payload + Ipv6Hdr::LEN as u32 > out.length.wrapping_sub(at) {
        return Err(Malformed);
    }
    out.kind = kind::IPV6;
    out.hops = second as u8;
    address(frame, at + 8, &mut out.source)?;
    address(frame, at + 24, &mut out.destination)?;

    let mut next = (second >> 8) as u8;
    let mut position = 0;
    let mut turn = 0;
    while turn <= MAX_HEADERS {
        if !matches!(
            next,
            HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION_OPTIONS | MOBILITY | HIP | SHIM6
        ) {
            break;
        }
        if turn == MAX_HEADERS || next == HOP_BY_HOP && turn != 0 {
            return Err(Malformed);
        }
        let start = at + Ipv6Hdr::LEN as u32 + position;
        let head = frame.u32(start).sane()?;
        let units = head >> 16 & 0xff;
        let size = match next {
            FRAGMENT => 8,
            AUTHENTICATION => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        position += size;
        if position > payload {
            return Err(Malformed);
        }
        // A routing header with segments left sends the packet elsewhere than where it is judged to go.
        if next == ROUTING && head & 0xff != 0 {
            return Err(Malformed);
        }
        if next == FRAGMENT {
            let id = frame.u32(start + 4).sane()?;
            let more = head & 1 == 1;
            let offset = head & 0xfff8;
            if more || offset != 0 {
                let length = payload - position;
                if out.flags & (flag::FIRST_FRAGMENT | flag::LATER_FRAGMENT) != 0
                    || length == 0
                    || more && length % 8 != 0
                    || offset + length > MAX_DATAGRAM
                {
                    return Err(Malformed);
                }
                out.fragment_id = id;
                out.fragment_offset = offset as u16;
                out.fragment_length = length as u16;
                if offset != 0 {
                    out.protocol = (head >> 24) as u8;
                    out.flags |= flag::LATER_FRAGMENT;
                    return Ok(());
                }
                out.flags |= flag::FIRST_FRAGMENT;
            }
        }
        next = (head >> 24) as u8;
        turn += 1;
    }
    out.protocol = next;
    transport::parse(frame, at + Ipv6Hdr::LEN as u32 + position, payload - position, out)
}
