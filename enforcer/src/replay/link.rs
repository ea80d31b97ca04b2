//! Link types: what a captured frame would have looked like at the port that it entered by.

use thiserror::Error;

use super::capture::Frame;
pub use crate::judge::Medium;

/// The longest frame that is judged.
const LONGEST: usize = 65_535;
/// The shortest: an Ethernet header.
pub(super) const SHORTEST: usize = 14;

/// A frame as the port sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// With or without an Ethernet header.
    pub medium: Medium,
    /// The whole frame: what the capture cut off is zero.
    pub bytes: Vec<u8>,
    /// The capture says that it was leaving.
    pub outgoing: bool,
    /// The capture holds only the start of it.
    pub cut: bool,
}

impl Arrival {
    /// False for what the program cannot be asked about: shorter than a header, longer than any frame.
    pub fn can_be_judged(&self) -> bool {
        (SHORTEST..=LONGEST).contains(&self.bytes.len())
    }
}

/// A link type that says nothing about IP ports.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "frame {frame} has link type {link}, which is not supported; Ethernet (1), raw IP (101, 228, 229), \
     Linux cooked (113, 276), BSD loopback (0, 108) and PPP (9) are"
)]
pub struct UnsupportedLink {
    /// Number of the frame.
    pub frame: u64,
    /// Number of its link type.
    pub link: u32,
}

/// Takes a captured frame out of its link type. Where that carries a MAC, it becomes Ethernet; where it carries none, the
/// bare IP packet remains, and no MAC is made up.
pub fn arrival(frame: Frame) -> Result<Arrival, UnsupportedLink> {
    let missing = (frame.length as usize).saturating_sub(frame.bytes.len());
    let unwrapped = match frame.link {
        1 => Unwrapped::ethernet(frame.bytes),
        12 | 14 | 101 | 228 | 229 => Unwrapped::ip(frame.bytes),
        0 | 108 => Unwrapped::ip(behind(&frame.bytes, 4)),
        9 => Unwrapped::ip(behind(&frame.bytes, ppp_header(&frame.bytes))),
        113 => cooked(&frame.bytes),
        276 => cooked2(&frame.bytes),
        link => {
            return Err(UnsupportedLink { frame: frame.number, link });
        }
    };
    let mut bytes = unwrapped.bytes;
    if missing > 0 {
        // One byte more than the longest is enough to be refused.
        let whole = bytes.len().saturating_add(missing).min(LONGEST + 1);
        bytes.resize(whole.max(bytes.len()), 0);
    }
    Ok(Arrival { medium: unwrapped.medium, bytes, outgoing: frame.outgoing || unwrapped.outgoing, cut: missing > 0 })
}

struct Unwrapped {
    medium: Medium,
    bytes: Vec<u8>,
    outgoing: bool,
}

impl Unwrapped {
    fn ethernet(bytes: Vec<u8>) -> Self {
        Unwrapped { medium: Medium::Ethernet, bytes, outgoing: false }
    }

    fn ip(bytes: Vec<u8>) -> Self {
        Unwrapped { medium: Medium::Ip, bytes, outgoing: false }
    }
}

fn behind(bytes: &[u8], header: usize) -> Vec<u8> {
    bytes.get(header..).unwrap_or_default().to_vec()
}

/// Address and control may be left out, and so may the first byte of the protocol where it is 0.
fn ppp_header(bytes: &[u8]) -> usize {
    let framing = if bytes.starts_with(&[0xff, 0x03]) { 2 } else { 0 };
    let compressed = bytes.get(framing).is_some_and(|first| first & 1 == 1);
    framing + if compressed { 1 } else { 2 }
}

/// What both versions of the Linux cooked header say.
struct Cooked<'a> {
    packet_type: u8,
    hardware: u16,
    address: &'a [u8],
    protocol: [u8; 2],
    payload: &'a [u8],
}

/// Version 1: packet type, hardware, length of the address, address (8), protocol.
fn cooked(bytes: &[u8]) -> Unwrapped {
    let [_, kind, h1, h2, _, length, a @ .., p1, p2] = bytes.first_chunk::<16>().unwrap_or(&[0; 16]);
    Cooked {
        packet_type: *kind,
        hardware: u16::from_be_bytes([*h1, *h2]),
        address: a.get(..usize::from(*length)).unwrap_or(a),
        protocol: [*p1, *p2],
        payload: bytes.get(16..).unwrap_or_default(),
    }
    .unwrapped()
}

/// Version 2: protocol, reserved (2), interface index (4), hardware, packet type, length of the address, address (8).
fn cooked2(bytes: &[u8]) -> Unwrapped {
    let [p1, p2, _, _, _, _, _, _, h1, h2, kind, length, a @ ..] = bytes.first_chunk::<20>().unwrap_or(&[0; 20]);
    Cooked {
        packet_type: *kind,
        hardware: u16::from_be_bytes([*h1, *h2]),
        address: a.get(..usize::from(*length)).unwrap_or(a),
        protocol: [*p1, *p2],
        payload: bytes.get(20..).unwrap_or_default(),
    }
    .unwrapped()
}

/// `PACKET_BROADCAST`, `PACKET_MULTICAST` and `PACKET_OUTGOING` of Linux.
const BROADCAST: u8 = 1;
const MULTICAST: u8 = 2;
const OUTGOING: u8 = 4;
/// `ARPHRD_ETHER` of Linux.
const HARDWARE_ETHERNET: u16 = 1;
/// A unicast address that no device has: cooked headers do not tell whom a frame was sent to.
const SOMEBODY: [u8; 6] = [0x02, 0, 0, 0, 0, 0];
/// A group address that no protocol has.
const SOME_GROUP: [u8; 6] = [0x03, 0, 0, 0, 0, 0];

impl Cooked<'_> {
    fn unwrapped(&self) -> Unwrapped {
        let outgoing = self.packet_type == OUTGOING;
        let mut unwrapped = match <[u8; 6]>::try_from(self.address) {
            Ok(source) if self.hardware == HARDWARE_ETHERNET => Unwrapped::ethernet(self.ethernet(source)),
            _ => Unwrapped::ip(self.payload.to_vec()),
        };
        unwrapped.outgoing = outgoing;
        unwrapped
    }

    fn ethernet(&self, source: [u8; 6]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SHORTEST + self.payload.len());
        bytes.extend(self.destination());
        bytes.extend(source);
        let protocol = u16::from_be_bytes(self.protocol);
        if protocol < 0x0600 {
            // No EtherType but one of Linux's own numbers for frames with a length in its place.
            let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX).min(0x05dc);
            bytes.extend(length.to_be_bytes());
        } else {
            bytes.extend(self.protocol);
        }
        bytes.extend(self.payload);
        bytes
    }

    /// As the kernel derives group MACs from the address behind them.
    fn destination(&self) -> [u8; 6] {
        match (self.packet_type, self.protocol, self.payload) {
            (BROADCAST, _, _) => [0xff; 6],
            (_, [0x08, 0x00], [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, 0xff, 0xff, 0xff, 0xff, ..]) => {
                [0xff; 6]
            }
            (_, [0x08, 0x00], [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, 224..=239, b, c, d, ..]) => {
                [0x01, 0x00, 0x5e, b & 0x7f, *c, *d]
            }
            (_, [0x86, 0xdd], payload) if payload.get(24) == Some(&0xff) => {
                let mut mac = [0x33, 0x33, 0, 0, 0, 0];
                mac[2..].copy_from_slice(payload.get(36..40).unwrap_or(&[0; 4]));
                mac
            }
            (MULTICAST, _, _) => SOME_GROUP,
            _ => SOMEBODY,
        }
    }
}
