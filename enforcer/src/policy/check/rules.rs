//! Transitions and guardrails: entries that say nothing, or less than they seem to.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Checked;
use super::reach::{Who, all_covered, any_overlap};
use crate::policy::model::{Guardrail, Service, Side, Transition, Unknown, ZoneId};
use crate::policy::raw::{self, Named};
use crate::policy::report::Findings;

pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    let members = Members::of(checked);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    if let Some(first) = checked.document.forwards.iter().map(|forward| forward.span).min() {
        findings
            .warning(
                first,
                "`[[forwards]]` are not enforced yet: connections that the router's own DNAT brings in are dropped",
            )
            .help("do not rely on them; what stands here is checked, and will be judged by a later version");
    }
    let mut spoken_of = vec![false; checked.policy.zones.len()];
    for forward in &checked.policy.forwards {
        spoken_of[forward.at.0] = true;
    }
    for transition in &checked.policy.transitions {
        let ends = checked.members(&transition.from).chain(checked.members(&transition.to));
        for who in ends {
            spoken_of[checked.zone_of(who).0] = true;
        }
        let Some(written) = written(checked, &transition.name) else {
            continue;
        };
        if let (Some(until), Some(at)) = (&written.entry.until, transition.until)
            && u64::try_from(at).unwrap_or(0) <= now
        {
            findings
                .warning(until.span, format!("the transition `{}` has expired", transition.name))
                .help("remove the entry, or write a later time");
        }
        pointless(checked, transition, written, findings);
        beside_mud(&members, transition, written, findings);
        odd_ends(checked, transition, written, findings);
    }
    for (id, zone) in checked.zones().filter(|(id, _)| !spoken_of[id.0]) {
        let quarantine = Unknown::Quarantine(id);
        if checked.policy.zones.iter().any(|zone| zone.unknown == quarantine) {
            continue;
        }
        findings
            .warning(zone.span, format!("no transition speaks of zone `{}`: nothing gets in or out of it", zone.name))
            .help(format!("write a transition, such as `from = \"{}\"`, `to = …`", zone.name));
    }
}

/// The entry that a transition was made of.
fn written<'c>(checked: &'c Checked<'_>, name: &str) -> Option<&'c Named<raw::Transition>> {
    let document = checked.document;
    let written = &document.transitions;
    match written.binary_search_by(|rule| rule.name.as_str().cmp(name)) {
        Ok(index) => Some(&written[index]),
        Err(_) => document.management.first().filter(|rule| rule.name == name),
    }
}

/// A guardrail denies all that the transition allows.
fn pointless(
    checked: &Checked<'_>,
    transition: &Transition,
    written: &Named<raw::Transition>,
    findings: &mut Findings,
) {
    for (guardrail, rule) in checked.policy.guardrails.iter().zip(&checked.document.guardrails) {
        let denied = match transition.mud {
            true => guardrail.deny.contains(&Service::Any),
            false => all_covered(&transition.allow, &guardrail.deny),
        };
        if !denied || guardrail.audit || spared(checked, guardrail, transition) {
            continue;
        }
        if covers_pairs(checked, guardrail, transition) {
            findings
                .warning(
                    written.span,
                    format!(
                        "the guardrail `{}` denies all that the transition `{}` allows",
                        guardrail.name, transition.name
                    ),
                )
                .also(rule.span, "this guardrail")
                .help("remove the transition, or write an `except` in the guardrail");
            return;
        }
    }
}

fn covers_pairs(checked: &Checked<'_>, guardrail: &Guardrail, transition: &Transition) -> bool {
    let from_covered = checked.members(&transition.from).all(|who| checked.includes(&guardrail.from, who, None));
    let to_covered = |side: &Side| checked.members(side).all(|who| checked.includes(&guardrail.to, who, None));
    let same = Side { zones: senders(checked, transition), ..Side::default() };
    from_covered && to_covered(&transition.to) && (!transition.to.same || guardrail.to.same || to_covered(&same))
}

/// An exception of the guardrail may make room for some of the transition.
fn spared(checked: &Checked<'_>, guardrail: &Guardrail, transition: &Transition) -> bool {
    let touched = |side: &Side, of: &Side| {
        side.same || of.same || checked.members(of).any(|who| checked.touches(side, who, None))
    };
    guardrail.except.iter().any(|exception| {
        (transition.mud || any_overlap(&transition.allow, &exception.allow))
            && touched(&exception.from, &transition.from)
            && touched(&exception.to, &transition.to)
    })
}

fn senders(checked: &Checked<'_>, transition: &Transition) -> Vec<ZoneId> {
    let members = checked.members(&transition.from);
    members.map(|who| checked.zone_of(who)).collect()
}

/// Who is in a zone, as far as `mud` tells.
#[derive(Debug, Clone, Copy, Default)]
struct Kinds {
    profiled: bool,
    plain: bool,
    unlisted: bool,
}

struct Members<'c> {
    checked: &'c Checked<'c>,
    zones: Vec<Kinds>,
}

impl<'c> Members<'c> {
    fn of(checked: &'c Checked<'c>) -> Members<'c> {
        let mut zones = vec![Kinds::default(); checked.policy.zones.len()];
        for (index, zone) in checked.policy.zones.iter().enumerate() {
            match zone.unknown {
                Unknown::Allow => zones[index].unlisted = true,
                Unknown::Deny => (),
                Unknown::Quarantine(quarantine) => zones[quarantine.0].unlisted = true,
            }
        }
        for device in &checked.policy.devices {
            let zone = &mut zones[device.zone.0];
            zone.profiled |= !device.profiles.is_empty();
            zone.plain |= device.profiles.is_empty();
        }
        Members { checked, zones }
    }

    fn kinds(&self, side: &Side) -> Kinds {
        let mut kinds = Kinds::default();
        for who in self.checked.members(side) {
            let more = match who {
                Who::Zone(zone) => self.zones[zone.0],
                Who::Device(device) => {
                    let profiled = !self.checked.policy.devices[device.0].profiles.is_empty();
                    Kinds { profiled, plain: !profiled, unlisted: false }
                }
            };
            kinds.profiled |= more.profiled;
            kinds.plain |= more.plain;
            kinds.unlisted |= more.unlisted;
        }
        kinds
    }
}

/// Services beside `mud` serve pairs of ends that `mud` does not stand for; `mud` itself needs a profile.
fn beside_mud(
    members: &Members<'_>,
    transition: &Transition,
    written: &Named<raw::Transition>,
    findings: &mut Findings,
) {
    if !transition.mud {
        return;
    }
    let from = members.kinds(&transition.from);
    let mut to = members.kinds(&transition.to);
    if transition.to.same {
        to.profiled |= from.profiled;
        to.plain |= from.plain;
        to.unlisted |= from.unlisted;
    }
    let place = |is_mud: bool| {
        let mut list = written.entry.allow.iter();
        let found = list.find(|item| (item.value == "mud") == is_mud);
        found.map_or(written.span, |item| item.span)
    };
    if !from.profiled && !to.profiled {
        findings
            .warning(
                place(true),
                format!("`mud` in `{}` stands for nothing: no device there has a profile", transition.name),
            )
            .help("give a device its MUD file: `mud = [\"mud/camera.json\"]`");
        return;
    }
    let serves = from.plain || to.plain || (from.unlisted && to.unlisted);
    if !transition.allow.is_empty() && !serves {
        findings
            .warning(place(false), format!("the services beside `mud` in `{}` serve nobody", transition.name))
            .help("all devices there have profiles, and those allow what they allow: remove the services");
    }
}

fn odd_ends(checked: &Checked<'_>, transition: &Transition, written: &Named<raw::Transition>, findings: &mut Findings) {
    let empty = |side: &Side| checked.members(side).next().is_none() && !side.same;
    if empty(&transition.from) || empty(&transition.to) {
        findings.warning(
            written.span,
            format!("the transition `{}` has nobody on one side: its groups are empty", transition.name),
        );
    }
    if transition.from.zones.contains(&checked.policy.router_zone) {
        findings
            .warning(written.span, format!("`router` as a sender in `{}` adds nothing", transition.name))
            .help("what the router itself sends needs no transition");
    }
    let uplink = transition.from.zones.iter().find(|zone| checked.policy.zones[zone.0].is_uplink());
    if let Some(zone) = uplink.filter(|_| transition.to.same) {
        findings
            .warning(
                written.span,
                format!(
                    "`same` in `{}` lets the uplink `{}` through the router back to itself",
                    transition.name,
                    checked.zone_name(*zone)
                ),
            )
            .help("leave uplinks out of `from` where `to` is `same`");
    }
}
