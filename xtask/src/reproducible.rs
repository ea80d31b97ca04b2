//! The same sources make the same bytes, in whichever folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{bpf, fingerprint, toolchain};

/// Builds the kernel program from a copy of its sources elsewhere and compares the objects.
pub(crate) fn check(paths: &Paths) -> Result<()> {
    let toolchain = toolchain::ensure(paths)?;
    let here = fs::read(paths.object()).context("build the object first")?;
    let elsewhere = paths.target.join("elsewhere/in another folder");
    if elsewhere.exists() {
        fs::remove_dir_all(&elsewhere)?;
    }
    for source in fingerprint::SOURCES {
        copy(&paths.repo.join(source), &elsewhere.join(source))?;
    }
    // The manifests inherit from it.
    copy(&paths.repo.join("Cargo.toml"), &elsewhere.join("Cargo.toml"))?;
    // What the crates of others became stays there, so that the next time takes seconds.
    let made = paths.target.join("elsewhere/made");
    let there = bpf::compile(paths, bpf::PRODUCT, &toolchain, &elsewhere, &made)?;
    if here != there {
        bail!(
            "the BPF object is not reproducible: sha256 {} here, {} from a copy of the sources in another folder",
            bpf::sha256(&here),
            bpf::sha256(&there)
        );
    }
    println!("reproducible: the same {} bytes from another folder", here.len());
    Ok(())
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
