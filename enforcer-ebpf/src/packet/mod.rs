//! Step 1: parsing, one file a layer. What cannot be parsed to the end, or is not sane, is malformed.

mod arp;
mod bytes;
pub(crate) mod ethernet;
mod ipv4;
mod ipv6;
mod quote;
mod transport;

pub use bytes::{Bytes, REACH};
use enforcer_common::packet::{Packet, ethertype, flag, kind};
#[cfg(feature = "bpf")]
pub(crate) use ipv4::options;
pub use ipv6::Chain;
pub use quote::quoted;
pub use transport::parse as transport;

/// The frame could not be parsed to the end, or is not sane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Result of a parsing step.
pub type Parsed<T> = Result<T, Malformed>;

/// Bytes that are not there make a frame malformed.
pub(crate) trait OrMalformed<T> {
    fn sane(self) -> Parsed<T>;
}

impl<T> OrMalformed<T> for Option<T> {
    #[inline(always)]
    fn sane(self) -> Parsed<T> {
        self.ok_or(Malformed)
    }
}

/// Parses a frame that starts with an Ethernet header (or, with `no_ethernet`, with an IP header) into `out`, which must be
/// all zeros but for VLAN IDs that travelled beside the frame.
#[inline(always)]
pub fn parse<B: Bytes + ?Sized>(frame: &B, no_ethernet: bool, out: &mut Packet) -> Parsed<()> {
    let mut next = Next::default();
    network(frame, no_ethernet, out, &mut next)?;
    if next.at == 0 { Ok(()) } else { transport(frame, next.at, next.left, out) }
}

/// Where the transport header stands.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Next {
    /// Its offset from the start of the frame; 0 where there is none to parse.
    pub at: u32,
    /// Bytes of the datagram from there (in this fragment).
    pub left: u32,
}

/// The first half of [`parse`]: up to and with the IP header. `next` must be zeros.
#[inline(always)]
pub fn network<B: Bytes + ?Sized>(frame: &B, no_ethernet: bool, out: &mut Packet, next: &mut Next) -> Parsed<()> {
    out.length = frame.length();
    let network = if no_ethernet {
        out.flags = flag::NO_ETHERNET;
        out.ethertype = match frame.u8(0).sane()? >> 4 {
            4 => ethertype::IPV4,
            6 => ethertype::IPV6,
            _ => return Err(Malformed),
        };
        0
    } else {
        ethernet::parse(frame, out)?
    };
    out.network = network as u16;
    match out.ethertype {
        ethertype::IPV4 => ipv4::parse(frame, network, out, next),
        ethertype::IPV6 => ipv6::parse(frame, network, out, next),
        ethertype::ARP => arp::parse(frame, network, out),
        _ => {
            out.kind = kind::OTHER;
            // A frame that ends here has no second key, and no service that names one is meant.
            out.second = frame.u16(network).sane()?;
            Ok(())
        }
    }
}
