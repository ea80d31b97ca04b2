//! What the parser takes from a packet, and the fields that ladders look at.

/// [`Packet::kind`]: what stands behind the EtherType.
pub mod kind {
    /// A frame without IP.
    pub const OTHER: u8 = 0;
    /// ARP for IPv4 over Ethernet: `source` and `destination` are the sender's and the target's protocol address.
    pub const ARP: u8 = 1;
    /// IPv4.
    pub const IPV4: u8 = 4;
    /// IPv6.
    pub const IPV6: u8 = 6;
}

/// [`Packet::flags`].
pub mod flag {
    /// A first fragment: more follow.
    pub const FIRST_FRAGMENT: u8 = 1;
    /// A later fragment: it has no ports.
    pub const LATER_FRAGMENT: u8 = 2;
    /// An ICMP or ICMPv6 error: it quotes a packet, starting at [`super::Packet::payload`].
    pub const ICMP_ERROR: u8 = 4;
    /// There is no Ethernet header: no MAC, no VLAN.
    pub const NO_ETHERNET: u8 = 8;
    /// The frame carried a VLAN tag in its bytes (a priority tag too).
    pub const TAGGED: u8 = 16;
    /// A neighbour solicitation or advertisement whose target stands in [`super::Packet::target`].
    pub const ND_TARGET: u8 = 32;
    /// It can open a connection, or belong to one: TCP, UDP, SCTP, ICMP echo.
    pub const TRACKED: u8 = 64;
    /// An ICMP or ICMPv6 echo reply: it belongs to a connection but opens none.
    pub const ECHO_REPLY: u8 = 128;
}

/// TCP flags, as in the header.
pub mod tcp {
    /// FIN.
    pub const FIN: u8 = 1;
    /// SYN.
    pub const SYN: u8 = 2;
    /// RST.
    pub const RST: u8 = 4;
    /// ACK.
    pub const ACK: u8 = 16;
}

/// IP protocol numbers (IANA).
pub mod protocol {
    /// ICMP.
    pub const ICMP: u8 = 1;
    /// IGMP.
    pub const IGMP: u8 = 2;
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// ICMPv6.
    pub const ICMPV6: u8 = 58;
    /// SCTP.
    pub const SCTP: u8 = 132;
}

/// EtherTypes (IEEE).
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// 802.1Q tag.
    pub const VLAN: u16 = 0x8100;
    /// 802.1ad service tag.
    pub const SERVICE_VLAN: u16 = 0x88a8;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
}

/// A MAC as a number: its first octet is the highest.
pub const fn mac_number(mac: [u8; 6]) -> u64 {
    let [a, b, c, d, e, f] = mac;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// A parsed packet. Numbers are in the machine's byte order; an IPv4 address is word 0 as a number (first octet highest).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Packet {
    /// Source address.
    pub source: [u32; 4],
    /// Destination address.
    pub destination: [u32; 4],
    /// Target of a neighbour solicitation or advertisement.
    pub target: [u32; 4],
    /// Source MAC as a number, first octet highest; 0 without Ethernet.
    pub source_mac: u64,
    /// Destination MAC as a number.
    pub destination_mac: u64,
    /// Identification of the datagram that a fragment is part of.
    pub fragment_id: u32,
    /// Bytes of the whole frame as received.
    pub length: u32,
    /// Offset in bytes of a fragment within its datagram.
    pub fragment_offset: u16,
    /// Bytes of the datagram that a fragment carries.
    pub fragment_length: u16,
    /// Source port; the identifier of an ICMP echo request.
    pub source_port: u16,
    /// Destination port; the identifier of an ICMP echo reply.
    pub destination_port: u16,
    /// EtherType behind the tags.
    pub ethertype: u16,
    /// The 16 bits behind the EtherType of a frame without IP.
    pub second: u16,
    /// Outer VLAN ID, 0 for none; a priority tag counts as none.
    pub outer_vlan: u16,
    /// Inner VLAN ID, 0 for none.
    pub inner_vlan: u16,
    /// Offset of the IP header from the start of the frame.
    pub network: u16,
    /// Offset of what follows the transport header (for ICMP errors: of the quoted packet).
    pub payload: u16,
    /// One of [`kind`].
    pub kind: u8,
    /// IP protocol (for IPv6 behind the extension headers).
    pub protocol: u8,
    /// Bits of [`flag`].
    pub flags: u8,
    /// TCP flags.
    pub tcp: u8,
    /// ICMP type.
    pub icmp_type: u8,
    /// ICMP code.
    pub icmp_code: u8,
    /// TTL or hop limit.
    pub hops: u8,
    /// Tags in the frame, priority tags included.
    pub tags: u8,
    /// VLAN ID of the first tag in the frame, 0 of a priority tag included.
    pub first_tag: u16,
    /// Bytes of the datagram behind `payload`.
    pub rest: u16,
    /// Unused.
    pub pad2: u32,
}

impl Packet {
    /// True where any of the bits of [`flag`] is set.
    #[inline(always)]
    pub const fn is(&self, bits: u8) -> bool {
        self.flags & bits != 0
    }

    /// True for IPv4 and IPv6.
    #[inline(always)]
    pub const fn is_ip(&self) -> bool {
        self.kind == kind::IPV4 || self.kind == kind::IPV6
    }

    /// True where the destination MAC is a group address.
    #[inline(always)]
    pub const fn is_group_mac(&self) -> bool {
        self.destination_mac >> 40 & 1 == 1
    }

    /// The service key: what the packet speaks.
    #[inline(always)]
    pub const fn service(&self) -> u32 {
        if !self.is_ip() {
            return service::ether(self.ethertype);
        }
        match self.protocol {
            protocol::TCP | protocol::UDP | protocol::SCTP => service::ip(self.protocol, self.destination_port),
            protocol::ICMP | protocol::ICMPV6 => {
                service::ip(self.protocol, (self.icmp_type as u16) << 8 | self.icmp_code as u16)
            }
            _ => service::ip(self.protocol, 0),
        }
    }

    /// The service key of an answer to this packet.
    #[inline(always)]
    pub const fn reply_service(&self) -> u32 {
        match self.protocol {
            protocol::TCP | protocol::UDP | protocol::SCTP => service::ip(self.protocol, self.source_port),
            // Whoever answers an echo sends its code back.
            protocol::ICMP => service::ip(protocol::ICMP, self.icmp_code as u16),
            protocol::ICMPV6 => service::ip(protocol::ICMPV6, 129 << 8 | self.icmp_code as u16),
            _ => service::ip(self.protocol, 0),
        }
    }

    /// The second part of the service: the source port, or the 16 bits behind an EtherType.
    #[inline(always)]
    pub const fn second_key(&self) -> u32 {
        if !self.is_ip() {
            return self.second as u32;
        }
        match self.protocol {
            protocol::TCP | protocol::UDP | protocol::SCTP => self.source_port as u32,
            _ => 0,
        }
    }

    /// The second part of the service of an answer.
    #[inline(always)]
    pub const fn reply_second_key(&self) -> u32 {
        match self.protocol {
            protocol::TCP | protocol::UDP | protocol::SCTP => self.destination_port as u32,
            _ => 0,
        }
    }
}

/// Service keys: bits 24–16 say the kind (an IP protocol, or [`service::ETHER`]), bits 15–0 the destination port, the ICMP type
/// and code, or the EtherType.
pub mod service {
    /// The kind of frames without IP.
    pub const ETHER: u32 = 0x100;

    /// Key of an IP packet.
    pub const fn ip(protocol: u8, low: u16) -> u32 {
        (protocol as u32) << 16 | low as u32
    }

    /// Key of a frame without IP.
    pub const fn ether(ethertype: u16) -> u32 {
        ETHER << 16 | ethertype as u32
    }

    /// First and last key of all.
    pub const ALL: (u32, u32) = (0, 0x100 << 16 | 0xffff);
}

/// Which field of [`crate::ladder::Fields`] holds what, where ladders decide over packets. Ladders look at fields in this order.
pub mod fields {
    /// Device label of the other end.
    pub const PEER_DEVICE: usize = 0;
    /// Address label of the other end.
    pub const PEER_ADDRESS: usize = 1;
    /// Address label of the device itself.
    pub const OWN_ADDRESS: usize = 2;
    /// Service key.
    pub const SERVICE: usize = 3;
    /// Source port, or the 16 bits behind an EtherType.
    pub const SECOND: usize = 4;
}
