//! `[[transitions]]`, `[[guardrails]]`, `[management]` and `[[forwards]]`.

use std::collections::BTreeSet;

use super::{mode, note, port_number};
use crate::policy::raw::{Document, Exception, Exceptions, Forward, Guardrail, Named, Transition};
use crate::policy::report::Findings;
use crate::policy::source::{At, List, Span};
use crate::policy::table::{Table, Value};
use crate::policy::value;

const TRANSITION: &[&str] = &["name", "from", "to", "allow", "deny", "until", "log", "mode", "owner", "why"];

pub(super) fn transitions(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    for (value, span) in table.tables("transitions", findings) {
        let Some(table) = Table::read(value, span, "a transition", TRANSITION, findings) else {
            continue;
        };
        for key in ["from", "to"] {
            table.demand(key, "[\"a zone, device or group\"]", findings);
        }
        table.demand("allow", "[\"tcp/443\"]", findings);
        let entry = transition(&table, findings);
        let named = rule(&table, (&entry.from, &entry.to), entry.clone(), findings);
        document.transitions.push(named);
    }
}

fn transition(table: &Table<'_, '_>, findings: &mut Findings) -> Transition {
    let until = table.datetime("until", findings).and_then(|written| match value::instant(&written.value) {
        Ok(value) => Some(At { value, span: written.span }),
        Err(fault) => {
            findings.error(written.span, fault.message).help(fault.help);
            None
        }
    });
    Transition {
        from: table.strings("from", findings),
        to: table.strings("to", findings),
        allow: table.strings("allow", findings),
        deny: table.strings("deny", findings),
        until,
        log: table.boolean("log", findings).unwrap_or(false),
        mode: mode(table, findings).map(|at| at.value),
        note: note(table, findings),
    }
}

const GUARDRAIL: &[&str] = &["name", "from", "to", "deny", "except", "mode", "owner", "why"];

pub(super) fn guardrails(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    for (value, span) in table.tables("guardrails", findings) {
        let Some(table) = Table::read(value, span, "a guardrail", GUARDRAIL, findings) else {
            continue;
        };
        for key in ["from", "to"] {
            table.demand(key, "[\"a zone, device or group\"]", findings);
        }
        table.demand("deny", "[\"any\"]", findings);
        let except = table.tables("except", findings);
        let except = except.into_iter().filter_map(|(value, span)| exception(value, span, findings));
        let entry = Guardrail {
            except: Exceptions(except.collect()),
            from: table.strings("from", findings),
            to: table.strings("to", findings),
            deny: table.strings("deny", findings),
            mode: mode(&table, findings).map(|at| at.value),
            note: note(&table, findings),
        };
        let named = rule(&table, (&entry.from, &entry.to), entry.clone(), findings);
        document.guardrails.push(named);
    }
}

fn exception(value: &Value<'_>, span: Span, findings: &mut Findings) -> Option<Exception> {
    let keys = ["from", "to", "allow", "owner", "why"];
    let table = Table::read(value, span, "an exception", &keys, findings)?;
    for key in ["from", "to"] {
        table.demand(key, "[\"a zone, device or group\"]", findings);
    }
    note(&table, findings);
    let written = table.value("allow").is_some();
    let allow = table.strings("allow", findings);
    Some(Exception {
        from: table.strings("from", findings),
        to: table.strings("to", findings),
        allow: written.then_some(allow),
    })
}

pub(super) fn management(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    let Some((value, _)) = table.value("management") else {
        return;
    };
    let Some(span) = table.key_span("management") else {
        return;
    };
    let keys = ["from", "allow", "log", "owner", "why"];
    let Some(table) = Table::read(value, span, "`[management]`", &keys, findings) else {
        return;
    };
    table.demand("from", "[\"the zone that you sit in\"]", findings);
    table.demand("allow", "[\"tcp/22\"]", findings);
    let router = At { value: "router".to_owned(), span };
    let entry = Transition { to: List(vec![router]), ..transition(&table, findings) };
    document.management.push(Named { name: "management".to_owned(), span, derived: false, entry });
}

pub(super) fn forwards(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    let keys = ["at", "service", "to", "port", "owner", "why"];
    for (value, span) in table.tables("forwards", findings) {
        let Some(table) = Table::read(value, span, "a forward", &keys, findings) else {
            continue;
        };
        table.demand("at", "\"internet\"", findings);
        table.demand("service", "\"tcp/8443\"", findings);
        table.demand("to", "\"a device\"", findings);
        let port = port_number(&table, "port", findings).map(|at| at.value);
        let note = note(&table, findings);
        let at = table.string("at", findings);
        let service = table.string("service", findings);
        let to = table.string("to", findings);
        let (Some(at), Some(service), Some(to)) = (at, service, to) else {
            continue;
        };
        document.forwards.push(Named {
            name: format!("{} at {}", service.value, at.value),
            span,
            derived: true,
            entry: Forward { at, service, to, port, note },
        });
    }
}

/// The name of a rule: as written, else `from>to`.
fn rule<T>(
    table: &Table<'_, '_>,
    (from, to): (&[At<String>], &[At<String>]),
    entry: T,
    findings: &mut Findings,
) -> Named<T> {
    let written = table.string("name", findings);
    if let Some(name) = &written
        && (name.value.trim().is_empty() || name.value.contains(char::is_control))
    {
        findings.error(name.span, "a name needs letters, on one line").help("write a name, or leave it out");
    }
    if let Some(name) = &written
        && name.value == "management"
    {
        findings.error(name.span, "`management` is the name of the table `[management]`").help("write another name");
    }
    Named {
        derived: written.is_none(),
        name: written.map_or_else(|| format!("{}>{}", joined(from), joined(to)), |name| name.value),
        span: table.span,
        entry,
    }
}

/// The names of a side, in an order that does not depend on how they are written.
fn joined(names: &[At<String>]) -> String {
    let names: BTreeSet<&str> = names.iter().map(|name| name.value.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join("+")
}
