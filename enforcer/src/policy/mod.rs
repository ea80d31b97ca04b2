//! Policy files to model: parse, merge, check.

pub mod facts;
pub mod first;
pub mod model;
pub mod report;

mod check;
mod icmp;
mod live;
mod merge;
mod names;
mod nearest;
mod parse;
mod profiles;
mod raw;
mod render;
mod resolve;
mod service;
mod sets;
mod sides;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod value;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use self::facts::{Facts, Live};
use self::model::Policy;
use self::names::Names;
use self::raw::Document;
pub use self::raw::Note;
use self::report::{Findings, Report, Severity};
use self::resolve::Resolver;
use self::sets::Sets;
use self::sides::Sides;
use self::source::{Sources, Unread};
pub use self::texts::Texts;
pub use self::words::{Fault, Word, Words};

/// A policy that can be compiled, with what its reading brought to light.
#[derive(Debug)]
pub struct Loaded {
    /// The model.
    pub policy: Policy,
    /// The router's addresses on the policy's ports.
    pub facts: Facts,
    /// What would surprise; never errors.
    pub warnings: Report,
    /// `owner` and `why` of transitions and guardrails, by kind and name of the rule.
    pub notes: BTreeMap<(RuleKind, String), Note>,
    /// Names that are resolved in the model.
    pub words: Words,
}

impl Loaded {
    /// The text of a file that the policy was read from, by the path that places have.
    pub fn text(&self, shown: &str) -> Option<&str> {
        self.warnings.sources.text(shown)
    }

    /// The files of the policy itself, by the paths that places have.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.warnings.sources.policy_files()
    }

    /// The folder that paths in the policy are relative to.
    pub fn folder(&self) -> &Path {
        &self.warnings.sources.folder
    }
}

/// A kind of named rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// `[[transitions]]` and `[management]`.
    Transition,
    /// `[[guardrails]]`.
    Guardrail,
}

/// Reads a policy: one file, or every `*.toml` of a folder, merged. `live` tells the router's addresses where its
/// interfaces are those of the policy. The error holds everything that is wrong, not the first thing only.
pub fn load(path: &Path, live: Option<&Live>) -> Result<Loaded, Report> {
    load_with(path, live, &Texts::default())
}

/// Reads a policy as [`load`] does, with some of its files, and of the MUD files beside it, as `texts` has them.
pub fn load_with(path: &Path, live: Option<&Live>, texts: &Texts) -> Result<Loaded, Report> {
    let (sources, unread) = Sources::read(path, texts);
    load_sources(path, sources, &unread, live, texts)
}

/// As [`load`], of files in memory: their names and texts. MUD files are looked for in `folder`.
pub fn load_texts(folder: &Path, texts: &[(&str, &str)], live: Option<&Live>) -> Result<Loaded, Report> {
    load_sources(folder, Sources::of(folder, texts), &[], live, &Texts::default())
}

fn load_sources(
    path: &Path,
    mut sources: Sources,
    unread: &[Unread],
    live: Option<&Live>,
    texts: &Texts,
) -> Result<Loaded, Report> {
    let mut findings = Findings::default();
    for (unread, error) in unread {
        let message = format!("{} cannot be read: {error}", unread.display());
        let finding = findings.general(Severity::Error, message);
        if unread == path {
            finding.help("name a policy file, or a folder of them");
        }
    }
    if sources.files.is_empty() {
        if unread.is_empty() {
            let message = format!("{} holds no *.toml file", path.display());
            findings.general(Severity::Error, message).help("name a policy file, or a folder of them");
        }
        return Err(findings.into_report(sources));
    }

    let mut document = Document::default();
    let mut complete = unread.is_empty();
    for file in 0..sources.files.len() {
        let file = source::offset(file);
        complete &= parse::file(&sources, file, &mut document, &mut findings);
    }
    merge::merge(&mut document, complete, &mut findings);
    names::refuse_reserved(&mut document, &mut findings);
    let profiles = profiles::read(&document, &mut sources, texts, &mut findings);

    let names = Names::new(&document, complete, &mut findings);
    let mut resolver = Resolver {
        sides: Sides::new(&document, &names, &mut findings),
        sets: Sets::new(&document, complete, &mut findings),
        document: &document,
        sources: &sources,
        names: &names,
    };
    let policy = resolver.policy(profiles, &mut findings);
    let facts = match live {
        Some(live) => Facts::with_live(&policy, &live.addresses_of(&policy)),
        None => Facts::declared(&policy),
    };

    let checked = check::Checked { document: &document, policy: &policy, facts: &facts, live };
    checked.errors(&mut findings);
    if findings.has_errors() {
        return Err(findings.into_report(sources));
    }
    checked.warnings(&mut findings);
    let words = Words::of(&document, &resolver.sets);
    check::unused(resolver, &mut findings);
    let notes = notes(&document);
    Ok(Loaded { policy, facts, warnings: findings.into_report(sources), notes, words })
}

fn notes(document: &Document) -> BTreeMap<(RuleKind, String), Note> {
    let transitions = document.transitions.iter().chain(&document.management);
    let transitions = transitions.map(|rule| {
        let key = (RuleKind::Transition, rule.name.clone());
        (key, rule.entry.note.clone())
    });
    let guardrails = document.guardrails.iter().map(|rule| {
        let key = (RuleKind::Guardrail, rule.name.clone());
        (key, rule.entry.note.clone())
    });
    let notes = transitions.chain(guardrails);
    notes.filter(|(_, note)| *note != Note::default()).collect()
}

/// "Did you mean …?": the one of these names that is near enough to what was written.
pub(crate) fn nearest_of(written: &str, names: &[&str]) -> Option<String> {
    nearest::did_you_mean(written, names.iter().copied())
}

/// What identifies a policy: equal for equal policies, whatever files they were written in.
pub fn digest(policy: &Policy) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Writing to a hash does not fail, and the model holds nothing that JSON cannot say.
    let _ = serde_json::to_writer(&mut hash, policy);
    hash.finalize().into()
}
