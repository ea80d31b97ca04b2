//! Guardrails and transitions that hold between two ends, as a chain for all pairs of whom the same holds.

use enforcer_common::reason::Reason;

use super::matches::Matches;
use super::reasons::Target;
use super::text::{Chain, comment, log};
use super::who::{Kind, Subject};
use super::{Export, Hook, line};
use crate::policy::model::{Policy, Side, Transition};

/// What holds for a pair: chains are shared by pairs of whom the same holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Content {
    /// Guardrails, each with the exceptions that hold; enforced ones first.
    guardrails: Vec<(usize, Vec<usize>)>,
    /// Transitions in order of name.
    transitions: Vec<usize>,
    /// `mud` stands for every service.
    mud: bool,
    /// Silence means no: the router itself needs no transition.
    needs: bool,
    /// A drop for want of a transition is let through.
    audit: bool,
}

/// An entry within a chain.
struct Step {
    /// What it is, for readers.
    about: String,
    /// Packets that it leaves alone.
    except: Vec<String>,
    /// Packets that it is about.
    matches: Vec<String>,
    /// What it does with them.
    action: String,
}

impl Export<'_> {
    /// Where guardrails and transitions between two ends are decided.
    pub(super) fn pair(&mut self, from: Subject, to: Subject) -> Target {
        let content = self.content(from, to);
        if let Some(known) = self.pairs.get(&content) {
            return known.clone();
        }
        let end = match content.needs {
            true => self.refuse(Reason::NoTransition, content.audit),
            false => Target::Agree,
        };
        let mut steps: Vec<Step> = Vec::new();
        for (index, except) in &content.guardrails {
            steps.push(self.guardrail(*index, except));
        }
        for index in &content.transitions {
            steps.push(self.transition(*index, content.mud));
        }
        steps.retain(|step| !step.matches.is_empty());
        let name = format!("{}_to_{}", self.call(from), self.call(to));
        let target = if steps.is_empty() { end } else { self.steps(&name, &steps, &end) };
        self.pairs.insert(content, target.clone());
        target
    }

    /// How chains are called after an end.
    pub(super) fn call(&self, subject: Subject) -> String {
        let zone = &self.policy.zones[subject.zone.0].name;
        match (subject.device, subject.kind) {
            (Some(device), _) => self.policy.devices[device.0].name.clone(),
            (None, Kind::Unlisted) => zone.clone(),
            (None, Kind::Plain) => format!("{zone}_listed"),
            (None, Kind::Profiled) => format!("{zone}_profiled"),
        }
    }

    fn content(&self, from: Subject, to: Subject) -> Content {
        let policy = self.policy;
        let guards = |sides: (&Side, &Side)| covers(sides.0, from, from) && covers(sides.1, to, from);
        let mut guardrails: Vec<(usize, Vec<usize>)> = Vec::new();
        for (i, guardrail) in policy.guardrails.iter().enumerate() {
            if guards((&guardrail.from, &guardrail.to)) {
                let except = guardrail.except.iter().enumerate();
                // An exception allows.
                let holding = except.filter(|(_, except)| written_for(policy, (&except.from, &except.to), from, to));
                guardrails.push((i, holding.map(|(i, _)| i).collect()));
            }
        }
        guardrails.sort_by_key(|(i, _)| (policy.guardrails[*i].audit, *i));
        let needs = from.zone != policy.router_zone;
        let is_written =
            |transition: &Transition| needs && written_for(policy, (&transition.from, &transition.to), from, to);
        let transitions: Vec<usize> =
            (0..policy.transitions.len()).filter(|i| is_written(&policy.transitions[*i])).collect();
        let mut written = transitions.iter().map(|i| &policy.transitions[*i]);
        // The router has no mode of its own.
        let zones_audit =
            policy.zones[from.zone.0].audit && (to.zone == policy.router_zone || policy.zones[to.zone.0].audit);
        let audit = if transitions.is_empty() { zones_audit } else { written.clone().all(|one| one.audit) };
        let mud = serves(from.kind, to.kind) && written.any(|transition| transition.mud);
        Content { guardrails, transitions, mud, needs, audit: needs && audit }
    }

    fn guardrail(&mut self, index: usize, except: &[usize]) -> Step {
        let guardrail = &self.policy.guardrails[index];
        let about = format!("guardrail {} ({})", guardrail.name, guardrail.place);
        let denied = Matches::of(&guardrail.deny);
        let left = except.iter().flat_map(|i| guardrail.except[*i].allow.iter().cloned());
        let left = Matches::of(&left.collect::<Vec<_>>());
        if denied.without_ip {
            self.notes.without_ip(&about);
        }
        let verdict = self.refuse(Reason::Guardrail, guardrail.audit);
        let verdict = match (self.drops(guardrail.audit), verdict) {
            // In audit what comes behind it still decides.
            (false, Target::Chain(audit)) => format!("jump {audit}"),
            (_, verdict) => verdict.verdict(),
        };
        let action = line(&["counter", &verdict, &comment(&guardrail.name)]);
        Step { about, except: left.any_of, matches: denied.any_of, action }
    }

    fn transition(&mut self, index: usize, mud: bool) -> Step {
        let transition = &self.policy.transitions[index];
        let about = format!("transition {} ({})", transition.name, transition.place);
        let (allowed, denied) = (Matches::of(&transition.allow), Matches::of(&transition.deny));
        if allowed.without_ip {
            self.notes.without_ip(&about);
        }
        let until = transition.until.map(|until| format!("meta time < {}", until.max(0)));
        let until = until.unwrap_or_default();
        if !until.is_empty() {
            self.notes.until(&about);
        }
        // Without connections it would be a line for each packet.
        let log = if transition.log && self.hook == Hook::Forward { log(&transition.name) } else { String::new() };
        let allowed = if mud && transition.mud { vec![String::new()] } else { allowed.any_of };
        let matches = allowed.iter().map(|allowed| line(&[&until, allowed])).collect();
        let action = line(&["counter", &log, "return", &comment(&transition.name)]);
        Step { about, except: denied.any_of, matches, action }
    }

    /// Entries in order. What one leaves alone goes on in a chain of its own, so that the others still see it.
    fn steps(&mut self, name: &str, steps: &[Step], end: &Target) -> Target {
        let mut chain = Chain::new(self.names.unique(name));
        let target = Target::Chain(chain.name.clone());
        for step in steps {
            chain.note(&step.about);
            if step.except.is_empty() {
                chain.rules(step.matches.iter().map(|matched| line(&[matched, &step.action])));
                continue;
            }
            let next = self.names.unique(name);
            chain.rules(step.except.iter().map(|left| line(&[left, "goto", &next])));
            if !step.except.iter().any(String::is_empty) {
                chain.rules(step.matches.iter().map(|matched| line(&[matched, &step.action])));
                chain.rule(format!("goto {next}"));
            }
            self.table.chain(std::mem::replace(&mut chain, Chain::new(next)));
        }
        if *end != Target::Agree {
            chain.rule(end.verdict());
        }
        self.table.chain(chain);
        target
    }
}

/// `mud` stands for every service where at least one end has a profile and no listed device at either end lacks one.
fn serves(from: Kind, to: Kind) -> bool {
    (from == Kind::Profiled || to == Kind::Profiled) && from != Kind::Plain && to != Kind::Plain
}

/// Whether a side of a guardrail covers an end.
fn covers(side: &Side, end: Subject, sender: Subject) -> bool {
    side.star || side.same && end.zone == sender.zone || names(side, end)
}

fn names(side: &Side, end: Subject) -> bool {
    side.zones.contains(&end.zone) || end.device.is_some_and(|device| side.devices.contains(&device))
}

/// Whether what allows is about two ends. `*` is every declared zone, but neither `router` nor a zone with itself.
fn written_for(policy: &Policy, (senders, receivers): (&Side, &Side), from: Subject, to: Subject) -> bool {
    let same_zone = from.zone == to.zone;
    let sender = names(senders, from);
    let receiver = names(receivers, to);
    let any_sender = sender || senders.star && from.zone != policy.router_zone;
    let any_receiver = receiver || receivers.star && to.zone != policy.router_zone;
    sender && receiver || any_sender && receivers.same && same_zone || !same_zone && any_sender && any_receiver
}
