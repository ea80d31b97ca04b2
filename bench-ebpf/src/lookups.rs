//! What the product is compared with: one lookup each, with a key taken from the frame.
//!
//! All of them read an untagged IPv4 frame, by fixed offsets and without a look at what it is: they do less than any firewall
//! could, so that no comparison flatters the product.

use aya_ebpf::{
    bindings::xdp_action::{XDP_ABORTED, XDP_PASS},
    helpers::bpf_jiffies64,
    maps::lpm_trie::Key,
    programs::XdpContext,
};
use enforcer_bench_ebpf::draw::mix;

use crate::{
    frame::within,
    maps::{CELLS_64K, CELLS_KEYS, HASH8, HASH40, Key40, LPM, LRU40, LRU40_FULL, RECORD, Value, miss},
};

/// Offsets in an untagged IPv4 frame.
const SOURCE: u32 = 26;
const DESTINATION: u32 = 30;
const PORTS: u32 = 34;
/// Low half of the source MAC, where the bench writes the key itself.
const SOURCE_MAC: u32 = 8;

/// A program to compare with.
#[derive(Clone, Copy)]
pub(crate) enum Contender {
    Hash8,
    Hash40,
    Lru40,
    Lru40Evict,
    Lpm,
    Cells64k,
    CellsKeys,
    Enter(Fill),
}

/// A map to fill.
#[derive(Clone, Copy)]
pub(crate) enum Fill {
    Hash8,
    Hash40,
    Lru40,
    Lpm,
}

/// Runs one of them; a packet that does not find what was entered is a miss.
#[inline(always)]
pub(crate) fn run(context: &XdpContext, contender: Contender) -> u32 {
    let done = match contender {
        Contender::Hash8 => hash8(context),
        Contender::Hash40 => hash40(context),
        Contender::Lru40 => lru40(context),
        Contender::Lru40Evict => lru40_evict(context),
        Contender::Lpm => lpm(context),
        Contender::Cells64k => cells_64k(context),
        Contender::CellsKeys => cells_keys(context),
        Contender::Enter(fill) => enter(context, fill),
    };
    if done.is_some() {
        return XDP_PASS;
    }
    miss();
    XDP_ABORTED
}

/// Four bytes of the frame as they stand there.
#[inline(always)]
fn word(context: &XdpContext, at: u32) -> Option<u32> {
    let place = within::<4>(context, at)?;
    // SAFETY: `within` checked it against the end of the frame.
    Some(unsafe { place.cast::<u32>().read_unaligned() })
}

#[inline(always)]
fn key8(context: &XdpContext) -> Option<u64> {
    Some(word(context, SOURCE)? as u64 | (word(context, DESTINATION)? as u64) << 32)
}

#[inline(always)]
fn key40(context: &XdpContext) -> Option<Key40> {
    let (source, destination) = (word(context, SOURCE)?, word(context, DESTINATION)?);
    Some([source, 0, 0, 0, destination, 0, 0, 0, word(context, PORTS)?, 6])
}

#[inline(always)]
fn host(context: &XdpContext) -> Option<Key<u32>> {
    Some(Key::new(32, word(context, SOURCE)?))
}

#[inline(always)]
fn hash8(context: &XdpContext) -> Option<()> {
    // SAFETY: read once.
    let value = unsafe { HASH8.get(&key8(context)?) }?;
    live(value)
}

#[inline(always)]
fn hash40(context: &XdpContext) -> Option<()> {
    // SAFETY: read once.
    let value = unsafe { HASH40.get(&key40(context)?) }?;
    live(value)
}

#[inline(always)]
fn lru40(context: &XdpContext) -> Option<()> {
    let value = LRU40.get_ptr_mut(&key40(context)?)?;
    // SAFETY: one run at a time.
    let value = unsafe { &mut *value };
    // SAFETY: a helper without arguments.
    value[1] = unsafe { bpf_jiffies64() };
    live(value)
}

#[inline(always)]
fn lru40_evict(context: &XdpContext) -> Option<()> {
    LRU40_FULL.insert(&key40(context)?, &LIVE, 0).ok()
}

#[inline(always)]
fn lpm(context: &XdpContext) -> Option<()> {
    let value = LPM.get(&host(context)?)?;
    (*value == 1).then_some(())
}

#[inline(always)]
fn cells_64k(context: &XdpContext) -> Option<()> {
    zero(CELLS_64K.get(mix(word(context, SOURCE_MAC)?) & 0xffff)?)
}

#[inline(always)]
fn cells_keys(context: &XdpContext) -> Option<()> {
    zero(CELLS_KEYS.get(u32::from_be(word(context, SOURCE_MAC)?))?)
}

/// Reads a cell, in which nobody has written.
#[inline(always)]
fn zero(cell: &[u64; 8]) -> Option<()> {
    // SAFETY: a reference; volatile, so that it is read in any case.
    let word = unsafe { core::ptr::read_volatile(&raw const cell[3]) };
    (word == 0).then_some(())
}

/// The value of every entry.
const LIVE: Value = [1, 0];

/// Reads the value that was found.
#[inline(always)]
fn live(value: &Value) -> Option<()> {
    // SAFETY: a reference; volatile, so that it is read in any case.
    let word = unsafe { core::ptr::read_volatile(&raw const value[0]) };
    (word == 1).then_some(())
}

#[inline(always)]
fn enter(context: &XdpContext, fill: Fill) -> Option<()> {
    let entered = match fill {
        Fill::Hash8 => HASH8.insert(&key8(context)?, &LIVE, 0),
        Fill::Hash40 => HASH40.insert(&key40(context)?, &LIVE, 0),
        Fill::Lru40 => LRU40.insert(&key40(context)?, &LIVE, 0),
        Fill::Lpm => LPM.insert(&host(context)?, &1, 0),
    };
    entered.ok()
}

/// Counts the key that was drawn, as the frame says it.
#[inline(always)]
pub(crate) fn record(context: &XdpContext) -> u32 {
    if let Some(key) = word(context, SOURCE_MAC)
        && let Some(count) = RECORD.get_ptr_mut(u32::from_be(key))
    {
        // SAFETY: one run at a time.
        unsafe { *count += 1 };
        return XDP_PASS;
    }
    miss();
    XDP_ABORTED
}
