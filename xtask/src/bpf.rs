//! The kernel program: compiled, checked, stripped, and the same bytes in whichever folder. The bench has programs of its own,
//! built alike.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths::{Paths, forget_own_cargo};
use crate::toolchain::{self, TARGET, Toolchain};
use crate::{elf_tools, fingerprint, run, stable_names};

/// A crate of programs for the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Programs {
    /// Its folder in the checkout.
    folder: &'static str,
    /// Its binary.
    binary: &'static str,
}

/// What enforces.
pub(crate) const PRODUCT: Programs = Programs { folder: "enforcer-ebpf", binary: "enforcer" };

/// What the bench draws keys with and compares with.
const BENCH: Programs = Programs { folder: "bench-ebpf", binary: "bench" };

/// Builds the object of the checkout and puts it where `enforcer/build.rs` finds it.
pub(crate) fn build(paths: &Paths) -> Result<()> {
    let toolchain = toolchain::ensure(paths)?;
    let object = paths.object();
    let bytes = compile(paths, PRODUCT, &toolchain, &paths.repo, &paths.bpf())?;
    let sources = fingerprint::of_sources(&paths.repo)?;
    // Files that did not change keep their time, so that cargo has nothing to do.
    write_if_changed(&object, &bytes)?;
    write_if_changed(&fingerprint::stamp_of(&object), sources.as_bytes())?;
    println!("BPF object: {} bytes, sha256 {}, by {toolchain}", bytes.len(), sha256(&bytes));
    Ok(())
}

/// Builds the bench's object and puts it beside the product's.
pub(crate) fn build_bench(paths: &Paths) -> Result<()> {
    let toolchain = toolchain::ensure(paths)?;
    let bytes = compile(paths, BENCH, &toolchain, &paths.repo, &paths.bpf())?;
    write_if_changed(&paths.bench_object(), &bytes)
}

/// Compiles a crate of a checkout in a target directory of its own, and returns the finished object.
pub(crate) fn compile(
    paths: &Paths,
    programs: Programs,
    toolchain: &Toolchain,
    repo: &Path,
    target: &Path,
) -> Result<Vec<u8>> {
    let Programs { folder, binary } = programs;
    let folder = repo.join(folder);
    fs::create_dir_all(target)?;

    let mut fetch = toolchain.cargo();
    fetch.current_dir(&folder).args(["fetch", "--locked", "--target", TARGET]);
    clean(&mut fetch);
    run::pass_through(&mut fetch)?;

    let mut cargo = toolchain.cargo();
    cargo
        .current_dir(&folder)
        .args(["build", "--locked", "--release", "--bin", binary])
        .args(["--target", TARGET, "--target-dir"])
        .arg(target)
        .args(toolchain.build_arguments());
    if paths.kernel_log && programs.folder == PRODUCT.folder {
        cargo.args(["--features", "log"]);
    }
    clean(&mut cargo);
    stable_names::wrap(&mut cargo, paths);
    cargo
        .env(format!("CARGO_TARGET_{}_LINKER", TARGET.to_uppercase().replace('-', "_")), &toolchain.linker)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain, repo, target)?);
    run::run(&mut cargo).context("the BPF program could not be built")?;

    let linked = target.join(TARGET).join("release").join(binary);
    elf_tools::refuse_panics(toolchain, &linked)?;
    let stripped = target.join("stripped.o");
    elf_tools::strip(toolchain, &linked, &stripped)?;
    fs::read(&stripped).context("cannot read the stripped object")
}

/// The hexadecimal SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing of the outer cargo, nor of the user's flags, may reach the object.
fn clean(cargo: &mut std::process::Command) {
    forget_own_cargo(cargo);
    for name in [
        "CARGO",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
    ] {
        cargo.env_remove(name);
    }
}

/// The compiler's flags, in cargo's encoding.
fn flags(toolchain: &Toolchain, repo: &Path, target: &Path) -> Result<OsString> {
    let mut flags: Vec<OsString> = vec![
        // v1, the default, has no atomic operations but addition.
        "-Ctarget-cpu=v3".into(),
        // What struct pt_regs looks like, for aya-ebpf.
        format!("--cfg=bpf_target_arch=\"{}\"", env::consts::ARCH).into(),
        // Debug information is what BTF is made from.
        "-Cdebuginfo=2".into(),
        "-Clink-arg=--btf".into(),
    ];
    let mut remap = |from: &Path, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    };
    // The last one that fits wins.
    remap(repo, "/src");
    remap(target, "/target");
    if let Some(sysroot) = &toolchain.sysroot {
        remap(sysroot, "/rust");
    }
    for registry in registries()? {
        remap(&registry, "/registry");
    }
    Ok(flags.join(OsStr::new("\x1f")))
}

/// The folders where cargo keeps unpacked sources, one for each registry or mirror.
fn registries() -> Result<Vec<PathBuf>> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")?;
    let mut folders: Vec<PathBuf> = fs::read_dir(home.join("registry/src"))
        .context("cargo has unpacked no sources")?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    folders.sort();
    Ok(folders)
}

fn write_if_changed(file: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(file).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}
