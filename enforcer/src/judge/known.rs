//! Step 3: what is known already, and what is written down to be known.

use enforcer_common::reason::Reason;

use super::Judge;
use super::case::{Case, Passed, Refusal, step};
use super::connections::{self, Connection, Opening, Standing, Tuple};
use super::fragments::Later;
use super::ground::{PortId, belongs_to_port};
use super::layers::Layers;
use super::packet::{Ip, Mac, Packet};
use super::parse;
use super::spoken::Spoken;
use super::who::{self, End, Sender, Way};

/// What a packet opens that the layers let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// Group-addressed: it is judged packet by packet.
    Nothing,
    Connection,
    /// One that the router sends on in its own name; it may be in its midst.
    Translation,
}

impl Opens {
    pub(super) fn of(group: bool) -> Opens {
        if group { Opens::Nothing } else { Opens::Connection }
    }
}

const ESTABLISHED: Passed<'static> = Passed { reason: Reason::Established, rule: None };

impl<'p> Judge<'p> {
    /// A later fragment goes the way of its first.
    pub(super) fn later_fragment(
        &self,
        case: &mut Case<'p>,
        at: (PortId, Way),
        packet: &Packet<'_>,
        now: u64,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        let Some(ip) = packet.ip() else { return Ok(None) };
        match self.fragments.later(ip, at, now) {
            Some(Later::Follows(audited)) => {
                if let Some(refusal) = audited {
                    case.refuse(step::CONNECTION, refusal, || "the first fragment is let through in audit".to_owned())?;
                }
                case.agrees(step::CONNECTION, None, || "the first fragment passed".to_owned());
                Ok(Some(ESTABLISHED))
            }
            Some(Later::Overlaps) => Err(self.malformed(case, "a fragment that would overwrite its first")),
            Some(Later::Alone) => {
                let refusal = Refusal::without_rule(Reason::Fragment, self.ground.all_in_audit());
                Err(case.stop(step::PARSE, refusal, || "no first fragment is known".to_owned()))
            }
            None => Ok(None),
        }
    }

    /// A packet of a known connection, or an error about one.
    pub(super) fn known(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        group: bool,
        now: u64,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        let Some(ip) = packet.ip() else { return Ok(None) };
        if group {
            return Ok(None);
        }
        let passes =
            self.of_connection(case, port, (packet, ip), now)? || self.about_connection(case, port, ip, now)?;
        Ok(passes.then_some(ESTABLISHED))
    }

    fn of_connection(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        (packet, ip): (&Packet<'_>, &Ip<'_>),
        now: u64,
    ) -> Result<bool, Refusal<'p>> {
        let Some(tuple) = Tuple::of(ip, self.ground.port_name(port)) else { return Ok(false) };
        self.judge_again(&tuple, port, packet, now);
        let Some(connection) = self.connections.known(&tuple.key, now) else { return Ok(false) };
        if connection.is_opened_anew(&tuple, ip.flags()) {
            case.agrees(step::CONNECTION, None, || "it opens a known connection anew".to_owned());
            return Ok(false);
        }
        match connection.standing {
            Standing::Passes => (),
            Standing::Audited(refusal) => {
                case.refuse(step::CONNECTION, refusal, || "its connection is let through in audit".to_owned())?;
            }
            Standing::Revoked(refusal) => {
                return Err(case.stop(step::CONNECTION, refusal, || "its connection was revoked".to_owned()));
            }
        }
        if let Some(refusal) = connection.replies.filter(|_| connection.is_reply(&tuple)) {
            case.refuse(step::MUD, refusal, || "a reply that was refused when the connection was opened".to_owned())?;
        }
        connection.heard(&tuple, ip.flags(), now);
        case.agrees(step::CONNECTION, None, || "of a known connection".to_owned());
        Ok(true)
    }

    /// An ICMP error goes to who sent the packet that it quotes.
    fn about_connection(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        ip: &Ip<'_>,
        now: u64,
    ) -> Result<bool, Refusal<'p>> {
        let Some(icmp) = ip.icmp().filter(|_| connections::is_error(ip)) else { return Ok(false) };
        let quoted = parse::quoted(ip.source.is_ipv6(), icmp.body).filter(|quoted| quoted.source == ip.destination);
        let Some(tuple) = quoted.and_then(|quoted| Tuple::of(&quoted, self.ground.port_name(port))) else {
            return Ok(false);
        };
        let generation = self.generation;
        // After a change of policy the connection's own packets come first.
        let connection = self.connections.known(&tuple.key, now).filter(|known| known.generation == generation);
        let connection = connection.filter(|connection| connection.is_of(&tuple));
        let Some(standing) = connection.map(|connection| connection.standing) else { return Ok(false) };
        if matches!(standing, Standing::Revoked(_)) {
            return Ok(false);
        }
        if let Standing::Audited(refusal) = standing {
            case.refuse(step::CONNECTION, refusal, || "its connection is let through in audit".to_owned())?;
        }
        case.agrees(step::CONNECTION, None, || "an error about a known connection".to_owned());
        Ok(true)
    }

    /// A connection that an older policy let through is judged again as its opening packet was, whichever side sends.
    fn judge_again(&mut self, tuple: &Tuple<'p>, port: PortId, packet: &Packet<'_>, now: u64) {
        let generation = self.generation;
        let stale = self.connections.known(&tuple.key, now).filter(|connection| connection.generation != generation);
        let Some(stale) = stale else { return };
        let Some(opening) = stale.opening else { return };
        // On a link the MAC of the end that was asked tells who it is.
        let asked = packet.macs.map(|macs| if stale.is_reply(tuple) { macs.source } else { macs.destination });
        let mut case = Case::new(false);
        let judged = self.reopened(&mut case, port, &opening, asked);
        let Some(connection) = self.connections.known(&tuple.key, now) else { return };
        connection.generation = generation;
        match judged {
            Ok(replies) => {
                connection.standing = Standing::of(case.audited);
                connection.replies = replies;
            }
            // The layers were not asked: nothing more is refused of answers.
            Err(refusal) if refusal.audit => {
                connection.standing = Standing::Audited(refusal);
                connection.replies = None;
            }
            Err(refusal) => connection.standing = Standing::Revoked(refusal),
        }
    }

    /// The opening packet of a connection, by the policy in force.
    fn reopened(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        opening: &Opening,
        asked: Option<Mac>,
    ) -> Result<Option<Refusal<'p>>, Refusal<'p>> {
        let sender = match opening.by_router {
            true => Sender::Is(End::router(&self.ground)),
            false => who::opener(&self.ground, &self.learnt, port, opening),
        };
        let from = match sender {
            Sender::Is(end) => end,
            Sender::Spoofed { why, audit, taken_for } => {
                let refusal = Refusal::without_rule(Reason::SpoofedSource, audit || self.ground.all_in_audit());
                let Some(end) = taken_for else {
                    return Err(case.stop(step::SOURCE, refusal, || why.to_owned()));
                };
                case.refuse(step::SOURCE, refusal, || why.to_owned())?;
                end
            }
            Sender::Nowhere => return Err(self.unknown_zone(case, "nothing tells the opener's zone any more")),
        };
        let Some(to) = who::addressed(&self.ground, &self.learnt, port, opening, (&from, asked)) else {
            return Err(self.unknown_zone(case, "the receiver is in no zone any more"));
        };
        let of_link = opening.spoken.source.is_some_and(|address| belongs_to_port(&address));
        if of_link && !opening.by_router && to.home != from.home && to.zone != self.ground.policy.router_zone {
            let refusal = Refusal::without_rule(Reason::SpoofedSource, from.in_audit(&self.ground));
            case.refuse(step::SOURCE, refusal, || "an address of the link, to another zone".to_owned())?;
        }
        self.wanted(case, &from, "the opener is no listed device")?;
        self.wanted(case, &to, "the receiver is no listed device")?;
        let pair = self.pairs.of(&self.ground, &from, &to);
        let layers = Layers { ground: &self.ground, pair: &pair, from, to, spoken: opening.spoken };
        layers.judge(case)?;
        Ok(layers.replies())
    }

    /// The layers alone.
    pub(super) fn by_layers(
        &mut self,
        case: &mut Case<'p>,
        packet: &Packet<'_>,
        (from, to): (End, End),
    ) -> Result<Passed<'p>, Refusal<'p>> {
        let pair = self.pairs.of(&self.ground, &from, &to);
        let layers = Layers { ground: &self.ground, pair: &pair, from, to, spoken: Spoken::of(packet) };
        Ok(Passed { reason: Reason::Allowed, rule: layers.judge(case)? })
    }

    /// The layers, and what passes them is written down as a connection.
    pub(super) fn opens(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        (from, to): (End, End),
        how: Opens,
        now: u64,
    ) -> Result<Passed<'p>, Refusal<'p>> {
        let pair = self.pairs.of(&self.ground, &from, &to);
        let layers = Layers { ground: &self.ground, pair: &pair, from, to, spoken: Spoken::of(packet) };
        let rule = layers.judge(case)?;
        let passed = Passed { reason: Reason::Allowed, rule };
        let Some(ip) = packet.ip() else { return Ok(passed) };
        let flags = ip.flags();
        let by_router = from.zone == self.ground.policy.router_zone;
        let answers = flags.is_some_and(|flags| flags.syn && flags.ack);
        if answers && !by_router {
            let refusal = Refusal::without_rule(Reason::InvalidState, self.ground.all_in_audit());
            case.refuse(step::CONNECTION, refusal, || "a SYN+ACK that answers no known connection".to_owned())?;
        }
        // The router's own packets in the middle of a conversation must not open the way back for one that was revoked.
        let mid_stream = by_router && how == Opens::Connection && flags.is_some_and(|flags| !flags.syn);
        let ends = flags.is_some_and(|flags| flags.rst);
        // Nothing tells the answers from a packet to its own source, let through in audit.
        let land = ip.source == ip.destination;
        let opening = Tuple::of(ip, self.ground.port_name(port))
            .filter(|tuple| tuple.opens() && !(how == Opens::Nothing || answers || mid_stream || ends || land));
        if let Some(tuple) = opening {
            // All zeros is nobody's MAC, and tells nothing.
            let mac = packet.macs.map(|macs| macs.source).filter(|mac| *mac != Mac::default());
            let opening = Opening { by_router, mac, spoken: layers.spoken };
            let mut connection = Connection::opened(&tuple, now, self.generation);
            connection.standing = Standing::of(case.audited);
            connection.replies = layers.replies();
            connection.opening = Some(opening);
            self.connections.open(tuple.key, connection);
        }
        Ok(passed)
    }
}
