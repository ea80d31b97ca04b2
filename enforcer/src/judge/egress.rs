//! What leaves by a port is looked at again: what the router itself sends, and what it lets through.

use enforcer_common::reason::Reason;

use super::case::{Case, Passed, Refusal, step};
use super::connections::{Connection, Tuple};
use super::essentials::{self, Essential};
use super::ground::{PortId, belongs_to_port, is_group};
use super::packet::{Ip, Packet};
use super::who::{self, End, Receiver};
use super::{Entered, Judge, Judged, Medium};

impl<'p> Judge<'p> {
    /// Judges a frame that leaves by an interface. Names of interfaces are those of [`Judge::enters`]. Nothing comes back for
    /// what was judged when it entered and goes on.
    pub fn leaves(
        &mut self,
        interface: &str,
        entered: Entered<'_>,
        medium: Medium,
        now: u64,
        frame: &[u8],
    ) -> Option<Judged<'p>> {
        let mut case = Case::new(self.tracing);
        let ended = self.leaving(&mut case, interface, entered, medium, now, frame);
        Some(case.judged(ended.transpose()?, &self.ground))
    }

    fn leaving(
        &mut self,
        case: &mut Case<'p>,
        interface: &str,
        entered: Entered<'_>,
        medium: Medium,
        now: u64,
        frame: &[u8],
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        let packet = self.parse(case, medium, frame)?;
        let port = self.port(case, interface, &packet)?;
        let passed = match entered {
            Entered::ByRouter => Some(self.sent_by_router(case, port, &packet, now)?),
            // What is left alone on purpose counts as the router.
            Entered::By(name) if self.ground.is_ignored(name) => Some(self.sent_by_router(case, port, &packet, now)?),
            Entered::By(name) if self.ground.is_judged(name) => self.let_through(case, port, name, &packet, now)?,
            Entered::By(_) => return Err(self.unknown_zone(case, "it entered by an interface that nobody named")),
        };
        if let Some(ip) = packet.ip() {
            self.fragments.note(ip, port, now, case.audited);
        }
        Ok(passed)
    }

    /// In full, as from `router`. It needs no transition.
    fn sent_by_router(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        now: u64,
    ) -> Result<Passed<'p>, Refusal<'p>> {
        let router = End::router(&self.ground);
        case.from = Some(router);
        let receiver = self.behind(port, packet, &router);
        let Some(to) = receiver.end() else {
            return Err(self.unknown_zone(case, "the destination is in no zone"));
        };
        case.to = Some(to);
        if let Essential::Is(what) = essentials::leaving(packet) {
            return Ok(essential(case, what));
        }
        let group = matches!(receiver, Receiver::Group(_));
        if let Some(passed) = self.later_fragment(case, port, packet, now)? {
            return Ok(passed);
        }
        match self.known(case, port, packet, (&router, group), now)? {
            Some(passed) => Ok(passed),
            None => self.in_full(case, port, packet, (router, to), group, now),
        }
    }

    /// Whom a packet of `from` is for that leaves by `port`: groups and addresses of the link are those of the port's zone.
    fn behind(&self, port: PortId, packet: &Packet<'_>, from: &End) -> Receiver {
        let of_link = packet.ip().is_none_or(|ip| belongs_to_port(&ip.destination) || is_group(&ip.destination));
        if !of_link {
            return who::receiver(&self.ground, &self.learnt, port, packet, from);
        }
        match self.ground.port(port).zones.as_slice() {
            [zone] => {
                let neighbour = End { zone: *zone, home: *zone, device: None, forged: false };
                who::receiver(&self.ground, &self.learnt, port, packet, &neighbour)
            }
            // Which of them it is for cannot be said.
            _ => Receiver::Nowhere,
        }
    }

    /// What entered by a judged port: known, a translation, or judged again by its addresses.
    fn let_through(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        by: &str,
        packet: &Packet<'_>,
        now: u64,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        let from = who::forwarded(&self.ground, &self.learnt, by, packet);
        case.from = from;
        let receiver = self.behind(port, packet, &from.unwrap_or_else(|| End::router(&self.ground)));
        case.to = receiver.end();
        let group = matches!(receiver, Receiver::Group(_));
        let follows = self.later_fragment(case, port, packet, now)?;
        if follows.is_some()
            || self
                .known(case, port, packet, (&from.unwrap_or_else(|| End::router(&self.ground)), group), now)?
                .is_some()
        {
            return Ok(None);
        }
        if let Some(ip) = packet.ip()
            && self.ground.is_own(port, &ip.source)
        {
            self.translated(port, ip, group, now);
            return Ok(None);
        }
        let Some(from) = from else {
            return Err(self.unknown_zone(case, "nothing tells the sender's zone"));
        };
        if group && self.ground.port(port).zones.contains(&from.home) {
            // A copy for the sender's own zone.
            return Ok(None);
        }
        if self.ground.policy.zones[from.home.0].essentials && essentials::crosses(packet) {
            return Ok(Some(essential(case, "neighbours find each other across a bridge")));
        }
        let Some(to) = receiver.end() else {
            return Err(self.unknown_zone(case, "the destination is in no zone"));
        };
        self.in_full(case, port, packet, (from, to), group, now).map(Some)
    }

    /// By its ends, as where it would enter.
    fn in_full(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        (from, to): (End, End),
        group: bool,
        now: u64,
    ) -> Result<Passed<'p>, Refusal<'p>> {
        self.wanted(case, &from, "the sender is no listed device")?;
        if !group {
            self.wanted(case, &to, "the receiver is no listed device")?;
        }
        self.opens(case, port, packet, (from, to), group, now)
    }

    /// Its source has become one of the router's addresses: it was judged by its inside addresses when it entered. What
    /// answers is let in as far as the stack, and the connection inside decides where it leaves.
    fn translated(&mut self, port: PortId, ip: &Ip<'_>, group: bool, now: u64) {
        if let Some(tuple) = Tuple::of(ip, port).filter(|tuple| tuple.opens() && !group) {
            let translation = Connection::opened(&tuple, now, self.generation);
            self.connections.open(tuple.key, translation);
        }
    }
}

fn essential<'p>(case: &mut Case<'p>, what: &'static str) -> Passed<'p> {
    case.agrees(step::ESSENTIAL, None, || what.to_owned());
    Passed { reason: Reason::Essential, rule: None }
}
