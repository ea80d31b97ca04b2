//! The counters of the kernel, summed over its CPUs.

use std::collections::BTreeMap;

use aya::Pod;
use aya::maps::{PerCpuArray, PerCpuHashMap};
use enforcer_common::event::{Counter, CounterKey};
use enforcer_common::reason::{Reason, Verdict};

use crate::dataplane::Error;
use crate::dataplane::load::Kernel;
use crate::dataplane::registry::Registry;

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Key(CounterKey);

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Value(Counter);

// SAFETY: `repr(C)` integers, for which any bytes are a value, without padding: 2 + 2 + 1 + 1 + 2 bytes, aligned to 2.
unsafe impl Pod for Key {}
// SAFETY: the same, 8 + 8 bytes, aligned to 8.
unsafe impl Pod for Value {}

/// Packets and bytes of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// Zone of the sender; `none` where there was none.
    pub from: String,
    /// Zone of the receiver; `none` where there was none.
    pub to: String,
    /// What became of it.
    pub verdict: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Everything that the kernel counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets and bytes, in order of labels.
    pub traffic: Vec<Traffic>,
    /// Packets by layer and rule.
    pub rules: Vec<(&'static str, String, u64)>,
    /// Samples of drops that were not told.
    pub lost: u64,
}

impl Counters {
    /// Reads the counters, with the names that the registry knows.
    pub fn read(kernel: &Kernel, registry: &Registry) -> Result<Self, Error> {
        let mut sums: BTreeMap<CounterKey, Counter> = BTreeMap::new();
        let failed = |map: &'static str| move |error: aya::maps::MapError| Error::Map { map, error: error.to_string() };
        let map: PerCpuHashMap<_, Key, Value> =
            PerCpuHashMap::try_from(kernel.map("COUNTERS")?).map_err(failed("COUNTERS"))?;
        for entry in map.iter() {
            let (Key(key), values) = entry.map_err(failed("COUNTERS"))?;
            let sum = sums.entry(key).or_default();
            for Value(counter) in values.iter() {
                sum.packets += counter.packets;
                sum.bytes += counter.bytes;
            }
        }

        let map: PerCpuArray<_, u64> = PerCpuArray::try_from(kernel.map("RULES")?).map_err(failed("RULES"))?;
        let mut rules = Vec::new();
        for (slot, layer, rule) in registry.rules() {
            let values = map.get(&slot, 0).map_err(failed("RULES"))?;
            rules.push((layer, rule.to_owned(), values.iter().sum()));
        }
        let map: PerCpuArray<_, u64> = PerCpuArray::try_from(kernel.map("LOST")?).map_err(failed("LOST"))?;
        let lost = map.get(&0, 0).map_err(failed("LOST"))?.iter().sum();
        Ok(Counters { traffic: name(&sums, registry), rules, lost })
    }

    /// Packets dropped, or let through by audit, by reason and verdict; for `status`.
    pub fn by_reason(&self) -> BTreeMap<&'static str, BTreeMap<&'static str, u64>> {
        let mut sums: BTreeMap<_, BTreeMap<_, u64>> = BTreeMap::new();
        for traffic in &self.traffic {
            *sums.entry(traffic.verdict).or_default().entry(traffic.reason).or_default() += traffic.packets;
        }
        sums
    }
}

/// Names instead of numbers; keys that come to the same names are summed, for no series may stand twice on a page.
fn name(sums: &BTreeMap<CounterKey, Counter>, registry: &Registry) -> Vec<Traffic> {
    let zone = |account| registry.zone(account).unwrap_or("none").to_owned();
    let mut named: BTreeMap<_, Counter> = BTreeMap::new();
    for (key, counter) in sums {
        let verdict = Verdict::from_u8(key.verdict).map_or("unknown", Verdict::label);
        let reason = Reason::from_u8(key.reason).map_or("unknown", Reason::label);
        let sum = named.entry((zone(key.from), zone(key.to), verdict, reason)).or_default();
        sum.packets += counter.packets;
        sum.bytes += counter.bytes;
    }
    named
        .into_iter()
        .map(|((from, to, verdict, reason), counter)| Traffic {
            from,
            to,
            verdict,
            reason,
            packets: counter.packets,
            bytes: counter.bytes,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_become_names() {
        let mut registry = Registry::new(8);
        registry.account("router");
        registry.account("iot");
        let key = |from, to, verdict, reason| CounterKey { from, to, verdict, reason, pad: 0 };
        let counter = |packets| Counter { packets, bytes: packets * 100 };
        let sums = BTreeMap::from([
            (key(2, 0, Verdict::Drop as u8, Reason::NoTransition as u8), counter(3)),
            (key(2, 9, Verdict::Drop as u8, Reason::NoTransition as u8), counter(4)),
            (key(1, 2, Verdict::Pass as u8, Reason::Allowed as u8), counter(5)),
        ]);
        let counters = Counters { traffic: name(&sums, &registry), ..Counters::default() };
        assert_eq!(counters.traffic.len(), 2);
        assert_eq!(
            counters.traffic[0],
            Traffic {
                from: "iot".to_owned(),
                to: "none".to_owned(),
                verdict: "drop",
                reason: "no-transition",
                packets: 7,
                bytes: 700,
            }
        );
        assert_eq!(counters.by_reason()["drop"]["no-transition"], 7);
    }
}
