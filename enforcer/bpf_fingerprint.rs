// Included by `enforcer/build.rs` and by `xtask`: both must see the same sources.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the BPF object is made from, relative to the checkout.
pub(crate) const SOURCES: [&str; 5] = [
    "enforcer-ebpf/src",
    "enforcer-ebpf/Cargo.toml",
    "enforcer-ebpf/Cargo.lock",
    "enforcer-common/src",
    "enforcer-common/Cargo.toml",
];

/// A number that changes with any byte or name of the sources (FNV-1a; against mistakes, not against an enemy).
pub(crate) fn of_sources(repo: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&repo.join(source), &mut files)?;
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for file in files {
        let name = file.strip_prefix(repo).unwrap_or(&file);
        add(name.to_string_lossy().as_bytes());
        add(&[0]);
        add(&fs::read(&file)?);
        add(&[0]);
    }
    Ok(format!("{hash:016x}"))
}

/// Where the fingerprint of an object's sources is kept: beside it.
pub(crate) fn stamp_of(object: &Path) -> PathBuf {
    object.with_extension("sources")
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
