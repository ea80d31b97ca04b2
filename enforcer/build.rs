//! Puts the BPF object where `dataplane` embeds it from: `OUT_DIR/enforcer.bpf.o`. `cargo xtask build` makes it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::exit;

mod fingerprint {
    include!("bpf_fingerprint.rs");
}

fn main() {
    if let Err(message) = embed() {
        // Cargo shows this as the reason of the failed build.
        println!("cargo::error={message}");
        exit(1);
    }
}

fn embed() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=ENFORCER_BPF_OBJECT");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let object = match env::var_os("ENFORCER_BPF_OBJECT") {
        Some(given) => PathBuf::from(given),
        None => built(&out)?,
    };
    println!("cargo::rerun-if-changed={}", object.display());
    fs::copy(&object, out.join("enforcer.bpf.o"))
        .map_err(|error| format!("cannot read the BPF object {}: {error}", object.display()))?;
    Ok(())
}

/// The object that `cargo xtask build` left in the target directory, if it was made from the present sources.
fn built(out: &Path) -> Result<PathBuf, String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let repo = manifest.parent().ok_or("no folder above the crate")?;
    for source in fingerprint::SOURCES {
        println!("cargo::rerun-if-changed={}", repo.join(source).display());
    }
    // <target>/[<triple>/]<profile>/build/enforcer-<hash>/out
    let object = out
        .ancestors()
        .skip(4)
        .take(2)
        .map(|folder| folder.join("bpf/enforcer.bpf.o"))
        .find(|file| file.exists())
        .ok_or("there is no BPF object yet: run `cargo xtask build`")?;
    let stamp = fingerprint::stamp_of(&object);
    println!("cargo::rerun-if-changed={}", stamp.display());
    let made_from = fs::read_to_string(&stamp).unwrap_or_default();
    let present =
        fingerprint::of_sources(repo).map_err(|error| format!("cannot read the sources of the BPF object: {error}"))?;
    if made_from != present {
        return Err("the BPF object was made from other sources than these: run `cargo xtask build`".into());
    }
    Ok(object)
}

fn variable(name: &str) -> Result<std::ffi::OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}
