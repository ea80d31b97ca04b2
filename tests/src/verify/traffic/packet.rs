//! Packets as descriptions, and their bytes.

use std::net::IpAddr;

use enforcer::replay::Medium;
use etherparse::{IpNumber, Ipv4Header};

use crate::verify::ground::Mac;

/// A frame in parts.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Destination MAC.
    pub destination: Mac,
    /// Source MAC.
    pub source: Mac,
    /// TPID and tag control information, the outermost first.
    pub tags: Vec<(u16, u16)>,
    /// What follows.
    pub body: Body,
}

/// What an Ethernet header is followed by.
#[derive(Debug, Clone)]
pub enum Body {
    /// IPv4 or IPv6.
    Ip(Ip),
    /// Something else: EtherType (or length) and bytes.
    Other(u16, Vec<u8>),
}

/// An IP packet in parts.
#[derive(Debug, Clone)]
pub struct Ip {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the same family.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hops: u8,
    /// IPv4 options, a multiple of four bytes.
    pub options: Vec<u8>,
    /// IPv6 extension headers before the fragment header: number and content from the second byte on.
    pub extensions: Vec<(u8, Vec<u8>)>,
    /// The part of a datagram that this is.
    pub fragment: Option<Fragment>,
    /// The upper-layer protocol.
    pub protocol: u8,
    /// The transport header and what follows.
    pub payload: Vec<u8>,
    /// Added to the length that the IP header tells.
    pub lie: i16,
}

/// Fragment fields.
#[derive(Debug, Clone, Copy)]
pub struct Fragment {
    /// Identification.
    pub id: u16,
    /// Offset in bytes, a multiple of eight.
    pub offset: u16,
    /// More follow.
    pub more: bool,
}

impl Packet {
    /// The frame as it stands on a medium.
    pub fn bytes(&self, medium: Medium) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        if medium == Medium::Ethernet {
            bytes.extend(self.destination);
            bytes.extend(self.source);
            for (tpid, control) in &self.tags {
                bytes.extend(tpid.to_be_bytes());
                bytes.extend(control.to_be_bytes());
            }
            bytes.extend(self.ethertype().to_be_bytes());
        }
        match &self.body {
            Body::Ip(ip) => ip.write(&mut bytes),
            Body::Other(_, payload) => bytes.extend(payload),
        }
        bytes
    }

    fn ethertype(&self) -> u16 {
        match &self.body {
            Body::Ip(ip) if ip.source.is_ipv4() => 0x0800,
            Body::Ip(_) => 0x86dd,
            Body::Other(ethertype, _) => *ethertype,
        }
    }

    /// The IP packet, if it is one.
    pub fn ip_mut(&mut self) -> Option<&mut Ip> {
        match &mut self.body {
            Body::Ip(ip) => Some(ip),
            Body::Other(..) => None,
        }
    }
}

impl Ip {
    /// Without options, extension headers and lies.
    pub fn new(source: IpAddr, destination: IpAddr, protocol: u8, payload: Vec<u8>) -> Ip {
        Ip {
            source,
            destination,
            hops: 64,
            options: Vec::new(),
            extensions: Vec::new(),
            fragment: None,
            protocol,
            payload,
            lie: 0,
        }
    }

    /// The bytes of the packet alone.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        self.write(&mut bytes);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let mut header = Ipv4Header {
                    time_to_live: self.hops,
                    protocol: IpNumber(self.protocol),
                    source: source.octets(),
                    destination: destination.octets(),
                    options: self.options.as_slice().try_into().unwrap_or_default(),
                    ..Ipv4Header::default()
                };
                header.total_len = self.told(header.header_len() + self.payload.len());
                header.dont_fragment = self.fragment.is_none();
                if let Some(fragment) = &self.fragment {
                    header.identification = fragment.id;
                    header.more_fragments = fragment.more;
                    header.fragment_offset = (fragment.offset / 8).try_into().unwrap_or_default();
                }
                header.header_checksum = header.calc_header_checksum();
                bytes.extend(header.to_bytes());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                let chain = self.chain();
                let first = self.extensions.first().map(|(number, _)| *number);
                let first = first.unwrap_or(if self.fragment.is_some() { 44 } else { self.protocol });
                bytes.extend([0x60, 0, 0, 0]);
                bytes.extend(self.told(chain.len() + self.payload.len()).to_be_bytes());
                bytes.extend([first, self.hops]);
                bytes.extend(source.octets());
                bytes.extend(destination.octets());
                bytes.extend(chain);
            }
            // Two families: no packet at all.
            _ => {}
        }
        bytes.extend(&self.payload);
    }

    fn told(&self, length: usize) -> u16 {
        (length as u16).wrapping_add_signed(self.lie)
    }

    /// The extension headers with the fragment header last.
    fn chain(&self) -> Vec<u8> {
        let mut chain = Vec::new();
        let after = if self.fragment.is_some() { 44 } else { self.protocol };
        for (index, (_, content)) in self.extensions.iter().enumerate() {
            let next = self.extensions.get(index + 1).map_or(after, |(number, _)| *number);
            chain.push(next);
            chain.extend(content);
        }
        if let Some(fragment) = &self.fragment {
            let place = fragment.offset & 0xfff8 | u16::from(fragment.more);
            chain.extend([self.protocol, 0]);
            chain.extend(place.to_be_bytes());
            chain.extend(u32::from(fragment.id).to_be_bytes());
        }
        chain
    }
}

/// The content of an extension header of `units` times eight bytes behind the first eight: options that pad.
pub fn extension(kind: u8, units: u8, filler: u8) -> (u8, Vec<u8>) {
    let size = if kind == 51 { (usize::from(units) + 2) * 4 } else { (usize::from(units) + 1) * 8 };
    let mut content = vec![filler; size - 1];
    content[0] = units;
    match kind {
        // Segments left: none.
        43 => content[2] = 0,
        // One option that fills the space.
        0 | 60 => {
            content[1] = 1;
            content[2] = (size - 4) as u8;
        }
        _ => {}
    }
    (kind, content)
}

/// TCP without options.
pub fn tcp(ports: (u16, u16), flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(20 + payload.len());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// UDP.
pub fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + payload.len());
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend((8 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

/// SCTP: the common header and a chunk.
pub fn sctp(ports: (u16, u16), chunk: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16);
    bytes.extend(ports.0.to_be_bytes());
    bytes.extend(ports.1.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 0, chunk, 0, 0, 4]);
    bytes
}

/// ICMP or ICMPv6: type, code, the four bytes behind the checksum, and the rest.
pub fn icmp(kind: u8, code: u8, rest: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + payload.len());
    bytes.extend([kind, code, 0, 0]);
    bytes.extend(rest);
    bytes.extend(payload);
    bytes
}
