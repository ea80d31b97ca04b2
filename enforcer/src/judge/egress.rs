//! What leaves by a port is looked at again: what the router itself sends, and what it lets through.

use enforcer_common::reason::Reason;

use super::case::{Case, Passed, Refusal, step};
use super::essentials::{self, Essential};
use super::ground::{PortId, belongs_to_port, is_group};
use super::known::Opens;
use super::packet::Packet;
use super::who::{self, End, Receiver, Sender, Way};
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
            self.fragments.note(ip, (port, Way::Out), now, case.audited);
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
        let receiver = self.behind(port, packet, &router);
        (case.from, case.to) = (Some(router), receiver.end());
        let is_there = receiver.end().is_some_and(|end| self.ground.port(port).zones.contains(&end.home));
        if let Essential::Is(what) = essentials::leaving(packet, &receiver, is_there) {
            case.agrees(step::ESSENTIAL, None, || what.to_owned());
            return Ok(Passed { reason: Reason::Essential, rule: None });
        }
        let group = matches!(receiver, Receiver::Group(_));
        if let Some(passed) = self.later_fragment(case, (port, Way::Out), packet, now)? {
            return Ok(passed);
        }
        if let Some(passed) = self.known(case, port, packet, group, now)? {
            return Ok(passed);
        }
        let to = self.receiver(case, &receiver)?;
        self.opens(case, port, packet, (router, to), Opens::of(group), now)
    }

    /// Whom a packet of `from` is for that leaves by `port`. Groups, addresses of the link and frames without IP are those of
    /// the port's zone, whoever sends.
    fn behind(&self, port: PortId, packet: &Packet<'_>, from: &End) -> Receiver {
        let of_port = packet.ip().is_none_or(|ip| belongs_to_port(&ip.destination) || is_group(&ip.destination));
        if !of_port {
            return who::receiver(&self.ground, &self.learnt, port, packet, from, Way::Out);
        }
        match self.ground.port(port).zones.as_slice() {
            [zone] => {
                let neighbour = End { zone: *zone, home: *zone, device: None, forged: false };
                who::receiver(&self.ground, &self.learnt, port, packet, &neighbour, Way::Out)
            }
            // Which of them it is for cannot be said, unless a frame is for a listed device.
            _ => match packet.macs.and_then(|macs| self.ground.device_of_mac(&macs.destination)) {
                Some(device) if packet.ip().is_none() => Receiver::Is(End::of_device(&self.ground, device)),
                Some(_) | None => Receiver::Nowhere,
            },
        }
    }

    /// What entered by a judged port: known, a translation, or judged again by its addresses. Nothing where it may go on.
    fn let_through(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        by: &str,
        packet: &Packet<'_>,
        now: u64,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        match self.later_fragment(case, (port, Way::Out), packet, now) {
            Ok(None) => (),
            Ok(Some(_)) => return Ok(None),
            Err(refusal) if refusal.audit => return Ok(None),
            Err(refusal) => return Err(refusal),
        }
        let to_all = packet.is_for_group();
        if self.known(case, port, packet, to_all, now)?.is_some() {
            return Ok(None);
        }
        if let Some(ip) = packet.ip().filter(|_| !to_all)
            && self.ground.is_own_anywhere(&ip.source)
            && !belongs_to_port(&ip.source)
        {
            return self.translated(case, port, packet, now);
        }
        let from = match who::forwarded(&self.ground, &self.learnt, by, packet) {
            Sender::Is(end) => end,
            Sender::Spoofed { why, audit, taken_for } => {
                let refusal = Refusal::without_rule(Reason::SpoofedSource, audit || self.ground.all_in_audit());
                let Some(end) = taken_for else {
                    return Err(case.stop(step::SOURCE, refusal, || why.to_owned()));
                };
                case.refuse(step::SOURCE, refusal, || why.to_owned())?;
                end
            }
            // Let through, and counted, where it entered.
            Sender::Nowhere if self.entered_in_audit(by, packet) => return Ok(None),
            Sender::Nowhere => return Err(self.unknown_zone(case, "nothing tells the sender's zone")),
        };
        let receiver = self.behind(port, packet, &from);
        (case.from, case.to) = (Some(from), receiver.end());
        let copy =
            to_all || packet.ip().is_none_or(|ip| is_group(&ip.destination)) || matches!(receiver, Receiver::Group(_));
        let zones = &self.ground.port(port).zones;
        if copy && (zones.contains(&from.home) || zones.contains(&from.zone)) {
            return Ok(None);
        }
        // Without it nobody on a bridge of two zones could talk across, whatever is allowed.
        if self.ground.policy.zones[from.home.0].essentials && essentials::crosses(packet) {
            return Ok(None);
        }
        self.stays_on_link(case, packet, &from, &receiver)?;
        self.wanted(case, &from, "the sender is no listed device")?;
        let to = self.receiver(case, &receiver)?;
        let passed = self.by_layers(case, packet, (from, to))?;
        Ok(copy.then_some(passed))
    }

    /// True where every zone of the port by which a packet entered is in audit.
    fn entered_in_audit(&self, by: &str, packet: &Packet<'_>) -> bool {
        let port = self.ground.entered_by(by, packet.vlans);
        port.is_some_and(|port| port.zones.iter().all(|zone| self.ground.policy.zones[zone.0].audit))
    }

    /// Its source has become one of the router's addresses: it was judged by its inside addresses when it entered. Guardrails
    /// and the receiver's profile hold for what goes out in the router's name. What answers is let in as far as the stack, and
    /// the connection inside decides where it leaves.
    fn translated(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        now: u64,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        let router = End::router(&self.ground);
        let receiver = self.behind(port, packet, &router);
        (case.from, case.to) = (Some(router), receiver.end());
        let to = self.receiver(case, &receiver)?;
        let group = matches!(receiver, Receiver::Group(_));
        let how = if group { Opens::Nothing } else { Opens::Translation };
        self.opens(case, port, packet, (router, to), how, now)?;
        Ok(None)
    }
}
