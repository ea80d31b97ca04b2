//! Where the parser reads from.

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
