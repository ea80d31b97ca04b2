//! What a run is to draw. Userspace writes it before the run, the program that draws reads it for each packet.

/// Places in a frame that one plan can write.
pub const PATCHES: usize = 6;

/// Values that can be written; see [`source`].
pub const SOURCES: usize = 16;

/// [`Plan::order`]: how the next key is drawn.
pub mod order {
    /// Each key as likely as any other.
    pub const UNIFORM: u32 = 0;
    /// The n-th most frequent key about 1/n as often as the first, in no order of keys.
    pub const ZIPF: u32 = 1;
    /// One key.
    pub const HOT: u32 = 2;
    /// Every key once, in an order that looks like none.
    pub const SWEEP: u32 = 3;
}

/// [`Plan::flow`]: what tells the conversations of one key apart.
pub mod flow {
    /// One conversation a key.
    pub const OF_KEY: u32 = 0;
    /// A new conversation with each packet.
    pub const FRESH: u32 = 1;
}

/// [`Patch::source`]: what is written.
pub mod source {
    /// The key.
    pub const KEY: u32 = 0;
    /// The key as a device's place in the IPv4 networks of the site; see [`crate::draw::spread`].
    pub const SPREAD: u32 = 1;
    /// The number of the device's floor.
    pub const FLOOR: u32 = 2;
    /// The number of the device on its floor.
    pub const HOST: u32 = 3;
    /// The key of another device, the same for the same key.
    pub const PEER: u32 = 4;
    /// Likewise its place.
    pub const PEER_SPREAD: u32 = 5;
    /// Likewise its floor.
    pub const PEER_FLOOR: u32 = 6;
    /// Likewise its number there.
    pub const PEER_HOST: u32 = 7;
    /// The low 15 bits of the conversation's number.
    pub const FLOW_LOW: u32 = 8;
    /// The other 17.
    pub const FLOW_HIGH: u32 = 9;
}

/// Four bytes of the frame: `base` plus what is drawn, in network byte order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Patch {
    /// Offset in the frame, below 256.
    pub at: u32,
    /// What is added to.
    pub base: u32,
    /// One of [`source`].
    pub source: u32,
    /// How far to the left what is drawn is moved.
    pub shift: u32,
    /// `0xffff` where the four bytes are part of the IPv4 header's checksum, else 0.
    pub summed: u32,
}

/// A run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Plan {
    /// Number of keys, from 0.
    pub keys: u32,
    /// One of [`order`].
    pub order: u32,
    /// The key of [`order::HOT`].
    pub hot: u32,
    /// Without a divisor in common with `keys`; for [`order::SWEEP`] and [`order::ZIPF`].
    pub stride: u32,
    /// The binary logarithm of `keys` + 1, in units of 2^-24; for [`order::ZIPF`].
    pub logarithm: u32,
    /// One of [`flow`].
    pub flow: u32,
    /// Slot of the program under test.
    pub target: u32,
    /// Offset of the IPv4 header's checksum; 0 where there is none.
    pub checksum_at: u32,
    /// Sum of the header's 16-bit words that no patch writes, the checksum left out.
    pub checksum: u32,
    /// Patches in use.
    pub patches: u32,
    /// Places to write.
    pub patch: [Patch; PATCHES],
}

/// What the program that draws keeps from packet to packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct State {
    /// The generator's state.
    pub seed: u64,
    /// Keys drawn by [`order::SWEEP`].
    pub swept: u64,
    /// Conversations begun by [`flow::FRESH`].
    pub begun: u64,
    /// The values drawn for this packet, by [`source`].
    pub values: [u32; SOURCES],
}
