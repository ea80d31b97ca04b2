//! What of a frame the judgement looks at.

use std::net::IpAddr;

/// A hardware address.
pub(super) type Mac = [u8; 6];

/// Numbers of IP protocols that mean something here.
pub(super) mod protocol {
    pub(in crate::judge) const ICMP: u8 = 1;
    pub(in crate::judge) const IGMP: u8 = 2;
    pub(in crate::judge) const TCP: u8 = 6;
    pub(in crate::judge) const UDP: u8 = 17;
    pub(in crate::judge) const ICMPV6: u8 = 58;
    /// Nothing follows the extension headers of IPv6.
    pub(in crate::judge) const NOTHING: u8 = 59;
    pub(in crate::judge) const SCTP: u8 = 132;
}

/// A frame, understood to the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'f> {
    /// None on a port without Ethernet headers.
    pub(super) macs: Option<Macs>,
    /// VLAN IDs from the outermost inwards; 0 where there is none. Priority tags are left out.
    pub(super) vlans: [u16; 2],
    /// What the frame carries.
    pub(super) content: Content<'f>,
}

/// Source and destination of a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Macs {
    pub(super) source: Mac,
    pub(super) destination: Mac,
}

/// What a frame carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'f> {
    Ip(Ip<'f>),
    Arp(Arp),
    /// Any other EtherType, and the 16 bits behind it.
    Ether {
        ethertype: u16,
        second: u16,
    },
    /// A length in place of an EtherType: 802.3 with LLC.
    Llc,
}

/// ARP for IPv4 over Ethernet: request or answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arp {
    pub(super) sender_mac: Mac,
    pub(super) sender: IpAddr,
}

/// An IPv4 or IPv6 packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ip<'f> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// The upper-layer protocol: behind the extension headers of IPv6.
    pub(super) protocol: u8,
    pub(super) hop_limit: u8,
    pub(super) part: Part,
    pub(super) transport: Transport<'f>,
}

/// Which part of a datagram a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The start; it ends before this byte of the datagram.
    First { id: u32, end: u32 },
    /// Something behind the start, from this byte of the datagram.
    Later { id: u32, offset: u32 },
}

/// The transport header.
#[derive(Debug, Clone, Copy)]
pub(super) enum Transport<'f> {
    Tcp {
        ports: Ports,
        flags: Flags,
    },
    /// UDP or SCTP.
    Ports(Ports),
    /// ICMP or ICMPv6.
    Icmp(Icmp<'f>),
    /// A protocol without ports.
    Other,
    /// A later fragment has none.
    Absent,
}

/// Source and destination port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) source: u16,
    pub(super) destination: u16,
}

/// The flags of TCP that say where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) syn: bool,
    pub(super) ack: bool,
    pub(super) fin: bool,
    pub(super) rst: bool,
}

/// ICMP or ICMPv6.
#[derive(Debug, Clone, Copy)]
pub(super) struct Icmp<'f> {
    pub(super) kind: u8,
    pub(super) code: u8,
    /// The identifier, where it is an echo.
    pub(super) identifier: u16,
    /// What follows the eight bytes of the header.
    pub(super) body: &'f [u8],
}

impl Packet<'_> {
    /// The address that the frame claims to come from.
    pub(super) fn source(&self) -> Option<IpAddr> {
        match &self.content {
            Content::Ip(ip) => Some(ip.source),
            Content::Arp(arp) => Some(arp.sender),
            Content::Ether { .. } | Content::Llc => None,
        }
    }

    /// True for a frame that is for many.
    pub(super) fn is_for_group(&self) -> bool {
        self.macs.is_some_and(|macs| is_group(&macs.destination))
    }

    /// The IP packet in it.
    pub(super) fn ip(&self) -> Option<&Ip<'_>> {
        match &self.content {
            Content::Ip(ip) => Some(ip),
            Content::Arp(_) | Content::Ether { .. } | Content::Llc => None,
        }
    }
}

impl Ip<'_> {
    /// Type and code, where it is ICMP of its family.
    pub(super) fn icmp(&self) -> Option<&Icmp<'_>> {
        match &self.transport {
            Transport::Icmp(icmp) => Some(icmp),
            Transport::Tcp { .. } | Transport::Ports(_) | Transport::Other | Transport::Absent => None,
        }
    }

    /// The flags of TCP; none for everything else.
    pub(super) fn flags(&self) -> Option<Flags> {
        match &self.transport {
            Transport::Tcp { flags, .. } => Some(*flags),
            Transport::Ports(_) | Transport::Icmp(_) | Transport::Other | Transport::Absent => None,
        }
    }

    /// Ports of TCP, UDP or SCTP.
    pub(super) fn ports(&self) -> Option<Ports> {
        match &self.transport {
            Transport::Tcp { ports, .. } | Transport::Ports(ports) => Some(*ports),
            Transport::Icmp(_) | Transport::Other | Transport::Absent => None,
        }
    }
}

/// True for the address of a group: it has many receivers, or none yet.
pub(super) fn is_group(mac: &Mac) -> bool {
    mac[0] & 1 == 1
}
