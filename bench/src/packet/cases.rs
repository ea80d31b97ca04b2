//! What packets the product is measured with, and what it must say to each.

use enforcer_bench_ebpf::plan::flow;
use enforcer_common::reason::{Reason, Verdict};

use super::frame::{Packet, Party, Segment};
use super::interfaces::Port;
use super::site::{CLOUD_SERVICE, FORBIDDEN_SERVICE, STRANGE_SERVICE};

/// In what state the table of connections is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// Each key has an established connection, and the table has room for as many again.
    Established,
    /// There is room for every connection of a slice twice over; it is emptied after each.
    Room,
    /// As many as there are keys, and no room for one more.
    Full,
}

/// A kind of packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The name in results.
    pub name: &'static str,
    /// The packet.
    pub packet: Packet,
    /// One of [`flow`].
    pub flow: u32,
    /// The table that it meets.
    pub connections: Connections,
    /// What it must be judged as, each single one.
    pub verdict: (Verdict, Reason),
}

/// A connection of a device with the cloud.
const CALL: Packet =
    Packet { enters: Port::Lan, from: Party::Device, to: Party::Cloud, service: CLOUD_SERVICE, segment: Segment::Open };

/// A case of which nothing is kept.
const fn denied(name: &'static str, packet: Packet, reason: Reason) -> Case {
    Case { name, packet, flow: flow::OF_KEY, connections: Connections::Established, verdict: (Verdict::Drop, reason) }
}

/// A case of connections that are new with each packet.
const fn opening(name: &'static str, connections: Connections) -> Case {
    Case { name, packet: CALL, flow: flow::FRESH, connections, verdict: (Verdict::Pass, Reason::Allowed) }
}

/// The packets that make every connection of [`Connections::Established`], in this order.
pub const HANDSHAKE: [Case; 2] = [
    Case {
        name: "opening",
        packet: CALL,
        flow: flow::OF_KEY,
        connections: Connections::Established,
        verdict: (Verdict::Pass, Reason::Allowed),
    },
    Case {
        name: "answer",
        packet: Packet { enters: Port::Wan, from: Party::Cloud, to: Party::Device, segment: Segment::Answer, ..CALL },
        flow: flow::OF_KEY,
        connections: Connections::Established,
        verdict: (Verdict::Pass, Reason::Established),
    },
];

/// A packet of a known connection.
pub const ESTABLISHED: &str = "established";
/// See [`Connections::Room`].
pub const ALLOWED: &str = "new, allowed";
/// See [`Connections::Full`].
pub const ALLOWED_FULL: &str = "new, allowed, table full";
/// No transition, between a device and a computer of another zone that is in no list.
pub const DENIED_ZONE: &str = "denied by zone";
/// No transition, between two devices: a second look-up of a device.
pub const DENIED_PEER: &str = "denied by zone, device to device";
/// By the sender's profile.
pub const DENIED_FROM: &str = "denied by MUD from-device";
/// By the receiver's profile.
pub const DENIED_TO: &str = "denied by MUD to-device";
/// From an address that nobody listed.
pub const UNKNOWN: &str = "unknown source";
/// A device's address from another MAC.
pub const SPOOFED: &str = "spoofed source";
/// By a guardrail.
pub const GUARDRAIL: &str = "denied by guardrail";
/// Not sane.
pub const MALFORMED: &str = "malformed";

/// Every case.
pub const CASES: [Case; 11] = [
    Case {
        name: ESTABLISHED,
        packet: Packet { segment: Segment::Data, ..CALL },
        flow: flow::OF_KEY,
        connections: Connections::Established,
        verdict: (Verdict::Pass, Reason::Established),
    },
    opening(ALLOWED, Connections::Room),
    opening(ALLOWED_FULL, Connections::Full),
    denied(DENIED_ZONE, Packet { to: Party::Office, ..CALL }, Reason::NoTransition),
    denied(DENIED_PEER, Packet { to: Party::Peer, service: STRANGE_SERVICE, ..CALL }, Reason::NoTransition),
    denied(DENIED_FROM, Packet { service: STRANGE_SERVICE, ..CALL }, Reason::MudFromDevice),
    denied(
        DENIED_TO,
        Packet { enters: Port::Office, from: Party::Office, to: Party::Device, service: STRANGE_SERVICE, ..CALL },
        Reason::MudToDevice,
    ),
    denied(UNKNOWN, Packet { from: Party::Unlisted, ..CALL }, Reason::UnknownDevice),
    denied(SPOOFED, Packet { from: Party::Spoofed, ..CALL }, Reason::SpoofedSource),
    denied(GUARDRAIL, Packet { service: FORBIDDEN_SERVICE, ..CALL }, Reason::Guardrail),
    denied(MALFORMED, Packet { segment: Segment::Nonsense, ..CALL }, Reason::Malformed),
];
