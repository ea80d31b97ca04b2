//! Zones: what they claim, and what tells them apart.

use std::collections::{BTreeMap, HashMap};

use ipnet::IpNet;

use super::Checked;
use crate::policy::model::ZoneId;
use crate::policy::nearest::did_you_mean;
use crate::policy::raw::{Named, Zone};
use crate::policy::report::Findings;
use crate::policy::source::Span;

pub(super) fn errors(checked: &Checked<'_>, findings: &mut Findings) {
    prefixes(checked, findings);
    ports(checked, findings);
    addresses(checked, findings);
}

/// Every prefix belongs to one zone.
fn prefixes(checked: &Checked<'_>, findings: &mut Findings) {
    let mut claimed: HashMap<IpNet, (ZoneId, Span)> = HashMap::new();
    for (id, zone) in checked.zones() {
        for prefix in zone.entry.prefixes.iter() {
            let (owner, first) = *claimed.entry(prefix.value).or_insert((id, prefix.span));
            if owner != id {
                let (net, other) = (prefix.value, checked.zone_name(owner));
                findings
                    .error(prefix.span, format!("{net} belongs to zone `{}` and to zone `{other}`", zone.name))
                    .also(first, format!("zone `{other}` has it"))
                    .help("a prefix belongs to one zone; a part of it, with a longer prefix, can belong to another");
            }
        }
    }
    for (id, zone) in checked.zones().filter(|(_, zone)| zone.entry.connected) {
        for net in checked.facts.prefixes_of(&checked.policy.zones[id.0]) {
            let Some((owner, first)) = claimed.get(&net).filter(|(owner, _)| *owner != id) else {
                continue;
            };
            let other = checked.zone_name(*owner);
            findings
                .error(*first, format!("{net} belongs to zone `{other}`, and is connected to zone `{}`", zone.name))
                .also(zone.span, "this zone has the networks of its ports' interfaces")
                .help(format!("take it out of `{other}`, or write fixed `prefixes` in `{}`", zone.name));
        }
    }
}

/// A port in several zones needs prefixes that tell them apart.
fn ports(checked: &Checked<'_>, findings: &mut Findings) {
    let mut holders: BTreeMap<&str, Vec<(&Named<Zone>, Span)>> = BTreeMap::new();
    for (_, zone) in checked.zones() {
        let mut ports: Vec<_> = zone.entry.ports.iter().collect();
        ports.sort_by(|a, b| a.value.cmp(&b.value));
        ports.dedup_by(|a, b| a.value == b.value);
        for port in ports {
            let holders = holders.entry(&port.value.name).or_default();
            holders.push((zone, port.span));
        }
    }
    for (port, holders) in &holders {
        let connected: Vec<_> = holders.iter().filter(|(zone, _)| zone.entry.connected).collect();
        if let [(one, first), (two, second), ..] = connected[..] {
            findings
                .error(
                    *second,
                    format!(
                        "port `{port}` is in zones `{}` and `{}`, and both have its connected networks",
                        one.name, two.name
                    ),
                )
                .also(*first, format!("zone `{}` has it", one.name))
                .help("write fixed `prefixes` in all of them but one, such as `prefixes = [\"10.40.0.0/16\"]`");
        }
        let bare = |zone: &Zone| !zone.connected && zone.prefixes.is_empty();
        if let Some((zone, span)) = holders.iter().find(|(zone, _)| bare(&zone.entry))
            && holders.len() > 1
        {
            findings
                .error(*span, format!("port `{port}` is in several zones, and zone `{}` has no prefixes", zone.name))
                .help("write the prefixes that tell it apart from the others");
        }
    }

    for ignored in &checked.document.router_ignore {
        let on = checked
            .zones()
            .flat_map(|(_, zone)| zone.entry.ports.iter())
            .find(|port| port.value.interface == ignored.value);
        if let Some(port) = on {
            findings
                .error(ignored.span, format!("`{}` is ignored, and a port of a zone is on it", ignored.value))
                .also(port.span, "the port")
                .help("take it out of `ignore`, or the port out of the zone");
        }
    }
}

/// `[router] addresses` are of ports that some zone has, and no address is there twice.
fn addresses(checked: &Checked<'_>, findings: &mut Findings) {
    let ports = || checked.policy.zones.iter().flat_map(|zone| &zone.ports);
    let known: std::collections::HashSet<&str> = ports().map(|port| port.name.as_str()).collect();
    for entry in &checked.document.router_addresses {
        if known.contains(entry.name.as_str()) {
            continue;
        }
        let help = did_you_mean(&entry.name, known.iter().copied())
            .unwrap_or_else(|| "write the name of a port as a zone has it".to_owned());
        findings.error(entry.span, format!("no zone has a port `{}`", entry.name)).help(help);
    }
}

pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    let quarantine =
        checked.document.zones.iter().any(|zone| zone.entry.unknown.value == crate::policy::raw::Unknown::Quarantine);
    for (id, zone) in checked.zones() {
        let is_quarantine = quarantine && zone.name == "quarantine";
        if zone.entry.ports.is_empty() && !is_quarantine {
            findings
                .warning(zone.span, format!("zone `{}` has no port: nobody can be in it", zone.name))
                .help("write `ports = [\"lan0\"]`");
        } else if zone.entry.connected
            && !zone.entry.ports.is_empty()
            && checked.facts.prefixes_of(&checked.policy.zones[id.0]).is_empty()
        {
            let port = &zone.entry.ports[0].value.name;
            findings
                .warning(
                    zone.span,
                    format!("the connected networks of zone `{}` are unknown here", zone.name),
                )
                .help(format!(
                    "on the router its interfaces tell; elsewhere write `addresses = {{ \"{port}\" = [\"10.30.0.1/16\"] }}` under `[router]`"
                ));
        }
    }
    overlaps(checked, findings);
}

/// Addresses are one space: a network that is connected to two zones is in neither for sure.
fn overlaps(checked: &Checked<'_>, findings: &mut Findings) {
    let mut connected: HashMap<IpNet, &Named<Zone>> = HashMap::new();
    for (id, zone) in checked.zones().filter(|(_, zone)| zone.entry.connected) {
        for net in checked.facts.prefixes_of(&checked.policy.zones[id.0]) {
            let other = *connected.entry(net).or_insert(zone);
            let fixed = zone.entry.prefixes.iter().any(|prefix| prefix.value == net);
            if other.span != zone.span && !fixed {
                findings
                    .warning(
                        zone.span,
                        format!(
                            "{net} is connected to zone `{}` and to zone `{}`: addresses are one space",
                            other.name, zone.name
                        ),
                    )
                    .also(other.span, format!("zone `{}`", other.name))
                    .help("give one of them 1:1 NAT, or an enforcer in a network namespace of its own");
            }
        }
    }
}
