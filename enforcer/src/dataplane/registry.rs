//! Numbers that stay with a name while the daemon lives, so that counters survive a change of policy.

use std::collections::HashMap;

/// Stable numbers of zones (accounts) and rules (counter slots), from 1.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    accounts: HashMap<String, u16>,
    zones: Vec<String>,
    slots: HashMap<(&'static str, String), u32>,
    rules: Vec<(&'static str, String)>,
    room: u32,
}

impl Registry {
    /// A registry with room for slots below `slots`: the length of the array of rule counters.
    pub fn new(slots: u32) -> Self {
        Registry { room: slots, ..Registry::default() }
    }

    /// The account of a zone. 0, which counts as no zone, where 65,535 names have been seen.
    pub fn account(&mut self, zone: &str) -> u16 {
        if let Some(account) = self.accounts.get(zone) {
            return *account;
        }
        let Ok(account) = u16::try_from(self.zones.len() + 1) else {
            return 0;
        };
        self.zones.push(zone.to_owned());
        self.accounts.insert(zone.to_owned(), account);
        account
    }

    /// The counter slot of a rule. 0, which is not counted, where the array is full.
    pub fn slot(&mut self, layer: &'static str, rule: &str) -> u32 {
        let key = (layer, rule.to_owned());
        if let Some(slot) = self.slots.get(&key) {
            return *slot;
        }
        let slot = self.rules.len() as u32 + 1;
        if slot >= self.room {
            return 0;
        }
        self.rules.push(key.clone());
        self.slots.insert(key, slot);
        slot
    }

    /// The zone with this account.
    pub fn zone(&self, account: u16) -> Option<&str> {
        let index = usize::from(account).checked_sub(1)?;
        self.zones.get(index).map(String::as_str)
    }

    /// Every slot with its layer and rule.
    pub fn rules(&self) -> impl Iterator<Item = (u32, &'static str, &str)> {
        (1..).zip(&self.rules).map(|(slot, (layer, rule))| (slot, *layer, rule.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_names() {
        let mut registry = Registry::new(3);
        assert_eq!(registry.account("router"), 1);
        assert_eq!(registry.account("iot"), 2);
        assert_eq!(registry.account("router"), 1);
        assert_eq!((registry.zone(0), registry.zone(2), registry.zone(3)), (None, Some("iot"), None));
        assert_eq!(registry.slot("guardrail", "a"), 1);
        assert_eq!(registry.slot("transition", "a"), 2);
        assert_eq!(registry.slot("transition", "b"), 0, "full");
        assert_eq!(registry.slot("guardrail", "a"), 1);
        assert_eq!(registry.rules().last(), Some((2, "transition", "a")));
    }
}
