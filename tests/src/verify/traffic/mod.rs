//! Generated traffic, biased to the edges of what a policy mentions.

mod control;
mod errors;
mod forward;
mod fragments;
mod mutate;
pub mod packet;
mod talk;

use std::collections::VecDeque;

use enforcer::replay::Medium;

use super::dice::Dice;
use super::ground::{Ground, Host, Place, ROUTER_MAC};
use packet::{Body, Ip, Packet};
use talk::Talk;

/// The shortest frame that the kernel runs a program on.
const SHORTEST: usize = 14;
/// Talks that are remembered.
const TALKS: usize = 40;
const SECOND: u64 = 1_000_000_000;

/// Something that happens at the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the one before.
    pub after: u64,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A frame enters by an interface, told by its position.
    Enters {
        /// Which interface.
        interface: usize,
        /// The frame.
        frame: Vec<u8>,
    },
    /// A frame leaves by an interface.
    Leaves {
        /// Which interface.
        interface: usize,
        /// The one that it entered by; none where the router itself sends it.
        entered: Option<usize>,
        /// The frame.
        frame: Vec<u8>,
    },
    /// The next policy comes into force.
    Reload,
}

/// A packet about to be sent, and from where.
#[derive(Debug, Clone)]
struct Sent {
    packet: Packet,
    /// The place that it enters by; none where the router sends it.
    from: Option<usize>,
    /// The place that it leaves by, where it is not for the router.
    to: Option<usize>,
    /// The interface that it entered by, of what leaves and is not the router's own.
    entered: Option<usize>,
}

/// What traffic there may be besides what enters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    /// What the router itself sends.
    pub leaves: bool,
    /// What entered by one interface and leaves by another.
    pub forwards: bool,
    /// Another policy comes into force meanwhile, in some sessions.
    pub reloads: bool,
}

impl Extent {
    /// Everything.
    pub const ALL: Extent = Extent { leaves: true, forwards: true, reloads: true };
}

/// An endless stream of events.
pub struct Traffic<'p> {
    dice: Dice,
    ground: Ground<'p>,
    interfaces: usize,
    extent: Extent,
    talks: Vec<Talk>,
    waiting: VecDeque<Sent>,
    /// The last event opened the latest talk.
    opened: bool,
    /// The last event's packet, where it entered.
    entered: Option<Sent>,
}

impl<'p> Traffic<'p> {
    /// Traffic over this ground; there are so many interfaces.
    pub fn new(ground: Ground<'p>, interfaces: usize, extent: Extent, seed: u64) -> Traffic<'p> {
        Traffic {
            dice: Dice::new(seed),
            ground,
            interfaces,
            extent,
            talks: Vec::new(),
            waiting: VecDeque::new(),
            opened: false,
            entered: None,
        }
    }

    /// The next event.
    pub fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.try_event() {
                return event;
            }
        }
    }

    /// Whether the last event's frame went on. What was refused is mostly left at that.
    pub fn told(&mut self, passed: bool) {
        if std::mem::take(&mut self.opened) && !passed && self.dice.percent(80) {
            self.talks.pop();
        }
        let share = if passed { 30 } else { 2 };
        if let Some(sent) = self.entered.take()
            && self.extent.forwards
            && self.dice.percent(share)
        {
            let copies = self.forwarded(sent);
            self.waiting.extend(copies);
        }
    }

    fn try_event(&mut self) -> Option<Event> {
        self.opened = false;
        let sent = match self.waiting.pop_front() {
            Some(sent) => sent,
            None => self.think()?,
        };
        let changed = self.dice.percent(13);
        let sent = if changed { self.mutated(sent) } else { sent };
        self.entered = sent.from.is_some().then(|| sent.clone());
        let after = self.gap();
        let what = self.happening(sent)?;
        Some(Event { after, what })
    }

    /// What to send next.
    fn think(&mut self) -> Option<Sent> {
        match self.dice.weighted(&[(26, 0), (44, 1), (10, 2), (7, 3), (4, 4), (5, 5), (2, 6)]) {
            0 => self.open(),
            1 => self.go_on(),
            2 => self.control(),
            3 => self.error(),
            4 => self.fragmented(),
            5 => self.grouped(),
            _ => self.odd(),
        }
    }

    /// Turns a packet into bytes at an interface.
    fn happening(&mut self, sent: Sent) -> Option<What> {
        let (place, leaves) = match (sent.from, sent.to) {
            (Some(from), _) => (from, false),
            (None, Some(to)) => (to, true),
            (None, None) => return None,
        };
        if leaves && sent.entered.is_none() && !self.extent.leaves {
            return None;
        }
        let place = self.ground.places.get(place)?;
        let mut interface = place.interface;
        let mut frame = sent.packet.bytes(place.medium);
        if self.dice.one_in(40) {
            self.damage(&mut frame);
        }
        if self.dice.one_in(400) {
            interface = self.dice.below(self.interfaces);
        }
        if frame.len() < SHORTEST || leaves && !can_be_run(&frame) {
            return None;
        }
        Some(if leaves {
            What::Leaves { interface, entered: sent.entered, frame }
        } else {
            What::Enters { interface, frame }
        })
    }

    /// Time until the next event: mostly little, at times as long as something is remembered.
    fn gap(&mut self) -> u64 {
        const LIMITS: [u64; 7] = [10, 30, 60, 120, 210, 3600, 432_000];
        match self.dice.below(1000) {
            0..100 => 0,
            100..900 => self.dice.between(1, 3_000_000) as u64,
            900..992 => self.dice.between(1, 3) as u64 * SECOND / 2,
            number => {
                let seconds = if number == 999 { *self.dice.pick(&LIMITS) } else { *self.dice.pick(&LIMITS[..5]) };
                let limit = seconds * SECOND;
                *self.dice.pick(&[limit - 1, limit, limit + 1, limit / 2])
            }
        }
    }

    /// The headers of a packet from one host to another: by the router, or straight where both share a port.
    fn addressed(&mut self, from: &Host, to: &Host, body: Body) -> Sent {
        let straight = from.place == to.place || from.place.is_none();
        let destination = match &body {
            Body::Ip(ip) => group_mac(ip).unwrap_or(if straight { to.mac } else { ROUTER_MAC }),
            Body::Other(..) => to.mac,
        };
        let source = if from.place.is_none() { ROUTER_MAC } else { from.mac };
        let tags = self.tags(from.place.or(to.place));
        Sent { packet: Packet { destination, source, tags, body }, from: from.place, to: to.place, entered: None }
    }

    /// The tags of a place.
    fn tags(&self, place: Option<usize>) -> Vec<(u16, u16)> {
        let place = place.and_then(|place| self.ground.places.get(place));
        let vlans = place.map(|place: &Place| place.vlans.as_slice()).unwrap_or_default();
        let outer = if vlans.len() == 2 { 0x88a8 } else { 0x8100 };
        vlans.iter().enumerate().map(|(index, vlan)| (if index == 0 { outer } else { 0x8100 }, *vlan)).collect()
    }

    /// Any host, the router among them.
    fn anybody(&mut self) -> Option<Host> {
        if self.dice.one_in(12) {
            return self.dice.maybe(&self.ground.router).cloned();
        }
        self.somebody()
    }

    /// A host that is not the router.
    fn somebody(&mut self) -> Option<Host> {
        if self.dice.one_in(15) {
            return self.dice.maybe(&self.ground.neighbours).cloned();
        }
        self.dice.maybe(&self.ground.hosts).cloned()
    }

    /// Whether headers of Ethernet stand there.
    fn has_ethernet(&self, place: Option<usize>) -> bool {
        let place = place.and_then(|place| self.ground.places.get(place));
        place.is_some_and(|place| place.medium == Medium::Ethernet)
    }
}

/// False for frames on which the kernel runs no classifier: shorter than the IP header that they announce.
fn can_be_run(frame: &[u8]) -> bool {
    let header = match frame.get(12..14) {
        Some([0x08, 0x00]) => 20,
        Some([0x86, 0xdd]) => 40,
        _ => 0,
    };
    frame.len() >= SHORTEST + header
}

/// The group MAC that goes with a group address.
fn group_mac(ip: &Ip) -> Option<[u8; 6]> {
    match ip.destination {
        std::net::IpAddr::V4(address) if address.is_multicast() => {
            let [_, b, c, d] = address.octets();
            Some([1, 0, 0x5e, b & 0x7f, c, d])
        }
        std::net::IpAddr::V4(address) if address.is_broadcast() => Some([0xff; 6]),
        std::net::IpAddr::V6(address) if address.is_multicast() => {
            let [.., a, b, c, d] = address.octets();
            Some([0x33, 0x33, a, b, c, d])
        }
        std::net::IpAddr::V4(_) | std::net::IpAddr::V6(_) => None,
    }
}
