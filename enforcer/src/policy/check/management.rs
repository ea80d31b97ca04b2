//! `[management]` must always hold: the operator is never locked out.

use super::Checked;
use super::reach::{Who, all_covered, any_overlap};
use crate::policy::model::{Exception, Guardrail, Transition, Unknown, ZoneId};
use crate::policy::report::{Findings, Severity};

pub(super) fn errors(checked: &Checked<'_>, findings: &mut Findings) {
    let Some(written) = checked.document.management.first() else {
        return;
    };
    let is_management = |transition: &&Transition| transition.name == written.name;
    let Some(management) = checked.policy.transitions.iter().find(is_management) else {
        return;
    };
    if management.mud {
        findings
            .error(written.span, "`[management]` cannot rest on `mud`")
            .help("write the services themselves, such as `tcp/22`");
    }
    for who in checked.members(&management.from) {
        let zone = checked.zone_of(who);
        if zone == checked.policy.router_zone {
            findings
                .error(written.span, "`[management]` is from `router`, and nobody sits there")
                .help("write the zone that you sit in");
            continue;
        }
        access(checked, zone, who, findings);
        for guardrail in checked.policy.guardrails.iter().filter(|guardrail| !guardrail.audit) {
            let Some(service) = denied(checked, guardrail, who, management) else {
                continue;
            };
            let name = name(checked, who);
            let found = findings.error(
                written.span,
                format!("the guardrail `{}` denies the management access of {name}", guardrail.name),
            );
            if let Some(rule) = guardrail_span(checked, guardrail) {
                found.also(rule, "this guardrail");
            }
            found.help(format!(
                "write in the guardrail: `except = [{{ from = \"{}\", to = \"router\", allow = [\"{service}\"] }}]`",
                bare_name(checked, who)
            ));
        }
    }
}

pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    if checked.document.management.is_empty() {
        findings
            .general(
                Severity::Warning,
                "no `[management]` says how the router is reached: nothing guards you against locking yourself out",
            )
            .help("write `[management]` with `from = [\"the zone that you sit in\"]` and `allow = [\"tcp/22\"]`");
    }
}

/// Whether anybody can be where the management access is from.
fn access(checked: &Checked<'_>, zone: ZoneId, who: Who, findings: &mut Findings) {
    let written = &checked.document.management[0];
    let entry = &checked.policy.zones[zone.0];
    if entry.ports.is_empty() {
        let found = findings.error(
            written.span,
            format!("`[management]` is from {}, and zone `{}` has no port", name(checked, who), entry.name),
        );
        if let Some(span) = checked.zone_span(zone) {
            found.also(span, "this zone");
        }
        found.help("write `ports = [\"lan0\"]` in the zone, or another zone in `[management]`");
    }
    let deserted = entry.unknown != Unknown::Allow
        && who == Who::Zone(zone)
        && !checked.policy.devices.iter().any(|device| device.zone == zone);
    if deserted {
        findings
            .error(
                written.span,
                format!("`[management]` is from zone `{}`, which lets in listed devices only and has none", entry.name),
            )
            .help("list the device that you sit at, or write `unknown = \"allow\"` in the zone");
    }
}

/// A service of the management access that the guardrail takes from `who`.
fn denied(checked: &Checked<'_>, guardrail: &Guardrail, who: Who, management: &Transition) -> Option<String> {
    let sender = Some(checked.zone_of(who));
    let router = Who::Zone(checked.policy.router_zone);
    let spans = checked.includes(&guardrail.from, who, sender) && checked.includes(&guardrail.to, router, sender);
    if !spans {
        return None;
    }
    let spared = |exception: &Exception, service: &_| {
        checked.includes(&exception.from, who, sender)
            && checked.includes(&exception.to, router, sender)
            && all_covered(std::slice::from_ref(service), &exception.allow)
    };
    let denied = management.allow.iter().find(|service| {
        any_overlap(std::slice::from_ref(*service), &guardrail.deny)
            && !guardrail.except.iter().any(|exception| spared(exception, *service))
    });
    denied?;
    let written = checked.document.management[0].entry.allow.iter();
    let written: Vec<&str> = written.map(|service| service.value.as_str()).collect();
    Some(written.join("\", \""))
}

fn guardrail_span(checked: &Checked<'_>, guardrail: &Guardrail) -> Option<crate::policy::source::Span> {
    let written = &checked.document.guardrails;
    let index = written.binary_search_by(|rule| rule.name.cmp(&guardrail.name));
    index.ok().map(|index| written[index].span)
}

fn bare_name<'c>(checked: &'c Checked<'_>, who: Who) -> &'c str {
    match who {
        Who::Zone(zone) => checked.zone_name(zone),
        Who::Device(device) => &checked.policy.devices[device.0].name,
    }
}

fn name(checked: &Checked<'_>, who: Who) -> String {
    let kind = match who {
        Who::Zone(_) => "zone",
        Who::Device(_) => "device",
    };
    format!("{kind} `{}`", bare_name(checked, who))
}
