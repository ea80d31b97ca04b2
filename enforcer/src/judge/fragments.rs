//! Step 3: later fragments go the way of the first one of their datagram.

use std::collections::HashMap;
use std::net::IpAddr;

use super::case::Refusal;
use super::ground::{PortId, belongs_to_port};
use super::packet::{Ip, Part};
use super::who::Way;

/// A datagram is put together within this time, or not at all.
const PATIENCE: u64 = 60 * 1_000_000_000;

/// What tells a datagram from others. In IPv6 the protocol does not count (RFC 8200, section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: Option<u8>,
    id: u32,
    port: Option<PortId>,
    /// The router may put a datagram together and take it apart again between its ports.
    way: Way,
}

/// What is known of a first fragment that passed.
#[derive(Debug, Clone, Copy)]
struct First<'p> {
    seen: u64,
    end: u32,
    /// Why it was let through though it would have been dropped.
    audited: Option<Refusal<'p>>,
}

/// What becomes of a later fragment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Later<'p> {
    /// Its first passed, perhaps in audit.
    Follows(Option<Refusal<'p>>),
    /// It would overwrite what was judged.
    Overlaps,
    /// Its first was not seen, was dropped, or came too long ago.
    Alone,
}

/// First fragments that passed.
#[derive(Debug, Default)]
pub(super) struct Fragments<'p>(HashMap<Key, First<'p>>);

impl<'p> Fragments<'p> {
    /// Notes a first fragment that passed.
    pub(super) fn note(&mut self, ip: &Ip<'_>, (port, way): (PortId, Way), now: u64, audited: Option<Refusal<'p>>) {
        if let Part::First { id, end } = ip.part {
            self.0.insert(key(ip, id, (port, way)), First { seen: now, end, audited });
        }
    }

    /// What becomes of a packet, where it is a later fragment.
    pub(super) fn later(&self, ip: &Ip<'_>, (port, way): (PortId, Way), now: u64) -> Option<Later<'p>> {
        let Part::Later { id, offset } = ip.part else {
            return None;
        };
        let first = self.0.get(&key(ip, id, (port, way))).filter(|first| now.saturating_sub(first.seen) <= PATIENCE);
        Some(match first {
            None => Later::Alone,
            Some(first) if offset < first.end => Later::Overlaps,
            Some(first) => Later::Follows(first.audited),
        })
    }
}

fn key(ip: &Ip<'_>, id: u32, (port, way): (PortId, Way)) -> Key {
    let at_port = belongs_to_port(&ip.source) || belongs_to_port(&ip.destination);
    Key {
        source: ip.source,
        destination: ip.destination,
        protocol: ip.source.is_ipv4().then_some(ip.protocol),
        id,
        port: at_port.then_some(port),
        way,
    }
}
