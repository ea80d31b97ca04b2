//! Entries of all files put together: the same name twice is fine if both say the same.
//!
//! Documents are concatenated and then sorted by name, so no order of files or tables matters.

use super::raw::{Document, Mode, Named};
use super::report::{Findings, Severity};
use super::source::At;

/// Sorts every kind of entry by name and makes each name unique.
pub(super) fn merge(document: &mut Document, complete: bool, findings: &mut Findings) {
    if complete {
        version(document, findings);
    }
    mode(&mut document.mode, findings);
    unique("zone", &mut document.zones, findings);
    unique("device", &mut document.devices, findings);
    unique("group", &mut document.groups, findings);
    unique("service", &mut document.services, findings);
    unique("transition", &mut document.transitions, findings);
    unique("guardrail", &mut document.guardrails, findings);
    unique("table", &mut document.management, findings);
    unique("forward", &mut document.forwards, findings);
    unique("controller", &mut document.controllers, findings);
    unique("host name", &mut document.names, findings);
    unique("address list of port", &mut document.router_addresses, findings);
    let ignore = &mut document.router_ignore;
    ignore.sort_by(|a, b| (&a.value, a.span).cmp(&(&b.value, b.span)));
    ignore.dedup_by(|later, first| later.value == first.value);
}

fn unique<T: PartialEq>(kind: &str, entries: &mut Vec<Named<T>>, findings: &mut Findings) {
    entries.sort_by(|a, b| (&a.name, a.span).cmp(&(&b.name, b.span)));
    entries.dedup_by(|later, first| {
        if later.name != first.name {
            return false;
        }
        if later.entry != first.entry {
            let help = match (later.derived || first.derived, kind) {
                (true, "transition" | "guardrail") => {
                    "give one of them a `name = \"…\"` of its own, or write what both say in one entry"
                }
                _ => "rename one of them, or let both say the same",
            };
            findings
                .error(first.span, format!("the {kind} `{}` says two things", first.name))
                .also(later.span, "and says something else here")
                .help(help);
        }
        true
    });
}

fn version(document: &mut Document, findings: &mut Findings) {
    if document.version.is_empty() {
        findings.general(Severity::Error, "the policy does not say its version").help("write `version = 1` at the top");
    }
    document.version.truncate(1);
}

fn mode(written: &mut Vec<At<Mode>>, findings: &mut Findings) {
    written.sort_by_key(|mode| mode.span);
    let Some(first) = written.first().cloned() else {
        return;
    };
    if let Some(other) = written.iter().find(|mode| mode.value != first.value) {
        findings
            .error(first.span, "the top-level `mode` says two things")
            .also(other.span, "and says something else here")
            .help("write `mode` in one file only");
    }
    written.truncate(1);
}
