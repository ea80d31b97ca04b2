//! Step 3: conversations that are known already.

use std::collections::HashMap;
use std::net::IpAddr;

use super::case::Refusal;
use super::ground::belongs_to_port;
use super::packet::{Flags, Ip, Mac, Transport, protocol};
use super::spoken::Spoken;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 24 * 3600 * SECOND;

/// What tells a connection from others, the same in both directions. Addresses that belong to a port bring it along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key<'p> {
    /// The smaller one first.
    ends: [(IpAddr, u16); 2],
    protocol: u8,
    /// Of an echo, who asks: both ends may under one identifier.
    asker: Option<IpAddr>,
    /// By its name: another policy may number ports differently.
    port: Option<&'p str>,
}

/// A packet's connection, and which end of it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tuple<'p> {
    pub(super) key: Key<'p>,
    pub(super) sender: (IpAddr, u16),
    role: Role,
}

/// What a packet can be to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Anything.
    Either,
    /// An echo request: only the opener sends such.
    Asks,
    /// An echo reply: only the other end sends such, and it opens nothing.
    Answers,
}

impl<'p> Tuple<'p> {
    /// The connection that a packet belongs to at the port of this name; none where packets are judged one by one.
    pub(super) fn of(ip: &Ip<'_>, port: &'p str) -> Option<Tuple<'p>> {
        let (source, destination, role) = match &ip.transport {
            Transport::Tcp { ports, .. } | Transport::Ports(ports) => (ports.source, ports.destination, Role::Either),
            Transport::Icmp(icmp) => (icmp.identifier, icmp.identifier, echo(ip.protocol, icmp.kind)?),
            Transport::Other if !matches!(ip.protocol, protocol::IGMP | protocol::NOTHING) => (0, 0, Role::Either),
            Transport::Other | Transport::Absent => return None,
        };
        let sender = (ip.source, source);
        let mut ends = [sender, (ip.destination, destination)];
        ends.sort();
        let at_port = belongs_to_port(&ip.source) || belongs_to_port(&ip.destination);
        let asker = match role {
            Role::Either => None,
            Role::Asks => Some(ip.source),
            Role::Answers => Some(ip.destination),
        };
        let key = Key { ends, protocol: ip.protocol, asker, port: at_port.then_some(port) };
        Some(Tuple { key, sender, role })
    }

    /// True where the packet can be the first of a connection.
    pub(super) fn opens(&self) -> bool {
        self.role != Role::Answers
    }
}

/// Of the messages of ICMP that are no errors, only echo has conversations.
fn echo(protocol: u8, kind: u8) -> Option<Role> {
    match (protocol, kind) {
        (protocol::ICMP, 8) | (protocol::ICMPV6, 128) => Some(Role::Asks),
        (protocol::ICMP, 0) | (protocol::ICMPV6, 129) => Some(Role::Answers),
        _ => None,
    }
}

/// True for ICMP messages about other packets: unreachable, source quench, time exceeded, parameter problem; in IPv6
/// unreachable, too big, time exceeded, parameter problem. A redirect is none: it changes routes.
pub(super) fn is_error(ip: &Ip<'_>) -> bool {
    ip.icmp().is_some_and(|icmp| match ip.protocol {
        protocol::ICMP => matches!(icmp.kind, 3 | 4 | 11 | 12),
        _ => matches!(icmp.kind, 1..=4),
    })
}

/// What becomes of the packets of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Standing<'p> {
    /// They pass.
    Passes,
    /// They are let through though they would be dropped.
    Audited(Refusal<'p>),
    /// A later policy refuses it: in both directions until it expires, opens anew, or a policy allows it again.
    Revoked(Refusal<'p>),
}

impl<'p> Standing<'p> {
    /// Of what passed, perhaps in audit.
    pub(super) fn of(audited: Option<Refusal<'p>>) -> Standing<'p> {
        audited.map_or(Standing::Passes, Standing::Audited)
    }
}

/// What a connection was opened by, as far as judging it again needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) by_router: bool,
    /// The sender's.
    pub(super) mac: Option<Mac>,
    pub(super) spoken: Spoken,
}

/// A conversation, from the packet that opened it.
#[derive(Debug, Clone)]
pub(super) struct Connection<'p> {
    opener: (IpAddr, u16),
    /// What becomes of its packets.
    pub(super) standing: Standing<'p>,
    /// Why its replies are refused.
    pub(super) replies: Option<Refusal<'p>>,
    /// What it was opened by; none for a translation, which the connection inside decides for.
    pub(super) opening: Option<Opening>,
    /// The policy that judged it last.
    pub(super) generation: u64,
    last: u64,
    answered: bool,
    /// FIN from the opener, and from the other end.
    finished: [bool; 2],
    reset: bool,
}

impl<'p> Connection<'p> {
    /// Opened by the packet with this tuple.
    pub(super) fn opened(tuple: &Tuple<'_>, now: u64, generation: u64) -> Connection<'p> {
        Connection {
            opener: tuple.sender,
            standing: Standing::Passes,
            replies: None,
            opening: None,
            generation,
            last: now,
            answered: false,
            finished: [false; 2],
            reset: false,
        }
    }

    pub(super) fn is_reply(&self, tuple: &Tuple<'_>) -> bool {
        tuple.sender != self.opener
    }

    fn is_over(&self) -> bool {
        self.reset || self.finished == [true; 2]
    }

    /// True where a packet can be one of this connection: only the opener asks for an echo, and only the other end answers.
    pub(super) fn is_of(&self, tuple: &Tuple<'_>) -> bool {
        match tuple.role {
            Role::Either => true,
            Role::Asks => !self.is_reply(tuple),
            Role::Answers => self.is_reply(tuple),
        }
    }

    /// True where a packet is something new, in spite of this connection: a SYN by the other end, or after the end.
    pub(super) fn is_opened_anew(&self, tuple: &Tuple<'_>, flags: Option<Flags>) -> bool {
        let syn = flags.is_some_and(|flags| flags.syn && !flags.ack);
        let revoked = matches!(self.standing, Standing::Revoked(_));
        !self.is_of(tuple) || (syn && (revoked || self.is_over() || self.is_reply(tuple)))
    }

    /// Notes a packet that passed.
    pub(super) fn heard(&mut self, tuple: &Tuple<'_>, flags: Option<Flags>, now: u64) {
        let reply = self.is_reply(tuple);
        // Once it is over, nothing keeps it.
        if !self.is_over() {
            self.last = now;
        }
        self.answered |= reply;
        if let Some(flags) = flags {
            self.finished[usize::from(reply)] |= flags.fin;
            self.reset |= flags.rst;
        }
    }

    /// Silent for longer than this, it is forgotten.
    fn patience(&self, protocol: u8) -> u64 {
        match protocol {
            protocol::TCP if self.is_over() => 10 * SECOND,
            protocol::TCP if self.finished.contains(&true) => 120 * SECOND,
            protocol::TCP if self.answered => 5 * DAY,
            protocol::TCP => 120 * SECOND,
            protocol::UDP if self.answered => 120 * SECOND,
            protocol::UDP => 30 * SECOND,
            protocol::SCTP if self.answered => 210 * SECOND,
            protocol::SCTP => 10 * SECOND,
            protocol::ICMP | protocol::ICMPV6 => 30 * SECOND,
            _ => 600 * SECOND,
        }
    }
}

/// All conversations that are known. There is room for as many as there are.
#[derive(Debug, Default)]
pub(super) struct Connections<'p>(HashMap<Key<'p>, Connection<'p>>);

impl<'p> Connections<'p> {
    /// The connection of a tuple, unless it was silent for too long.
    pub(super) fn known(&mut self, key: &Key<'p>, now: u64) -> Option<&mut Connection<'p>> {
        let connection = self.0.get_mut(key)?;
        (now.saturating_sub(connection.last) <= connection.patience(key.protocol)).then_some(connection)
    }

    pub(super) fn open(&mut self, key: Key<'p>, connection: Connection<'p>) {
        self.0.insert(key, connection);
    }
}
