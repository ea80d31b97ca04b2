//! What pairs of zones and devices may do: transitions and guardrails into ladders.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use enforcer_common::ladder::Ref;
use enforcer_common::layers::{ABSENT, ALLOW, DENY, DENY_AUDIT, LOG, SUBJECT_DEVICE, WRITTEN, WRITTEN_AUDIT};

use super::Error;
use super::ladder::Ladders;
use super::numbers::Numbers;
use super::sweep::{Area, sweep};
use crate::policy::model::{DeviceId, Policy, Service, Side, ZoneId};

/// Zone or device, as the two ends of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    /// Anybody in the zone.
    Zone(ZoneId),
    /// That device.
    Device(DeviceId),
}

/// Guardrail ladder, transition ladder without `mud`, and with it.
pub(super) type Entry = [Ref; 3];

/// What every pair leads to.
#[derive(Debug)]
pub(super) struct Pairs {
    /// Pairs of zones (indices of the policy); absent ones lead nowhere.
    pub(super) zones: BTreeMap<(ZoneId, ZoneId), Entry>,
    /// Pairs of subjects, at least one a device, by their numbers in the image.
    pub(super) devices: BTreeMap<(u32, u32), Entry>,
}

type Lists = BTreeMap<(Subject, Subject), Vec<usize>>;

/// Devices that some transition, guardrail or exception names.
pub(crate) fn named(policy: &Policy) -> BTreeSet<DeviceId> {
    let guardrails = policy.guardrails.iter().flat_map(|guardrail| {
        let except = guardrail.except.iter().flat_map(|except| [&except.from, &except.to]);
        [&guardrail.from, &guardrail.to].into_iter().chain(except)
    });
    let sides = policy.transitions.iter().flat_map(|transition| [&transition.from, &transition.to]).chain(guardrails);
    sides.flat_map(|side| side.devices.iter().copied()).collect()
}

/// Builds the ladders of every pair.
pub(super) fn build(policy: &Policy, numbers: &Numbers, ladders: &mut Ladders) -> Result<Pairs, Error> {
    let mut writer = Writer { policy, numbers, ladders, transitions: HashMap::new(), guardrails: HashMap::new() };
    let mut lists: Lists = BTreeMap::new();
    for (i, transition) in policy.transitions.iter().enumerate() {
        for pair in transition_pairs(policy, &transition.from, &transition.to) {
            let list = lists.entry(pair).or_default();
            if list.last() != Some(&i) {
                list.push(i);
            }
        }
    }
    let mut pairs = Pairs { zones: BTreeMap::new(), devices: BTreeMap::new() };
    for (pair, list) in &lists {
        let entry = [Ref::done(ABSENT), writer.transition(list, false)?, writer.transition(list, true)?];
        pairs.insert(numbers, *pair, entry);
    }
    if policy.guardrails.is_empty() {
        return Ok(pairs);
    }
    let zones = || (0..policy.zones.len()).map(ZoneId);
    for from in zones() {
        for to in zones() {
            pairs.guard(numbers, (Subject::Zone(from), Subject::Zone(to)), &mut writer)?;
        }
    }
    for pair in particular(policy) {
        pairs.guard(numbers, pair, &mut writer)?;
    }
    Ok(pairs)
}

impl Pairs {
    fn insert(&mut self, numbers: &Numbers, pair: (Subject, Subject), entry: Entry) {
        match pair {
            (Subject::Zone(from), Subject::Zone(to)) => {
                let [_, plain, mud] = entry;
                self.zones.insert((from, to), [Ref::NOTHING, plain, mud]);
            }
            (from, to) => {
                self.devices.insert((subject(numbers, from), subject(numbers, to)), entry);
            }
        }
    }

    /// Sets the guardrails of a pair, all that hold for it.
    fn guard(&mut self, numbers: &Numbers, pair: (Subject, Subject), writer: &mut Writer<'_>) -> Result<(), Error> {
        let reference = writer.guardrail(pair)?;
        match pair {
            (Subject::Zone(from), Subject::Zone(to)) => {
                if reference != Ref::NOTHING {
                    self.zones.entry((from, to)).or_insert([Ref::NOTHING; 3])[0] = reference;
                }
            }
            (from, to) => {
                let key = (subject(numbers, from), subject(numbers, to));
                self.devices.entry(key).or_insert([Ref::NOTHING; 3])[0] = reference;
            }
        }
        Ok(())
    }
}

/// Number of a subject in the image.
fn subject(numbers: &Numbers, subject: Subject) -> u32 {
    match subject {
        Subject::Zone(zone) => u32::from(numbers.zone(zone)),
        Subject::Device(device) => SUBJECT_DEVICE | numbers.device(device),
    }
}

/// The pairs that a transition is written for. `*` is every declared zone, but neither `router` nor a zone with itself.
fn transition_pairs(policy: &Policy, from: &Side, to: &Side) -> BTreeSet<(Subject, Subject)> {
    let home = |device: &DeviceId| policy.devices[device.0].zone;
    let declared = || (0..policy.zones.len()).map(ZoneId).filter(|zone| *zone != policy.router_zone);
    let mut pairs = BTreeSet::new();
    let senders: Vec<(Subject, ZoneId)> = from
        .zones
        .iter()
        .map(|zone| (Subject::Zone(*zone), *zone))
        .chain(from.devices.iter().map(|device| (Subject::Device(*device), home(device))))
        .collect();
    let receivers: Vec<(Subject, ZoneId)> = to
        .zones
        .iter()
        .map(|zone| (Subject::Zone(*zone), *zone))
        .chain(to.devices.iter().map(|device| (Subject::Device(*device), home(device))))
        .collect();
    for (sender, zone) in &senders {
        pairs.extend(receivers.iter().map(|(receiver, _)| (*sender, *receiver)));
        if to.same {
            pairs.insert((*sender, Subject::Zone(*zone)));
        }
        if to.star {
            pairs.extend(declared().filter(|other| other != zone).map(|other| (*sender, Subject::Zone(other))));
        }
    }
    if from.star {
        for zone in declared() {
            let others = receivers.iter().filter(|(_, home)| *home != zone);
            pairs.extend(others.map(|(receiver, _)| (Subject::Zone(zone), *receiver)));
            if to.same {
                pairs.insert((Subject::Zone(zone), Subject::Zone(zone)));
            }
            if to.star {
                let others = declared().filter(|other| *other != zone);
                pairs.extend(others.map(|other| (Subject::Zone(zone), Subject::Zone(other))));
            }
        }
    }
    pairs
}

/// Whether an exception is written for a pair. It allows, so `*` is narrow: neither the router nor a zone with itself.
fn excepts(policy: &Policy, (senders, receivers): (&Side, &Side), from: Subject, to: Subject) -> bool {
    let (sender, receiver) = (zone_of(policy, from), zone_of(policy, to));
    let within = sender == receiver;
    let named = |side: &Side, end: Subject, zone: ZoneId| {
        side.zones.contains(&zone) || matches!(end, Subject::Device(device) if side.devices.contains(&device))
    };
    let (from_named, to_named) = (named(senders, from, sender), named(receivers, to, receiver));
    let from_star = senders.star && sender != policy.router_zone;
    let to_star = receivers.star && receiver != policy.router_zone;
    from_named && to_named
        || (from_named || from_star) && receivers.same && within
        || !within && (from_named || from_star) && (to_named || to_star)
}

/// Whether a side of a guardrail covers an end, and which zone the end is in.
fn covers(policy: &Policy, side: &Side, end: Subject, sender: ZoneId) -> bool {
    let zone = zone_of(policy, end);
    side.star
        || side.same && zone == sender
        || side.zones.contains(&zone)
        || matches!(end, Subject::Device(device) if side.devices.contains(&device))
}

fn zone_of(policy: &Policy, end: Subject) -> ZoneId {
    match end {
        Subject::Zone(zone) => zone,
        Subject::Device(device) => policy.devices[device.0].zone,
    }
}

/// Pairs with a device for which other guardrails or exceptions hold than for their zones.
fn particular(policy: &Policy) -> BTreeSet<(Subject, Subject)> {
    let mut pairs = BTreeSet::new();
    let everyone = || (0..policy.zones.len()).map(|zone| Subject::Zone(ZoneId(zone)));
    let expand = |side: &Side, sender: Option<ZoneId>| -> Vec<Subject> {
        let mut ends: Vec<Subject> = side.zones.iter().map(|zone| Subject::Zone(*zone)).collect();
        ends.extend(side.devices.iter().map(|device| Subject::Device(*device)));
        if side.star {
            ends.extend(everyone());
        }
        if side.same {
            ends.extend(sender.map(Subject::Zone));
        }
        ends
    };
    let sides = policy.guardrails.iter().flat_map(|guardrail| {
        let except = guardrail.except.iter().map(|except| (&except.from, &except.to));
        std::iter::once((&guardrail.from, &guardrail.to)).chain(except)
    });
    for (from, to) in sides {
        if from.devices.is_empty() && to.devices.is_empty() {
            continue;
        }
        for sender in expand(from, None) {
            for receiver in expand(to, Some(zone_of(policy, sender))) {
                pairs.insert((sender, receiver));
            }
        }
    }
    pairs.retain(|(from, to)| matches!(from, Subject::Device(_)) || matches!(to, Subject::Device(_)));
    // Where both a sending device and a receiving one have lists of their own towards each other's zone, neither list knows
    // of the other: the pair gets one that knows both.
    let mut senders: BTreeMap<(ZoneId, ZoneId), Vec<DeviceId>> = BTreeMap::new();
    let mut receivers: BTreeMap<(ZoneId, ZoneId), Vec<DeviceId>> = BTreeMap::new();
    for pair in &pairs {
        match pair {
            (Subject::Device(device), Subject::Zone(to)) => {
                senders.entry((policy.devices[device.0].zone, *to)).or_default().push(*device);
            }
            (Subject::Zone(from), Subject::Device(device)) => {
                receivers.entry((*from, policy.devices[device.0].zone)).or_default().push(*device);
            }
            (Subject::Zone(_), Subject::Zone(_)) | (Subject::Device(_), Subject::Device(_)) => {}
        }
    }
    for (zones, from) in &senders {
        for to in receivers.get(zones).into_iter().flatten() {
            pairs.extend(from.iter().map(|from| (Subject::Device(*from), Subject::Device(*to))));
        }
    }
    pairs
}

/// Guardrails (indices), each with the exceptions (indices) that hold.
type Applying = Vec<(usize, Vec<usize>)>;

struct Writer<'a> {
    policy: &'a Policy,
    numbers: &'a Numbers,
    ladders: &'a mut Ladders,
    transitions: HashMap<(Vec<usize>, bool), Ref>,
    guardrails: HashMap<Applying, Ref>,
}

impl Writer<'_> {
    /// The ladder of transitions by index, with or without what `mud` stands for.
    fn transition(&mut self, list: &[usize], mud: bool) -> Result<Ref, Error> {
        let key = (list.to_vec(), mud);
        if let Some(known) = self.transitions.get(&key) {
            return Ok(*known);
        }
        let mut areas = Vec::new();
        let mut items: Vec<(usize, bool)> = Vec::new();
        for index in list {
            let transition = &self.policy.transitions[*index];
            let everything = if mud && transition.mud { Some(&Service::Any) } else { None };
            for service in transition.allow.iter().chain(everything) {
                areas.push(Area::of(service));
                items.push((*index, true));
            }
            for service in &transition.deny {
                areas.push(Area::of(service));
                items.push((*index, false));
            }
        }
        let audit = list.iter().all(|index| self.policy.transitions[*index].audit);
        let refused = Ref::done(WRITTEN | if audit { WRITTEN_AUDIT } else { 0 });
        let decide = |covering: &BTreeSet<usize>| {
            let covering: Vec<(usize, bool)> = covering.iter().map(|item| items[*item]).collect();
            let allowing = covering
                .iter()
                .filter(|(index, positive)| *positive && !covering.contains(&(*index, false)))
                .map(|(index, _)| *index)
                .min();
            allowing.map_or(refused, |index| {
                let log = if self.policy.transitions[index].log { LOG } else { 0 };
                Ref::done(ALLOW | log | self.numbers.transition(index))
            })
        };
        let reference = sweep(self.ladders, &areas, &decide)?;
        self.transitions.insert(key, reference);
        Ok(reference)
    }

    /// The ladder of all guardrails that hold for a pair.
    fn guardrail(&mut self, (from, to): (Subject, Subject)) -> Result<Ref, Error> {
        let sender = zone_of(self.policy, from);
        let holds = |sides: (&Side, &Side)| {
            covers(self.policy, sides.0, from, sender) && covers(self.policy, sides.1, to, sender)
        };
        let applying: Applying = self
            .policy
            .guardrails
            .iter()
            .enumerate()
            .filter(|(_, guardrail)| holds((&guardrail.from, &guardrail.to)))
            .map(|(i, guardrail)| {
                let except = guardrail.except.iter().enumerate();
                let except = except.filter(|(_, except)| excepts(self.policy, (&except.from, &except.to), from, to));
                (i, except.map(|(i, _)| i).collect())
            })
            .collect();
        if applying.is_empty() {
            return Ok(Ref::NOTHING);
        }
        if let Some(known) = self.guardrails.get(&applying) {
            return Ok(*known);
        }
        let mut areas = Vec::new();
        let mut items: Vec<(usize, bool)> = Vec::new();
        for (index, except) in &applying {
            let guardrail = &self.policy.guardrails[*index];
            for service in &guardrail.deny {
                areas.push(Area::of(service));
                items.push((*index, true));
            }
            for service in except.iter().flat_map(|i| &guardrail.except[*i].allow) {
                areas.push(Area::of(service));
                items.push((*index, false));
            }
        }
        let decide = |covering: &BTreeSet<usize>| {
            let covering: Vec<(usize, bool)> = covering.iter().map(|item| items[*item]).collect();
            let denying = covering
                .iter()
                .filter(|(index, positive)| *positive && !covering.contains(&(*index, false)))
                .map(|(index, _)| (self.policy.guardrails[*index].audit, *index))
                .min();
            denying.map_or(Ref::NOTHING, |(audit, index)| {
                Ref::done(DENY | if audit { DENY_AUDIT } else { 0 } | self.numbers.guardrail(index))
            })
        };
        let reference = sweep(self.ladders, &areas, &decide)?;
        self.guardrails.insert(applying, reference);
        Ok(reference)
    }
}
