//! Frames thought out from words.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder, TcpHeader, UdpHeader};

use super::service::{ICMP, ICMPV6, TCP, UDP};
use crate::judge::{Carries, Medium};

/// A packet, before it is bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thought {
    pub(super) source_mac: [u8; 6],
    pub(super) destination_mac: [u8; 6],
    /// None for frames without IP.
    pub(super) addresses: Option<(IpAddr, IpAddr)>,
    pub(super) carries: Carries,
    /// The way back: a TCP packet answers a SYN.
    pub(super) answers: bool,
}

/// Shorter frames are padded on the wire.
const SHORTEST: usize = 60;
const HOPS: u8 = 64;
/// Neighbour discovery that crossed a router is none.
const FRESH: u8 = 255;
const WINDOW: u16 = 64_240;

impl Thought {
    /// The packet that answers it; none where nothing does.
    pub(super) fn answer(&self) -> Option<Thought> {
        let carries = match self.carries {
            Carries::Ports { protocol, source, destination } => {
                Carries::Ports { protocol, source: destination, destination: source }
            }
            Carries::Icmp { protocol: ICMP, kind: 8, code } => Carries::Icmp { protocol: ICMP, kind: 0, code },
            Carries::Icmp { protocol: ICMPV6, kind: 128, code } => Carries::Icmp { protocol: ICMPV6, kind: 129, code },
            Carries::Protocol(_) => self.carries,
            Carries::Icmp { .. } | Carries::Ether(..) | Carries::Llc => return None,
        };
        Some(Thought {
            source_mac: self.destination_mac,
            destination_mac: self.source_mac,
            addresses: self.addresses.map(|(source, destination)| (destination, source)),
            carries,
            answers: true,
        })
    }

    /// The frame; none where the packet cannot be written.
    pub(super) fn frame(&self, medium: Medium) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let Some((source, destination)) = self.addresses else {
            let Carries::Ether(ethertype, second) = self.carries else { return None };
            bytes.extend(self.destination_mac);
            bytes.extend(self.source_mac);
            bytes.extend(ethertype.to_be_bytes());
            bytes.extend(second.to_be_bytes());
            bytes.resize(SHORTEST, 0);
            return (medium == Medium::Ethernet).then_some(bytes);
        };
        let (protocol, payload, hops) = self.transport(source, destination)?;
        let headers = headers(source, destination, protocol, hops, payload.len())?;
        match medium {
            Medium::Ethernet => PacketBuilder::ethernet2(self.source_mac, self.destination_mac).ip(headers).write(
                &mut bytes,
                IpNumber(protocol),
                &payload,
            ),
            Medium::Ip => PacketBuilder::ip(headers).write(&mut bytes, IpNumber(protocol), &payload),
        }
        .ok()?;
        if medium == Medium::Ethernet {
            bytes.resize(bytes.len().max(SHORTEST), 0);
        }
        Some(bytes)
    }

    /// The number of the protocol, its bytes, and the hops that the packet may go.
    fn transport(&self, source: IpAddr, destination: IpAddr) -> Option<(u8, Vec<u8>, u8)> {
        let mut bytes = Vec::new();
        match self.carries {
            Carries::Ports { protocol: TCP, source: from, destination: to } => {
                let mut header = TcpHeader::new(from, to, 1, WINDOW);
                header.syn = true;
                header.ack = self.answers;
                header.write(&mut bytes).ok()?;
                Some((TCP, bytes, HOPS))
            }
            Carries::Ports { protocol: UDP, source, destination } => {
                let header = UdpHeader { source_port: source, destination_port: destination, length: 8, checksum: 0 };
                header.write(&mut bytes).ok()?;
                Some((UDP, bytes, HOPS))
            }
            Carries::Ports { protocol, source, destination } => {
                bytes.extend(source.to_be_bytes());
                bytes.extend(destination.to_be_bytes());
                // Verification tag and checksum; an INIT of SCTP behind them.
                bytes.resize(12, 0);
                bytes.extend([1, 0, 0, 20]);
                bytes.resize(32, 0);
                Some((protocol, bytes, HOPS))
            }
            Carries::Icmp { protocol, kind, code } => {
                bytes.extend([kind, code, 0, 0, 0, 1, 0, 1]);
                if let (ICMPV6, 133..=137, IpAddr::V6(source)) = (protocol, kind, source) {
                    // The target: one's own address.
                    bytes[4..].fill(0);
                    bytes.extend(source.octets());
                    return Some((protocol, bytes, FRESH));
                }
                let of_link = protocol == ICMPV6 && matches!(kind, 130..=132 | 143) && destination.is_multicast();
                bytes.resize(28, 0);
                Some((protocol, bytes, if of_link { 1 } else { HOPS }))
            }
            Carries::Protocol(protocol) => Some((protocol, vec![0; 24], HOPS)),
            Carries::Ether(..) | Carries::Llc => None,
        }
    }
}

fn headers(source: IpAddr, destination: IpAddr, protocol: u8, hops: u8, length: usize) -> Option<IpHeaders> {
    let length = u16::try_from(length).ok()?;
    Some(match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let header =
                Ipv4Header::new(length, hops, IpNumber(protocol), source.octets(), destination.octets()).ok()?;
            IpHeaders::Ipv4(header, Default::default())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let header = Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: length,
                next_header: IpNumber(protocol),
                hop_limit: hops,
                source: source.octets(),
                destination: destination.octets(),
            };
            IpHeaders::Ipv6(header, Default::default())
        }
        _ => return None,
    })
}

/// The MAC that goes with a group's address.
pub(super) fn group_mac(address: IpAddr) -> Option<[u8; 6]> {
    match address {
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some([0xff; 6]),
        IpAddr::V4(address) if address.is_multicast() => {
            let [_, b, c, d] = address.octets();
            Some([1, 0, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(address) if address.is_multicast() => {
            let [.., a, b, c, d] = address.octets();
            Some([0x33, 0x33, a, b, c, d])
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}
