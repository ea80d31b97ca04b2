//! The MUD file as a whole: its container, its policies and the access lists that they refer to (RFC 8520, section 2).

use std::collections::BTreeSet;
use std::sync::Arc;

use jsonc_parser::ast::{Object, ObjectProp};
use jsonc_parser::common::Ranged;

use super::acl::Lists;
use super::draft::{Direction, Placed};
use super::json::{self, span};
use super::profile::Profile;
use super::report::{Report, code};
use super::{acl, defaults, header, mirror};
use crate::policy::model::Place;

const CONTAINER: &str = "ietf-mud:mud";

/// How entries of this file are named and placed.
pub(super) struct Names {
    pub(super) label: String,
    pub(super) file: Arc<str>,
}

impl Names {
    pub(super) fn place(&self, line: u32) -> Place {
        Place { file: Arc::clone(&self.file), line }
    }
}

pub(super) fn read(text: &str, shown: &str, report: &mut Report) -> Option<Profile> {
    let root = json::parse(text, report)?;
    let root = json::object(&root, "the file", report)?;
    let Some(container) = root.get(CONTAINER) else {
        no_container(root, report);
        return None;
    };
    let mud = json::object(&container.value, CONTAINER, report)?;
    unknown_roots(root, report);
    let names = Names { label: label(shown), file: Arc::from(shown) };
    let header = header::read(mud, report);
    let lists = acl::index(root, report);
    let mut used = BTreeSet::new();
    let mut from = policy(mud, Direction::FromDevice, &lists, &names, &mut used, report);
    let mut to = policy(mud, Direction::ToDevice, &lists, &names, &mut used, report);
    // A reference in the words of a draft has been told already.
    if used.is_empty() && !report.problems.iter().any(|problem| problem.code == code::DRAFT) {
        let message = "no policy of this file refers to an access list in it";
        report
            .problem(code::NO_POLICY, span(&container.name), message)
            .help("`from-device-policy` and `to-device-policy` name lists of `ietf-access-control-list:acls`");
    }
    lists.tell_unused(&used, report);
    mirror::carry_over(&mut from, &mut to, report);
    let place = names.place(report.line(container.start()));
    let finish = |placed: Vec<Placed>, direction| {
        let explicit = placed.into_iter().map(|placed| placed.ace);
        explicit.chain(defaults::entries(direction, &names.label, &place)).collect()
    };
    let header = header?;
    Some(Profile {
        url: header.url,
        authority: header.authority,
        from_device: finish(from, Direction::FromDevice),
        to_device: finish(to, Direction::ToDevice),
        label: names.label.clone(),
    })
}

/// The entries of one policy's lists, in the order in which the policy names the lists (RFC 8520, section 3.3).
fn policy<'l>(
    mud: &'l Object<'_>,
    direction: Direction,
    lists: &Lists<'l, '_>,
    names: &Names,
    used: &mut BTreeSet<&'l str>,
    report: &mut Report,
) -> Vec<Placed> {
    let node = direction.policy();
    let references = mud.get(node).and_then(|policy| references(policy, node, report)).unwrap_or_default();
    if references.is_empty() {
        let at = mud.get(node).map_or_else(|| json::first_byte(mud), |policy| span(&policy.name));
        report
            .lint(code::ONE_DIRECTION, at, format!("`{node}` names no access list"))
            .help("only the replies to what the other direction allows will pass");
    }
    let mut own = BTreeSet::new();
    let mut entries = Vec::new();
    for (name, at) in references {
        match lists.get(name) {
            None => {
                let message = format!("`{node}` refers to the access list `{name}`, which is not in this file");
                report.lint(code::DANGLING, at, message).help("what it would have allowed is not allowed");
            }
            Some(_) if !own.insert(name) => {
                report.lint(code::DIALECT, at, format!("`{node}` names `{name}` a second time"));
            }
            Some(list) => {
                used.insert(name);
                entries.extend(acl::read(name, list, direction, names, report));
            }
        }
    }
    entries
}

fn references<'v>(
    policy: &'v ObjectProp<'_>,
    node: &str,
    report: &mut Report,
) -> Option<Vec<(&'v str, std::ops::Range<usize>)>> {
    let policy = json::object(&policy.value, node, report)?;
    for property in policy.properties.iter().filter(|property| property.name.as_str() != "access-lists") {
        let message = format!("`{}` in `{node}` is not understood and is ignored", property.name.as_str());
        report.lint(code::EXTENSION, span(&property.name), message);
    }
    let lists = json::object(&policy.get("access-lists")?.value, "access-lists", report)?;
    let lists = json::list(&lists.get("access-list")?.value, "access-list", report)?;
    let mut names = Vec::new();
    for list in lists {
        let Some(list) = json::object(list, "access-list", report) else {
            continue;
        };
        if let Some(draft) = list.get("acl-name") {
            report
                .problem(code::DRAFT, span(&draft.name), "`acl-name` is from a draft before RFC 8520")
                .help("write `name`");
            continue;
        }
        let Some(name) = json::required(list, "name", "an entry of `access-list`", report) else {
            continue;
        };
        names.extend(json::string(&name.value, "name", report).map(|text| (text, span(&name.value))));
    }
    Some(names)
}

fn no_container(root: &Object<'_>, report: &mut Report) {
    let draft = |property: &&ObjectProp<'_>| {
        ["ietf-mud:support-information", "ietf-mud:supportInformation", "ietf-mud:metainfo"]
            .contains(&property.name.as_str())
    };
    let found = root.properties.iter().find(draft);
    let at = found.map_or_else(|| json::first_byte(root), |property| span(&property.name));
    let finding = report.problem(code::NO_CONTAINER, at, format!("no `{CONTAINER}` container"));
    if found.is_some() {
        finding.help("the file was written for a draft before RFC 8520");
    }
}

fn unknown_roots(root: &Object<'_>, report: &mut Report) {
    for property in &root.properties {
        let name = property.name.as_str();
        if name != CONTAINER && !acl::ROOTS.contains(&name) {
            report.lint(code::EXTENSION, span(&property.name), format!("`{name}` is not understood and is ignored"));
        }
    }
}

fn label(shown: &str) -> String {
    shown.rsplit('/').next().unwrap_or(shown).to_owned()
}
