//! A question, its answer, and what follows from it.

use std::path::Path;

use enforcer_common::reason::Verdict;

use super::answer::Answer;
use super::candidates::Situation;
use super::change::{Change, Ground, NoChange, changes, why_none};
use super::lay::Lay;
use super::overlay;
use super::question::{Question, Unasked};
use super::site::Site;
use super::steps::{Decided, Row, rows};
use crate::judge::Seen;
use crate::policy::facts::Live;

/// One packet, explained.
#[derive(Debug)]
pub struct Explanation {
    /// What was asked.
    pub title: String,
    /// What was assumed.
    pub notes: Vec<String>,
    /// Number of the frame in its capture.
    pub frame: Option<u64>,
    /// What the packet says; none where it cannot be read.
    pub seen: Option<Seen>,
    /// What becomes of it.
    pub answer: Answer,
    /// What each step decided.
    pub steps: Vec<Row>,
    /// Changes that would let it pass, the smallest first; each was tried.
    pub changes: Vec<Change>,
    /// Why there is none, for what does not pass.
    pub no_change: Option<NoChange>,
}

/// Explains a packet by the policy at `path`, which was read as `site`.
pub fn explain(path: &Path, live: Option<&Live>, site: &Site, question: &Question) -> Result<Explanation, Unasked> {
    if let Some(mut opening) = question.opening()
        && opening.ask(site)?.verdict == Verdict::Drop
    {
        opening.notes.push("it does not pass, so that nothing answers it: this is about that packet itself".to_owned());
        return explain(path, live, site, &opening);
    }
    let answer = question.ask(site)?;
    let lay = Lay::of(site);
    let seen = question.seen().ok();
    let mut steps = rows(lay, &answer, question.is_sent_by_router());
    let (mut found, mut none) = (Vec::new(), None);
    if !answer.passes() {
        if let Some(seen) = seen {
            let situation = Situation { site, lay, question, answer: &answer, seen };
            if let (Some(hint), Some(row)) = (overlay::hint(&situation), steps.iter_mut().find(|row| refuses(row))) {
                row.why = format!("{}; {hint}", row.why);
            }
            match changes(Ground { path, live, question, seen }, site, &answer) {
                Ok(changes) => found = changes,
                Err(why) => none = Some(why),
            }
        } else {
            none = Some(why_none(&answer));
        }
    }
    Ok(Explanation {
        title: question.title.clone(),
        notes: question.notes.clone(),
        frame: question.number,
        seen,
        answer,
        steps,
        changes: found,
        no_change: none,
    })
}

fn refuses(row: &Row) -> bool {
    row.step.starts_with("mud") && matches!(row.decided, Decided::Refuses | Decided::Audited)
}
