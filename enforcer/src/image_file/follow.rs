//! Follows every reference through its ladders: each way ends, in time, in an outcome that means something.

use std::collections::HashMap;

use enforcer_common::cell::Cell;
use enforcer_common::ladder::{FAN, LEAF, MAX_STEPS, Ref};
use enforcer_common::layers::{
    ABSENT, ALLOW, DENY, DENY_AUDIT, LOG, MUD_ACCEPT, MUD_DROP, RULE, WRITTEN, WRITTEN_AUDIT,
};

use crate::compile::image::Rule;

/// What the outcomes of a ladder mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    /// An endpoint, found by a word of an address.
    Endpoint,
    /// Guardrails of a pair of zones.
    Guardrails,
    /// Guardrails of a pair with a device, for which none need be written down.
    DeviceGuardrails,
    /// Transitions.
    Transitions,
    /// A list of a profile.
    Mud,
}

/// A walk through all ladders of an image.
pub(super) struct Follower<'a> {
    cells: &'a [Cell],
    rules: &'a [Rule],
    endpoints: u32,
    /// Steps from each reference that has been followed to its furthest end.
    known: HashMap<(Meaning, u32), usize>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(cells: &'a [Cell], rules: &'a [Rule], endpoints: u32) -> Self {
        Follower { cells, rules, endpoints, known: HashMap::new() }
    }

    /// Follows a reference that some table holds.
    pub(super) fn follow(&mut self, meaning: Meaning, reference: u32) -> Result<(), String> {
        self.steps(meaning, Ref(reference), 0).map(|_| ())
    }

    /// Steps from here to the furthest end. `taken` have been taken to come here.
    fn steps(&mut self, meaning: Meaning, at: Ref, taken: usize) -> Result<usize, String> {
        if at.is_done() {
            return if self.is_outcome(meaning, at.payload()) {
                Ok(0)
            } else {
                Err(format!("{:#x} is no outcome of {meaning:?}", at.payload()))
            };
        }
        let known = self.known.get(&(meaning, at.0)).copied();
        if taken + known.unwrap_or(1) > MAX_STEPS {
            return Err("a decision takes more steps than the kernel program goes".into());
        }
        if let Some(known) = known {
            return Ok(known);
        }
        // The headers are no ladders.
        let cell = match self.cells.get(at.index() as usize) {
            Some(cell) if at.index() >= 2 => *cell,
            Some(_) | None => return Err(format!("a decision leads to cell {}, which is none", at.index())),
        };
        let mut furthest = 0;
        if at.depth() > 0 {
            let children = children(meaning, &cell)?;
            let first = cell[0];
            if first as usize + children > self.cells.len() {
                return Err(format!("the children of cell {} go past the end", at.index()));
            }
            for child in first..first + children as u32 {
                let child = Ref::ladder(at.field(), at.depth() - 1, child);
                furthest = furthest.max(self.steps(meaning, child, taken + 1)?);
            }
        } else {
            bounds(&cell[..LEAF - 1])?;
            for outcome in &cell[LEAF..] {
                furthest = furthest.max(self.steps(meaning, Ref(*outcome), taken + 1)?);
            }
        }
        self.known.insert((meaning, at.0), furthest + 1);
        Ok(furthest + 1)
    }

    fn is_outcome(&self, meaning: Meaning, payload: u32) -> bool {
        let rule = |layer: &str| self.rules.get((payload & RULE) as usize).is_some_and(|rule| rule.layer == layer);
        match (meaning, payload & !RULE) {
            (Meaning::Endpoint, _) => payload < self.endpoints,
            (_, 0) => payload == 0,
            (Meaning::DeviceGuardrails, _) if payload == ABSENT => true,
            (Meaning::Guardrails | Meaning::DeviceGuardrails, bits) => bits & !DENY_AUDIT == DENY && rule("guardrail"),
            (Meaning::Transitions, bits) if bits & !LOG == ALLOW => rule("transition"),
            (Meaning::Transitions, bits) => bits & !WRITTEN_AUDIT == WRITTEN && payload & RULE == 0,
            (Meaning::Mud, MUD_ACCEPT) => rule("mud"),
            (Meaning::Mud, MUD_DROP) => rule("mud") || payload & RULE == 0,
            (Meaning::Mud, _) => false,
        }
    }
}

/// How many children of an interior cell a key can lead to. A word of an address can be anything, other keys are never the
/// last word, which stands for "no bound".
fn children(meaning: Meaning, cell: &Cell) -> Result<usize, String> {
    let below = bounds(&cell[1..])?;
    Ok(if meaning == Meaning::Endpoint { FAN } else { below + 1 })
}

/// The number of bounds of a cell, which ascend.
fn bounds(words: &[u32]) -> Result<usize, String> {
    if !words.is_sorted() {
        return Err("bounds that do not ascend".into());
    }
    Ok(words.partition_point(|bound| *bound != u32::MAX))
}
