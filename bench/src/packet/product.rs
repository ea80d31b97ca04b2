//! The product as it enforces: its own object, loaded as the daemon loads it, with nothing measured taken out.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use aya::Pod;
use aya::maps::{HashMap, PerCpuHashMap};
use aya::programs::ProgramFd;
use enforcer::compile::image::Image;
use enforcer::dataplane::load::{Kernel, Options};
use enforcer::dataplane::overlay::{self, Entry};
use enforcer::dataplane::registry::Registry;
use enforcer::dataplane::sys;
use enforcer_common::connection::{Key, Value};
use enforcer_common::event::{Counter, CounterKey};
use enforcer_common::reason::{Reason, Verdict};

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Count(Counter);
// SAFETY: two 64-bit numbers.
unsafe impl Pod for Count {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct CountKey(CounterKey);
// SAFETY: `repr(C)`, numbers without padding: 2 + 2 + 1 + 1 + 2 bytes, aligned to 2.
unsafe impl Pod for CountKey {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct ConnectionKey(Key);
// SAFETY: `repr(C)`, numbers without padding: 16 + 16 + 2 + 2 + 1 + 1 + 2 + 4 bytes, aligned to 4.
unsafe impl Pod for ConnectionKey {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Connection(Value);
// SAFETY: `repr(C)`, numbers without padding: 8 + 8 + 3 * 4 + 2 * 2 + 5 + 3 bytes, aligned to 8.
unsafe impl Pod for Connection {}

/// Packets by verdict and reason.
type Counts = BTreeMap<(u8, u8), u64>;

/// One loaded instance.
pub struct Product {
    kernel: Kernel,
    seen: Counts,
}

impl Product {
    /// Loads the programs with this image in force, and room for that many connections.
    pub fn load(image: &Image, entries: &[Entry], connections: u32) -> Result<Product> {
        let mut options = Options::for_cells(0);
        let mut registry = Registry::new(options.rules);
        let cells = overlay::half(entries, image, &mut registry);
        options.half = u32::try_from(cells.len())?;
        options.connections = connections;
        let mut kernel = Kernel::load(&options)?;
        kernel.memory_mut().switch(&cells, 1)?;
        Ok(Product { kernel, seen: Counts::new() })
    }

    /// The program at the entrance.
    pub fn program(&mut self) -> Result<&ProgramFd> {
        Ok(self.kernel.xdp()?.fd()?)
    }

    /// Demands that since the last call exactly that many packets came, and all got that verdict and reason.
    pub fn all_were(&mut self, packets: u64, (verdict, reason): (Verdict, Reason)) -> Result<()> {
        let now = self.counts()?;
        let before = std::mem::replace(&mut self.seen, now);
        let mut said = Vec::new();
        for ((verdict, reason), count) in &self.seen {
            let new = count - before.get(&(*verdict, *reason)).copied().unwrap_or_default();
            if new > 0 {
                said.push(((*verdict, *reason), new));
            }
        }
        if said == [((verdict as u8, reason as u8), packets)] {
            return Ok(());
        }
        let said: Vec<String> = said
            .iter()
            .map(|((verdict, reason), count)| {
                let verdict = Verdict::from_u8(*verdict).map_or("?", Verdict::label);
                let reason = Reason::from_u8(*reason).map_or("?", Reason::label);
                format!("{count} {verdict} {reason}")
            })
            .collect();
        bail!("void: of {packets} packets that were to be {} {}: {}", verdict.label(), reason.label(), said.join(", "))
    }

    /// Forgets every connection.
    pub fn forget_connections(&mut self) -> Result<()> {
        let mut keys = Vec::new();
        sys::for_each_entry(self.kernel.map_fd("CONNECTIONS")?, size_of::<Key>(), size_of::<Value>(), |key, _| {
            // SAFETY: as many bytes as the type has, for which any bytes are a value; the read does not ask for alignment.
            keys.push(unsafe { key.as_ptr().cast::<ConnectionKey>().read_unaligned() });
        })?;
        let mut connections: HashMap<_, ConnectionKey, Connection> =
            HashMap::try_from(self.kernel.map_mut("CONNECTIONS")?).context("the table of connections is another")?;
        for key in keys {
            connections.remove(&key)?;
        }
        Ok(())
    }

    fn counts(&self) -> Result<Counts> {
        let map: PerCpuHashMap<_, CountKey, Count> = PerCpuHashMap::try_from(self.kernel.map("COUNTERS")?)?;
        let mut counts = Counts::new();
        for entry in map.iter() {
            let (CountKey(key), values) = entry?;
            *counts.entry((key.verdict, key.reason)).or_default() +=
                values.iter().map(|Count(counter)| counter.packets).sum::<u64>();
        }
        Ok(counts)
    }
}
