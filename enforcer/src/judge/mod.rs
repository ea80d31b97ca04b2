//! The reference: a policy judged in plain Rust, written for reading.
//!
//! [`Judge`] says what the product does with a packet. It shares the model with the compiler and nothing else, parses
//! frames with another library than the kernel program does, and keeps connections of its own: so the two check each
//! other. The steps are those of `docs/verdicts.md`, in that order, one file each.
//!
//! ```text
//! parse          frame -> packet
//! who            port, MAC and address -> sender and receiver; do they belong together?
//! essentials     what needs no entry
//! known          a later fragment goes the way of its first (`fragments`), a packet that of its connection (`connections`)
//! layers         guardrails, transitions, MUD lists; what passes opens a connection
//! ```
//!
//! What leaves is looked at again: `egress`.

mod case;
mod connections;
mod egress;
mod essentials;
mod fragments;
mod ground;
mod known;
mod layers;
mod mud;
mod packet;
mod parse;
mod seen;
mod sides;
mod spoken;
#[cfg(test)]
mod tests;
mod trace;
mod who;

use enforcer_common::reason::{Reason, Verdict};

use self::case::{Case, Passed, Refusal, step};
use self::connections::Connections;
use self::essentials::Essential;
use self::fragments::Fragments;
use self::ground::{Ground, PortId, belongs_to_port};
use self::known::Opens;
use self::packet::Packet;
pub use self::seen::{Carries, Seen, seen};
use self::sides::Pairs;
pub use self::trace::{Outcome, Step};
use self::who::{End, Learnt, Receiver, Sender, Way};
use crate::policy::facts::Facts;
use crate::policy::model::{DeviceId, Place, Policy, ZoneId};

/// What a port hands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Medium {
    /// Frames with an Ethernet header.
    Ethernet,
    /// Bare IP packets.
    Ip,
}

/// Where a packet that leaves came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered<'n> {
    /// The router itself sends it, or it came from an interface that is left alone on purpose.
    ByRouter,
    /// It entered by the interface of this name.
    By(&'n str),
}

/// An entry of the policy that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'p> {
    /// Its stable name.
    pub name: &'p str,
    /// The layer that it belongs to.
    pub layer: &'static str,
    /// Where it was written.
    pub place: &'p Place,
}

fn rule_of<'p>(name: &'p str, layer: &'static str, place: &'p Place) -> Rule<'p> {
    Rule { name, layer, place }
}

/// What becomes of a packet, and why.
#[derive(Debug, Clone)]
pub struct Judged<'p> {
    /// Name of the port by which it entered.
    pub port: Option<&'p str>,
    /// The zone that the sender is judged as a member of.
    pub from: Option<ZoneId>,
    /// The zone that the receiver is judged as a member of.
    pub to: Option<ZoneId>,
    /// The sender, where it is a device.
    pub device: Option<DeviceId>,
    /// The receiver, where it is a device.
    pub peer: Option<DeviceId>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The entry that decided.
    pub rule: Option<Rule<'p>>,
    /// What each step said, in order; empty unless the judge traces.
    pub trace: Vec<Step<'p>>,
}

/// Judges packets by one policy, and remembers what it let through.
#[derive(Debug)]
pub struct Judge<'p> {
    ground: Ground<'p>,
    tracing: bool,
    pairs: Pairs,
    learnt: Learnt,
    connections: Connections<'p>,
    fragments: Fragments<'p>,
    generation: u64,
}

impl<'p> Judge<'p> {
    /// A judge who has seen no packet yet. `facts` are the router's own addresses.
    pub fn new(policy: &'p Policy, facts: &Facts) -> Judge<'p> {
        Judge {
            ground: Ground::of(policy, facts),
            tracing: false,
            pairs: Pairs::default(),
            learnt: Learnt::new(),
            connections: Connections::default(),
            fragments: Fragments::default(),
            generation: 0,
        }
    }

    /// Puts another policy in the place of the one in force. What is known of connections stays, and is judged again when
    /// the next packet comes; fragments of a datagram under way find their first no more.
    pub fn reload(&mut self, policy: &'p Policy, facts: &Facts) {
        self.ground = Ground::of(policy, facts);
        self.pairs = Pairs::default();
        self.fragments = Fragments::default();
        self.generation += 1;
    }

    /// Whether each step writes down what it says.
    pub fn trace(&mut self, on: bool) {
        self.tracing = on;
    }

    /// Judges a frame that enters by an interface, at `now` in nanoseconds of a clock that never goes back. Under the name
    /// of a VLAN's port its frames come without the tags of that VLAN.
    pub fn enters(&mut self, interface: &str, medium: Medium, now: u64, frame: &[u8]) -> Judged<'p> {
        let mut case = Case::new(self.tracing);
        let ended = self.entering(&mut case, interface, medium, now, frame);
        case.judged(ended, &self.ground)
    }

    fn entering(
        &mut self,
        case: &mut Case<'p>,
        interface: &str,
        medium: Medium,
        now: u64,
        frame: &[u8],
    ) -> Result<Passed<'p>, Refusal<'p>> {
        let packet = self.parse(case, medium, frame)?;
        let port = self.port(case, interface, &packet)?;
        let sender = self.sender(case, port, &packet)?;
        let receiver = who::receiver(&self.ground, &self.learnt, port, &packet, &sender, Way::In);
        case.to = receiver.end();
        let passed = match self.essential(case, port, &packet, &sender, &receiver)? {
            Some(passed) => passed,
            None => {
                // Who sends is asked before what it belongs to.
                self.stays_on_link(case, &packet, &sender, &receiver)?;
                self.wanted(case, &sender, "the sender is no listed device")?;
                // Nothing is learnt of a sender who was let through in audit alone.
                if case.audited.is_none() {
                    self.learn(&packet, &sender);
                }
                self.judged(case, port, &packet, (sender, receiver), now)?
            }
        };
        if let Some(ip) = packet.ip() {
            self.fragments.note(ip, (port, Way::In), now, case.audited);
        }
        Ok(passed)
    }

    /// What is no essential: a later fragment, a packet of a known connection, or one for the layers.
    fn judged(
        &mut self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        (sender, receiver): (End, Receiver),
        now: u64,
    ) -> Result<Passed<'p>, Refusal<'p>> {
        if let Some(passed) = self.later_fragment(case, (port, Way::In), packet, now)? {
            return Ok(passed);
        }
        let group = packet.is_for_group() || matches!(receiver, Receiver::Group(_));
        if let Some(passed) = self.known(case, port, packet, group, now)? {
            return Ok(passed);
        }
        let to = self.receiver(case, &receiver)?;
        self.opens(case, port, packet, (sender, to), Opens::of(group), now)
    }

    fn parse<'f>(&self, case: &mut Case<'p>, medium: Medium, frame: &'f [u8]) -> Result<Packet<'f>, Refusal<'p>> {
        parse::frame(medium, frame).map_err(|malformed| self.malformed(case, malformed.0))
    }

    fn malformed(&self, case: &mut Case<'p>, why: &'static str) -> Refusal<'p> {
        let refusal = Refusal::without_rule(Reason::Malformed, self.ground.all_in_audit());
        case.stop(step::PARSE, refusal, || why.to_owned())
    }

    fn port(&self, case: &mut Case<'p>, interface: &str, packet: &Packet<'_>) -> Result<PortId, Refusal<'p>> {
        let Some(port) = self.ground.port_at(interface, packet.vlans) else {
            return Err(self.unknown_zone(case, "no zone has such a port"));
        };
        case.port = Some(port);
        Ok(port)
    }

    fn unknown_zone(&self, case: &mut Case<'p>, why: &'static str) -> Refusal<'p> {
        let refusal = Refusal::without_rule(Reason::UnknownZone, self.ground.all_in_audit());
        case.stop(step::SOURCE, refusal, || why.to_owned())
    }

    fn sender(&self, case: &mut Case<'p>, port: PortId, packet: &Packet<'_>) -> Result<End, Refusal<'p>> {
        let end = match who::sender(&self.ground, port, packet) {
            Sender::Is(end) => {
                case.from = Some(end);
                end
            }
            Sender::Spoofed { why, audit, taken_for } => {
                case.from = taken_for;
                let refusal = Refusal::without_rule(Reason::SpoofedSource, audit);
                let Some(taken_for) = taken_for else {
                    // On a port of several zones nobody can tell whom it would be judged as.
                    let refusal = Refusal { audit: self.ground.all_in_audit(), ..refusal };
                    return Err(case.stop(step::SOURCE, refusal, || why.to_owned()));
                };
                case.refuse(step::SOURCE, refusal, || why.to_owned())?;
                taken_for
            }
            // Let through where every zone that it can be from is in audit.
            Sender::Nowhere => {
                let audit = self.ground.port_in_audit(port) || self.ground.all_in_audit();
                let refusal = Refusal::without_rule(Reason::UnknownZone, audit);
                return Err(case.stop(step::SOURCE, refusal, || "no address, on a port of several zones".to_owned()));
            }
        };
        Ok(end)
    }

    /// What passes without an entry; what only others may say is refused.
    fn essential(
        &self,
        case: &mut Case<'p>,
        port: PortId,
        packet: &Packet<'_>,
        sender: &End,
        receiver: &Receiver,
    ) -> Result<Option<Passed<'p>>, Refusal<'p>> {
        match essentials::entering(&self.ground, packet, sender, receiver) {
            Essential::Is(what) if self.ground.policy.zones[sender.home.0].essentials => {
                case.agrees(step::ESSENTIAL, None, || what.to_owned());
                Ok(Some(Passed { reason: Reason::Essential, rule: None }))
            }
            // Where nothing is essential, the layers say who may advertise and answer.
            Essential::Forged(why)
                if self.ground.policy.zones[sender.home.0].essentials && receiver.end().is_some() =>
            {
                let audit = sender.in_audit_at(&self.ground, port);
                case.refuse(step::SOURCE, Refusal::without_rule(Reason::SpoofedSource, audit), || why.to_owned())?;
                // In audit it is settled like an essential: it needs no entry.
                Ok(Some(Passed { reason: Reason::Essential, rule: None }))
            }
            Essential::Is(_) | Essential::Forged(_) | Essential::No => Ok(None),
        }
    }

    /// Addresses of the link mean nothing beyond it.
    fn stays_on_link(
        &self,
        case: &mut Case<'p>,
        packet: &Packet<'_>,
        sender: &End,
        receiver: &Receiver,
    ) -> Result<(), Refusal<'p>> {
        let of_link = packet.source().is_some_and(|address| belongs_to_port(&address));
        let crosses = |end: End| end.home != sender.home && end.zone != self.ground.policy.router_zone;
        if !of_link || !receiver.end().is_some_and(crosses) {
            return Ok(());
        }
        let refusal = Refusal::without_rule(Reason::SpoofedSource, sender.in_audit(&self.ground));
        case.refuse(step::SOURCE, refusal, || "an address of the link, to another zone".to_owned())
    }

    fn receiver(&self, case: &mut Case<'p>, receiver: &Receiver) -> Result<End, Refusal<'p>> {
        let Some(end) = receiver.end() else {
            return Err(self.unknown_zone(case, "the destination is in no zone"));
        };
        match receiver {
            Receiver::Is(_) => self.wanted(case, &end, "the receiver is no listed device")?,
            Receiver::Torn(_) => {
                let refusal = Refusal::without_rule(Reason::UnknownDevice, end.in_audit(&self.ground));
                case.refuse(step::SOURCE, refusal, || "the address is one device's, and the MAC another's".to_owned())?;
            }
            // A group is nobody unknown.
            Receiver::Group(_) | Receiver::Nowhere => (),
        }
        Ok(end)
    }

    /// A zone may demand listed devices, as senders and as receivers.
    fn wanted(&self, case: &mut Case<'p>, end: &End, otherwise: &'static str) -> Result<(), Refusal<'p>> {
        if !end.is_unwanted(&self.ground) {
            return Ok(());
        }
        let refusal = Refusal::without_rule(Reason::UnknownDevice, end.in_audit(&self.ground));
        case.refuse(step::SOURCE, refusal, || otherwise.to_owned())
    }

    /// A device without listed addresses has those that it was last seen with, and that nobody else was seen with since.
    fn learn(&mut self, packet: &Packet<'_>, sender: &End) {
        let Some(address) = packet.ip().map(|ip| ip.source) else { return };
        if belongs_to_port(&address) || self.ground.device_of(&address).is_some() {
            return;
        }
        let Some(macs) = packet.macs else { return };
        match sender.device {
            Some(_) => self.learnt.insert(address, macs.source),
            None => self.learnt.remove(&address),
        };
    }
}
