//! What leaves by a port is looked at again: what the router sends, and what it lets through.

use super::case::{Case, Passed, Refusal, step};
use super::essentials::{self, Essential};
use super::ground::{PortId, belongs_to_port, is_group};
use super::packet::Packet;
use super::who::{self, End, Receiver};
use super::{Entered, Judge, Judged, Medium};
use enforcer_common::reason::Reason;

impl<'p> Judge<'p> {
    /// Judges a frame that leaves by an interface. Names of interfaces are those of [`Judge::enters`].
    pub fn leaves(
        &mut self,
        interface: &str,
        entered: Entered<'_>,
        medium: Medium,
        now: u64,
        frame: &[u8],
    ) -> Judged<'p> {
        let mut case = Case::new(self.tracing);
        let ended = self.leaving(&mut case, interface, entered, medium, now, frame);
        case.judged(ended, &self.ground)
    }

    fn leaving(
        &mut self,
        case: &mut Case<'p>,
        interface: &str,
        entered: Entered<'_>,
        medium: Medium,
        now: u64,
        frame: &[u8],
    ) -> Result<Passed<'p>, Refusal<'p>> {
        let packet = self.parse(case, medium, frame)?;
        let port = self.port(case, interface, &packet)?;
        let passed = match entered {
            Entered::ByRouter => self.sent_by_router(case, port, &packet, now)?,
            Entered::By(_) => return Err(self.unknown_zone(case, "not known yet")),
        };
        if let Some(ip) = packet.ip() {
            self.fragments.note(ip, port, now);
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
        let receiver = self.behind(port, packet);
        let Some(to) = receiver.end() else {
            return Err(self.unknown_zone(case, "the destination is in no zone"));
        };
        case.to = Some(to);
        let zone = &self.ground.policy.zones[to.home.0];
        if zone.essentials
            && let Essential::Is(what) = essentials::leaving(packet, zone.is_uplink())
        {
            case.agrees(step::ESSENTIAL, None, || what.to_owned());
            return Ok(Passed { reason: Reason::Essential, rule: None });
        }
        let group = matches!(receiver, Receiver::Group(_));
        if !group {
            self.wanted(case, &to, "the receiver is no listed device")?;
        }
        match self.known(case, port, packet, group, now)? {
            Some(passed) => Ok(passed),
            None => self.opens(case, port, packet, (router, to), group, now),
        }
    }

    /// Whom a packet is for that leaves by `port` and comes from the router: groups and addresses of the link are those of
    /// the port's zone.
    fn behind(&self, port: PortId, packet: &Packet<'_>) -> Receiver {
        let of_port = match self.ground.port(port).zones.as_slice() {
            [zone] => Some(End { zone: *zone, home: *zone, device: None }),
            _ => None,
        };
        let of_link = packet.ip().is_none_or(|ip| belongs_to_port(&ip.destination) || is_group(&ip.destination));
        match of_port {
            Some(zone) => who::receiver(&self.ground, &self.learnt, port, packet, &zone),
            None if of_link => Receiver::Nowhere,
            // Any zone will do: the address tells.
            None => who::receiver(&self.ground, &self.learnt, port, packet, &End::router(&self.ground)),
        }
    }
}
