//! Lets witnesses judge the same events, and finds where they disagree.

use anyhow::{Context, Result};
use enforcer::replay::Finding;
use enforcer_common::reason::{Reason, Verdict};

use super::prepared::Prepared;
use super::tally::Tally;
use super::traffic::{Event, What};
use super::witness::Witness;

/// When the first event happens: 0 may stand for never.
pub const START: u64 = 1_000_000_000_000;

/// A disagreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Number of the event, from 0.
    pub event: usize,
    /// Who says what, in words.
    pub readings: Vec<(&'static str, String)>,
    /// What makes it this difference and no other: who says which verdict for which reason.
    pub signature: Vec<(&'static str, Option<(Verdict, Reason)>)>,
}

/// Runs the events past every witness until they disagree. `policies` are those of the session; the first is in force.
pub fn compare<'p>(
    witnesses: &mut [Box<dyn Witness<'p> + 'p>],
    policies: &'p [Prepared],
    events: &[Event],
    tally: &mut Tally,
) -> Result<Option<Difference>> {
    let mut now = START;
    let mut next = policies.iter().skip(1);
    for (number, event) in events.iter().enumerate() {
        now += event.after;
        if event.what == What::Reload {
            let Some(policy) = next.next() else { continue };
            for witness in &mut *witnesses {
                witness.reload(policy)?;
            }
            continue;
        }
        let mut findings = Vec::with_capacity(witnesses.len());
        for witness in &mut *witnesses {
            let name = witness.name();
            let found = witness
                .judge(now, &event.what)
                .with_context(|| format!("{name}, event {number}: {:02x?}", event.what))?;
            findings.push((name, found));
        }
        let Some(((_, first), others)) = findings.split_first() else { return Ok(None) };
        for (name, other) in others {
            if let (Some(first), Some(other)) = (first, other)
                && tell_ends(first) != tell_ends(other)
            {
                tally.other_ends(name);
            }
        }
        if others.iter().any(|(_, other)| differs(first.as_ref(), other.as_ref())) {
            return Ok(Some(Difference {
                event: number,
                readings: findings.iter().map(|(name, found)| (*name, tell(found.as_ref()))).collect(),
                signature: findings
                    .iter()
                    .map(|(name, found)| (*name, found.as_ref().map(|found| (found.verdict, found.reason))))
                    .collect(),
            }));
        }
        tally.count(&event.what, first.as_ref());
    }
    Ok(None)
}

/// True where verdict, reason or rule differ. Who is told as sender and receiver of what is dropped is information.
fn differs(one: Option<&Finding<'_>>, other: Option<&Finding<'_>>) -> bool {
    let judged = |found: &Finding<'_>| (found.verdict, found.reason);
    let rule = |found: Option<&Finding<'_>>| found.and_then(|found| found.rule).map(|rule| rule.name.to_owned());
    one.map(judged) != other.map(judged) || rule(one) != rule(other)
}

/// A finding in words.
pub fn tell(found: Option<&Finding<'_>>) -> String {
    let Some(found) = found else { return "nothing new".to_owned() };
    let rule = found.rule.map(|rule| format!(" by `{}`", rule.name)).unwrap_or_default();
    format!("{} {}{rule}{ENDS}{}", found.verdict.label(), found.reason.label(), tell_ends(found))
}

/// What stands between a verdict and its ends, where both are told.
pub const ENDS: &str = " | ";

/// Port, sender and receiver in words.
fn tell_ends(found: &Finding<'_>) -> String {
    let who = |zone: Option<&str>, device: Option<&str>| match device {
        Some(device) => format!("{}/{device}", zone.unwrap_or("-")),
        None => zone.unwrap_or("-").to_owned(),
    };
    format!("{} | {} > {}", found.port.unwrap_or("-"), who(found.from, found.device), who(found.to, found.peer))
}
