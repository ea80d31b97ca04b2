//! The same sources make the same bytes, in whichever folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, process};

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{bpf, fingerprint, toolchain};

/// Builds the kernel program from a copy of its sources elsewhere and compares the objects.
pub(crate) fn check(paths: &Paths) -> Result<()> {
    let toolchain = toolchain::ensure(paths)?;
    let here = fs::read(paths.object()).context("build the object first")?;
    let elsewhere = Elsewhere::new()?;
    for source in fingerprint::SOURCES {
        copy(&paths.repo.join(source), &elsewhere.0.join(source))?;
    }
    // The manifests inherit from it.
    copy(
        &paths.repo.join("Cargo.toml"),
        &elsewhere.0.join("Cargo.toml"),
    )?;
    let there = bpf::compile(&toolchain, &elsewhere.0, &elsewhere.0.join("made"))?;
    if here != there {
        bail!(
            "the BPF object is not reproducible: sha256 {} here, {} from a copy of the sources in another folder",
            bpf::sha256(&here),
            bpf::sha256(&there)
        );
    }
    println!(
        "reproducible: the same {} bytes from another folder",
        here.len()
    );
    Ok(())
}

/// A folder that goes away with its value.
struct Elsewhere(PathBuf);

impl Elsewhere {
    fn new() -> Result<Elsewhere> {
        let folder = env::temp_dir().join(format!("enforcer-elsewhere-{}", process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Elsewhere(folder.canonicalize()?))
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}
