//! The bench's own programs, and runs of them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use aya::maps::{Array, MapData, ProgramArray};
use aya::programs::{ProgramFd, TestRun, TestRunOptions, Xdp, XdpMode};
use aya::{Ebpf, EbpfLoader, Pod};
use enforcer_bench_ebpf::plan::{Plan, State};

use super::plans::START;

#[derive(Clone, Copy)]
#[repr(transparent)]
struct PlanBytes(Plan);
// SAFETY: `Plan` is `repr(C)` and consists of 32-bit numbers only.
unsafe impl Pod for PlanBytes {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct StateBytes(State);
// SAFETY: `State` is `repr(C)`: three 64-bit numbers and sixteen of 32 bits, without padding.
unsafe impl Pod for StateBytes {}

/// Programs that can be run, by their slot in the array that `draw` calls into.
pub const OWN: [&str; 14] = [
    "empty",
    "parse",
    "record",
    "hash8",
    "hash40",
    "lru40",
    "lru40_evict",
    "lpm",
    "cells_64k",
    "cells_keys",
    "fill_hash8",
    "fill_hash40",
    "fill_lru40",
    "fill_lpm",
];

/// The slot of one of [`OWN`].
pub const fn slot(name: &str) -> u32 {
    let mut slot = 0;
    while slot < OWN.len() {
        if same(OWN[slot], name) {
            return slot as u32;
        }
        slot += 1;
    }
    panic!("no program has that name")
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The first slot that is free for the product.
pub const FREE: u32 = OWN.len() as u32;

/// A run of many packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Nanoseconds for each packet, as the kernel took them; it tells whole ones only.
    pub nanoseconds: f64,
    /// What the program returned for the last one.
    pub returned: u32,
}

/// The loaded programs.
pub struct Programs {
    ebpf: Ebpf,
    plan: Array<MapData, PlanBytes>,
    misses: Array<MapData, u64>,
    slots: ProgramArray<MapData>,
}

impl Programs {
    /// Loads them, with maps for that many keys. `draw` hangs on the loopback of the thread's namespace: a program that hangs
    /// nowhere is put into the kernel's dispatcher and taken out again for each run, and both take a grace period.
    pub fn load(object: &Path, keys: u32) -> Result<Programs> {
        let bytes = std::fs::read(object)
            .with_context(|| format!("cannot read {}: `cargo xtask bench` builds it", object.display()))?;
        let twice = keys.saturating_mul(2);
        let mut ebpf = EbpfLoader::new()
            .map_max_entries("HASH8", twice)
            .map_max_entries("HASH40", twice)
            .map_max_entries("LRU40", twice)
            .map_max_entries("LRU40_FULL", keys)
            .map_max_entries("LPM", twice)
            .map_max_entries("CELLS_KEYS", keys)
            .map_max_entries("RECORD", keys)
            .load(&bytes)
            .context("the bench's programs cannot be loaded")?;
        for name in OWN.iter().chain(&["draw"]) {
            xdp(&mut ebpf, name)?.load().with_context(|| format!("the kernel refuses the program {name}"))?;
        }
        let mut slots = ProgramArray::try_from(take(&mut ebpf, "PROGRAMS")?)?;
        for (slot, name) in (0..).zip(OWN) {
            slots.set(slot, xdp(&mut ebpf, name)?.fd()?, 0)?;
        }
        let mut state: Array<_, StateBytes> = Array::try_from(take(&mut ebpf, "STATE")?)?;
        state.set(0, StateBytes(START), 0)?;
        xdp(&mut ebpf, "draw")?.attach("lo", XdpMode::Skb).context("cannot attach to the loopback")?;
        let plan = Array::try_from(take(&mut ebpf, "PLAN")?)?;
        let misses = Array::try_from(take(&mut ebpf, "MISSES")?)?;
        Ok(Programs { ebpf, plan, misses, slots })
    }

    /// Puts a program of the product's into a slot.
    pub fn put(&mut self, slot: u32, program: &ProgramFd) -> Result<()> {
        self.slots.set(slot, program, 0).context("the product's program cannot be called by the bench's")
    }

    /// Sends that many packets. One that never came to the program under test, or did not find there what it was to find,
    /// voids the run.
    pub fn run(&mut self, plan: &Plan, frame: &[u8], ifindex: u32, packets: u32) -> Result<Run> {
        self.plan.set(0, PlanBytes(*plan), 0)?;
        let missed = self.misses.get(&0, 0)?;
        // struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex.
        let context = [0, u32::try_from(frame.len())?, 0, ifindex, 0, 0].map(u32::to_ne_bytes).concat();
        let options = TestRunOptions {
            data_in: Some(frame),
            ctx_in: Some(&context),
            repeat: packets,
            ..TestRunOptions::default()
        };
        let result = xdp(&mut self.ebpf, "draw")?.test_run(options).context("the kernel does not run the program")?;
        let missed = self.misses.get(&0, 0)? - missed;
        if missed != 0 {
            bail!("void: {missed} of {packets} packets did not find what they were to find");
        }
        Ok(Run { nanoseconds: result.duration.as_nanos() as f64, returned: result.return_value })
    }

    /// Sends one packet, and gives the frame as the program under test saw it.
    pub fn frame(&mut self, plan: &Plan, frame: &[u8]) -> Result<Vec<u8>> {
        self.plan.set(0, PlanBytes(*plan), 0)?;
        let mut seen = vec![0; frame.len()];
        let options = TestRunOptions { data_in: Some(frame), data_out: Some(&mut seen), ..TestRunOptions::default() };
        xdp(&mut self.ebpf, "draw")?.test_run(options)?;
        Ok(seen)
    }

    /// How often each key was drawn while `record` ran.
    pub fn recorded(&mut self) -> Result<Vec<u64>> {
        let map = self.ebpf.map("RECORD").context("there is no map RECORD")?;
        let counts: Array<_, u64> = Array::try_from(map)?;
        Ok(counts.iter().collect::<Result<_, _>>()?)
    }
}

fn xdp<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut Xdp> {
    let program = ebpf.program_mut(name).with_context(|| format!("the object has no program {name}"))?;
    Ok(program.try_into()?)
}

fn take(ebpf: &mut Ebpf, name: &str) -> Result<aya::maps::Map> {
    ebpf.take_map(name).with_context(|| format!("the object has no map {name}"))
}
