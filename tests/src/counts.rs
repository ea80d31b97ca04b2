//! What enforcer counted: packets and bytes by zones, verdict and reason.

use std::collections::BTreeMap;
use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::metrics::Metrics;
use crate::router::Router;

/// From, to, verdict and reason.
pub type Key = (String, String, String, String);

/// Counters, or what they grew by. Only what is not 0 is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Key, Counted>);

/// Packets and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Packets.
    pub packets: u64,
    /// Bytes of whole frames, from the destination MAC on.
    pub bytes: u64,
}

impl Counts {
    /// The counters of a scrape, but for the neighbours' talk (`essential`), which comes along with anything.
    pub fn of(metrics: &Metrics) -> Result<Counts> {
        let mut counts = Counts::default();
        for sample in metrics.matching("enforcer_packets_total", &[]) {
            let label = |name: &str| {
                sample.labels.get(name).cloned().with_context(|| format!("no label {name}: {}", sample.line))
            };
            let key = (label("from")?, label("to")?, label("verdict")?, label("reason")?);
            if key.3 == "essential" {
                continue;
            }
            let labels = [("from", &*key.0), ("to", &*key.1), ("verdict", &*key.2), ("reason", &*key.3)];
            let bytes = metrics.sum("enforcer_bytes_total", &labels) as u64;
            counts.add(key, Counted { packets: sample.value as u64, bytes });
        }
        Ok(counts)
    }

    /// Adds to one counter.
    pub fn add(&mut self, key: Key, more: Counted) {
        if more != Counted::default() {
            let counted = self.0.entry(key).or_default();
            counted.packets += more.packets;
            counted.bytes += more.bytes;
        }
    }

    /// Adds frames of one length to one counter.
    pub fn expect(&mut self, (from, to): (&str, &str), (verdict, reason): (&str, &str), packets: u64, length: usize) {
        let key = (from.to_owned(), to.to_owned(), verdict.to_owned(), reason.to_owned());
        self.add(key, Counted { packets, bytes: packets * length as u64 });
    }

    /// What was counted since `earlier`.
    pub fn since(&self, earlier: &Counts) -> Counts {
        let mut grown = Counts::default();
        for (key, now) in &self.0 {
            let before = earlier.0.get(key).copied().unwrap_or_default();
            let more = Counted { packets: now.packets - before.packets, bytes: now.bytes - before.bytes };
            grown.add(key.clone(), more);
        }
        grown
    }

    /// One counter.
    pub fn get(&self, (from, to): (&str, &str), (verdict, reason): (&str, &str)) -> Counted {
        let key = (from.to_owned(), to.to_owned(), verdict.to_owned(), reason.to_owned());
        self.0.get(&key).copied().unwrap_or_default()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((from, to, verdict, reason), Counted { packets, bytes }) in &self.0 {
            writeln!(f, "  {from} > {to}: {verdict}, {reason}: {packets} packets, {bytes} bytes")?;
        }
        Ok(())
    }
}

/// Waits until the counters grew by exactly this, and returns what they grew by when they did or time was over.
pub fn await_grown(router: &Router<'_>, earlier: &Counts, expected: &Counts, patience: Duration) -> Result<Counts> {
    let end = Instant::now() + patience;
    loop {
        let grown = Counts::of(&router.metrics()?)?.since(earlier);
        if grown == *expected || Instant::now() >= end {
            return Ok(grown);
        }
        thread::sleep(Duration::from_millis(20));
    }
}
