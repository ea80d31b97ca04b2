//! For whom entries are written: which guardrails and transitions speak of a pair of ends.

use std::collections::HashMap;
use std::sync::Arc;

use super::ground::Ground;
use super::who::End;
use crate::policy::model::{DeviceId, Policy, Side, ZoneId};

/// The entries that are written for a pair, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Pair {
    /// Guardrails, each with those of its exceptions that are for this pair.
    pub(super) guardrails: Vec<(usize, Vec<usize>)>,
    pub(super) transitions: Vec<usize>,
}

/// Pairs that were asked for before: a policy has few, and packets are many.
#[derive(Debug, Default)]
pub(super) struct Pairs(HashMap<(Whom, Whom), Arc<Pair>>);

type Whom = (ZoneId, Option<DeviceId>);

impl Pairs {
    pub(super) fn of(&mut self, ground: &Ground<'_>, from: &End, to: &End) -> Arc<Pair> {
        let whom = |end: &End| (end.zone, end.device);
        let pair = self.0.entry((whom(from), whom(to)));
        Arc::clone(pair.or_insert_with(|| Arc::new(pair_of(ground.policy, from, to))))
    }
}

fn pair_of(policy: &Policy, from: &End, to: &End) -> Pair {
    let sides = |sides: (&Side, &Side), star| speaks_of(policy, star, sides, from, to);
    let guardrails = policy.guardrails.iter().enumerate();
    let guardrails = guardrails.filter(|(_, guardrail)| sides((&guardrail.from, &guardrail.to), Star::Widest));
    let transitions = policy.transitions.iter().enumerate();
    let transitions = transitions.filter(|(_, transition)| sides((&transition.from, &transition.to), Star::Narrowest));
    Pair {
        guardrails: guardrails
            .map(|(index, guardrail)| {
                let exceptions = guardrail.except.iter().enumerate();
                // An exception allows.
                let exceptions =
                    exceptions.filter(|(_, exception)| sides((&exception.from, &exception.to), Star::Narrowest));
                (index, exceptions.map(|(index, _)| index).collect())
            })
            .collect(),
        transitions: transitions.map(|(index, _)| index).collect(),
    }
}

/// What `*` stands for: widest where it denies, narrowest where it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Star {
    /// Everything, the router and a zone with itself included.
    Widest,
    /// Every declared zone, but neither the router nor a zone with itself.
    Narrowest,
}

/// True where one of the names on the one side, with one on the other, holds for the pair.
fn speaks_of(policy: &Policy, star: Star, (senders, receivers): (&Side, &Side), from: &End, to: &End) -> bool {
    let named = |side: &Side, end: &End| {
        side.zones.contains(&end.zone) || end.device.is_some_and(|device| side.devices.contains(&device))
    };
    let within = from.zone == to.zone;
    let router = |end: &End| end.zone == policy.router_zone;
    let (from_star, to_star) = (senders.star, receivers.star);
    let (from_named, to_named) = (named(senders, from), named(receivers, to));
    // `same` is the sender's own zone.
    let same = receivers.same && within;
    match star {
        Star::Widest => {
            let to_any = to_star || to_named || same;
            (from_star || from_named) && to_any
        }
        Star::Narrowest => {
            let from_any = from_star && !router(from);
            let across = !within;
            (from_named && to_named)
                || (from_named && to_star && !router(to) && across)
                || (from_any && to_named && across)
                || (from_any && to_star && !router(to) && across)
                || (from_named && same)
                || (from_any && same)
        }
    }
}
