//! What the header matches of an ACE cover.

use enforcer_common::packet::{ethertype, service};

use super::sweep::{ALL_SECONDS, Area};
use crate::mud::profile::{Ace, Family, Transport};

/// The packets that a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// IPv4 packets.
    Ipv4,
    /// IPv6 packets.
    Ipv6,
    /// Frames without IP.
    Ether,
}

/// The packets of one kind that an ACE's header matches cover.
pub(super) fn areas(ace: &Ace, about: About) -> Vec<Area> {
    let everything = Area { key: service::ALL, second: ALL_SECONDS };
    let ip_type = match about {
        About::Ipv4 => ethertype::IPV4,
        About::Ipv6 => ethertype::IPV6,
        About::Ether => 0,
    };
    match (ace.family, about) {
        (Family::Ipv4 | Family::Ip, About::Ipv4) | (Family::Ipv6 | Family::Ip, About::Ipv6) => {
            transport(&ace.transport)
        }
        (Family::Ethernet(None), About::Ether) => vec![everything],
        (Family::Ethernet(None), About::Ipv4 | About::Ipv6) => transport(&ace.transport),
        (Family::Ethernet(Some(wanted)), About::Ipv4 | About::Ipv6) if wanted == ip_type => transport(&ace.transport),
        (Family::Ethernet(Some(wanted)), About::Ether) if wanted != ethertype::IPV4 && wanted != ethertype::IPV6 => {
            vec![Area { key: (service::ether(wanted), service::ether(wanted)), second: ALL_SECONDS }]
        }
        (Family::Ipv4 | Family::Ipv6 | Family::Ip | Family::Ethernet(Some(_)), _) => Vec::new(),
    }
}

/// The areas of an ACE's protocol, ports, ICMP type and code.
fn transport(wanted: &Transport) -> Vec<Area> {
    let Some(protocol) = wanted.protocol else {
        return vec![Area { key: service::ALL, second: ALL_SECONDS }];
    };
    let lows: Vec<(u16, u16)> = match (wanted.icmp_type, wanted.icmp_code) {
        (Some(kind), code) => {
            let high = u16::from(kind) << 8;
            let (first, last) = code.map_or((0, 0xff), |code| (u16::from(code), u16::from(code)));
            vec![(high | first, high | last)]
        }
        (None, Some(code)) => {
            let each = (0..=u8::MAX).map(|kind| u16::from(kind) << 8 | u16::from(code));
            each.map(|low| (low, low)).collect()
        }
        (None, None) if wanted.destination_ports.is_empty() => vec![(0, u16::MAX)],
        (None, None) => wanted.destination_ports.clone(),
    };
    let seconds = match wanted.source_ports.as_slice() {
        [] => vec![ALL_SECONDS],
        ports => ports.iter().map(|range| (u32::from(range.0), u32::from(range.1))).collect(),
    };
    let mut areas = Vec::with_capacity(lows.len() * seconds.len());
    for low in lows {
        for second in &seconds {
            areas.push(Area { key: (service::ip(protocol, low.0), service::ip(protocol, low.1)), second: *second });
        }
    }
    areas
}
