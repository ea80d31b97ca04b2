//! A nightly compiler of rustup: what fuzzing, sanitizers and Miri need. Nothing else does.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::run;

/// Says how to come by one.
pub(crate) const HOW: &str = "rustup toolchain install nightly --profile minimal";

/// A nightly that is there.
#[derive(Debug)]
pub(crate) struct Nightly {
    /// The target that it builds for: this machine's.
    pub(crate) host: String,
    /// What it calls itself.
    pub(crate) version: String,
}

impl Nightly {
    /// The nightly of rustup, if there is one.
    pub(crate) fn find() -> Option<Nightly> {
        let text = run::output(rustup("rustc").arg("-vV")).ok()?;
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        Some(Nightly { host: value("host: ")?, version: text.lines().next()?.to_owned() })
    }

    /// The same; without one, an error that says how to come by it.
    pub(crate) fn require() -> Result<Nightly> {
        Nightly::find().with_context(|| format!("this needs a nightly compiler: {HOW}"))
    }

    /// Its cargo, in the checkout.
    pub(crate) fn cargo(&self, paths: &Paths) -> Command {
        let mut cargo = rustup("cargo");
        cargo.current_dir(&paths.repo).env_remove("CARGO").env_remove("RUSTC");
        // Built for other flags than the workspace is, and so in folders of its own: the object is where it was.
        cargo.env("ENFORCER_BPF_OBJECT", paths.object());
        crate::paths::forget_own_cargo(&mut cargo);
        cargo
    }

    /// True where Miri is there, or could be added to this nightly.
    pub(crate) fn has_miri(&self) -> bool {
        let there = || {
            let mut miri = rustup("cargo");
            let quiet = miri.args(["miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
            quiet.status().is_ok_and(|status| status.success())
        };
        // It builds the standard library for itself, from these sources.
        let add = || {
            let mut rustup = Command::new("rustup");
            run::run(rustup.args(["component", "add", "--toolchain", "nightly", "miri", "rust-src"])).is_ok()
        };
        there() && has_sources() || add()
    }
}

fn rustup(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).arg(program);
    command
}

fn has_sources() -> bool {
    let sysroot = run::output(rustup("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    PathBuf::from(sysroot.trim()).join("lib/rustlib/src/rust/library/Cargo.lock").exists()
}
