//! What profiles allow: ordered ACEs into ladders, the order resolved here, once.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use enforcer_common::cell::{Cell, WORDS};
use enforcer_common::image::profile as slot;
use enforcer_common::ladder::Ref;
use enforcer_common::layers::{MUD_ACCEPT, MUD_DROP};
use enforcer_common::packet::{ethertype, fields, service};

use super::Error;
use super::labels::{Labels, is_of_device};
use super::ladder::{Intervals, Ladders};
use super::numbers::Numbers;
use super::sweep::{ALL_SECONDS, Area, sweep};
use crate::mud::profile::{Ace, Family, Initiated, PeerMatch, Transport};
use crate::policy::model::{Device, Policy, ProfileId};

/// What makes two devices share compiled lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Binding {
    profiles: Vec<ProfileId>,
    my_controllers: Vec<IpAddr>,
    listed: bool,
}

/// Numbers of the lists and labels that devices have.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    bindings: Vec<Binding>,
    known: HashMap<Binding, u32>,
    /// By device label: the profiles of such devices. Label 0 has none.
    kinds: Vec<Vec<ProfileId>>,
    labels: HashMap<Vec<ProfileId>, u32>,
}

impl Bindings {
    /// Nobody bound yet.
    pub(super) fn new() -> Bindings {
        Bindings { kinds: vec![Vec::new()], labels: HashMap::from([(Vec::new(), 0)]), ..Bindings::default() }
    }

    /// Device label and profile number of a device.
    pub(super) fn bind(&mut self, device: &Device) -> (u32, u32) {
        if device.profiles.is_empty() {
            return (0, 0);
        }
        let label = *self.labels.entry(device.profiles.clone()).or_insert_with(|| {
            self.kinds.push(device.profiles.clone());
            self.kinds.len() as u32 - 1
        });
        let binding = Binding {
            profiles: device.profiles.clone(),
            my_controllers: device.my_controllers.clone(),
            listed: device.replies_listed,
        };
        let number = *self.known.entry(binding.clone()).or_insert_with(|| {
            self.bindings.push(binding);
            self.bindings.len() as u32
        });
        (label, number)
    }

    /// The cells of the profiles, the unused first one included. All labels must have been given by now.
    pub(super) fn cells(
        &self,
        policy: &Policy,
        numbers: &Numbers,
        labels: &Labels,
        ladders: &mut Ladders,
    ) -> Result<Vec<Cell>, Error> {
        let mut cells = vec![[Ref::NOTHING.0; WORDS]];
        for binding in &self.bindings {
            let mut cell = [Ref::NOTHING.0; WORDS];
            for list in LISTS {
                let mut writer = Writer { policy, numbers, labels, kinds: &self.kinds, binding, list, ladders };
                cell[list.slot] = writer.write()?.0;
            }
            cells.push(cell);
        }
        Ok(cells)
    }
}

/// The packets that a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Ipv4,
    Ipv6,
    Ether,
}

/// One list of a profile.
#[derive(Debug, Clone, Copy)]
struct List {
    slot: usize,
    about: About,
    from_device: bool,
    reply: bool,
}

const LISTS: [List; 10] = [
    List { slot: slot::FROM4, about: About::Ipv4, from_device: true, reply: false },
    List { slot: slot::FROM6, about: About::Ipv6, from_device: true, reply: false },
    List { slot: slot::FROM_ETHER, about: About::Ether, from_device: true, reply: false },
    List { slot: slot::TO4, about: About::Ipv4, from_device: false, reply: false },
    List { slot: slot::TO6, about: About::Ipv6, from_device: false, reply: false },
    List { slot: slot::TO_ETHER, about: About::Ether, from_device: false, reply: false },
    List { slot: slot::FROM4_REPLY, about: About::Ipv4, from_device: true, reply: true },
    List { slot: slot::FROM6_REPLY, about: About::Ipv6, from_device: true, reply: true },
    List { slot: slot::TO4_REPLY, about: About::Ipv4, from_device: false, reply: true },
    List { slot: slot::TO6_REPLY, about: About::Ipv6, from_device: false, reply: true },
];

/// An ACE that can match packets of the list.
struct Entry<'a> {
    /// Which of the binding's files it is from.
    file: usize,
    ace: &'a Ace,
    rule: u32,
    areas: Vec<Area>,
    device: Vec<&'a PeerMatch>,
    peer: Vec<Vec<u32>>,
    own: Vec<Vec<u32>>,
}

struct Writer<'a> {
    policy: &'a Policy,
    numbers: &'a Numbers,
    labels: &'a Labels,
    kinds: &'a [Vec<ProfileId>],
    binding: &'a Binding,
    list: List,
    ladders: &'a mut Ladders,
}

impl<'a> Writer<'a> {
    fn write(&mut self) -> Result<Ref, Error> {
        let entries = self.entries();
        let all: Vec<usize> = (0..entries.len()).collect();
        self.by_device(&entries, &all)
    }

    /// The ACEs of all files that can match, in order.
    fn entries(&self) -> Vec<Entry<'a>> {
        let mut entries = Vec::new();
        for (file, id) in self.binding.profiles.iter().enumerate() {
            let profile = &self.policy.profiles[id.0];
            let aces = if self.list.from_device { &profile.from_device } else { &profile.to_device };
            for ace in aces {
                // What cannot be evaluated never accepts.
                if ace.accept && !ace.unsupported.is_empty() || !self.initiated(ace) {
                    continue;
                }
                let areas = areas(ace, self.list.about);
                if areas.is_empty() {
                    continue;
                }
                entries.push(Entry {
                    file,
                    ace,
                    rule: self.numbers.ace(ace),
                    areas,
                    device: ace.peer.iter().filter(|peer| is_of_device(peer)).collect(),
                    peer: self.labels.demands(self.policy, ace, &self.binding.my_controllers),
                    own: self.labels.own_demands(ace),
                });
            }
        }
        entries
    }

    /// Whether an ACE holds in view of who opened the connection: the sender of an opening packet, the receiver of an answer.
    fn initiated(&self, ace: &Ace) -> bool {
        let device_opened = self.list.from_device != self.list.reply;
        match ace.initiated {
            None => true,
            Some(Initiated::FromDevice) => device_opened,
            Some(Initiated::ToDevice) => !device_opened,
        }
    }

    /// A ladder over the labels of one kind, where any of the entries asks for it.
    fn over_labels(
        &mut self,
        entries: &[Entry<'a>],
        among: &[usize],
        (field, count): (usize, u32),
        holds: impl Fn(&Self, &Entry<'a>, u32) -> bool,
        next: impl Fn(&mut Self, &[Entry<'a>], &[usize]) -> Result<Ref, Error>,
    ) -> Result<Ref, Error> {
        let mut known: HashMap<Vec<usize>, Ref> = HashMap::new();
        let mut intervals: Intervals = Vec::new();
        for label in 0..count {
            let left: Vec<usize> = among.iter().copied().filter(|i| holds(self, &entries[*i], label)).collect();
            let reference = match known.get(&left) {
                Some(reference) => *reference,
                None => {
                    let reference = next(self, entries, &left)?;
                    known.insert(left, reference);
                    reference
                }
            };
            intervals.push((label, reference));
        }
        self.ladders.ladder(field, intervals)
    }

    fn by_device(&mut self, entries: &[Entry<'a>], among: &[usize]) -> Result<Ref, Error> {
        if among.iter().all(|i| entries[*i].device.is_empty()) {
            return self.by_peer(entries, among);
        }
        let count = self.kinds.len() as u32;
        let holds = |writer: &Self, entry: &Entry<'a>, label: u32| writer.is_kind(entry, label);
        self.over_labels(entries, among, (fields::PEER_DEVICE, count), holds, Self::by_peer)
    }

    fn by_peer(&mut self, entries: &[Entry<'a>], among: &[usize]) -> Result<Ref, Error> {
        if among.iter().all(|i| entries[*i].peer.is_empty()) {
            return self.by_own(entries, among);
        }
        let holds = |writer: &Self, entry: &Entry<'a>, label: u32| writer.labels.meets(label, &entry.peer);
        self.over_labels(entries, among, (fields::PEER_ADDRESS, self.labels.count()), holds, Self::by_own)
    }

    fn by_own(&mut self, entries: &[Entry<'a>], among: &[usize]) -> Result<Ref, Error> {
        if among.iter().all(|i| entries[*i].own.is_empty()) {
            return self.by_service(entries, among);
        }
        let holds = |writer: &Self, entry: &Entry<'a>, label: u32| writer.labels.meets(label, &entry.own);
        self.over_labels(entries, among, (fields::OWN_ADDRESS, self.labels.count()), holds, Self::by_service)
    }

    /// Whether a device with this label meets the entry's demands on the other end's device.
    fn is_kind(&self, entry: &Entry<'a>, label: u32) -> bool {
        let mine = &self.policy.profiles[self.binding.profiles[entry.file].0];
        let theirs = || self.kinds[label as usize].iter().map(|id| &self.policy.profiles[id.0]);
        entry.device.iter().all(|peer| match peer {
            PeerMatch::SameManufacturer => theirs().any(|profile| profile.authority == mine.authority),
            PeerMatch::Manufacturer(authority) => theirs().any(|profile| profile.authority == *authority),
            PeerMatch::Model(url) => theirs().any(|profile| profile.url == *url),
            PeerMatch::Network(_)
            | PeerMatch::Name(_)
            | PeerMatch::LocalNetworks
            | PeerMatch::Controller(_)
            | PeerMatch::MyController => true,
        })
    }

    /// The first match of each file decides for it; one file that accepts is enough.
    fn by_service(&mut self, entries: &[Entry<'a>], among: &[usize]) -> Result<Ref, Error> {
        let mut areas = Vec::new();
        let mut of = Vec::new();
        for i in among {
            for area in &entries[*i].areas {
                areas.push(*area);
                of.push(*i);
            }
        }
        let (reply, listed) = (self.list.reply, self.binding.listed);
        let decide = |covering: &BTreeSet<usize>| {
            let mut file = None;
            let mut dropped = None;
            for item in covering {
                let entry = &entries[of[*item]];
                if file == Some(entry.file) {
                    continue;
                }
                file = Some(entry.file);
                if entry.ace.accept {
                    return if reply { Ref::NOTHING } else { Ref::done(MUD_ACCEPT | entry.rule) };
                }
                dropped = dropped.or(Some(entry.rule));
            }
            match dropped {
                Some(rule) => Ref::done(MUD_DROP | rule),
                None if reply && listed => Ref::done(MUD_DROP),
                None => Ref::NOTHING,
            }
        };
        sweep(self.ladders, &areas, &decide)
    }
}

/// The packets that an ACE's own header matches cover, of one kind.
fn areas(ace: &Ace, about: About) -> Vec<Area> {
    let everything = Area { key: service::ALL, second: ALL_SECONDS };
    let ip_type = match about {
        About::Ipv4 => ethertype::IPV4,
        About::Ipv6 => ethertype::IPV6,
        About::Ether => 0,
    };
    match (ace.family, about) {
        (Family::Ipv4 | Family::Ip, About::Ipv4) | (Family::Ipv6 | Family::Ip, About::Ipv6) => {
            transport(&ace.transport)
        }
        (Family::Ethernet(None), About::Ether) => vec![everything],
        (Family::Ethernet(None), About::Ipv4 | About::Ipv6) => transport(&ace.transport),
        (Family::Ethernet(Some(wanted)), About::Ipv4 | About::Ipv6) if wanted == ip_type => transport(&ace.transport),
        (Family::Ethernet(Some(wanted)), About::Ether) if wanted != ethertype::IPV4 && wanted != ethertype::IPV6 => {
            vec![Area { key: (service::ether(wanted), service::ether(wanted)), second: ALL_SECONDS }]
        }
        (Family::Ipv4 | Family::Ipv6 | Family::Ip | Family::Ethernet(Some(_)), _) => Vec::new(),
    }
}

/// The areas of an ACE's protocol, ports, ICMP type and code.
fn transport(wanted: &Transport) -> Vec<Area> {
    let Some(protocol) = wanted.protocol else {
        return vec![Area { key: service::ALL, second: ALL_SECONDS }];
    };
    let full = [(0, u16::MAX)];
    let (lows, highs) = match (wanted.icmp_type, wanted.icmp_code) {
        (Some(kind), code) => {
            let high = u16::from(kind) << 8;
            let (first, last) = code.map_or((0, 0xff), |code| (u16::from(code), u16::from(code)));
            (vec![(high | first, high | last)], vec![ALL_SECONDS])
        }
        (None, Some(code)) => {
            let each = (0..=u8::MAX).map(|kind| u16::from(kind) << 8 | u16::from(code));
            (each.map(|low| (low, low)).collect::<Vec<_>>(), vec![ALL_SECONDS])
        }
        (None, None) => {
            let ports = if wanted.destination_ports.is_empty() { &full } else { wanted.destination_ports.as_slice() };
            let seconds = if wanted.source_ports.is_empty() {
                vec![ALL_SECONDS]
            } else {
                wanted.source_ports.iter().map(|range| (u32::from(range.0), u32::from(range.1))).collect()
            };
            (ports.to_vec(), seconds)
        }
    };
    let mut areas = Vec::new();
    for low in lows {
        for second in &highs {
            areas.push(Area { key: (service::ip(protocol, low.0), service::ip(protocol, low.1)), second: *second });
        }
    }
    areas
}
