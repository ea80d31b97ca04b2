//! The maps, and how the steps reach them.

use aya_ebpf::{
    btf_maps::{Array, LruHashMap, PerCpuArray, PerCpuHashMap, RingBuf},
    helpers::bpf_ktime_get_coarse_ns,
    macros::btf_map,
};
use enforcer_common::{
    cell::{Cell, Cells},
    connection::{Key, Value},
    endpoint::Endpoint,
    event::{Counter, CounterKey, Outcome, ReplayInput},
    image::Heads,
    ladder::{Fields, Ref},
    layers::List,
    source::World,
};

use super::{sample::Budget, steps};
use crate::{fragment, scratch::Scratch};

const BPF_F_MMAPABLE: usize = 1 << 10;

/// Two halves of overlay and image; sized by the loader.
#[btf_map]
static IMAGE: Array<[u64; 8], 8192, BPF_F_MMAPABLE> = Array::new();

/// The half in force: its first cell in bits 0–31, the generation in bits 32–63.
#[btf_map]
static CONTROL: Array<u64, 1, BPF_F_MMAPABLE> = Array::new();

/// Connections, until the project's own table takes their place.
#[btf_map]
pub(crate) static CONNECTIONS: LruHashMap<Key, Value, 131_072> = LruHashMap::new();

/// Datagrams whose first fragment was let through.
#[btf_map]
pub(crate) static FRAGMENTS: LruHashMap<fragment::Key, fragment::Value, 8192> = LruHashMap::new();

/// Addresses that devices without listed addresses were seen to use.
#[btf_map]
pub(crate) static LEARNT: LruHashMap<[u32; 5], u64, 16_384> = LruHashMap::new();

/// Packets and bytes by (from, to, verdict, reason).
#[btf_map]
pub(crate) static COUNTERS: PerCpuHashMap<CounterKey, Counter, 65_536> = PerCpuHashMap::new();

/// Packets by rule, at the slot that the overlay gives it.
#[btf_map]
pub(crate) static RULES: PerCpuArray<u64, 65_536> = PerCpuArray::new();

/// Samples of drops, and connections that rules want told.
#[btf_map]
pub(crate) static EVENTS: RingBuf<(), 1_048_576> = RingBuf::new();

/// Samples that were not told: over the limit, or the ring was full.
#[btf_map]
pub(crate) static LOST: PerCpuArray<u64, 1> = PerCpuArray::new();

/// How many samples each CPU may still tell.
#[btf_map]
pub(crate) static BUDGET: PerCpuArray<Budget, 1> = PerCpuArray::new();

/// Working memory of the programs: 0 for what enters, 1 for what leaves.
#[btf_map]
static SCRATCH: PerCpuArray<Scratch, 2> = PerCpuArray::new();

/// What `replay` says of the next frame.
#[btf_map]
static REPLAY_IN: Array<ReplayInput, 1, BPF_F_MMAPABLE> = Array::new();

/// What the program says to `replay`.
#[btf_map]
pub(crate) static REPLAY_OUT: Array<Outcome, 1, BPF_F_MMAPABLE> = Array::new();

/// 1 where the program is loaded by `replay`; the verifier removes what depends on it otherwise.
#[unsafe(no_mangle)]
static REPLAY: u8 = 0;

/// True where the program runs for `replay`.
#[inline(always)]
pub(crate) fn is_replay() -> bool {
    // SAFETY: a plain static; read as volatile because the loader may have changed it.
    unsafe { core::ptr::read_volatile(&raw const REPLAY) != 0 }
}

/// What `replay` says of this frame.
#[inline(always)]
pub(crate) fn replay_input() -> Option<&'static ReplayInput> {
    REPLAY_IN.get(0)
}

/// The clock: nanoseconds, as precise as the kernel's tick.
#[inline(always)]
pub(crate) fn clock() -> u64 {
    // SAFETY: a helper without arguments.
    unsafe { bpf_ktime_get_coarse_ns() }
}

/// The working memory of one program.
#[inline(always)]
pub(crate) fn scratch(program: u32) -> Option<&'static mut Scratch> {
    let scratch = SCRATCH.get_ptr_mut(program)?;
    // SAFETY: per CPU and per program, and neither program is entered again on its CPU before it returns.
    Some(unsafe { &mut *scratch })
}

/// First cell of the half in force, and the generation; read once for each packet.
#[inline(always)]
pub(crate) fn control() -> (u32, u32) {
    let Some(control) = CONTROL.get(0) else { return (0, 0) };
    // SAFETY: an aligned 64-bit word of a map; userspace writes it whole.
    let control = unsafe { core::ptr::read_volatile(control) };
    (control as u32, (control >> 32) as u32)
}

/// A cell of the image array.
#[inline(always)]
fn image_cell(index: u32) -> Option<&'static Cell> {
    let cell = IMAGE.get(index)?;
    // SAFETY: eight 64-bit words hold sixteen 32-bit words, more strictly aligned.
    Some(unsafe { &*core::ptr::from_ref(cell).cast::<Cell>() })
}

/// The cells of the image array, and what was learnt; for the program whose working memory has this number.
pub(crate) struct Kernel(pub(crate) u32);

impl Cells for Kernel {
    #[inline(always)]
    fn cell(&self, index: u32) -> Option<&Cell> {
        image_cell(index)
    }

    #[inline(always)]
    fn walk(&self, base: u32, start: u32, fields: &Fields) -> Option<u32> {
        if Ref(start).is_done() {
            return Some(Ref(start).payload());
        }
        scratch(self.0)?.fields = *fields;
        steps::walk(self.0, base, start)
    }
}

/// The same for the layers, whose fields stand in the working memory already.
pub(crate) struct InPlace(pub(crate) u32);

impl Cells for InPlace {
    #[inline(always)]
    fn cell(&self, index: u32) -> Option<&Cell> {
        image_cell(index)
    }

    #[inline(always)]
    fn walk(&self, base: u32, start: u32, _: &Fields) -> Option<u32> {
        if Ref(start).is_done() {
            return Some(Ref(start).payload());
        }
        steps::walk(self.0, base, start)
    }

    #[inline(always)]
    fn pair(&self, _: &Heads, key: (u32, u32), list: usize, _: &Fields) -> Option<(u32, u32)> {
        steps::pair(self.0, key, list)
    }

    #[inline(always)]
    fn outcomes(&self, _: &Heads, _: &(Endpoint, Endpoint), _: &Fields) -> Option<(u32, u32)> {
        steps::outcomes(self.0)
    }

    #[inline(always)]
    fn listed(&self, _: &Heads, _: &(Endpoint, Endpoint), list: List, _: &mut Fields) -> Option<u32> {
        steps::listed(self.0, list)
    }
}

impl World for Kernel {
    #[inline(always)]
    fn learnt(&self, kind: u8, address: &[u32; 4]) -> u64 {
        let key = [address[0], address[1], address[2], address[3], kind as u32];
        // SAFETY: the value is copied at once; an entry that is replaced meanwhile gives another device's MAC, which is
        // looked up in the image like any other.
        unsafe { LEARNT.get(&key).copied().unwrap_or(0) }
    }
}
