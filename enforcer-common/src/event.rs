//! What the kernel tells userspace of single packets: a sample of drops, and connections that a rule wants told.

/// Bytes of the frame that an event carries at most.
pub const CAPTURED: usize = 128;

/// [`Event::what`].
pub mod what {
    /// A packet was dropped, or would have been (audit).
    pub const DROP: u8 = 0;
    /// A connection was opened by a rule with `log = true`.
    pub const OPENED: u8 = 1;
}

/// One event of the ring buffer, in the byte order of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Event {
    /// Nanoseconds of the monotonic clock.
    pub time: u64,
    /// Generation that judged.
    pub generation: u32,
    /// Interface index by which the packet entered or, at egress, left.
    pub ifindex: u32,
    /// Rule in that generation; 0 for none.
    pub rule: u32,
    /// Device that sends, in that generation; 0 for none.
    pub device: u32,
    /// Device that receives; 0 for none.
    pub peer: u32,
    /// Bytes of the whole frame.
    pub length: u32,
    /// Number of the port in that generation; 0 where it has none.
    pub port: u32,
    /// Zone of the sender in that generation; 0 for none.
    pub from: u16,
    /// Zone of the receiver; 0 for none.
    pub to: u16,
    /// Outer VLAN ID.
    pub outer_vlan: u16,
    /// Inner VLAN ID.
    pub inner_vlan: u16,
    /// A [`crate::reason::Reason`].
    pub reason: u8,
    /// A [`crate::reason::Verdict`].
    pub verdict: u8,
    /// One of [`what`].
    pub what: u8,
    /// 1 where the packet was leaving.
    pub egress: u8,
    /// Bytes of `bytes` that hold the start of the frame.
    pub captured: u32,
    /// The start of the frame.
    pub bytes: [u8; CAPTURED],
}

/// The key of the counters of packets and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(C)]
pub struct CounterKey {
    /// Account (see the overlay) of the sender's zone; 0 for none.
    pub from: u16,
    /// Account of the receiver's zone; 0 for none.
    pub to: u16,
    /// A [`crate::reason::Verdict`].
    pub verdict: u8,
    /// A [`crate::reason::Reason`].
    pub reason: u8,
    /// Unused, 0.
    pub pad: u16,
}

/// Packets and bytes, per CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes of whole frames.
    pub bytes: u64,
}

/// What the program writes down for `replay`: the outcome of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct Outcome {
    /// Rule that decided; 0 for none.
    pub rule: u32,
    /// Device that sends; 0 for none.
    pub device: u32,
    /// Device that receives; 0 for none.
    pub peer: u32,
    /// Number of the port; 0 where it has none.
    pub port: u32,
    /// Zone of the sender; 0 for none.
    pub from: u16,
    /// Zone of the receiver; 0 for none.
    pub to: u16,
    /// A [`crate::reason::Verdict`].
    pub verdict: u8,
    /// A [`crate::reason::Reason`].
    pub reason: u8,
    /// 1 once it is written.
    pub written: u8,
    /// Unused, 0.
    pub pad: u8,
}

/// What `replay` tells the program for one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct ReplayInput {
    /// The clock: nanoseconds.
    pub now: u64,
    /// The interface index by which the frame enters, as the overlay knows it.
    pub ifindex: u32,
    /// At egress: the interface index by which it entered; 0 for the router itself.
    pub entered: u32,
}
