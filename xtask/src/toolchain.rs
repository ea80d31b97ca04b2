//! The BPF toolchain: a compiler with a `core` for the BPF target, `bpf-linker` and LLVM's tools.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::run;

/// The linker that the object is made with; another version may make other bytes.
const BPF_LINKER: &str = "0.13.0";

/// The LLVM of Debian's compiler; the linker must not be older.
const LLVM: &str = "/usr/lib/llvm-22";

/// Little-endian targets on little-endian hosts: the kernel runs programs of its own byte order.
pub(crate) const TARGET: &str = if cfg!(target_endian = "big") { "bpfeb-unknown-none" } else { "bpfel-unknown-none" };

/// How BPF programs are compiled here.
#[derive(Debug)]
pub(crate) struct Toolchain {
    way: Way,
    /// Path of `bpf-linker`.
    pub(crate) linker: PathBuf,
    /// Where the sources of core are, if they are compiled along.
    pub(crate) sysroot: Option<PathBuf>,
    /// Folders with `llvm-strip` and `llvm-nm`.
    pub(crate) llvm_tools: Vec<PathBuf>,
}

#[derive(Debug)]
enum Way {
    /// Debian's compiler, which brings a `core` for BPF.
    Debian,
    /// A nightly of rustup with the sources of `core`, which is built along.
    Nightly,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way {
            Way::Debian => f.write_str("Debian's rustc-web (it brings a core library for BPF; no nightly)"),
            Way::Nightly => f.write_str("rustup's nightly with rust-src (builds core along)"),
        }
    }
}

impl Toolchain {
    /// Cargo of this toolchain, ready for `build --target` [`TARGET`].
    pub(crate) fn cargo(&self) -> Command {
        match self.way {
            Way::Debian => {
                let mut cargo = Command::new("/usr/bin/cargo");
                // Named crates, not `1`: that would ask for build-std, which needs the sources of core.
                cargo
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "aya_ebpf,enforcer_ebpf,enforcer_common,enforcer,bench");
                cargo
            }
            Way::Nightly => {
                let mut cargo = Command::new("rustup");
                cargo.args(["run", "nightly", "cargo"]).env_remove("RUSTC");
                cargo
            }
        }
    }

    /// What `cargo build` needs beyond that.
    pub(crate) fn build_arguments(&self) -> &'static [&'static str] {
        match self.way {
            Way::Debian => &[],
            Way::Nightly => &["-Zbuild-std=core"],
        }
    }
}

/// Finds the toolchain, or installs it.
pub(crate) fn ensure(paths: &Paths) -> Result<Toolchain> {
    if packages::missing(Group::Build).is_empty() {
        return debian(paths);
    }
    if let Some(nightly) = nightly(paths) {
        return Ok(nightly);
    }
    eprintln!("no BPF toolchain yet: neither Debian's rustc-web nor a nightly with rust-src");
    if packages::has_apt() {
        if !packages::offered(Group::Build) {
            packages::update()?;
        }
        if packages::offered(Group::Build) {
            packages::ensure(Group::Build)?;
            return debian(paths);
        }
    }
    bail!(
        "this system offers no package `rustc-web` (Debian 12 does): install the other toolchain with\n  \
         rustup toolchain install nightly --profile minimal --component rust-src --component llvm-tools\n  \
         cargo install bpf-linker\nand run this again"
    )
}

fn debian(paths: &Paths) -> Result<Toolchain> {
    Ok(Toolchain {
        way: Way::Debian,
        linker: debian_linker(paths)?,
        sysroot: None,
        llvm_tools: vec![Path::new(LLVM).join("bin")],
    })
}

/// `bpf-linker` for Debian's LLVM, built once into the target directory.
fn debian_linker(paths: &Paths) -> Result<PathBuf> {
    let linker = paths.tools().join("bin/bpf-linker");
    if linker.exists() {
        return Ok(linker);
    }
    eprintln!("building bpf-linker {BPF_LINKER} once, into the target directory: a minute or two");
    let mut install = paths.cargo();
    install
        .env_remove("CARGO_TARGET_DIR")
        .env("LLVM_PREFIX", LLVM)
        .args(["install", "bpf-linker", "--version", BPF_LINKER])
        .args(["--locked", "--no-default-features", "--features", "llvm-22"])
        .arg("--root")
        .arg(paths.tools());
    run::run(&mut install).context("bpf-linker could not be built")?;
    Ok(linker)
}

/// A nightly with the sources of core, `bpf-linker` and LLVM's tools, if the user has them all.
fn nightly(paths: &Paths) -> Option<Toolchain> {
    let rustup_home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".rustup")))?;
    let sysroot =
        fs::read_dir(rustup_home.join("toolchains")).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find(
            |path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("nightly-"))
                    && path.join("lib/rustlib/src/rust/library/Cargo.lock").exists()
            },
        )?;
    let mut llvm_tools: Vec<PathBuf> = fs::read_dir(sysroot.join("lib/rustlib"))
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.exists())
        .collect();
    llvm_tools.extend(search_path());
    let linker = [paths.tools().join("bin")]
        .into_iter()
        .chain(search_path())
        .map(|folder| folder.join("bpf-linker"))
        .find(|file| file.exists())?;
    Some(Toolchain { way: Way::Nightly, linker, sysroot: Some(sysroot), llvm_tools })
}

fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect())
}
