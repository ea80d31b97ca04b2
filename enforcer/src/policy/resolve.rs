//! Merged entries to the model: names become indices, lists of services become sets.

use std::collections::{BTreeMap, HashMap};

use super::model::{
    Device, DeviceId, Exception, Forward, Guardrail, Policy, Router, Service, Transition, Unknown, Zone, ZoneId,
};
use super::names::{Names, ROUTER, router_zone};
use super::profiles::Profiles;
use super::raw::{self, Document, Mode, Named};
use super::report::Findings;
use super::sets::Sets;
use super::sides::{End, Sides};
use super::source::{List, Sources, Span};

/// The tables that names are looked up in.
pub(super) struct Resolver<'d> {
    pub(super) document: &'d Document,
    pub(super) sources: &'d Sources,
    pub(super) names: &'d Names<'d>,
    pub(super) sides: Sides<'d>,
    pub(super) sets: Sets<'d>,
}

impl Resolver<'_> {
    /// The model. Where a name stands for nothing, that is reported and something harmless is put in its place: with errors,
    /// the model is not used for anything but to find more of them.
    pub(super) fn policy(&mut self, profiles: Profiles, findings: &mut Findings) -> Policy {
        let audit = self.audit_all();
        let zones = self.zones(audit, findings);
        let devices = self.devices(&zones, &profiles, audit, findings);
        let transitions = self.transitions(audit, findings);
        let guardrails = self.guardrails(audit, findings);
        Policy {
            router_zone: router_zone(self.document),
            transitions,
            guardrails,
            forwards: self.forwards(&devices, findings),
            controllers: values(&self.document.controllers),
            names: values(&self.document.names),
            router: Router { addresses: values(&self.document.router_addresses), ignore: self.ignored() },
            profiles: profiles.list,
            zones,
            devices,
        }
    }

    fn audit_all(&self) -> bool {
        let top = self.document.mode.first();
        top.is_some_and(|mode| mode.value == Mode::Audit)
    }

    fn ignored(&self) -> Vec<String> {
        let ignored = self.document.router_ignore.iter();
        ignored.map(|interface| interface.value.clone()).collect()
    }

    fn zones(&self, audit: bool, findings: &mut Findings) -> Vec<Zone> {
        let declared = self.document.zones.iter();
        let mut zones: Vec<Zone> = declared
            .map(|zone| Zone {
                name: zone.name.clone(),
                ports: plain(&zone.entry.ports),
                connected: zone.entry.connected,
                prefixes: plain(&zone.entry.prefixes),
                unknown: self.unknown(zone, findings),
                audit: audit || zone.entry.mode == Some(Mode::Audit),
                essentials: zone.entry.essentials,
                place: Some(self.sources.place(zone.span)),
            })
            .collect();
        let router = Zone {
            name: ROUTER.to_owned(),
            ports: Vec::new(),
            connected: false,
            prefixes: Vec::new(),
            unknown: Unknown::Allow,
            audit,
            essentials: true,
            place: None,
        };
        zones.insert(router_zone(self.document).0, router);
        zones
    }

    fn unknown(&self, zone: &Named<raw::Zone>, findings: &mut Findings) -> Unknown {
        let written = &zone.entry.unknown;
        match written.value {
            raw::Unknown::Allow => Unknown::Allow,
            raw::Unknown::Deny => Unknown::Deny,
            raw::Unknown::Quarantine if zone.name == "quarantine" => {
                findings
                    .error(written.span, "the zone `quarantine` cannot put its own unknown addresses in quarantine")
                    .help("write `unknown = \"allow\"` or `unknown = \"deny\"`");
                Unknown::Deny
            }
            raw::Unknown::Quarantine => match self.names.quarantine() {
                Some(quarantine) => Unknown::Quarantine(quarantine),
                None => {
                    findings
                        .error(written.span, "there is no zone `quarantine` for unknown addresses")
                        .help("declare it: `[zones.quarantine]`, with `ports = []` if it has none of its own");
                    Unknown::Deny
                }
            },
        }
    }

    fn devices(&self, zones: &[Zone], profiles: &Profiles, audit: bool, findings: &mut Findings) -> Vec<Device> {
        let listed_for_all = self.document.replies_listed;
        let router = router_zone(self.document);
        let mut devices = Vec::with_capacity(self.document.devices.len());
        for device in &self.document.devices {
            let entry = &device.entry;
            let zone = entry.zone.as_ref();
            let zone_id = zone.and_then(|zone| self.names.zone(zone, findings));
            if let (Some(zone), Some(id)) = (zone, zone_id)
                && id == router
            {
                findings
                    .error(zone.span, "no device stands in the zone `router`")
                    .help("write the zone that the device's port belongs to");
            }
            let zone = zone_id.unwrap_or(router);
            let mut ids: Vec<_> =
                entry.mud.iter().filter_map(|path| profiles.by_path.get(&path.value).copied()).collect();
            ids.sort();
            ids.dedup();
            devices.push(Device {
                name: device.name.clone(),
                mac: entry.mac.as_ref().map(|mac| mac.value),
                addresses: plain(&entry.addresses),
                zone,
                profiles: ids,
                my_controllers: plain(&entry.my_controllers),
                replies_listed: listed_for_all || entry.replies_listed,
                audit: match entry.mode {
                    Some(mode) => audit || mode == Mode::Audit,
                    None => zones[zone.0].audit,
                },
                place: Some(self.sources.place(device.span)),
            });
        }
        devices
    }

    fn transitions(&mut self, audit: bool, findings: &mut Findings) -> Vec<Transition> {
        let document = self.document;
        let written = document.transitions.iter().chain(&document.management);
        let mut transitions: Vec<Transition> = Vec::new();
        for rule in written {
            let entry = &rule.entry;
            let allow = self.sets.list(&entry.allow, findings);
            transitions.push(Transition {
                name: rule.name.clone(),
                from: self.sides.side(&entry.from, End::From, findings),
                to: self.sides.side(&entry.to, End::To, findings),
                mud: allow.mud.is_some(),
                allow: allow.services,
                deny: self.sets.without_mud(&entry.deny, findings),
                until: entry.until.as_ref().map(|until| until.value),
                log: entry.log,
                audit: audit || entry.mode == Some(Mode::Audit),
                place: self.sources.place(rule.span),
            });
        }
        transitions.sort_by(|a, b| a.name.cmp(&b.name));
        transitions
    }

    fn guardrails(&mut self, audit: bool, findings: &mut Findings) -> Vec<Guardrail> {
        let mut guardrails = Vec::with_capacity(self.document.guardrails.len());
        for rule in &self.document.guardrails {
            let entry = &rule.entry;
            let mut except = Vec::with_capacity(entry.except.0.len());
            for exception in &entry.except.0 {
                except.push(Exception {
                    from: self.sides.side(&exception.from, End::From, findings),
                    to: self.sides.side(&exception.to, End::To, findings),
                    allow: match &exception.allow {
                        Some(allow) => self.sets.without_mud(allow, findings),
                        None => vec![Service::Any],
                    },
                });
            }
            except.sort_by(|a, b| exception_key(a).cmp(&exception_key(b)));
            except.dedup_by(|a, b| exception_key(a) == exception_key(b));
            guardrails.push(Guardrail {
                name: rule.name.clone(),
                from: self.sides.side(&entry.from, End::From, findings),
                to: self.sides.side(&entry.to, End::To, findings),
                deny: self.sets.without_mud(&entry.deny, findings),
                except,
                audit: audit || entry.mode == Some(Mode::Audit),
                place: self.sources.place(rule.span),
            });
        }
        guardrails
    }

    fn forwards(&mut self, devices: &[Device], findings: &mut Findings) -> Vec<Forward> {
        let mut forwards = Vec::new();
        let mut taken: HashMap<(ZoneId, Service), Span> = HashMap::new();
        for forward in &self.document.forwards {
            let entry = &forward.entry;
            let at = self.names.zone(&entry.at, findings);
            let to = self.names.device(&entry.to, findings);
            let service = self.sets.without_mud(std::slice::from_ref(&entry.service), findings);
            let outside = one_port(&service);
            if !service.is_empty() && outside.is_none() {
                findings
                    .error(
                        entry.service.span,
                        format!("`{}` is not one port, and a forward is of one port", entry.service.value),
                    )
                    .help("write one destination port of tcp, udp or sctp, such as `tcp/8443`");
            }
            if let Some(DeviceId(to)) = to
                && devices[to].addresses.is_empty()
            {
                findings
                    .error(entry.to.span, format!("`{}` has no address to forward to", devices[to].name))
                    .help("write `addresses = [\"…\"]` in the device");
            }
            let (Some(at), Some(to), Some(outside)) = (at, to, outside) else {
                continue;
            };
            if let Some(first) = taken.insert((at, service[0].clone()), forward.span) {
                findings
                    .error(forward.span, format!("{} is forwarded twice", forward.name))
                    .also(first, "it is forwarded here already")
                    .help("one outside port leads to one inside host");
            }
            forwards.push(Forward {
                at,
                to,
                port: entry.port.unwrap_or(outside),
                service: service[0].clone(),
                place: self.sources.place(forward.span),
            });
        }
        forwards.sort_by(|a, b| (a.at, &a.service).cmp(&(b.at, &b.service)));
        forwards
    }
}

/// What exceptions are sorted by: the order in which they are written says nothing.
fn exception_key(exception: &Exception) -> impl Ord + '_ {
    let Exception { from, to, allow } = exception;
    let side = |side: &super::model::Side| -> (Vec<ZoneId>, Vec<DeviceId>, bool, bool) {
        (side.zones.clone(), side.devices.clone(), side.star, side.same)
    };
    (side(from), side(to), allow)
}

/// The destination port of a service that is one.
fn one_port(services: &[Service]) -> Option<u16> {
    match services {
        [Service::Ports { destination: (first, last), source: (0, u16::MAX), .. }] if first == last => Some(*first),
        _ => None,
    }
}

/// The values of a list, sorted, each once.
fn plain<T: Ord + Clone>(list: &List<T>) -> Vec<T> {
    let mut values: Vec<T> = list.iter().map(|item| item.value.clone()).collect();
    values.sort();
    values.dedup();
    values
}

fn values<T: Ord + Clone>(entries: &[Named<List<T>>]) -> BTreeMap<String, Vec<T>> {
    let entries = entries.iter();
    entries.map(|entry| (entry.name.clone(), plain(&entry.entry))).collect()
}
