//! Working memory: what does not fit on the stack of 512 bytes.

use enforcer_common::{
    connection::{Key, Value},
    endpoint::Endpoint,
    image::Heads,
    ladder::Fields,
    layers::Decision,
    overlay,
    packet::Packet,
};

use crate::{
    judged::Refusal,
    maps::Kernel,
    packet::{Chain, Next},
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
    /// Sender and receiver, kept while those of another packet are looked at.
    pub(crate) kept: (Endpoint, Endpoint),
    /// An endpoint that is neither.
    pub(crate) spare: Endpoint,
    /// Fields for a walk.
    pub(crate) fields: Fields,
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
    /// Packets that this one stands for: segments of a super-packet, else 1.
    pub(crate) segments: u32,
    /// VLAN ID of a tag that travels beside the frame; 0 for none.
    pub(crate) beside: u16,
    /// Where the walk along IPv6 extension headers stands.
    pub(crate) chain: Chain,
    /// Where the transport header stands.
    pub(crate) next: Next,
    /// 1 where the packet could be parsed.
    pub(crate) parsed: u32,
    /// 1 where `other` is the packet that it quotes.
    pub(crate) quoted: u32,
    /// A refusal of the source that is in audit.
    pub(crate) earlier: Refusal,
    /// A refusal of the receiver, to hold where no connection is known.
    pub(crate) receiver: Refusal,
    /// 1 where a rule wants the connection told that this packet opens.
    pub(crate) log: u32,
    /// Interface index by which a leaving packet entered; 0 for the router itself.
    pub(crate) entered: u32,
    /// 0 where the packet enters, 1 where it leaves; the number of this working memory.
    pub(crate) egress: u32,
}

impl Scratch {
    /// The cells as this program reaches them.
    #[inline(always)]
    pub(crate) fn kernel(&self) -> Kernel {
        Kernel(self.egress)
    }
}

/// Which packet a step is about.
pub(crate) mod which {
    /// `packet`; its ends are `ends`.
    pub(crate) const PACKET: u32 = 0;
    /// `other`; its ends are `ends`.
    pub(crate) const OTHER: u32 = 1;
    /// `other`; its sender goes to `spare`.
    pub(crate) const ASIDE: u32 = 2;
}
