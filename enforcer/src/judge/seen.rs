//! What a frame says, for those who speak of it: nothing here decides.

use std::net::IpAddr;

use super::packet::{Mac, Part, is_group};
use super::spoken::{Spoken, What};
use super::{Medium, parse};

/// A frame that could be read to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Source and destination of the frame; none on a port without Ethernet headers.
    pub macs: Option<(Mac, Mac)>,
    /// VLAN IDs from the outermost inwards; 0 where there is none.
    pub vlans: [u16; 2],
    /// The address that it claims to come from: of ARP too.
    pub source: Option<IpAddr>,
    /// The address that it is for.
    pub destination: Option<IpAddr>,
    /// What it carries.
    pub carries: Carries,
    /// It is a later fragment, which says no ports.
    pub later_fragment: bool,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// TCP, UDP or SCTP, with source and destination port.
    Ports {
        /// Number of the protocol.
        protocol: u8,
        /// The source port.
        source: u16,
        /// The destination port.
        destination: u16,
    },
    /// ICMP or ICMPv6.
    Icmp {
        /// 1 or 58.
        protocol: u8,
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Another IP protocol.
    Protocol(u8),
    /// A frame without IP: EtherType, and the 16 bits behind it.
    Ether(u16, u16),
    /// A frame with a length in place of an EtherType.
    Llc,
}

impl Seen {
    /// True for a frame that is for many.
    pub fn is_for_group(&self) -> bool {
        self.macs.is_some_and(|(_, destination)| is_group(&destination))
    }
}

/// Reads a frame as the reference does; the error says why it is malformed.
pub fn seen(medium: Medium, frame: &[u8]) -> Result<Seen, &'static str> {
    let packet = parse::frame(medium, frame).map_err(|malformed| malformed.0)?;
    let spoken = Spoken::of(&packet);
    let carries = match spoken.what {
        What::Ip { protocol, ports: Some(ports), .. } => {
            Carries::Ports { protocol, source: ports.source, destination: ports.destination }
        }
        What::Ip { protocol, icmp: Some((kind, code)), .. } => Carries::Icmp { protocol, kind, code },
        What::Ip { protocol, .. } => Carries::Protocol(protocol),
        What::Ether { ethertype, second } => Carries::Ether(ethertype, second),
        What::Llc => Carries::Llc,
    };
    Ok(Seen {
        macs: packet.macs.map(|macs| (macs.source, macs.destination)),
        vlans: packet.vlans,
        source: packet.source(),
        destination: spoken.destination,
        carries,
        later_fragment: packet.ip().is_some_and(|ip| matches!(ip.part, Part::Later { .. })),
    })
}
