//! Access lists (RFC 8519, section 4.1): found by name, read in order.

use std::collections::{BTreeMap, BTreeSet};

use jsonc_parser::ast::{Object, Value};

use super::ace;
use super::draft::{Direction, Placed};
use super::family::AclType;
use super::file::Names;
use super::json::{self, span};
use super::report::{Report, code};

/// Where a file may have its lists: RFC 8519, and the drafts before it.
pub(super) const ROOTS: [&str; 2] = ["ietf-access-control-list:acls", "ietf-access-control-list:access-lists"];

/// The access lists of one file by name.
pub(super) struct Lists<'v, 't> {
    by_name: BTreeMap<&'v str, &'v Object<'t>>,
}

impl<'v, 't> Lists<'v, 't> {
    pub(super) fn get(&self, name: &str) -> Option<&'v Object<'t>> {
        self.by_name.get(name).copied()
    }

    pub(super) fn tell_unused(&self, used: &BTreeSet<&str>, report: &mut Report) {
        for (name, list) in &self.by_name {
            if !used.contains(name) {
                let message = format!("no policy refers to the access list `{name}`; it is not applied");
                report.lint(code::UNREFERENCED, json::first_byte(list), message);
            }
        }
    }
}

/// What a list says of all its entries.
pub(super) struct ListContext<'a> {
    pub(super) name: &'a str,
    pub(super) direction: Direction,
    pub(super) kind: AclType,
    /// Nodes of the list that are not understood; they might narrow its entries.
    pub(super) unsupported: Vec<String>,
}

pub(super) fn index<'v, 't>(root: &'v Object<'t>, report: &mut Report) -> Lists<'v, 't> {
    let mut by_name = BTreeMap::new();
    for key in ROOTS {
        let Some(property) = root.get(key) else {
            continue;
        };
        if key != ROOTS[0] {
            let message = format!("`{key}` is from a draft; RFC 8519 has `{}`", ROOTS[0]);
            report.lint(code::DIALECT, span(&property.name), message);
        }
        for list in lists(&property.value, key, report) {
            let Some(list) = json::object(list, "acl", report) else {
                continue;
            };
            if let Some(draft) = list.get("acl-name") {
                report
                    .problem(code::DRAFT, span(&draft.name), "`acl-name` is from a draft before RFC 8519")
                    .help("write `name`");
                continue;
            }
            let Some(name) = json::required(list, "name", "an access list", report) else {
                continue;
            };
            let Some(text) = json::string(&name.value, "name", report) else {
                continue;
            };
            if by_name.insert(text, list).is_some() {
                report.problem(code::DUPLICATE, span(&name.value), format!("a second access list is named `{text}`"));
            }
        }
    }
    Lists { by_name }
}

pub(super) fn read(
    name: &str,
    list: &Object<'_>,
    direction: Direction,
    names: &Names,
    report: &mut Report,
) -> Vec<Placed> {
    let mut context = ListContext { name, direction, kind: AclType::Absent, unsupported: Vec::new() };
    let mut entries: &[Value<'_>] = &[];
    for property in &list.properties {
        match property.name.as_str() {
            "name" => {}
            "type" => context.kind = AclType::read(&property.value, &mut context.unsupported, report),
            "aces" => {
                let aces = json::object(&property.value, "aces", report).and_then(|aces| aces.get("ace"));
                entries = aces.and_then(|ace| json::list(&ace.value, "ace", report)).unwrap_or_default();
            }
            "access-list-entries" | "acl-type" => {
                let message = format!("`{}` is from a draft before RFC 8519", property.name.as_str());
                report
                    .problem(code::DRAFT, span(&property.name), message)
                    .help("RFC 8519 has `type` and `aces`, whose matches are written differently");
            }
            unknown => {
                context.unsupported.push(unknown.to_owned());
                let message =
                    format!("`{unknown}` of the access list `{name}` is not understood; its entries accept nothing");
                report.lint(code::UNSUPPORTED, span(&property.name), message);
            }
        }
    }
    let mut seen = BTreeSet::new();
    entries.iter().flat_map(|entry| ace::read(entry, &context, names, &mut seen, report)).collect()
}

fn lists<'v, 't>(value: &'v Value<'t>, key: &str, report: &mut Report) -> &'v [Value<'t>] {
    let list = json::object(value, key, report).and_then(|lists| lists.get("acl"));
    list.and_then(|list| json::list(&list.value, "acl", report)).unwrap_or_default()
}
