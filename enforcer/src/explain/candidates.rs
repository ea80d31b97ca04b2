//! What might let a packet pass, by the reason of its drop: each no wider than the packet. Whether it does is tried elsewhere.

use enforcer_common::reason::{Reason, Verdict};
use toml_edit::{InlineTable, Value};

use super::answer::Answer;
use super::edit::{Op, Target};
use super::lay::{Lay, alone, is_group};
use super::question::Question;
use super::site::Site;
use super::{devices, overlay, service, spoofed};
use crate::judge::Seen;
use crate::policy::RuleKind;
use crate::policy::model::{DeviceId, Place, Side, Transition, Zone, ZoneId};

/// A drop, and all that is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'s> {
    pub(super) site: &'s Site,
    pub(super) lay: Lay<'s>,
    pub(super) question: &'s Question,
    pub(super) answer: &'s Answer,
    pub(super) seen: Seen,
}

/// Operations, each on a file.
pub(super) type Ops = Vec<(String, Op)>;

/// One way to let the packet pass.
#[derive(Debug)]
pub(super) struct Way {
    /// Ways to write it: the first that works counts.
    pub(super) tries: Vec<Ops>,
    /// What is to be thought of before.
    pub(super) note: Option<String>,
}

impl Way {
    pub(super) fn plain(ops: Ops) -> Way {
        Way { tries: vec![ops], note: None }
    }
}

/// What might help.
pub(super) fn ways(situation: &Situation<'_>) -> Vec<Way> {
    match situation.answer.reason {
        Reason::NoTransition => transition(situation).into_iter().collect(),
        Reason::Guardrail => exception(situation).into_iter().collect(),
        Reason::UnknownDevice => devices::listed(situation).into_iter().collect(),
        Reason::SpoofedSource => spoofed::bindings(situation),
        Reason::UnknownZone => zone(situation).into_iter().collect(),
        Reason::MudFromDevice | Reason::MudToDevice => overlay::ways(situation),
        Reason::Established
        | Reason::Allowed
        | Reason::Essential
        | Reason::Malformed
        | Reason::Fragment
        | Reason::InvalidState
        | Reason::TlsProfile
        | Reason::Application
        | Reason::RateLimited
        | Reason::TableFull => Vec::new(),
    }
}

impl<'s> Situation<'s> {
    /// The file of an entry; the first of the policy for what is built in.
    pub(super) fn file(&self, place: Option<&Place>) -> String {
        let first = || self.site.loaded.files().next().unwrap_or_default();
        place.map_or_else(first, |place| &place.file).to_owned()
    }

    /// The sender's zone, and the receiver's.
    pub(super) fn zones(&self) -> (Option<&'s Zone>, Option<&'s Zone>) {
        let zone = |name: &Option<String>| name.as_deref().and_then(|name| self.lay.zone(name));
        (zone(&self.answer.from), zone(&self.answer.to))
    }

    /// The narrowest names for the ends: devices, else zones.
    fn ends(&self) -> Option<(&'s str, &'s str)> {
        let answer = self.answer;
        let from = answer.device.as_deref().or(answer.from.as_deref())?;
        Some((from, answer.peer.as_deref().or(answer.to.as_deref())?))
    }

    /// One more prefix for a zone: this address alone.
    pub(super) fn prefix(&self, zone: &Zone, address: std::net::IpAddr) -> (String, Op) {
        let op = Op::Push {
            target: Target::Named("zones", zone.name.clone()),
            key: "prefixes".to_owned(),
            item: alone(address).to_string().into(),
            implied: Some("connected"),
        };
        (self.file(zone.place.as_ref()), op)
    }

    /// One more port for a zone.
    pub(super) fn port(&self, zone: &Zone, port: &str) -> (String, Op) {
        let target = Target::Named("zones", zone.name.clone());
        let op = Op::Push { target, key: "ports".to_owned(), item: port.into(), implied: None };
        (self.file(zone.place.as_ref()), op)
    }
}

/// A string as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The pair and the service, and nothing more: in the entry for just this pair, where there is one.
fn transition(situation: &Situation<'_>) -> Option<Way> {
    let service = service::written(&situation.seen.carries)?;
    let (from, to) = situation.ends()?;
    let policy = situation.lay.policy;
    let mut tries = Vec::new();
    for existing in policy.transitions.iter().filter(|existing| is_plain(existing)) {
        let is = |side: &Side, name: &str| names_only(situation, side).is_some_and(|only| only == name);
        if is(&existing.from, from) && is(&existing.to, to) {
            let target = Target::At("transitions", existing.place.line);
            let op = Op::Push { target, key: "allow".to_owned(), item: service.as_str().into(), implied: None };
            tries.push(vec![(existing.place.file.to_string(), op)]);
        }
    }
    let derived = format!("{from}>{to}");
    let name = match policy.transitions.iter().any(|existing| existing.name == derived) {
        true => format!("name = {}\n", quoted(&format!("{derived} {service}"))),
        false => String::new(),
    };
    let (from, to, service) = (quoted(from), quoted(to), quoted(&service));
    // One enforced entry would end the audit of the whole pair.
    let mode = if situation.answer.verdict == Verdict::Audit { "mode = \"audit\"\n" } else { "" };
    let text = format!("[[transitions]]\n{name}from = {from}\nto = {to}\nallow = [{service}]\n{mode}");
    let (sender, receiver) = situation.zones();
    let place = sender.and_then(|zone| zone.place.as_ref()).or_else(|| receiver.and_then(|zone| zone.place.as_ref()));
    tries.push(vec![(situation.file(place), Op::Append { text })]);
    Some(Way { tries, note: None })
}

/// An entry that one more service makes no other than it was.
fn is_plain(transition: &Transition) -> bool {
    transition.until.is_none() && transition.deny.is_empty() && !transition.log && transition.name != "management"
}

/// The one name that a side holds.
fn names_only<'s>(situation: &Situation<'s>, side: &Side) -> Option<&'s str> {
    let policy = situation.lay.policy;
    match (side.zones.as_slice(), side.devices.as_slice(), side.star || side.same) {
        ([ZoneId(zone)], [], false) => Some(&policy.zones[*zone].name),
        ([], [DeviceId(device)], false) => Some(&policy.devices[*device].name),
        _ => None,
    }
}

/// Room in the guardrail for the pair and the service.
fn exception(situation: &Situation<'_>) -> Option<Way> {
    let service = service::written(&situation.seen.carries)?;
    let (from, to) = situation.ends()?;
    let rule = situation.answer.rule.as_ref()?;
    let place = rule.place.as_ref()?;
    let mut exception = InlineTable::new();
    exception.insert("from", from.into());
    exception.insert("to", to.into());
    exception.insert("allow", Value::from_iter([service]));
    let op = Op::Push {
        target: Target::At("guardrails", place.line),
        key: "except".to_owned(),
        item: Value::InlineTable(exception),
        implied: None,
    };
    let noted = situation.site.loaded.notes.get(&(RuleKind::Guardrail, rule.name.clone()));
    let owner = noted.and_then(|note| note.owner.as_deref()).map(|owner| format!(" Ask {owner} first."));
    let why = noted.and_then(|note| note.why.as_deref()).map(|why| format!(" Why it is there: {why}."));
    let note = format!(
        "`{}` is a guardrail: somebody denied this on purpose.{}{}",
        rule.name,
        why.unwrap_or_default(),
        owner.unwrap_or_default()
    );
    Some(Way { tries: vec![vec![(place.file.to_string(), op)]], note: Some(note) })
}

/// A port for what came by none, or a zone for the destination.
fn zone(situation: &Situation<'_>) -> Option<Way> {
    let Situation { lay, answer, seen, question, .. } = *situation;
    if answer.port.is_none() && !question.is_sent_by_router() {
        let by = question.by.as_deref()?;
        let tags = seen.vlans.iter().filter(|tag| **tag != 0).map(|tag| format!(".{tag}"));
        let port = format!("{by}{}", tags.collect::<String>());
        let source = seen.source.filter(|source| !super::lay::is_link_local(*source) && !source.is_unspecified())?;
        let note = format!("if {port} is where {source} belongs");
        return Some(match lay.zone_of(source) {
            Some(zone) => Way { tries: vec![vec![situation.port(zone, &port)]], note: Some(note) },
            None => {
                let name = lay.unused_name(&port.replace('.', "-"));
                let (own, port) = (alone(source), quoted(&port));
                let text = format!("[zones.{name}]\nports = [{port}]\nprefixes = [\"{own}\"]\n");
                Way { tries: vec![vec![(situation.file(None), Op::Append { text })]], note: Some(note) }
            }
        });
    }
    let destination = seen.destination.filter(|to| !is_group(*to) && lay.zone_of(*to).is_none())?;
    let zone = lay.zone_near(destination)?;
    let note = format!("if {destination} is behind `{}`", zone.name);
    Some(Way { tries: vec![vec![situation.prefix(zone, destination)]], note: Some(note) })
}
