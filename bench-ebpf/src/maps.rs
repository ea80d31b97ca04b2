//! The maps. Userspace sizes them.

use aya_ebpf::{
    btf_maps::{Array, HashMap, LpmTrie, LruHashMap, PerCpuArray, ProgramArray},
    macros::btf_map,
};
use enforcer_bench_ebpf::plan::{Plan, State};
use enforcer_common::packet::Packet;

/// Maps that userspace maps into its memory, like the product's image, start at the start of a page: a cell is a line.
const BPF_F_MMAPABLE: usize = 1 << 10;

/// A key of 40 bytes: two IPv6 addresses, two ports and a protocol.
pub(crate) type Key40 = [u32; 10];
/// What a table keeps of a conversation.
pub(crate) type Value = [u64; 2];

/// The programs under test.
#[btf_map]
pub(crate) static PROGRAMS: ProgramArray<32> = ProgramArray::new();

/// What the run draws.
#[btf_map]
pub(crate) static PLAN: Array<Plan, 1> = Array::new();

/// What `draw` keeps from packet to packet.
#[btf_map]
pub(crate) static STATE: Array<State, 1> = Array::new();

/// Packets that did not find what was there, or that never came to the program under test.
#[btf_map]
pub(crate) static MISSES: Array<u64, 1> = Array::new();

/// How often each key was drawn.
#[btf_map]
pub(crate) static RECORD: Array<u64, 1> = Array::new();

/// Where the parser writes.
#[btf_map]
pub(crate) static PARSED: PerCpuArray<Packet, 1> = PerCpuArray::new();

#[btf_map]
pub(crate) static HASH8: HashMap<u64, Value, 1> = HashMap::new();

#[btf_map]
pub(crate) static HASH40: HashMap<Key40, Value, 1> = HashMap::new();

#[btf_map]
pub(crate) static LRU40: LruHashMap<Key40, Value, 1> = LruHashMap::new();

/// Full from the start of the measurement.
#[btf_map]
pub(crate) static LRU40_FULL: LruHashMap<Key40, Value, 1> = LruHashMap::new();

#[btf_map]
pub(crate) static LPM: LpmTrie<u32, u32, 1> = LpmTrie::new();

#[btf_map]
pub(crate) static CELLS_64K: Array<[u64; 8], 65_536, BPF_F_MMAPABLE> = Array::new();

#[btf_map]
pub(crate) static CELLS_KEYS: Array<[u64; 8], 1, BPF_F_MMAPABLE> = Array::new();

/// Counts a packet for which something was not as it should be. The run is void.
#[inline(always)]
pub(crate) fn miss() {
    if let Some(misses) = MISSES.get_ptr_mut(0) {
        // SAFETY: one run at a time.
        unsafe { *misses += 1 };
    }
}
