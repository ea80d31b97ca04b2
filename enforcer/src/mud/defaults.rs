//! The entries that every MUD file has without writing them: DNS and NTP (RFC 8520, section 5).
//! They come last, so that a `drop` in the file overrides them.

use super::draft::Direction;
use super::profile::{Ace, Family, PeerMatch, Transport};
use crate::policy::model::Place;

const UDP: u8 = 17;

/// The class of the network's DNS servers (RFC 8520, section 17).
const DNS: &str = "urn:ietf:params:mud:dns";

/// The class of the network's NTP servers (RFC 8520, section 17).
const NTP: &str = "urn:ietf:params:mud:ntp";

pub(super) fn entries(direction: Direction, label: &str, place: &Place) -> [Ace; 2] {
    [("dns", DNS, 53), ("ntp", NTP, 123)].map(|(name, class, port)| {
        let ports = vec![(port, port)];
        let (source_ports, destination_ports) = match direction {
            Direction::FromDevice => (Vec::new(), ports),
            Direction::ToDevice => (ports, Vec::new()),
        };
        Ace {
            rule: format!("{label}#default/{name}"),
            family: Family::Ip,
            peer: vec![PeerMatch::Controller(class.to_owned())],
            own: Vec::new(),
            transport: Transport { protocol: Some(UDP), source_ports, destination_ports, ..Transport::default() },
            initiated: None,
            accept: true,
            unsupported: Vec::new(),
            place: place.clone(),
        }
    })
}
