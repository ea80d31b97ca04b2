//! The programs and their maps in the kernel, attached to nothing.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use aya::maps::{Map, MapData, MapInfo, MapType};
use aya::programs::{Program, ProgramError, SchedClassifier, Xdp};
use aya::{Ebpf, EbpfError, EbpfLoader};
use enforcer_common::connection;

use super::memory::{Memory, half_for};
use super::{Error, sys};

/// The BPF object.
pub static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/enforcer.bpf.o"));

/// The program at the entrance of every port's interface.
pub const XDP: &str = "enforcer_xdp";
/// The classifier at the exit of every port's interface.
pub const EGRESS: &str = "enforcer_egress";
/// The classifier behind the entrance, for tags that XDP cannot see.
pub const GUARD: &str = "enforcer_guard";

/// How the programs are loaded.
#[derive(Debug, Clone)]
pub struct Options {
    /// Cells of each half of the memory; see [`half_for`].
    pub half: u32,
    /// Connections kept at most.
    pub connections: u32,
    /// Where the table of connections is pinned, to outlive the process and to be taken over by the next; by default it is
    /// this process's own.
    pub connections_pin: Option<PathBuf>,
    /// Datagrams under way in fragments, kept at most.
    pub fragments: u32,
    /// Slots of rule counters, the unused slot 0 included.
    pub rules: u32,
    /// The clock and the entrance come from `REPLAY_IN`, and the outcome goes to `REPLAY_OUT`.
    pub replay: bool,
}

impl Options {
    /// Options for a first generation of `cells` cells, overlay and image.
    pub fn for_cells(cells: usize) -> Self {
        Options {
            half: half_for(cells),
            connections: 131_072,
            connections_pin: None,
            fragments: 8192,
            rules: 65_536,
            replay: false,
        }
    }
}

/// The loaded programs, their maps, and the memory of generations. Nothing is in force before [`Memory::switch`].
#[derive(Debug)]
pub struct Kernel {
    // The mapping goes before the maps do.
    memory: Memory,
    ebpf: Ebpf,
}

impl Kernel {
    /// Loads the embedded object.
    pub fn load(options: &Options) -> Result<Self, Error> {
        if OBJECT.is_empty() {
            return Err(Error::NoObject);
        }
        let replay = u8::from(options.replay);
        let mut loader = EbpfLoader::new();
        if let Some(pin) = &options.connections_pin {
            drop_unlike(pin, options.connections)?;
            loader.map_pin_path("CONNECTIONS", pin.as_path());
        }
        let mut ebpf = loader
            .map_max_entries("IMAGE", options.half.saturating_mul(2))
            .map_max_entries("CONNECTIONS", options.connections)
            .map_max_entries("FRAGMENTS", options.fragments)
            .map_max_entries("RULES", options.rules)
            .override_global("REPLAY", &replay, true)
            .load(OBJECT)
            .map_err(explain)?;
        for name in [XDP, EGRESS, GUARD] {
            let result = match ebpf.program_mut(name) {
                Some(Program::Xdp(program)) => program.load(),
                Some(Program::SchedClassifier(program)) => program.load(),
                _ => return Err(Error::Missing(name)),
            };
            result.map_err(|error| refused(name, error))?;
        }
        let memory = Memory::new(map_fd(&ebpf, "IMAGE")?, map_fd(&ebpf, "CONTROL")?, options.half)?;
        Ok(Kernel { memory, ebpf })
    }

    /// Follows the program's log lines.
    #[cfg(feature = "kernel-log")]
    pub fn follow_log(&mut self) -> anyhow::Result<()> {
        super::log::follow(&mut self.ebpf)
    }

    /// The memory of generations.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The memory of generations, to write.
    pub fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// The program at the entrance; it can be run on a frame by `aya::programs::TestRun`.
    pub fn xdp(&mut self) -> Result<&mut Xdp, Error> {
        let program = self.ebpf.program_mut(XDP).ok_or(Error::Missing(XDP))?;
        program.try_into().map_err(|_: ProgramError| Error::Missing(XDP))
    }

    /// A classifier: [`EGRESS`] or [`GUARD`].
    pub fn classifier(&mut self, name: &'static str) -> Result<&mut SchedClassifier, Error> {
        let program = self.ebpf.program_mut(name).ok_or(Error::Missing(name))?;
        program.try_into().map_err(|_: ProgramError| Error::Missing(name))
    }

    /// A map, for aya's typed wrappers.
    pub fn map(&self, name: &'static str) -> Result<&Map, Error> {
        self.ebpf.map(name).ok_or(Error::Missing(name))
    }

    /// A map to write.
    pub fn map_mut(&mut self, name: &'static str) -> Result<&mut Map, Error> {
        self.ebpf.map_mut(name).ok_or(Error::Missing(name))
    }

    /// Takes a map out, for those who keep it.
    pub fn take_map(&mut self, name: &'static str) -> Result<Map, Error> {
        self.ebpf.take_map(name).ok_or(Error::Missing(name))
    }

    /// The descriptor of a map, for system calls that aya lacks.
    pub fn map_fd(&self, name: &'static str) -> Result<BorrowedFd<'_>, Error> {
        map_fd(&self.ebpf, name)
    }

    /// Removes every entry of a hash map.
    pub fn clear(&mut self, name: &'static str) -> Result<(), Error> {
        let broken = |error: String| Error::Map { map: name, error };
        let map = self.ebpf.map(name).and_then(data).ok_or(Error::Missing(name))?;
        let info = map.info().map_err(|error| broken(error.to_string()))?;
        let (key, value) = (info.key_size() as usize, info.value_size() as usize);
        sys::clear(map.fd().as_fd(), key, value).map_err(|error| broken(error.to_string()))
    }

    /// Every map's name and bytes of locked kernel memory.
    pub fn memory_of_maps(&self) -> Vec<(String, u64)> {
        let maps = self.ebpf.maps().filter_map(|(name, map)| {
            let bytes = sys::memory_of(data(map)?.fd().as_fd())?;
            Some((name.to_owned(), bytes))
        });
        let mut maps: Vec<_> = maps.collect();
        maps.sort();
        maps
    }

    /// Instructions that the verifier looked at, by program.
    pub fn verified_instructions(&self) -> Vec<(&'static str, Option<u32>)> {
        [XDP, EGRESS, GUARD]
            .into_iter()
            .map(|name| {
                let info = match self.ebpf.program(name) {
                    Some(Program::Xdp(program)) => program.info().ok(),
                    Some(Program::SchedClassifier(program)) => program.info().ok(),
                    _ => None,
                };
                (name, info.and_then(|info| info.verified_instruction_count()))
            })
            .collect()
    }
}

/// Removes a pinned table of connections that this version cannot use: aya opens whatever is pinned.
fn drop_unlike(pin: &Path, connections: u32) -> Result<(), Error> {
    if !pin.exists() {
        return Ok(());
    }
    let fits = MapInfo::from_pin(pin).is_ok_and(|info| {
        info.map_type().is_ok_and(|kind| kind == MapType::LruHash)
            && info.key_size() as usize == size_of::<connection::Key>()
            && info.value_size() as usize == size_of::<connection::Value>()
            && info.max_entries() == connections
    });
    if fits {
        return Ok(());
    }
    tracing::info!("the table of connections of another version or size is not taken over");
    std::fs::remove_file(pin).map_err(|error| Error::Pin { what: "cannot remove", path: pin.to_owned(), error })
}

fn map_fd<'a>(ebpf: &'a Ebpf, name: &'static str) -> Result<BorrowedFd<'a>, Error> {
    let map = ebpf.map(name).and_then(data).ok_or(Error::Missing(name))?;
    Ok(map.fd().as_fd())
}

/// The data of the kinds of maps that the programs use.
#[expect(clippy::wildcard_enum_match_arm, reason = "the programs use these kinds and no other")]
fn data(map: &Map) -> Option<&MapData> {
    match map {
        Map::Array(data)
        | Map::PerCpuArray(data)
        | Map::HashMap(data)
        | Map::LruHashMap(data)
        | Map::PerCpuHashMap(data)
        | Map::PerCpuLruHashMap(data)
        | Map::RingBuf(data) => Some(data),
        _ => None,
    }
}

/// True where the kernel said that this process may not.
fn is_privilege(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES));
        }
        next = error.source();
    }
    false
}

fn explain(error: EbpfError) -> Error {
    if is_privilege(&error) {
        return Error::Privilege;
    }
    let mut text = error.to_string();
    let mut next = std::error::Error::source(&error);
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    Error::Load(text)
}

/// Lines of the verifier's log that are shown: the last ones say what it did not like.
const LOG_LINES: usize = 30;

fn refused(program: &str, error: ProgramError) -> Error {
    if let ProgramError::LoadError { io_error, verifier_log } = error {
        let log = verifier_log.to_string();
        // The verifier too answers with EACCES; it leaves a log, a want of privilege does not.
        if log.trim().is_empty() && matches!(io_error.raw_os_error(), Some(libc::EPERM | libc::EACCES)) {
            return Error::Privilege;
        }
        let lines: Vec<&str> = log.lines().collect();
        return Error::Verifier {
            program: program.to_owned(),
            release: sys::kernel_release(),
            error: io_error,
            log: lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"),
        };
    }
    if is_privilege(&error) {
        return Error::Privilege;
    }
    Error::Load(format!("{program}: {error}"))
}
