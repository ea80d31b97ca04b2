//! IPv6 with extension headers and fragments (RFC 8200).

use enforcer_common::packet::{Packet, flag, kind};
use network_types::ip::Ipv6Hdr;

use super::{Bytes, Malformed, Next, OrMalformed, Parsed};

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;
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

/// Parses an IPv6 header at `at` and its extension headers; `next` gets the place of the transport header.
#[inline(always)]
pub(super) fn parse<B: Bytes + ?Sized>(frame: &B, at: u32, out: &mut Packet, next: &mut Next) -> Parsed<()> {
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

    let mut chain = Chain { next: second >> 8 & 0xff, at: at + Ipv6Hdr::LEN as u32, left: payload, ..Chain::default() };
    // One after the other and not in a loop: kernels before 6.4 refuse some loops by the order of their instructions.
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    step(frame, &mut chain)?;
    out.fragment_id = chain.fragment_id;
    out.fragment_offset = chain.fragment_offset as u16;
    out.fragment_length = chain.fragment_length as u16;
    out.protocol = chain.next as u8;
    if chain.fragment == Chain::LATER {
        out.flags |= flag::LATER_FRAGMENT;
        return Ok(());
    }
    if chain.fragment == Chain::FIRST {
        out.flags |= flag::FIRST_FRAGMENT;
    }
    if chain.is_extension() {
        return Err(Malformed);
    }
    *next = Next { at: chain.at, left: chain.left };
    Ok(())
}

/// Follows the next header if it is an extension header.
#[inline(always)]
fn step<B: Bytes + ?Sized>(frame: &B, chain: &mut Chain) -> Parsed<()> {
    if chain.fragment == Chain::LATER || !chain.is_extension() {
        return Ok(());
    }
    frame.extension(chain)
}

/// True for the number of an extension header (IANA, "IPv6 Extension Header Types").
#[inline(always)]
pub(super) fn is_extension(next: u8) -> bool {
    matches!(next, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION_OPTIONS | MOBILITY | HIP | SHIM6)
}

/// Where the walk along the extension headers stands. Words, so that the kernel program can keep it in its working memory.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Chain {
    /// What the next header is: a protocol number.
    next: u32,
    /// Its offset from the start of the frame.
    at: u32,
    /// Bytes of the packet from there.
    left: u32,
    /// Headers followed.
    followed: u32,
    /// 0, [`Chain::FIRST`] or [`Chain::LATER`].
    fragment: u32,
    /// Identification of the datagram.
    fragment_id: u32,
    /// Offset of the fragment in bytes.
    fragment_offset: u32,
    /// Bytes of the datagram in the fragment.
    fragment_length: u32,
}

impl Chain {
    const FIRST: u32 = 1;
    const LATER: u32 = 2;

    /// True where the next header is an extension header.
    #[inline(always)]
    fn is_extension(&self) -> bool {
        is_extension(self.next as u8)
    }

    /// Follows one extension header.
    #[inline(always)]
    pub(crate) fn follow<B: Bytes + ?Sized>(&mut self, frame: &B) -> Parsed<()> {
        let next = self.next as u8;
        if next == HOP_BY_HOP && self.followed != 0 {
            return Err(Malformed);
        }
        let head = frame.u32(self.at).sane()?;
        let units = head >> 16 & 0xff;
        let size = match next {
            FRAGMENT => 8,
            AUTHENTICATION => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        // RFC 4302, 2: the fixed part of an authentication header has twelve bytes.
        if size > self.left || next == AUTHENTICATION && units == 0 {
            return Err(Malformed);
        }
        // A routing header with segments left sends the packet elsewhere than where it is judged to go.
        if next == ROUTING && head & 0xff != 0 {
            return Err(Malformed);
        }
        if next == FRAGMENT {
            let id = frame.u32(self.at + 4).sane()?;
            self.fragment(id, head, self.left - size)?;
        }
        self.at += size;
        self.left -= size;
        self.followed += 1;
        self.next = head >> 24;
        Ok(())
    }

    /// A fragment header with `length` bytes behind it.
    #[inline(always)]
    fn fragment(&mut self, id: u32, head: u32, length: u32) -> Parsed<()> {
        let more = head & 1 == 1;
        let offset = head & 0xfff8;
        // An atomic fragment (RFC 6946) is a whole datagram.
        if !more && offset == 0 {
            return Ok(());
        }
        if self.fragment != 0 || length == 0 || more && !length.is_multiple_of(8) || offset + length > MAX_DATAGRAM {
            return Err(Malformed);
        }
        self.fragment_id = id;
        self.fragment_offset = offset;
        self.fragment_length = length;
        self.fragment = if offset == 0 { Chain::FIRST } else { Chain::LATER };
        Ok(())
    }
}
