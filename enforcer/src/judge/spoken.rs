//! What is spoken in a packet: what services and MUD lists look at.

use std::net::IpAddr;

use super::packet::{Content, Packet, Ports, protocol};
use crate::policy::model::Service;

/// Addresses, protocol and ports of a packet; of frames without IP the EtherType.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken {
    pub(super) source: Option<IpAddr>,
    pub(super) destination: Option<IpAddr>,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    Ip {
        protocol: u8,
        /// Of TCP, UDP and SCTP.
        ports: Option<Ports>,
        /// Type and code of ICMP and ICMPv6.
        icmp: Option<(u8, u8)>,
    },
    Ether {
        ethertype: u16,
        second: u16,
    },
    /// An 802.3 frame: no EtherType.
    Llc,
}

const ETHERTYPE_ARP: u16 = 0x0806;
/// The 16 bits behind the EtherType of ARP: it is for Ethernet.
const ARP_FOR_ETHERNET: u16 = 1;

impl Spoken {
    pub(super) fn of(packet: &Packet<'_>) -> Spoken {
        let what = match &packet.content {
            Content::Ip(ip) => What::Ip {
                protocol: ip.protocol,
                ports: ip.ports(),
                icmp: ip.icmp().map(|icmp| (icmp.kind, icmp.code)),
            },
            Content::Arp(_) => What::Ether { ethertype: ETHERTYPE_ARP, second: ARP_FOR_ETHERNET },
            Content::Ether { ethertype, second } => What::Ether { ethertype: *ethertype, second: *second },
            Content::Llc => What::Llc,
        };
        let ip = packet.ip();
        Spoken { source: ip.map(|ip| ip.source), destination: ip.map(|ip| ip.destination), what }
    }

    /// True where the packet is of this service.
    pub(super) fn is(&self, service: &Service) -> bool {
        match (service, self.what) {
            (Service::Any, _) => true,
            (Service::Protocol(wanted), What::Ip { protocol, .. }) => *wanted == protocol,
            (
                Service::Ports { protocol: wanted, destination, source },
                What::Ip { protocol, ports: Some(ports), .. },
            ) => {
                *wanted == protocol
                    && Service::range(*destination).contains(&ports.destination)
                    && Service::range(*source).contains(&ports.source)
            }
            (
                Service::Icmp { protocol: wanted, kind: wanted_kind, code: wanted_code },
                What::Ip { protocol, icmp: Some((kind, code)), .. },
            ) => *wanted == protocol && *wanted_kind == kind && wanted_code.is_none_or(|wanted| wanted == code),
            (Service::Ether { ethertype: wanted, second: range }, What::Ether { ethertype, second }) => {
                *wanted == ethertype && Service::range(*range).contains(&second)
            }
            (
                Service::Protocol(_) | Service::Ports { .. } | Service::Icmp { .. } | Service::Ether { .. },
                What::Ip { .. } | What::Ether { .. } | What::Llc,
            ) => false,
        }
    }

    /// True where the packet is of one of these services.
    pub(super) fn is_one_of(&self, services: &[Service]) -> bool {
        services.iter().any(|service| self.is(service))
    }

    /// What answers it.
    pub(super) fn reply(&self) -> Spoken {
        let what = match self.what {
            What::Ip { protocol, ports, icmp } => What::Ip {
                protocol,
                ports: ports.map(|ports| Ports { source: ports.destination, destination: ports.source }),
                icmp: icmp.map(|(kind, code)| (echo(protocol, kind), code)),
            },
            What::Ether { .. } | What::Llc => self.what,
        };
        Spoken { source: self.destination, destination: self.source, what }
    }
}

/// The other type of a pair of echo and echo reply.
fn echo(protocol: u8, kind: u8) -> u8 {
    match (protocol, kind) {
        (protocol::ICMP, 8) => 0,
        (protocol::ICMP, 0) => 8,
        (protocol::ICMPV6, 128) => 129,
        (protocol::ICMPV6, 129) => 128,
        (_, other) => other,
    }
}
