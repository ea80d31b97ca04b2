//! Working memory: what does not fit on the stack of 512 bytes.

use enforcer_common::{
    connection::{Key, Value},
    endpoint::Endpoint,
    image::Heads,
    layers::Decision,
    overlay,
    packet::Packet,
};

/// What the steps hand to each other.
#[repr(C)]
pub(crate) struct Scratch {
    /// The packet under judgement.
    pub(crate) packet: Packet,
    /// The packet that it quotes, or the opening packet of its connection.
    pub(crate) other: Packet,
    /// Sender and receiver.
    pub(crate) ends: (Endpoint, Endpoint),
    /// Key of its connection.
    pub(crate) key: Key,
    /// A connection to be written.
    pub(crate) value: Value,
    /// What the layers say.
    pub(crate) decision: Decision,
    /// Where the image in force stands, and its header.
    pub(crate) heads: Heads,
    /// The overlay's header.
    pub(crate) overlay: overlay::Head,
    /// The port by which it entered or leaves.
    pub(crate) port: overlay::Port,
    /// First cell of the half in force.
    pub(crate) half: u32,
    /// Generation in force.
    pub(crate) generation: u32,
    /// Interface index by which it entered or leaves.
    pub(crate) ifindex: u32,
    /// The clock, nanoseconds.
    pub(crate) now: u64,
    /// Accounts of the sender's and the receiver's zone, where they are known without the endpoints.
    pub(crate) accounts: (u16, u16),
    /// 1 where the packet is leaving.
    pub(crate) egress: u8,
}
