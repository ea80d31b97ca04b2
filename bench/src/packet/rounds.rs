//! Rounds: each contestant gets a slice of time in each, in another order each time, so that noise hits all alike.

use anyhow::{Context, Result, bail};
use enforcer_bench_ebpf::draw;
use enforcer_bench_ebpf::plan::Plan;
use enforcer_common::reason::{Reason, Verdict};

use super::frame::Frame;
use super::product::Product;
use super::programs::{Programs, slot};

/// Packets of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Packets that are sent beforehand: the others have just had the caches.
    pub warm: u32,
    /// Packets that are timed.
    pub timed: u32,
}

/// What is to be true of every packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It finds what the program looks for, which the program itself counts.
    Found,
    /// That instance of the product says so.
    Judged {
        /// Which instance.
        instance: usize,
        /// What it says.
        verdict: (Verdict, Reason),
        /// It is to forget its connections after each slice.
        forgets: bool,
    },
}

/// One who is measured.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// The case's name in results.
    pub case: String,
    /// The name in results.
    pub name: &'static str,
    /// What is drawn, and which program is called.
    pub plan: Plan,
    /// The frame.
    pub frame: Frame,
    /// What is to be true of each packet.
    pub check: Check,
    /// Nanoseconds over the empty program, called alike: one sample a round. Of the empty program itself, all of them.
    pub samples: Vec<f64>,
}

const EMPTY: u32 = slot("empty");

/// Lets every contestant run that many times.
pub fn run(
    programs: &mut Programs,
    products: &mut [Product],
    contestants: &mut [Contestant],
    rounds: u32,
    slice: Slice,
) -> Result<()> {
    let mut seed = 7;
    for _ in 0..rounds {
        for place in shuffled(contestants.len(), &mut seed) {
            let contestant = &mut contestants[place];
            let sample = contestant
                .sample(programs, products, slice)
                .with_context(|| format!("{}, {}", contestant.case, contestant.name))?;
            contestant.samples.push(sample);
        }
    }
    Ok(())
}

/// The numbers below `count` in an order of chance.
fn shuffled(count: usize, seed: &mut u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        order.swap(place, draw::below((draw::random(seed) >> 32) as u32, place as u32 + 1) as usize);
    }
    order
}

impl Contestant {
    fn sample(&self, programs: &mut Programs, products: &mut [Product], slice: Slice) -> Result<f64> {
        let Frame { bytes, ifindex, .. } = &self.frame;
        programs.run(&self.plan, bytes, *ifindex, slice.warm)?;
        let full = programs.run(&self.plan, bytes, *ifindex, slice.timed)?;
        self.check(products, full.returned, slice.warm + slice.timed)?;
        if self.plan.target == EMPTY {
            return Ok(full.nanoseconds);
        }
        let plan = Plan { target: EMPTY, ..self.plan };
        let empty = programs.run(&plan, bytes, *ifindex, slice.timed)?;
        Ok(full.nanoseconds - empty.nanoseconds)
    }

    /// Voids the run where a packet was not what it was to be.
    pub fn check(&self, products: &mut [Product], returned: u32, packets: u32) -> Result<()> {
        const XDP_DROP: u32 = 1;
        const XDP_PASS: u32 = 2;
        let mut wanted = XDP_PASS;
        if let Check::Judged { instance, verdict, forgets } = self.check {
            let product = &mut products[instance];
            product.all_were(u64::from(packets), verdict)?;
            if forgets {
                product.forget_connections()?;
            }
            if verdict.0 == Verdict::Drop {
                wanted = XDP_DROP;
            }
        }
        if returned != wanted {
            bail!("void: the program returned {returned}, not {wanted}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_everyone_once_and_no_round_is_like_the_other() {
        let mut seed = 1;
        let rounds: Vec<Vec<usize>> = (0..4).map(|_| shuffled(20, &mut seed)).collect();
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..20).collect::<Vec<_>>());
        }
        assert!(rounds.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
