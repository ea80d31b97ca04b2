//! What each step said of a packet.

use std::fmt;

use super::Rule;

/// What one step or layer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'p> {
    /// The step, by the word that stands as `layer` everywhere.
    pub step: &'static str,
    /// What it decided.
    pub outcome: Outcome,
    /// Why, in words.
    pub said: String,
    /// The entry of the policy behind it.
    pub rule: Option<Rule<'p>>,
}

/// What a step decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The packet goes on.
    Agrees,
    /// It would end here, but what the refusal rests on is in audit.
    Audited,
    /// It ends here.
    Refuses,
}

impl Outcome {
    /// The label used in text.
    pub const fn label(self) -> &'static str {
        match self {
            Outcome::Agrees => "agrees",
            Outcome::Audited => "audit",
            Outcome::Refuses => "refuses",
        }
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<10}  {:<7}  {}", self.step, self.outcome.label(), self.said)?;
        match self.rule {
            Some(rule) => write!(f, "  ({})", rule.place),
            None => Ok(()),
        }
    }
}
