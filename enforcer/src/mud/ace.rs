//! One entry (RFC 8519, section 4.1): name, actions, and matches, all of which must hold.

use std::collections::BTreeSet;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use super::acl::ListContext;
use super::draft::{Draft, Placed};
use super::file::Names;
use super::json::{self, span};
use super::profile::{Ace, PeerMatch, Transport};
use super::report::{Report, code};
use super::{actions, family, ip, link, peer, transport};

/// The entry, or two of the same name where ICMP of both families is meant; none if it has a problem.
pub(super) fn read<'v>(
    value: &'v Value<'_>,
    list: &ListContext<'_>,
    names: &Names,
    seen: &mut BTreeSet<&'v str>,
    report: &mut Report,
) -> Vec<Placed> {
    let Some((entry, name)) = named(value, list, seen, report) else {
        return Vec::new();
    };
    let Some(accept) = actions::read(entry, name, report) else {
        return Vec::new();
    };
    let mut draft = Draft::new(list.direction, accept, list.unsupported.clone());
    for property in &entry.properties {
        match property.name.as_str() {
            "name" | "actions" | "statistics" => {}
            "matches" => {
                if let Some(matches) = json::object(&property.value, "matches", report) {
                    read_matches(matches, &mut draft, report);
                }
            }
            unknown => {
                let message = format!("`{unknown}` of the entry `{name}` is not understood");
                draft.give_up(code::UNSUPPORTED, span(&property.name), unknown, message, report);
            }
        }
    }
    let start = json::first_byte(entry);
    let variants = family::resolve(&mut draft, list.kind, start.clone(), report);
    draft.peer.sort();
    draft.peer.dedup();
    if draft.accept && draft.unsupported.is_empty() && draft.peer.iter().all(is_everyone) {
        report
            .lint(code::ANY_HOST, start.clone(), format!("the entry `{name}` names no other end: it accepts any host"))
            .help("`local-networks`, a controller class, a name or a network says who is meant");
    }
    let place = names.place(report.line(entry.start()));
    let rule = format!("{}#{}/{name}", names.label, list.name);
    let ace = |variant: family::Variant| Ace {
        rule: rule.clone(),
        family: variant.family,
        peer: draft.peer.clone(),
        own: draft.own.clone(),
        transport: Transport { protocol: variant.protocol, ..draft.transport.clone() },
        initiated: draft.initiated,
        accept: draft.accept,
        unsupported: draft.unsupported.clone(),
        place: place.clone(),
    };
    variants.into_iter().map(|variant| Placed { ace: ace(variant), span: start.clone() }).collect()
}

/// A default prefix is no demand.
fn is_everyone(matched: &PeerMatch) -> bool {
    matches!(matched, PeerMatch::Network(network) if network.prefix_len() == 0)
}

fn named<'v, 't>(
    value: &'v Value<'t>,
    list: &ListContext<'_>,
    seen: &mut BTreeSet<&'v str>,
    report: &mut Report,
) -> Option<(&'v Object<'t>, &'v str)> {
    let entry = json::object(value, "ace", report)?;
    let property = json::required(entry, "name", &format!("an entry of `{}`", list.name), report)?;
    let name = json::string(&property.value, "name", report)?;
    if !seen.insert(name) {
        let message = format!("a second entry of `{}` is named `{name}`", list.name);
        report.problem(code::DUPLICATE, span(&property.value), message);
        return None;
    }
    Some((entry, name))
}

fn read_matches(matches: &Object<'_>, draft: &mut Draft, report: &mut Report) {
    for property in &matches.properties {
        match property.name.as_str() {
            "eth" => link::read(property, draft, report),
            "ipv4" | "ipv6" => ip::read(property, draft, report),
            "ietf-mud:mud" => peer::read(property, draft, report),
            "tcp" | "udp" | "icmp" | "actions" => {}
            unknown => {
                let message = format!("the match `{unknown}` is not understood");
                draft.give_up(code::UNSUPPORTED, span(&property.name), unknown, message, report);
            }
        }
    }
    // After the IP container, whose `protocol` they must agree with.
    for property in &matches.properties {
        if ["tcp", "udp", "icmp"].contains(&property.name.as_str()) {
            transport::read(property, draft, report);
        }
    }
}
