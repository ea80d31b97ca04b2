//! ARP for IPv4 over Ethernet (RFC 826).

use enforcer_common::packet::{Packet, kind};
use network_types::arp::ArpHdr;

use super::{Bytes, Malformed, OrMalformed, Parsed};

/// Parses an ARP packet: the sender's protocol address to `source`, the target's to `destination`, the hardware address that the
/// sender claims to `target`.
#[inline(always)]
pub(super) fn parse<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut Packet) -> Parsed<()> {
    if out.length < at + ArpHdr::LEN as u32 {
        return Err(Malformed);
    }
    let hardware_and_protocol = frame.u32(at).sane()?;
    let lengths_and_operation = frame.u32(at + 4).sane()?;
    let operation = lengths_and_operation & 0xffff;
    if hardware_and_protocol != 0x0001_0800 || lengths_and_operation >> 16 != 0x0604 || !matches!(operation, 1 | 2) {
        return Err(Malformed);
    }
    out.target[0] = frame.u16(at + 8).sane()? as u32;
    out.target[1] = frame.u32(at + 10).sane()?;
    out.source[0] = frame.u32(at + 14).sane()?;
    out.destination[0] = frame.u32(at + 24).sane()?;
    out.kind = kind::ARP;
    out.second = (hardware_and_protocol >> 16) as u16;
    Ok(())
}
