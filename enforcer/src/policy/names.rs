//! The one space of names that zones, devices and groups share.

use std::cell::Cell;
use std::collections::HashMap;

use super::model::{DeviceId, ZoneId};
use super::nearest::{did_you_mean, quoted};
use super::raw::{Document, Named};
use super::report::Findings;
use super::service::WORDS;
use super::source::{At, Span};

/// The built-in zone of the router's own addresses.
pub(super) const ROUTER: &str = "router";

const RESERVED: &[&str] = &[ROUTER, "same", "mud", "*", "any", "connected"];

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Zone(ZoneId),
    Device(DeviceId),
    /// Index into [`Document::groups`].
    Group(usize),
}

/// What an [`Entity`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zone,
    Device,
    Group,
}

/// Names and what they stand for.
pub(super) struct Names<'d> {
    entities: HashMap<&'d str, Entity>,
    document: &'d Document,
    /// How many misspellings have been looked for; after some, only the first of a list are tried, then none.
    searches: Cell<usize>,
    /// Every file could be read: a name that is not here is not defined anywhere.
    complete: bool,
}

impl<'d> Names<'d> {
    /// The names of a merged document whose reserved names are gone.
    pub(super) fn new(document: &'d Document, complete: bool, findings: &mut Findings) -> Self {
        let mut entities = HashMap::with_capacity(document.devices.len() + 64);
        let mut spans: HashMap<&str, (&str, Span)> = HashMap::with_capacity(entities.capacity());
        let zones = document.zones.iter().enumerate().map(|(index, zone)| {
            let entity = Entity::Zone(zone_id(index, &zone.name));
            ("zone", zone.name.as_str(), zone.span, entity)
        });
        let devices = document.devices.iter().enumerate().map(|(index, device)| {
            let entity = Entity::Device(DeviceId(index));
            ("device", device.name.as_str(), device.span, entity)
        });
        let groups = document.groups.iter().enumerate().map(|(index, group)| {
            let entity = Entity::Group(index);
            ("group", group.name.as_str(), group.span, entity)
        });
        for (kind, name, span, entity) in zones.chain(devices).chain(groups) {
            if let Some((other, first)) = spans.get(name) {
                findings
                    .error(span, format!("`{name}` is a {other} and a {kind}"))
                    .also(*first, format!("the {other}"))
                    .help("rename one: zones, devices and groups share one space of names");
                continue;
            }
            spans.insert(name, (kind, span));
            entities.insert(name, entity);
        }
        entities.insert(ROUTER, Entity::Zone(router_zone(document)));
        Names { entities, document, searches: Cell::new(0), complete }
    }

    /// What a name stands for; if nothing, that is reported.
    pub(super) fn find(&self, name: &At<String>, findings: &mut Findings) -> Option<Entity> {
        let found = self.entities.get(name.value.as_str()).copied();
        if found.is_none() {
            self.undefined(name, "zone, device or group", |_| true, findings);
        }
        found
    }

    /// The zone of this name, declared or built in; if there is none, that is reported.
    pub(super) fn zone(&self, name: &At<String>, findings: &mut Findings) -> Option<ZoneId> {
        match self.entities.get(name.value.as_str()) {
            Some(Entity::Zone(zone)) => Some(*zone),
            Some(Entity::Device(_)) => misfit(name, "device", "zone", findings),
            Some(Entity::Group(_)) => misfit(name, "group", "zone", findings),
            None => {
                let zones = |kind| kind == Kind::Zone;
                self.undefined(name, "zone", zones, findings);
                None
            }
        }
    }

    /// The device of this name; if there is none, that is reported.
    pub(super) fn device(&self, name: &At<String>, findings: &mut Findings) -> Option<DeviceId> {
        match self.entities.get(name.value.as_str()) {
            Some(Entity::Device(device)) => Some(*device),
            Some(Entity::Zone(_)) => misfit(name, "zone", "device", findings),
            Some(Entity::Group(_)) => misfit(name, "group", "device", findings),
            None => {
                let devices = |kind| kind == Kind::Device;
                self.undefined(name, "device", devices, findings);
                None
            }
        }
    }

    /// The zone `quarantine`, where it is declared.
    pub(super) fn quarantine(&self) -> Option<ZoneId> {
        match self.entities.get("quarantine") {
            Some(Entity::Zone(zone)) => Some(*zone),
            _ => None,
        }
    }

    fn undefined(&self, name: &At<String>, kind: &str, fits: impl Fn(Kind) -> bool, findings: &mut Findings) {
        if !self.complete {
            return;
        }
        fn names<T>(entries: &[Named<T>], fit: bool) -> impl Iterator<Item = &str> {
            let fitting = if fit { entries } else { &[] };
            fitting.iter().map(|entry| entry.name.as_str())
        }
        let zones = names(&self.document.zones, fits(Kind::Zone));
        let groups = names(&self.document.groups, fits(Kind::Group));
        let devices = names(&self.document.devices, fits(Kind::Device));
        // The whole of a long list is searched for a few names only: a report must not take time that grows with its square.
        let searches = self.searches.replace(self.searches.get() + 1);
        let at_most = match searches {
            0..20 => usize::MAX,
            20..1000 => 200,
            _ => 0,
        };
        let fitting = zones.chain(groups).chain(devices).take(at_most);
        let table = if kind == "device" { "devices" } else { "zones" };
        let help =
            did_you_mean(&name.value, fitting).unwrap_or_else(|| format!("declare it: `[{table}.{}]`", name.value));
        findings.error(name.span, format!("`{}` is no {kind}", name.value)).help(help);
    }
}

fn misfit<T>(name: &At<String>, is: &str, not: &str, findings: &mut Findings) -> Option<T> {
    findings
        .error(name.span, format!("`{}` is a {is}, not a {not}", name.value))
        .help(format!("write the name of a {not}"));
    None
}

/// The number of the zone at an index of the document, once `router` is among them.
fn zone_id(index: usize, name: &str) -> ZoneId {
    ZoneId(index + usize::from(name > ROUTER))
}

/// The number of the zone `router`.
pub(super) fn router_zone(document: &Document) -> ZoneId {
    ZoneId(document.zones.partition_point(|zone| zone.name.as_str() < ROUTER))
}

/// Takes out what has a name that it must not have, and says so.
pub(super) fn refuse_reserved(document: &mut Document, findings: &mut Findings) {
    refuse("zone", &mut document.zones, findings);
    refuse("device", &mut document.devices, findings);
    refuse("group", &mut document.groups, findings);
    document.services.retain(|service| {
        let name = service.name.as_str();
        let reserved = WORDS.contains(&name) || name == "ip" || name == "eth";
        if reserved {
            findings
                .error(service.span, format!("`{name}` has a meaning of its own"))
                .help("give the service another name");
        }
        !reserved && well_formed("service", service, findings)
    });
}

fn refuse<T>(kind: &str, entries: &mut Vec<Named<T>>, findings: &mut Findings) {
    entries.retain(|entry| {
        let name = entry.name.as_str();
        if !RESERVED.contains(&name) {
            return well_formed(kind, entry, findings);
        }
        findings
            .error(entry.span, format!("no {kind} can be called `{name}`"))
            .help(format!("{} are words of the policy; write another name", quoted(RESERVED)));
        false
    });
}

/// Names stand in the names of rules, in metrics and in lists on one line.
fn well_formed<T>(kind: &str, entry: &Named<T>, findings: &mut Findings) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let sound = !entry.name.is_empty() && entry.name.chars().all(fits);
    if !sound {
        findings
            .error(entry.span, format!("`{}` is no name for a {kind}", entry.name))
            .help("names are made of letters, digits, `-`, `_` and `.`");
    }
    sound
}
