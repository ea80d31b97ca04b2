//! By which port a frame enters, or that the router itself sent it.

use std::collections::HashMap;

use super::link::{Arrival, Medium};
use super::places::{Place, Places};
use super::sketch::{Mac, Sketch, is_local_to_port};
use super::terrain::{self, Terrain};

/// Which program judges a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It enters by a port.
    In,
    /// The router itself sends it.
    Out,
}

/// Where a frame meets the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which program.
    pub way: Way,
    /// With or without an Ethernet header.
    pub medium: Medium,
    /// The interface.
    pub place: Place,
    /// The port that was meant; 0 where the policy has none there.
    pub port: u32,
    /// Tags to take off the frame first: it enters by an interface that does not show them.
    pub strip: usize,
}

/// Whose a MAC is, as the capture shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The router's, on that port.
    Router(u32),
    /// Seen with an address of that zone.
    Zone(terrain::Zone),
}

/// Who sent a frame, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// The router itself; it has the address or the MAC of that port.
    Router(u32),
    Zone(terrain::Zone),
    /// No address, and nobody's MAC.
    Nameless,
    /// An address that no zone has.
    Stray,
}

/// Chooses where each frame enters.
#[derive(Debug)]
pub(super) struct Chooser<'a> {
    places: &'a Places<'a>,
    terrain: &'a Terrain<'a>,
    /// All frames enter here.
    fixed: Option<Place>,
    owners: HashMap<Mac, Owner>,
}

impl<'a> Chooser<'a> {
    /// All frames enter by `fixed`; without it each goes by its interface, its tags and its sender.
    pub(super) fn new(places: &'a Places<'a>, terrain: &'a Terrain<'a>, fixed: Option<Place>) -> Chooser<'a> {
        Chooser { places, terrain, fixed, owners: HashMap::new() }
    }

    /// True where frames have to be looked through once before the first is judged.
    pub(super) fn looks_ahead(&self) -> bool {
        self.fixed.is_none()
    }

    /// Notes whose MAC a frame shows.
    pub(super) fn learn(&mut self, frame: &Arrival) {
        let sketch = Sketch::of(frame.medium, &frame.bytes);
        let (Some(mac), Some(address)) = (sketch.mac, sketch.source) else {
            return;
        };
        if self.terrain.zone_of_mac(&mac).is_some() {
            return;
        }
        let owner = match self.terrain.own(&address) {
            Some(port) => Owner::Router(port),
            None if is_local_to_port(&address) => return,
            None => match self.terrain.zone_of(&address) {
                Some(zone) => Owner::Zone(zone),
                None => return,
            },
        };
        let known = self.owners.entry(mac).or_insert(owner);
        // What the router forwards has its MAC too, and others' addresses.
        if !matches!((*known, owner), (Owner::Router(_), Owner::Zone(_))) {
            *known = owner;
        }
    }

    /// Where this frame enters. `interface` is the capture's own name for where it was seen.
    pub(super) fn choose(&self, frame: &Arrival, interface: Option<&str>) -> Entry {
        let sketch = Sketch::of(frame.medium, &frame.bytes);
        if let Some(place) = self.fixed {
            return self.at(Way::In, place, frame.medium, &sketch);
        }
        let sender = self.sender(frame, &sketch);
        let named = interface.and_then(|name| self.places.find(name));
        if let Some(place) = named {
            let port = self.places.port_at(place, &sketch.vlans);
            return match (sender, port) {
                (Sender::Router(_), _) => self.at(Way::Out, place, frame.medium, &sketch),
                (Sender::Zone(zone), Some(port)) if self.is_leaving(frame, &sketch, zone, port) => {
                    self.by_zone(zone, frame.medium, &sketch)
                }
                _ => self.at(Way::In, place, frame.medium, &sketch),
            };
        }
        if let Some(port) = self.tagged(&sketch, sender) {
            return match sender {
                Sender::Router(_) => self.on(Way::Out, port, frame.medium, &sketch),
                Sender::Zone(zone)
                    if self.is_leaving(frame, &sketch, zone, port) || self.is_answered(&sketch, zone, port) =>
                {
                    self.by_zone(zone, frame.medium, &sketch)
                }
                Sender::Zone(_) | Sender::Nameless | Sender::Stray => self.on(Way::In, port, frame.medium, &sketch),
            };
        }
        match sender {
            Sender::Router(port) => {
                let port = self.towards(&sketch).unwrap_or(port);
                self.on(Way::Out, port, frame.medium, &sketch)
            }
            Sender::Zone(zone) => self.by_zone(zone, frame.medium, &sketch),
            Sender::Nameless => self.by_default(false, frame.medium, &sketch),
            Sender::Stray => self.by_default(true, frame.medium, &sketch),
        }
    }

    fn sender(&self, frame: &Arrival, sketch: &Sketch) -> Sender {
        if let Some(zone) = sketch.mac.and_then(|mac| self.terrain.zone_of_mac(&mac)) {
            return Sender::Zone(zone);
        }
        if let Some(address) = &sketch.source {
            if let Some(port) = self.terrain.own(address) {
                return Sender::Router(port);
            }
            if !is_local_to_port(address) {
                return self.terrain.zone_of(address).map_or(Sender::Stray, Sender::Zone);
            }
        }
        match sketch.mac.and_then(|mac| self.owners.get(&mac)) {
            Some(Owner::Router(port)) => Sender::Router(*port),
            Some(Owner::Zone(zone)) => Sender::Zone(*zone),
            // It says itself that it was leaving, and nobody else can have sent it.
            None if frame.outgoing => self.terrain.first_port(false).map_or(Sender::Nameless, Sender::Router),
            None => Sender::Nameless,
        }
    }

    /// True for the copy of a forwarded frame that leaves by `port`: it entered elsewhere.
    fn is_leaving(&self, frame: &Arrival, sketch: &Sketch, zone: terrain::Zone, port: u32) -> bool {
        let by_router = sketch.mac.and_then(|mac| self.owners.get(&mac));
        !self.terrain.stands_on(zone, port) && (frame.outgoing || matches!(by_router, Some(Owner::Router(_))))
    }

    /// True where a frame from elsewhere is for somebody behind `port`.
    fn is_answered(&self, sketch: &Sketch, zone: terrain::Zone, port: u32) -> bool {
        let receiver = sketch
            .destination
            .filter(|address| self.terrain.own(address).is_none())
            .and_then(|address| self.terrain.zone_of(&address));
        !self.terrain.stands_on(zone, port) && receiver.is_some_and(|zone| self.terrain.stands_on(zone, port))
    }

    /// The port that the frame's tags name: one of the sender's zone where several interfaces have them.
    fn tagged(&self, sketch: &Sketch, sender: Sender) -> Option<u32> {
        let of_sender = |port: &u32| matches!(sender, Sender::Zone(zone) if self.terrain.stands_on(zone, *port));
        let mut candidates = self.places.with_tags(&sketch.vlans);
        let first = candidates.next()?;
        if of_sender(&first) {
            return Some(first);
        }
        candidates.find(of_sender).or(Some(first))
    }

    /// The port by which the receiver is reached.
    fn towards(&self, sketch: &Sketch) -> Option<u32> {
        let address = sketch.destination.as_ref()?;
        if address.is_multicast() || is_local_to_port(address) {
            return None;
        }
        self.terrain.port_of(self.terrain.zone_of(address)?, Some(address))
    }

    fn by_zone(&self, zone: terrain::Zone, medium: Medium, sketch: &Sketch) -> Entry {
        match self.terrain.port_of(zone, sketch.source.as_ref()) {
            Some(port) => self.on(Way::In, port, medium, sketch),
            None => self.by_default(true, medium, sketch),
        }
    }

    /// The first port of an uplink or of another zone, whichever there is.
    fn by_default(&self, uplink: bool, medium: Medium, sketch: &Sketch) -> Entry {
        let first = self.terrain.first_port(uplink);
        let port = first.or_else(|| self.terrain.first_port(!uplink)).unwrap_or(0);
        self.on(Way::In, port, medium, sketch)
    }

    /// At a port's own interface, which does not show the port's tags.
    fn on(&self, way: Way, port: u32, medium: Medium, sketch: &Sketch) -> Entry {
        Entry { way, medium, place: self.places.port(port), port, strip: sketch.tags }
    }

    /// At an interface, with the tags that the frame has.
    fn at(&self, way: Way, place: Place, medium: Medium, sketch: &Sketch) -> Entry {
        Entry { way, medium, place, port: self.places.port_at(place, &sketch.vlans).unwrap_or(0), strip: 0 }
    }
}
