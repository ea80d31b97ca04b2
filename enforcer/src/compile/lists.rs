//! The lists of a profile, and what each makes of a packet: ordered ACEs into ladders, the order resolved here, once.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use enforcer_common::image::profile as slot;
use enforcer_common::ladder::Ref;
use enforcer_common::layers::{MUD_ACCEPT, MUD_DROP};
use enforcer_common::packet::fields;

use super::Error;
use super::aces::About;
use super::ladder::Ladders;
use super::ranges::{Range, Ranges};
use super::sweep::{Area, line, sweep};
use crate::mud::profile::{Ace, Initiated};

/// One list of a profile.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    /// Its word in the profile's cell.
    pub(super) slot: usize,
    /// What it is about.
    pub(super) about: About,
    /// About what the device sends, else about what it gets.
    pub(super) from_device: bool,
    /// About answers.
    pub(super) reply: bool,
}

/// The lists of every profile.
pub(super) const LISTS: [List; 10] = [
    opening(slot::FROM4, About::Ipv4, true),
    opening(slot::FROM6, About::Ipv6, true),
    opening(slot::FROM_ETHER, About::Ether, true),
    opening(slot::TO4, About::Ipv4, false),
    opening(slot::TO6, About::Ipv6, false),
    opening(slot::TO_ETHER, About::Ether, false),
    answering(slot::FROM4_REPLY, About::Ipv4, true),
    answering(slot::FROM6_REPLY, About::Ipv6, true),
    answering(slot::TO4_REPLY, About::Ipv4, false),
    answering(slot::TO6_REPLY, About::Ipv6, false),
];

const fn opening(slot: usize, about: About, from_device: bool) -> List {
    List { slot, about, from_device, reply: false }
}

const fn answering(slot: usize, about: About, from_device: bool) -> List {
    List { reply: true, ..opening(slot, about, from_device) }
}

impl List {
    /// Whether an ACE can match a packet of the list: what cannot be evaluated never accepts, and `direction-initiated` is
    /// about who opened the connection, the sender of an opening packet or the receiver of an answer.
    pub(super) fn heeds(&self, ace: &Ace) -> bool {
        let device_opened = self.from_device != self.reply;
        let initiated = match ace.initiated {
            None => true,
            Some(Initiated::FromDevice) => device_opened,
            Some(Initiated::ToDevice) => !device_opened,
        };
        initiated && (!ace.accept || ace.unsupported.is_empty())
    }
}

/// An ACE that can match packets of a list. A demand that is none holds for everybody.
#[derive(Debug)]
pub(super) struct Entry {
    /// Which of several files it is from.
    pub(super) file: usize,
    /// It accepts, else it drops.
    pub(super) accept: bool,
    /// Number of its rule.
    pub(super) rule: u32,
    /// What its header matches cover.
    pub(super) areas: Vec<Area>,
    /// Device labels of the other end.
    pub(super) device: Option<Ranges>,
    /// Address labels of the other end, `my-controller` left out.
    pub(super) peer: Option<Ranges>,
    /// The other end must be one of the device's own controllers.
    pub(super) mine: bool,
    /// Address labels of the device itself.
    pub(super) own: Option<Ranges>,
}

/// The fields that demands are about, in the order in which ladders look at them.
const DEMANDS: [usize; 3] = [fields::PEER_DEVICE, fields::PEER_ADDRESS, fields::OWN_ADDRESS];

/// Ladders over services that are known: whose entries (by kind of device and list), whether replies must be listed, which
/// of the entries are left.
pub(super) type Known = HashMap<(u32, usize, bool, Vec<usize>), Ref>;

/// Writes the ladders of one list, for devices that share everything that matters.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    /// The list.
    pub(super) list: List,
    /// Device label of the devices: which files they have.
    pub(super) kind: u32,
    /// Their replies must be listed.
    pub(super) listed: bool,
    /// Address labels of their controllers.
    pub(super) controllers: &'a Ranges,
    /// The ACEs of all their files, in order.
    pub(super) entries: &'a [Entry],
}

impl Writer<'_> {
    /// The first ladder of the list.
    pub(super) fn write(&self, ladders: &mut Ladders, known: &mut Known) -> Result<Ref, Error> {
        let all: Vec<usize> = (0..self.entries.len()).collect();
        self.by_demand(ladders, known, 0, &all)
    }

    /// Ladders from one of [`DEMANDS`] on, over the entries that are left.
    fn by_demand(&self, ladders: &mut Ladders, known: &mut Known, at: usize, left: &[usize]) -> Result<Ref, Error> {
        let Some(field) = DEMANDS.get(at) else {
            return self.by_service(ladders, known, left);
        };
        let mut ranges: Vec<(usize, Range)> = Vec::new();
        let mut demanding = false;
        for i in left {
            match self.demand(&self.entries[*i], *field) {
                Some(labels) => {
                    demanding = true;
                    ranges.extend(labels.iter().map(|range| (*i, range)));
                }
                None => ranges.push((*i, (0, u32::MAX))),
            }
        }
        if !demanding {
            return self.by_demand(ladders, known, at + 1, left);
        }
        let mut seen: HashMap<Vec<usize>, Ref> = HashMap::new();
        line(ladders, *field, &ranges, |ladders, covering| {
            let left: Vec<usize> = covering.iter().copied().collect();
            if let Some(reference) = seen.get(&left) {
                return Ok(*reference);
            }
            let reference = self.by_demand(ladders, known, at + 1, &left)?;
            seen.insert(left, reference);
            Ok(reference)
        })
    }

    fn demand<'e>(&self, entry: &'e Entry, field: usize) -> Option<Cow<'e, Ranges>>
    where
        Self: 'e,
    {
        match field {
            fields::PEER_DEVICE => entry.device.as_ref().map(Cow::Borrowed),
            fields::OWN_ADDRESS => entry.own.as_ref().map(Cow::Borrowed),
            _ if entry.mine => Some(Cow::Owned(match &entry.peer {
                Some(peer) => peer.intersection(self.controllers),
                None => self.controllers.clone(),
            })),
            _ => entry.peer.as_ref().map(Cow::Borrowed),
        }
    }

    /// The first match of each file decides for it; one file that accepts is enough.
    fn by_service(&self, ladders: &mut Ladders, known: &mut Known, left: &[usize]) -> Result<Ref, Error> {
        let key = (self.kind, self.list.slot, self.listed, left.to_vec());
        if let Some(reference) = known.get(&key) {
            return Ok(*reference);
        }
        let mut areas = Vec::new();
        let mut of = Vec::new();
        for i in left {
            for area in &self.entries[*i].areas {
                areas.push(*area);
                of.push(*i);
            }
        }
        let decide = |covering: &BTreeSet<usize>| self.decide(covering.iter().map(|item| &self.entries[of[*item]]));
        let reference = sweep(ladders, &areas, &decide)?;
        known.insert(key, reference);
        Ok(reference)
    }

    fn decide<'e>(&self, matching: impl Iterator<Item = &'e Entry>) -> Ref {
        let mut file = None;
        let mut dropped = None;
        for entry in matching {
            if file == Some(entry.file) {
                continue;
            }
            file = Some(entry.file);
            if entry.accept {
                return if self.list.reply { Ref::NOTHING } else { Ref::done(MUD_ACCEPT | entry.rule) };
            }
            dropped = dropped.or(Some(entry.rule));
        }
        match dropped {
            Some(rule) => Ref::done(MUD_DROP | rule),
            None if self.list.reply && self.listed => Ref::done(MUD_DROP),
            None => Ref::NOTHING,
        }
    }
}
