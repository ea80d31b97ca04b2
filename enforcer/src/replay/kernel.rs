//! The kernel program as an engine: loaded privately, with maps of its own, attached nowhere.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::{io, ptr};

use aya::maps::{Array, Map, MapData};
use aya::programs::{SchedClassifier, TestRun, TestRunOptions, Xdp};
use aya::{Ebpf, EbpfLoader, Pod};
use enforcer_common::cell::Cell;
use enforcer_common::event::{Outcome, ReplayInput};
use enforcer_common::reason::Verdict;

use super::choose::{Entry, Way};
use super::engine::{Engine, EngineError, Judgement};
use super::shrink::shrunk;

/// The programs and maps of the object that replay uses.
mod name {
    pub(super) const XDP: &str = "enforcer_xdp";
    pub(super) const EGRESS: &str = "enforcer_egress";
    pub(super) const IMAGE: &str = "IMAGE";
    pub(super) const CONTROL: &str = "CONTROL";
    pub(super) const INPUT: &str = "REPLAY_IN";
    pub(super) const OUTPUT: &str = "REPLAY_OUT";
    pub(super) const REPLAY: &str = "REPLAY";
}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Input(ReplayInput);

// SAFETY: `ReplayInput` is `repr(C)`, holds integers only and has no padding: 8 + 4 + 4 bytes, aligned to 8.
unsafe impl Pod for Input {}

#[derive(Clone, Copy)]
#[repr(transparent)]
struct Output(Outcome);

// SAFETY: `Outcome` is `repr(C)`, holds integers only and has no padding: 4 * 4 + 2 * 2 + 4 bytes, aligned to 4.
unsafe impl Pod for Output {}

/// The loaded program.
pub struct Kernel {
    ebpf: Ebpf,
    input: Array<MapData, Input>,
    output: Array<MapData, Output>,
}

impl Kernel {
    /// Loads `object` with `half` (an overlay and the image behind it) as its only generation.
    pub fn load(object: &[u8], half: &[Cell]) -> Result<Kernel, EngineError> {
        let cells = u32::try_from(half.len()).map_err(refused("laying out the image"))?;
        let mut ebpf = EbpfLoader::new()
            .map_max_entries(name::IMAGE, cells)
            .override_global(name::REPLAY, &1u8, true)
            .load(object)
            .map_err(refused("loading the kernel program"))?;
        fill(map(&ebpf, name::IMAGE)?, half)?;
        let mut control: Array<MapData, u64> = array(&mut ebpf, name::CONTROL)?;
        let first_generation = 1u64 << 32;
        control
            .set(0, first_generation, 0)
            .map_err(refused("choosing the generation"))?;
        xdp(&mut ebpf)?.load().map_err(refused("loading the XDP program"))?;
        egress(&mut ebpf)?
            .load()
            .map_err(refused("loading the egress program"))?;
        Ok(Kernel {
            input: array(&mut ebpf, name::INPUT)?,
            output: array(&mut ebpf, name::OUTPUT)?,
            ebpf,
        })
    }

    fn run(&mut self, way: Way, frame: &[u8]) -> Result<u32, EngineError> {
        let options = TestRunOptions {
            data_in: Some(frame),
            ..TestRunOptions::default()
        };
        let result = match way {
            Way::In => xdp(&mut self.ebpf)?.test_run(options),
            Way::Out => egress(&mut self.ebpf)?.test_run(options),
        };
        Ok(result
            .map_err(refused("running the kernel program on a frame"))?
            .return_value)
    }
}

impl Engine for Kernel {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Judgement, EngineError> {
        let input = ReplayInput {
            now,
            ifindex: entry.ifindex,
            entered: 0,
        };
        let told = self.input.set(0, Input(input), 0);
        told.map_err(refused("telling the kernel program of a frame"))?;
        let cleared = self.output.set(0, Output(Outcome::default()), 0);
        cleared.map_err(refused("clearing the outcome"))?;
        let returned = match entry.way {
            Way::In => self.run(entry.way, frame)?,
            Way::Out => self.run(entry.way, &shrunk(entry.medium, frame))?,
        };
        let outcome = self.output.get(&0, 0).map_err(refused("reading the outcome"))?;
        let judgement = Judgement::of(outcome.0)?;
        if agrees(entry.way, judgement.verdict, returned) {
            Ok(judgement)
        } else {
            Err(EngineError::Contradiction {
                returned,
                verdict: judgement.verdict,
            })
        }
    }
}

/// `XDP_DROP` and `XDP_PASS`; `TC_ACT_OK`, `TC_ACT_SHOT` and `TC_ACT_UNSPEC` (-1).
fn agrees(way: Way, verdict: Verdict, returned: u32) -> bool {
    const UNSPEC: u32 = u32::MAX;
    let passes = match way {
        Way::In => matches!(returned, 2),
        Way::Out => matches!(returned, 0 | UNSPEC),
    };
    let drops = match way {
        Way::In => returned == 1,
        Way::Out => returned == 2,
    };
    match verdict {
        Verdict::Pass | Verdict::Audit => passes,
        Verdict::Drop => drops,
    }
}

fn xdp(ebpf: &mut Ebpf) -> Result<&mut Xdp, EngineError> {
    let program = ebpf.program_mut(name::XDP).ok_or_else(|| absent(name::XDP))?;
    program.try_into().map_err(refused("finding the XDP program"))
}

fn egress(ebpf: &mut Ebpf) -> Result<&mut SchedClassifier, EngineError> {
    let program = ebpf.program_mut(name::EGRESS).ok_or_else(|| absent(name::EGRESS))?;
    program.try_into().map_err(refused("finding the egress program"))
}

fn array<V: Pod>(ebpf: &mut Ebpf, name: &'static str) -> Result<Array<MapData, V>, EngineError> {
    let map = ebpf.take_map(name).ok_or_else(|| absent(name))?;
    Array::try_from(map).map_err(refused("opening a map"))
}

fn map<'a>(ebpf: &'a Ebpf, name: &'static str) -> Result<BorrowedFd<'a>, EngineError> {
    match ebpf.map(name) {
        Some(Map::Array(data)) => Ok(data.fd().as_fd()),
        _ => Err(absent(name)),
    }
}

/// Writes the cells into a map of as many entries through its memory.
fn fill(map: BorrowedFd<'_>, cells: &[Cell]) -> Result<(), EngineError> {
    let length = size_of_val(cells);
    // SAFETY: a new mapping, placed by the kernel, of a file descriptor that lives through the call.
    let memory = unsafe {
        libc::mmap(
            ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            map.as_raw_fd(),
            0,
        )
    };
    if memory == libc::MAP_FAILED {
        return Err(refused("mapping the image")(io::Error::last_os_error()));
    }
    // SAFETY: the mapping is `length` bytes long, aligned to a page, and nobody else has it: no program runs yet.
    unsafe { ptr::copy_nonoverlapping(cells.as_ptr(), memory.cast::<Cell>(), cells.len()) };
    // SAFETY: exactly the mapping made above, to which no reference is left.
    unsafe { libc::munmap(memory, length) };
    Ok(())
}

fn refused<E>(what: &'static str) -> impl FnOnce(E) -> EngineError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| EngineError::Refused {
        what,
        source: source.into(),
    }
}

fn absent(name: &str) -> EngineError {
    EngineError::Refused {
        what: "looking into the kernel program",
        source: format!("it has no {name}").into(),
    }
}
