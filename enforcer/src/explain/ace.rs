//! The entry of a MUD file that accepts one packet, and as little else as such an entry can say.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::lay::alone;
use super::service::{ICMP, ICMPV6, TCP, UDP};
use crate::judge::{Carries, Seen};

/// Which list of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    FromDevice,
    ToDevice,
}

impl Direction {
    /// The word of RFC 8520.
    pub(super) fn word(self) -> &'static str {
        match self {
            Direction::FromDevice => "from-device",
            Direction::ToDevice => "to-device",
        }
    }
}

/// A packet as one list of a device sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) direction: Direction,
    /// It answers what was opened the other way.
    pub(super) reply: bool,
    pub(super) seen: Seen,
}

impl Listed {
    /// The other end's address.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        match self.direction {
            Direction::FromDevice => self.seen.destination,
            Direction::ToDevice => self.seen.source,
        }
    }

    /// The type of the access list that holds its entry.
    pub(super) fn list_type(&self) -> &'static str {
        match self.peer() {
            Some(IpAddr::V4(_)) => "ipv4-acl-type",
            Some(IpAddr::V6(_)) => "ipv6-acl-type",
            None => "eth-acl-type",
        }
    }

    /// The entry; none for what no entry can tell from other traffic.
    pub(super) fn entry(&self, name: &str) -> Option<Value> {
        let mut matches = Map::new();
        match (self.peer(), self.seen.carries) {
            (Some(peer), carries) => {
                let family = if peer.is_ipv4() { "ipv4" } else { "ipv6" };
                matches.insert(family.to_owned(), self.network(family, peer, protocol(carries)?));
                matches.extend(self.transport(carries));
            }
            (None, Carries::Ether(ethertype, _)) => {
                matches.insert("eth".to_owned(), json!({ "ethertype": format!("{ethertype:#06x}") }));
            }
            (None, _) => return None,
        }
        Some(json!({ "name": name, "matches": matches, "actions": { "forwarding": "accept" } }))
    }

    fn network(&self, family: &str, peer: IpAddr, protocol: u8) -> Value {
        let end = match self.direction {
            Direction::FromDevice => "destination",
            Direction::ToDevice => "source",
        };
        let mut network = Map::new();
        network.insert("protocol".to_owned(), protocol.into());
        network.insert(format!("{end}-{family}-network"), alone(peer).to_string().into());
        Value::Object(network)
    }

    fn transport(&self, carries: Carries) -> Option<(String, Value)> {
        match carries {
            Carries::Ports { protocol: protocol @ (TCP | UDP), source, destination } => {
                let (key, port) = if self.reply { ("source-port", source) } else { ("destination-port", destination) };
                let mut container = Map::new();
                if protocol == TCP && !self.reply {
                    // Who opens it: the sender.
                    container.insert("ietf-mud:direction-initiated".to_owned(), self.direction.word().into());
                }
                container.insert(key.to_owned(), json!({ "operator": "eq", "port": port }));
                Some(((if protocol == TCP { "tcp" } else { "udp" }).to_owned(), Value::Object(container)))
            }
            Carries::Icmp { kind, code, .. } => Some(("icmp".to_owned(), json!({ "type": kind, "code": code }))),
            Carries::Ports { .. } | Carries::Protocol(_) | Carries::Ether(..) | Carries::Llc => None,
        }
    }
}

fn protocol(carries: Carries) -> Option<u8> {
    match carries {
        Carries::Ports { protocol, .. } => Some(protocol),
        Carries::Icmp { protocol, .. } => Some(protocol),
        // Without its ports or its type it would be any of them.
        Carries::Protocol(ICMP | TCP | UDP | ICMPV6) => None,
        Carries::Protocol(protocol) => Some(protocol),
        Carries::Ether(..) | Carries::Llc => None,
    }
}
