//! Where the parser reads from.

use super::{Chain, Parsed, ipv4};

/// Offsets beyond this are not read: no header that decides a verdict stands there.
pub const REACH: u32 = 0x0fff;

/// Bytes of one frame. Numbers are read in network byte order; nothing comes back for bytes beyond the frame.
pub trait Bytes {
    /// Length of the whole frame, whatever part of it is at hand.
    fn length(&self) -> u32;
    /// One byte.
    fn u8(&self, at: u32) -> Option<u8>;
    /// Two bytes.
    fn u16(&self, at: u32) -> Option<u16>;
    /// Four bytes.
    fn u32(&self, at: u32) -> Option<u32>;

    /// Follows one extension header: [`Chain::follow`], which the kernel program calls in a way of its own.
    #[inline(always)]
    fn extension(&self, chain: &mut Chain) -> Parsed<()> {
        chain.follow(self)
    }

    /// Walks IPv4 options: [`ipv4::options`], likewise.
    #[inline(always)]
    fn options(&self, at: u32, length: u32) -> Parsed<()> {
        ipv4::options(self, at, length)
    }
}

impl Bytes for [u8] {
    fn length(&self) -> u32 {
        self.len() as u32
    }

    fn u8(&self, at: u32) -> Option<u8> {
        self.get(at as usize).copied()
    }

    fn u16(&self, at: u32) -> Option<u16> {
        let bytes = self.get(at as usize..at as usize + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&self, at: u32) -> Option<u32> {
        let bytes = self.get(at as usize..at as usize + 4)?;
        Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}
