//! Where things are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The folders that every step needs.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The checkout.
    pub(crate) repo: PathBuf,
    /// Cargo's target directory, wherever the user keeps it.
    pub(crate) target: PathBuf,
    /// The running program.
    pub(crate) xtask: PathBuf,
    /// The kernel program tells log lines.
    pub(crate) kernel_log: bool,
}

impl Paths {
    /// The folders of the running `xtask`.
    pub(crate) fn find() -> Result<Paths> {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let repo = manifest.parent().context("xtask has no folder above it")?.canonicalize()?;
        // <target>/debug/xtask: also right where the user's configuration names another target directory.
        let xtask = env::current_exe()?;
        let target =
            xtask.ancestors().nth(2).map(Path::to_path_buf).context("xtask does not run from a target directory")?;
        Ok(Paths { repo, target, xtask, kernel_log: false })
    }

    /// Cargo, in the checkout, as the user started it.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.repo).env("CARGO_TARGET_DIR", &self.target);
        forget_own_cargo(&mut cargo);
        cargo
    }

    /// Where the BPF crate is built and the finished object lies.
    pub(crate) fn bpf(&self) -> PathBuf {
        self.target.join("bpf")
    }

    /// The finished object, which `enforcer/build.rs` embeds.
    pub(crate) fn object(&self) -> PathBuf {
        self.bpf().join("enforcer.bpf.o")
    }

    /// The object with the bench's own programs, which the bench reads.
    pub(crate) fn bench_object(&self) -> PathBuf {
        self.bpf().join("bench.bpf.o")
    }

    /// Tools that are built here, in no folder of the user's.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// A binary of the workspace, as `cargo build` leaves it.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// An optimised one.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }
}

/// Takes out what the outer `cargo run` put into the environment for xtask alone: it would make crates that
/// look at these variables build again and again.
pub(crate) fn forget_own_cargo(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_")
            || name_text.starts_with("CARGO_MANIFEST_")
            || name_text == "LD_LIBRARY_PATH"
        {
            command.env_remove(&name);
        }
    }
}
