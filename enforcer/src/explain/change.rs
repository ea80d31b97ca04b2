//! The smallest change of the policy that lets a packet pass: thought out, tried in memory, and only then told.

use std::path::Path;

use enforcer_common::reason::Reason;

use super::answer::Answer;
use super::candidates::{Ops, Situation, ways};
use super::edit::{Edit, Op};
use super::lay::Lay;
use super::question::Question;
use super::site::Site;
use crate::judge::Seen;
use crate::policy::Texts;
use crate::policy::facts::Live;

/// Faults that may lie upon one another.
const DEEPEST: usize = 6;
/// Changes that are told.
const MOST: usize = 3;

/// Edits that let the packet pass, in the order in which they are pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What to paste where.
    pub edits: Vec<Edit>,
    /// What is to be thought of before.
    pub notes: Vec<String>,
}

/// Why no change is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoChange(pub String);

/// Where the policy is, and what the machine tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'g> {
    pub(super) path: &'g Path,
    pub(super) live: Option<&'g Live>,
    pub(super) question: &'g Question,
    pub(super) seen: Seen,
}

/// The policy as it would be.
struct State {
    site: Site,
    answer: Answer,
    texts: Texts,
    change: Change,
}

/// Changes that let the packet pass, each tried; the first is the smallest.
pub(super) fn changes(ground: Ground<'_>, site: &Site, answer: &Answer) -> Result<Vec<Change>, NoChange> {
    let mut found = Found::default();
    let none = Change { edits: Vec::new(), notes: Vec::new() };
    search(ground, (site, answer, &Texts::default(), &none), DEEPEST, &mut found);
    found.changes.truncate(MOST);
    match found.stuck.filter(|_| found.changes.is_empty()) {
        None if found.changes.is_empty() => Err(why_none(answer)),
        None => Ok(found.changes),
        Some((_, stuck)) => Err(NoChange(format!(
            "Were it not for {}, it would still be {}. {}",
            answer.reason.label(),
            stuck.reason.label(),
            why_none(&stuck).0
        ))),
    }
}

/// What was found.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    /// Behind what could be changed: the refusal that nothing helped against, and how deep it lies.
    stuck: Option<(usize, Answer)>,
}

/// True where at least one change was found.
fn search(
    ground: Ground<'_>,
    (site, answer, texts, change): (&Site, &Answer, &Texts, &Change),
    depth: usize,
    found: &mut Found,
) -> bool {
    let Ground { question, seen, .. } = ground;
    let before = found.changes.len();
    let situation = Situation { site, lay: Lay::of(site), question, answer, seen };
    for way in ways(&situation) {
        for ops in way.tries {
            let Some(mut next) = tried(ground, site, texts, change, ops) else { continue };
            next.change.notes.extend(way.note.clone());
            if next.answer.passes() {
                found.changes.push(next.change);
                break;
            }
            let moved = next.answer.said != answer.said || next.answer.reason != answer.reason;
            let State { site, answer, texts, change } = &next;
            if moved && depth > 1 && search(ground, (site, answer, texts, change), depth - 1, found) {
                break;
            }
        }
        if found.changes.len() >= MOST {
            break;
        }
    }
    let any = found.changes.len() > before;
    let below = found.stuck.as_ref().map_or(DEEPEST, |(depth, _)| *depth);
    if !any && depth < below {
        found.stuck = Some((depth, answer.clone()));
    }
    any
}

/// The policy with the edits pasted, read and compiled, and the packet judged by it.
fn tried(ground: Ground<'_>, site: &Site, texts: &Texts, change: &Change, ops: Ops) -> Option<State> {
    let (mut texts, mut change) = (texts.clone(), change.clone());
    for (file, op) in ops {
        let current = match op {
            Op::Create { .. } => "",
            Op::Append { .. } | Op::Push { .. } | Op::Set { .. } => {
                texts.get(&file).or_else(|| site.loaded.text(&file))?
            }
        };
        let edit = op.edit(current, &file)?;
        let text = edit.paste(current)?;
        texts.put(&file, text);
        change.edits.push(edit);
    }
    let site = Site::with(ground.path, ground.live, &texts).ok()?;
    let answer = ground.question.ask(&site).ok()?;
    Some(State { site, answer, texts, change })
}

/// Why none was found.
pub(super) fn why_none(answer: &Answer) -> NoChange {
    let said = answer.said.last().map(|said| said.why.as_str()).unwrap_or_default();
    let why = match answer.reason {
        Reason::Malformed => {
            "No change of policy would allow it: what cannot be read to the end may be anything. Look at the frame, and \
             at the host that sends it."
                .to_owned()
        }
        Reason::Fragment => {
            "No change of policy would allow it by itself: a later fragment has no ports and goes the way of its first. \
             Explain the first one, or end the fragmentation on the way."
                .to_owned()
        }
        Reason::InvalidState => {
            "No change of policy would allow it: it answers a connection that is not known. Look for asymmetric routing, \
             or explain the packet that should have opened it."
                .to_owned()
        }
        Reason::SpoofedSource => {
            format!("No binding makes this right ({said}): the sender says something that is not his to say here.")
        }
        Reason::UnknownZone => {
            format!("The policy does not tell which zone is meant ({said}): name the port, or add the prefix to a zone.")
        }
        Reason::Established
        | Reason::Allowed
        | Reason::Essential
        | Reason::UnknownDevice
        | Reason::Guardrail
        | Reason::NoTransition
        | Reason::MudFromDevice
        | Reason::MudToDevice
        | Reason::TlsProfile
        | Reason::Application
        | Reason::RateLimited
        | Reason::TableFull => "No change that is as narrow as this packet lets it pass.".to_owned(),
    };
    NoChange(why)
}
