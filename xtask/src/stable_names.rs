//! A wrapper of the compiler that gives our crates the same identity in every folder.
//!
//! Cargo derives a crate's identity, which is part of every symbol, from its path relative to the workspace, and from
//! the whole path where the crate is outside of it, as `enforcer-common` is for the BPF crate. No option of the compiler
//! hides that path; so the identity is replaced by the crate's name.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use crate::paths::Paths;

/// Set where `xtask` is started as the compiler's wrapper.
const MARK: &str = "ENFORCER_XTASK_WRAPS_RUSTC";

/// Our crates in the BPF program.
const OURS: [&str; 2] = ["enforcer-common", "enforcer-ebpf"];

/// Makes a cargo call its compiler through us.
pub(crate) fn wrap(cargo: &mut Command, paths: &Paths) {
    cargo.env("RUSTC_WRAPPER", &paths.xtask).env(MARK, "1");
}

/// Runs the compiler, if that is what this process was started for.
pub(crate) fn as_wrapper() -> Option<ExitCode> {
    env::var_os(MARK)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let ours = OURS.contains(&package.as_str());
    let arguments = arguments.map(|argument| match argument.to_str() {
        Some(text) if ours && text.starts_with("metadata=") => OsString::from(format!("metadata={package}")),
        _ => argument,
    });
    let error = Command::new(&compiler).args(arguments).env_remove(MARK).exec();
    eprintln!("cannot start {}: {error}", compiler.display());
    Some(ExitCode::FAILURE)
}
