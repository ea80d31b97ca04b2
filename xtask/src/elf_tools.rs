//! LLVM's tools on the linked object: take out the debug information, look for panics.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;
use crate::toolchain::Toolchain;

/// Fails when a panic was left in the program: no kernel would load it, and its verifier would not say why.
pub(crate) fn refuse_panics(toolchain: &Toolchain, object: &Path) -> Result<()> {
    let symbols = run::output(Command::new(tool(toolchain, "llvm-nm")?).arg(object))?;
    let panics: Vec<&str> = symbols
        .lines()
        .filter(|line| line.contains("panic"))
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    if !panics.is_empty() {
        bail!(
            "the BPF program can panic (an index, a division or an unwrap that was not proven safe), \
             and the kernel will not load it:\n  {}",
            panics.join("\n  ")
        );
    }
    Ok(())
}

/// Copies the object without its debug information; BTF stays.
pub(crate) fn strip(toolchain: &Toolchain, from: &Path, to: &Path) -> Result<()> {
    run::output(Command::new(tool(toolchain, "llvm-strip")?).arg("--strip-debug").arg("-o").arg(to).arg(from))?;
    Ok(())
}

fn tool(toolchain: &Toolchain, name: &str) -> Result<PathBuf> {
    toolchain
        .llvm_tools
        .iter()
        .map(|folder| folder.join(name))
        .find(|file| file.exists())
        .with_context(|| format!("{name} is not installed (Debian: llvm-22; rustup: llvm-tools)"))
}
