//! One policy file to its entries. What cannot be read is reported and left out, and the rest is read on.

mod members;
mod rules;
mod tables;

use toml::de::{DeTable, Error};

use super::raw::{Document, Mode, Named, Note};
use super::report::Findings;
use super::source::{At, List, Sources, Span};
use super::table::{Table, within};
use super::value::Fault;

const KEYS: &[&str] = &[
    "version",
    "mode",
    "replies",
    "zones",
    "groups",
    "services",
    "transitions",
    "guardrails",
    "management",
    "devices",
    "forwards",
    "controllers",
    "names",
    "router",
];

/// Reads one file into `document`. Returns whether its syntax is sound; if it is not, what could be made out is there all
/// the same, so that other files do not seem to refer to nothing.
pub(super) fn file(sources: &Sources, file: u32, document: &mut Document, findings: &mut Findings) -> bool {
    let text = &sources.files[file as usize].text;
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        syntax_error(file, text, error, findings);
    }

    // In a file with broken syntax, what a table holds is a guess: no errors from there.
    let mut guesses = Findings::default();
    let sound = errors.is_empty();
    let findings = if sound { findings } else { &mut guesses };
    let top = within(file, 0..0);
    let table = Table::new(table.get_ref(), top, "a policy", KEYS, findings);
    scalars(&table, document, findings);
    tables::named_lists(&table, document, findings);
    tables::router(&table, document, findings);
    members::zones(&table, document, findings);
    members::devices(&table, document, findings);
    rules::transitions(&table, document, findings);
    rules::guardrails(&table, document, findings);
    rules::management(&table, document, findings);
    rules::forwards(&table, document, findings);
    sound
}

fn syntax_error(file: u32, text: &str, error: &Error, findings: &mut Findings) {
    let end = text.len();
    let range = error.span().unwrap_or(0..0);
    let range = range.start.min(end)..range.end.min(end);
    findings.error(within(file, range), format!("TOML: {}", error.message()));
}

fn scalars(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    if let Some(version) = table.integer("version", findings) {
        if version.value != 1 {
            findings
                .error(version.span, format!("version {} of the policy format is unknown", version.value))
                .help("this enforcer reads `version = 1`");
        }
        document.version.push(version);
    }
    document.mode.extend(mode(table, findings));
    document.replies_listed |= replies(table, findings);
}

/// `mode`, with its place.
fn mode(table: &Table<'_, '_>, findings: &mut Findings) -> Option<At<Mode>> {
    let choices = [("enforce", Mode::Enforce), ("audit", Mode::Audit)];
    choice(table, "mode", &choices, findings)
}

/// `replies`: whether they must be listed.
fn replies(table: &Table<'_, '_>, findings: &mut Findings) -> bool {
    choice(table, "replies", &[("listed", true)], findings).is_some_and(|at| at.value)
}

/// A string that is one of a few words.
fn choice<T: Copy>(table: &Table<'_, '_>, key: &str, choices: &[(&str, T)], findings: &mut Findings) -> Option<At<T>> {
    let word = table.string(key, findings)?;
    let chosen = choices.iter().find(|(name, _)| *name == word.value);
    if let Some((_, value)) = chosen {
        return Some(At { value: *value, span: word.span });
    }
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{key} = \"{name}\"`")).collect();
    findings
        .error(word.span, format!("`{key}` cannot be `{}`", word.value))
        .help(format!("write {}", names.join(" or ")));
    None
}

/// `owner` and `why`.
fn note(table: &Table<'_, '_>, findings: &mut Findings) -> Note {
    Note {
        owner: table.string("owner", findings).map(|at| at.value),
        why: table.string("why", findings).map(|at| at.value),
    }
}

/// Each string of a list as a value; those that are none are reported and left out.
fn each<T>(list: List<String>, read: impl Fn(&str) -> Result<T, Fault>, findings: &mut Findings) -> List<T> {
    let read_one = |item: At<String>| one(&item, &read, findings);
    List(list.0.into_iter().filter_map(read_one).collect())
}

/// A string as a value, or a report.
fn one<T>(item: &At<String>, read: impl Fn(&str) -> Result<T, Fault>, findings: &mut Findings) -> Option<At<T>> {
    match read(&item.value) {
        Ok(value) => Some(At { value, span: item.span }),
        Err(fault) => {
            findings.error(item.span, fault.message).help(fault.help);
            None
        }
    }
}

/// An entry that is named by its key.
fn named<T>(name: At<String>, entry: T) -> Named<T> {
    Named { name: name.value, span: name.span, derived: false, entry }
}

/// A number from 1 to 65535.
fn port_number(table: &Table<'_, '_>, key: &str, findings: &mut Findings) -> Option<At<u16>> {
    let number = table.integer(key, findings)?;
    match u16::try_from(number.value) {
        Ok(value) if value > 0 => Some(At { value, span: number.span }),
        _ => {
            findings
                .error(number.span, format!("{} is no port number", number.value))
                .help("write a number from 1 to 65535");
            None
        }
    }
}

/// The place of a key if it is written, else that of its table.
fn key_or_table(table: &Table<'_, '_>, key: &str) -> Span {
    table.key_span(key).unwrap_or(table.span)
}
