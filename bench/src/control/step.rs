//! One size of policy, from its files to the kernel. It runs in a process of its own.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use enforcer::compile;
use enforcer::compile::image::Image;
use enforcer::dataplane::load::{Kernel, Options};
use enforcer::dataplane::sys;
use enforcer::policy::{self, Loaded};
use enforcer_common::cell::Cell;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::{
    CHECK, COMPILE, FILL, IMAGE, LOAD, MAPS, PEAK, PER_CONNECTION, PER_DEVICE, PROMISED, SWITCH, WRITE, id, nftables,
};
use crate::packet::arena::compiled;
use crate::packet::site::Site as PacketSite;
use crate::results::Measured;
use crate::stats::Summary;

/// The command by which the bench starts itself for this.
pub const COMMAND: &str = "control-step";

/// The site of the product's own example.
#[allow(dead_code)]
#[path = "../../../enforcer/examples/large/site.rs"]
mod site;

/// Times what takes seconds that often, and what takes milliseconds the other.
const LONG: usize = 3;
const SHORT: usize = 15;

const MIB: f64 = (1 << 20) as f64;

/// Measures a policy of that many devices.
pub fn measure(devices: u32) -> Result<Vec<Measured>> {
    let folder = tempfile::tempdir()?;
    site::Site { devices, ..site::Site::LARGE }.write(folder.path())?;
    let mut step = Step { devices, measured: Vec::new() };
    let image = step.compiled(folder.path())?;
    step.counted(PEAK, peak_memory()? / MIB, "MiB");
    step.counted(IMAGE, size_of_val(image.cells.as_slice()) as f64 / MIB, "MiB");
    step.kernel(&image)?;
    drop(image);
    step.measured.extend(nftables::measure(folder.path(), devices)?);
    if devices == PROMISED {
        step.counted(PER_DEVICE, bytes_for_a_device(devices)?, "bytes");
    }
    Ok(step.measured)
}

struct Step {
    devices: u32,
    measured: Vec<Measured>,
}

impl Step {
    fn timed(&mut self, case: &str, samples: &[f64]) -> Result<()> {
        let summary = Summary::of(samples).context("no samples")?;
        self.measured.push(Measured::timed(id(case, self.devices), summary, "ms"));
        Ok(())
    }

    fn counted(&mut self, case: &str, value: f64, unit: &str) {
        self.measured.push(Measured::counted(id(case, self.devices), value, unit));
    }

    /// Reads and compiles, several times.
    fn compiled(&mut self, folder: &Path) -> Result<Image> {
        let (mut check, mut compile) = (Vec::new(), Vec::new());
        let mut image = None;
        for _ in 0..LONG {
            // The last image goes first: no operator's machine holds two.
            drop(image.take());
            let (loaded, took) = timed(|| policy::load(folder, None));
            check.push(took);
            let loaded: Loaded = match loaded {
                Ok(loaded) => loaded,
                Err(report) => bail!("the policy cannot be used:\n{}", report.rendered()),
            };
            let (made, took) = timed(|| compile::compile(&loaded.policy, &loaded.facts));
            compile.push(took);
            image = Some(made.context("the policy cannot be compiled")?);
        }
        self.timed(CHECK, &check)?;
        self.timed(COMPILE, &compile)?;
        image.context("nothing was compiled")
    }

    /// Brings the image into the kernel.
    fn kernel(&mut self, image: &Image) -> Result<()> {
        let options = Options::for_cells(image.cells.len());
        let (kernel, took) = timed(|| Kernel::load(&options));
        let mut kernel = kernel?;
        self.timed(LOAD, &[took])?;
        kernel.memory_mut().switch(&image.cells, 1)?;

        let fill = fill(&kernel, &image.cells)?;
        self.timed(FILL, &fill)?;

        let (mut write, mut switch) = (Vec::new(), Vec::new());
        for generation in (2..).take(SHORT) {
            let (first, took) = timed(|| kernel.memory_mut().write_half(&image.cells));
            write.push(took);
            let first = first?;
            let ((), took) = timed(|| {
                kernel.memory().point_at(first, generation);
                sys::wait_for_readers();
            });
            switch.push(took);
        }
        self.timed(WRITE, &write)?;
        self.timed(SWITCH, &switch)?;

        let maps = kernel.memory_of_maps();
        let all: u64 = maps.iter().map(|(_, bytes)| bytes).sum();
        self.counted(MAPS, all as f64 / MIB, "MiB");
        let connections = maps.iter().find(|(name, _)| name == "CONNECTIONS").context("no table of connections")?;
        self.counted(PER_CONNECTION, connections.1 as f64 / f64::from(options.connections), "bytes");
        Ok(())
    }
}

/// Copies the cells to where the idle half begins, through a mapping of the bench's own: the product waits for readers in the
/// same call.
fn fill(kernel: &Kernel, cells: &[Cell]) -> Result<Vec<f64>> {
    let room = kernel.memory().room() as usize;
    let length = NonZeroUsize::new(room * 2 * size_of::<Cell>()).context("no memory to fill")?;
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a new mapping at an address that the kernel picks; it overlaps nothing of ours.
    let start = unsafe { mmap(None, length, protection, MapFlags::MAP_SHARED, kernel.map_fd("IMAGE")?, 0) }?;
    let mut samples = Vec::new();
    for _ in 0..SHORT {
        let ((), took) = timed(|| {
            // SAFETY: the second half lies in the mapping and holds `room` cells, `cells` fit into it as they were put in force
            // before; the programs hang nowhere, so nobody reads it.
            unsafe {
                let half = start.cast::<Cell>().add(room);
                std::ptr::copy_nonoverlapping(cells.as_ptr(), half.as_ptr(), cells.len());
            }
        });
        samples.push(took);
    }
    // SAFETY: the mapping is ours, and no pointer into it is left.
    unsafe { munmap(start, length.get()) }?;
    Ok(samples)
}

/// What a device adds to an image, the share of what every site has taken off. IPv4 alone, with a MAC.
fn bytes_for_a_device(devices: u32) -> Result<f64> {
    let few = 100;
    let cells = |devices| -> Result<f64> {
        let site = PacketSite { devices, rules: 10, ipv6: false };
        Ok(size_of_val(compiled(&site)?.cells.as_slice()) as f64)
    };
    Ok((cells(devices)? - cells(few)?) / f64::from(devices - few))
}

/// The most memory that this process has held, in bytes.
fn peak_memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024.0)
}

/// What the work gave, and how many milliseconds it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64() * 1e3)
}
