//! Plans for the kernel: which keys, drawn how, written where.

use enforcer_bench_ebpf::draw;
use enforcer_bench_ebpf::plan::{PATCHES, Patch, Plan, SOURCES, State, order};

use super::frame::Frame;

/// How keys are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Each as likely as any other: the honest case, for caches are as cold as they can be.
    Uniform,
    /// A few often and most hardly ever.
    Zipf,
    /// One key.
    Hot,
    /// Each once.
    Sweep,
}

impl Order {
    /// What is added to the name of a case.
    pub fn label(self) -> &'static str {
        match self {
            Order::Uniform | Order::Sweep => "",
            Order::Zipf => ", Zipf keys",
            Order::Hot => ", one key",
        }
    }
}

/// A plan for that many keys, `frame` to write them into, and the program in slot `target`.
pub fn plan(keys: u32, order: Order, flow: u32, frame: &Frame, target: u32) -> Plan {
    let mut patch = [Patch::default(); PATCHES];
    patch[..frame.patches.len()].copy_from_slice(&frame.patches);
    Plan {
        keys,
        order: match order {
            Order::Uniform => order::UNIFORM,
            Order::Zipf => order::ZIPF,
            Order::Hot => order::HOT,
            Order::Sweep => order::SWEEP,
        },
        hot: keys / 3,
        stride: stride(keys),
        logarithm: ((f64::from(keys) + 1.0).log2() * f64::from(1 << 24)) as u32,
        flow,
        target,
        checksum_at: frame.checksum_at,
        checksum: frame.checksum,
        patches: frame.patches.len() as u32,
        patch,
    }
}

/// The state in which the kernel starts to draw.
pub const START: State = State { seed: 1, swept: 0, begun: 0, values: [0; SOURCES] };

/// Writes what was drawn into a frame, as the kernel does.
pub fn write(plan: &Plan, state: &State, bytes: &mut [u8]) {
    let mut sum = plan.checksum;
    for patch in &plan.patch[..plan.patches as usize] {
        let (value, summand) = draw::patched(patch, state.values[patch.source as usize]);
        bytes[patch.at as usize..][..4].copy_from_slice(&value.to_be_bytes());
        sum = sum.wrapping_add(summand);
    }
    if plan.checksum_at != 0 {
        bytes[plan.checksum_at as usize..][..2].copy_from_slice(&draw::checksum(sum).to_be_bytes());
    }
}

/// A number without a divisor in common with `keys`, near the golden section of 2^32: its multiples lie far apart.
fn stride(keys: u32) -> u32 {
    (0x9e37_79b1u32..).step_by(2).find(|stride| divisor(*stride, keys) == 1).unwrap_or(1)
}

/// The greatest common divisor.
fn divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn draws(keys: u32, order: Order, times: u32) -> Vec<u32> {
        let frame = Frame { bytes: Vec::new(), ifindex: 1, patches: Vec::new(), checksum_at: 0, checksum: 0 };
        let plan = plan(keys, order, 0, &frame, 0);
        let mut state = START;
        (0..times).map(|_| draw::key(&plan, &mut state)).collect()
    }

    #[test]
    fn a_sweep_draws_each_key_once_and_not_in_order() {
        for keys in [2, 1000, 1024, 131_072, 999_999] {
            let drawn = draws(keys, Order::Sweep, keys);
            let distinct: BTreeSet<u32> = drawn.iter().copied().collect();
            assert_eq!((distinct.len(), distinct.last()), (keys as usize, Some(&(keys - 1))));
            let steps = drawn.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 8).count();
            assert!(steps <= keys as usize / 10 + 1, "{steps} of {keys} keys stand beside the one before");
        }
    }

    #[test]
    fn uniform_keys_are_as_likely_as_each_other() {
        let keys = 64;
        let mut counts = vec![0f64; keys as usize];
        for key in draws(keys, Order::Uniform, 64_000) {
            counts[key as usize] += 1.0;
        }
        // Chi squared with 63 degrees of freedom: above 110 once in some thousands of seeds, and the seed is fixed.
        let chi: f64 = counts.iter().map(|count| (count - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 110.0, "{chi}");
    }

    #[test]
    fn the_zipf_key_of_rank_n_comes_one_nth_as_often() {
        let (keys, times) = (1000, 2_000_000);
        let mut counts = vec![0f64; keys as usize];
        for key in draws(keys, Order::Zipf, times) {
            counts[key as usize] += 1.0;
        }
        counts.sort_by(|a, b| b.total_cmp(a));
        let scale = f64::from(times) / (f64::from(keys) + 1.0).ln();
        for rank in [1, 2, 5, 10, 50, 200] {
            let wanted = (1.0 + 1.0 / f64::from(rank)).ln() * scale;
            let found = counts[rank as usize - 1];
            assert!((found / wanted - 1.0).abs() < 0.1, "rank {rank}: {found} draws, {wanted:.0} expected");
        }
        assert!(counts.iter().all(|count| *count > 0.0), "every key is drawn");
    }

    #[test]
    fn nobody_is_their_own_peer() {
        for keys in super::super::sites(false).into_iter().map(|site| site.devices).chain(2..200) {
            let lonely = (0..keys).find(|key| draw::peer(*key, keys) == *key);
            assert_eq!(lonely, None, "of {keys} keys");
            assert!((0..keys).all(|key| draw::peer(key, keys) < keys));
        }
    }

    #[test]
    fn one_key_is_one_key() {
        assert_eq!(draws(1000, Order::Hot, 5), [333; 5]);
    }
}
