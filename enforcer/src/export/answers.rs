//! Answers that profiles do not let pass: those that an entry drops, and with `replies = "listed"` those that none accepts.

use super::Export;
use super::space::Family;
use super::text::Chain;

impl Export<'_> {
    /// The chain that answers go through; nothing where all of them pass.
    pub(super) fn answers(&mut self) -> Option<String> {
        let groups: Vec<usize> =
            (0..self.population.groups.len()).filter(|group| self.settles_answers(*group)).collect();
        if groups.is_empty() {
            return None;
        }
        let from = self.dispatch("answers_from", &groups, true, true);
        let to = self.dispatch("answers_to", &groups, false, true);
        let mut chain = Chain::new(self.names.unique("answers"));
        chain.rule(format!("jump {from}"));
        chain.rule(format!("jump {to}"));
        let name = chain.name.clone();
        self.table.chain(chain);
        Some(name)
    }

    fn settles_answers(&self, group: usize) -> bool {
        let group = &self.population.groups[group];
        let drops = |from_device: bool| {
            let list = super::mud::List { from_device, answers: true, family: Family::V4 };
            self.drops_answers(&group.profiles, list)
        };
        !group.profiles.is_empty() && (group.replies_listed || drops(true) || drops(false))
    }
}
