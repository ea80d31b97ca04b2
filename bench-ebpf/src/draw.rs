//! The arithmetic of a draw.

use crate::plan::{Patch, Plan, SOURCES, State, flow, order, source};

/// Floors of the site, a power of two.
pub const FLOORS: u32 = 8;
/// Bits of a device's number on its floor in an IPv4 address. Half of the numbers are for unlisted addresses.
pub const HOST_BITS: u32 = 18;

/// The next random number (SplitMix64).
#[inline(always)]
pub fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut number = *seed;
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// A number in which every bit of `number` has a say.
#[inline(always)]
pub fn mix(number: u32) -> u32 {
    let mut number = number as u64 ^ 0x5851_f42d_4c95_7f2d;
    number = (number ^ number >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (number ^ number >> 32) as u32
}

/// `number`, anything below 2^32, as one below `keys`.
#[inline(always)]
pub fn below(number: u32, keys: u32) -> u32 {
    ((number as u64 * keys as u64) >> 32) as u32
}

/// The key with this turn, in an order that looks like none.
#[inline(always)]
fn scattered(turn: u64, plan: &Plan) -> u32 {
    turn.wrapping_mul(plan.stride as u64).checked_rem(plan.keys as u64).unwrap_or(0) as u32
}

/// A rank from 0, the n-th about 1/n as often as the first: two to the power of a random part of `logarithm`.
#[inline(always)]
fn rank(number: u32, plan: &Plan) -> u32 {
    let exponent = (number as u64 * plan.logarithm as u64) >> 32;
    let fraction = exponent & 0x00ff_ffff;
    // 2^x between 0 and 1, within 0.2 %: 1 + 0.65625 x + 0.34375 x².
    let curve = (fraction * 11_010_048 + ((fraction * fraction) >> 24) * 5_767_168) >> 24;
    let power = ((1 << 24) + curve) << (exponent >> 24 & 31);
    let rank = (power >> 24) as u32;
    if rank > plan.keys { plan.keys.wrapping_sub(1) } else { rank.wrapping_sub(1) }
}

/// The next key.
#[inline(always)]
pub fn key(plan: &Plan, state: &mut State) -> u32 {
    match plan.order {
        order::UNIFORM => below((random(&mut state.seed) >> 32) as u32, plan.keys),
        order::ZIPF => scattered(rank((random(&mut state.seed) >> 32) as u32, plan) as u64, plan),
        order::HOT => plan.hot,
        _ => {
            let key = scattered(state.swept, plan);
            state.swept = state.swept.wrapping_add(1);
            key
        }
    }
}

/// The floor of a device.
#[inline(always)]
pub fn floor(key: u32) -> u32 {
    key & (FLOORS - 1)
}

/// The number of a device on its floor.
#[inline(always)]
pub fn host(key: u32) -> u32 {
    key / FLOORS
}

/// Where a device stands in the IPv4 networks of the site.
#[inline(always)]
pub fn spread(key: u32) -> u32 {
    floor(key) << HOST_BITS | host(key)
}

/// The device that a device speaks with: another one, where there are two.
#[inline(always)]
pub fn peer(key: u32, keys: u32) -> u32 {
    let peer = below(mix(key), keys);
    if peer != key {
        peer
    } else if key == 0 {
        keys.wrapping_sub(1)
    } else {
        key - 1
    }
}

/// Draws a key and what else this packet is made of.
#[inline(always)]
pub fn draw(plan: &Plan, state: &mut State) {
    let key = key(plan, state);
    let peer = peer(key, plan.keys);
    let number = if plan.flow == flow::FRESH {
        state.begun = state.begun.wrapping_add(1);
        state.begun as u32
    } else {
        mix(key)
    };
    let values: &mut [u32; SOURCES] = &mut state.values;
    values[source::KEY as usize] = key;
    values[source::SPREAD as usize] = spread(key);
    values[source::FLOOR as usize] = floor(key);
    values[source::HOST as usize] = host(key);
    values[source::PEER as usize] = peer;
    values[source::PEER_SPREAD as usize] = spread(peer);
    values[source::PEER_FLOOR as usize] = floor(peer);
    values[source::PEER_HOST as usize] = host(peer);
    values[source::FLOW_LOW as usize] = number & 0x7fff;
    values[source::FLOW_HIGH as usize] = number >> 15;
}

/// What a patch writes, and what that adds to the checksum's sum.
#[inline(always)]
pub fn patched(patch: &Patch, drawn: u32) -> (u32, u32) {
    let value = patch.base.wrapping_add(drawn << (patch.shift & 31));
    (value, (value >> 16 & patch.summed) + (value & patch.summed))
}

/// The checksum of an IPv4 header whose words sum up to `sum`.
#[inline(always)]
pub fn checksum(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    !(sum as u16)
}
