//! One packet on its way through the steps: who it is from and for, what was refused but is in audit, and the trace.

use enforcer_common::reason::{Reason, Verdict};

use super::ground::{Ground, PortId};
use super::who::End;
use super::{Judged, Outcome, Rule, Step};

/// The step that looks at a packet, by the words of `layer` everywhere.
pub(super) mod step {
    pub(in crate::judge) const PARSE: &str = "parse";
    pub(in crate::judge) const SOURCE: &str = "source";
    pub(in crate::judge) const ESSENTIAL: &str = "essential";
    pub(in crate::judge) const CONNECTION: &str = "connection";
    pub(in crate::judge) const GUARDRAIL: &str = "guardrail";
    pub(in crate::judge) const TRANSITION: &str = "transition";
    pub(in crate::judge) const MUD: &str = "mud";
}

/// A drop, or what would be one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal<'p> {
    pub(super) reason: Reason,
    /// The entry that refuses.
    pub(super) rule: Option<Rule<'p>>,
    /// Everything that it rests on is in audit.
    pub(super) audit: bool,
}

impl Refusal<'_> {
    /// A refusal that no entry of the policy stands for.
    pub(super) fn without_rule(reason: Reason, audit: bool) -> Self {
        Refusal { reason, rule: None, audit }
    }
}

/// A pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed<'p> {
    pub(super) reason: Reason,
    /// The entry that allows.
    pub(super) rule: Option<Rule<'p>>,
}

/// One packet on its way.
#[derive(Debug)]
pub(super) struct Case<'p> {
    pub(super) port: Option<PortId>,
    pub(super) from: Option<End>,
    pub(super) to: Option<End>,
    /// The first refusal that is in audit.
    pub(super) audited: Option<Refusal<'p>>,
    trace: Option<Vec<Step<'p>>>,
}

impl<'p> Case<'p> {
    pub(super) fn new(tracing: bool) -> Case<'p> {
        Case { port: None, from: None, to: None, audited: None, trace: tracing.then(Vec::new) }
    }

    /// Writes down that a step lets the packet go on.
    pub(super) fn agrees(&mut self, step: &'static str, rule: Option<Rule<'p>>, said: impl FnOnce() -> String) {
        self.note(step, Outcome::Agrees, rule, said);
    }

    /// A refusal: the end, unless it is in audit. The first one gives the reason.
    pub(super) fn refuse(
        &mut self,
        step: &'static str,
        refusal: Refusal<'p>,
        said: impl FnOnce() -> String,
    ) -> Result<(), Refusal<'p>> {
        if !refusal.audit {
            return Err(self.stop(step, refusal, said));
        }
        self.note(step, Outcome::Audited, refusal.rule, said);
        self.audited.get_or_insert(refusal);
        Ok(())
    }

    /// A refusal behind which nothing can be judged, in audit or not.
    pub(super) fn stop(
        &mut self,
        step: &'static str,
        refusal: Refusal<'p>,
        said: impl FnOnce() -> String,
    ) -> Refusal<'p> {
        let outcome = if refusal.audit { Outcome::Audited } else { Outcome::Refuses };
        self.note(step, outcome, refusal.rule, said);
        refusal
    }

    fn note(&mut self, step: &'static str, outcome: Outcome, rule: Option<Rule<'p>>, said: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(Step { step, outcome, said: said(), rule });
        }
    }

    /// Enforcing needs one: whatever was in audit before, an enforced refusal drops.
    pub(super) fn judged(self, ended: Result<Passed<'p>, Refusal<'p>>, ground: &Ground<'p>) -> Judged<'p> {
        let (verdict, reason, rule) = match (ended, self.audited) {
            (Ok(passed), None) => (Verdict::Pass, passed.reason, passed.rule),
            (Ok(_), Some(first)) => (Verdict::Audit, first.reason, first.rule),
            (Err(refusal), _) if !refusal.audit => (Verdict::Drop, refusal.reason, refusal.rule),
            (Err(refusal), audited) => {
                let first = audited.unwrap_or(refusal);
                (Verdict::Audit, first.reason, first.rule)
            }
        };
        Judged {
            port: self.port.map(|port| ground.port_name(port)),
            from: self.from.map(|end| end.zone),
            to: self.to.map(|end| end.zone),
            device: self.from.and_then(|end| end.device),
            peer: self.to.and_then(|end| end.device),
            verdict,
            reason,
            rule,
            trace: self.trace.unwrap_or_default(),
        }
    }
}
