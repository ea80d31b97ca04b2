//! The readers of cells and of frames under AddressSanitizer and under Miri.

use anyhow::{Context, Result};

use crate::nightly::Nightly;
use crate::paths::Paths;
use crate::{bpf, run};

/// How thorough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What fits into every change's tests: a few cases of each property, for the lookups and the parser alone.
    Short,
    /// All of it.
    Full,
}

/// Runs the tests under AddressSanitizer and, where it can be had, under Miri.
pub(crate) fn sanitize(paths: &Paths, depth: Depth) -> Result<()> {
    let nightly = Nightly::require()?;
    bpf::build(paths)?;
    address(paths, &nightly, depth)?;
    if nightly.has_miri() {
        miri(paths, &nightly, depth)
    } else {
        println!(
            "Miri left out: this nightly has none, and it could not be added (rustup component add miri rust-src)"
        );
        Ok(())
    }
}

/// The lookups, the reader of images, the parser and the steps of the kernel program.
fn address(paths: &Paths, nightly: &Nightly, depth: Depth) -> Result<()> {
    let test = |folder: &str, arguments: &[&str]| {
        let mut cargo = nightly.cargo(paths);
        cargo
            .current_dir(paths.repo.join(folder))
            .env("RUSTFLAGS", "-Zsanitizer=address")
            .env("CARGO_TARGET_DIR", paths.target.join("address"))
            // With a target, build scripts and macros stay without.
            .args(["test", "--locked", "--quiet", "--target", &nightly.host])
            .args(arguments);
        if depth == Depth::Short {
            cargo.env("PROPTEST_CASES", "32");
        }
        println!("AddressSanitizer:");
        run::run(&mut cargo).context("under AddressSanitizer")
    };
    test(".", &["-p", "enforcer-common", "--tests"])?;
    test("enforcer-ebpf", &["--no-default-features", "--lib", "--tests"])?;
    if depth == Depth::Short {
        // The compiler's tests take a build of everything; the fuzz target has read images under the same sanitizer.
        return Ok(());
    }
    test(".", &["-p", "enforcer", "--test", "compile"])
}

fn miri(paths: &Paths, nightly: &Nightly, depth: Depth) -> Result<()> {
    let test = |folder: &str, arguments: &[&str]| {
        let mut cargo = nightly.cargo(paths);
        cargo
            .current_dir(paths.repo.join(folder))
            .env("CARGO_TARGET_DIR", paths.target.join("miri"))
            // Files are read and written, and the clock is asked for seeds.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            .env("PROPTEST_CASES", if depth == Depth::Short { "2" } else { "16" })
            .args(["miri", "test", "--locked", "--quiet"])
            .args(arguments);
        println!("Miri:");
        run::run(&mut cargo).context("under Miri")
    };
    test(".", &["-p", "enforcer-common", "--tests"])?;
    test("enforcer-ebpf", &["--no-default-features", "--lib", "--tests"])?;
    if depth == Depth::Full {
        test(".", &["-p", "enforcer", "--test", "compile", "--", "file::what_was_written", "image::another_policy"])?;
    }
    Ok(())
}
