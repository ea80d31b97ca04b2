//! Everything that can be tested on this machine, and what it was.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::kernels::Form;
use crate::nightly::{self, Nightly};
use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::sanitize::{self, Depth};
use crate::{bpf, build_workspace, fuzz, kernels, reproducible, run};

/// A step, as the summary shows it.
struct Done {
    what: &'static str,
    took: Duration,
    failure: Option<String>,
    /// Why it was left out.
    skipped: Option<String>,
}

/// Runs all tests; a failed step does not keep the others from running.
pub(crate) fn test(paths: &Paths, with_kernels: bool) -> Result<()> {
    packages::ensure(Group::Lab)?;
    packages::ensure(Group::Tests)?;
    bpf::build(paths)?;
    bpf::build_bench(paths)?;
    build_workspace(paths, false)?;

    let mut done = vec![
        step("units, properties and commands, without privileges", || units(paths)),
        step("the lab: a router in network namespaces, real traffic", || lab(paths)),
    ];
    if with_kernels {
        done.push(step("the kernel program on 6.1, 6.12 and the running kernel: it loads, and every verdict", || {
            kernels::check(paths, Form::Verdicts, false)
        }));
    }
    done.push(step("the kernel program is the same from another folder", || reproducible::check(paths)));
    let fuzzed = "every reader of what comes from outside, fuzzed for a minute";
    let sanitized = "lookups, images and the parser under AddressSanitizer and Miri";
    if Nightly::find().is_some() {
        done.push(step(fuzzed, || fuzz::fuzz(paths, &[], Duration::from_secs(60), fuzz::Build::Short)));
        done.push(step(sanitized, || sanitize::sanitize(paths, Depth::Short)));
    } else {
        done.extend([fuzzed, sanitized].map(without_nightly));
    }
    summary(&done)
}

fn step(what: &'static str, work: impl FnOnce() -> Result<()>) -> Done {
    println!("\n=== {what}");
    let started = Instant::now();
    let failure = work().err().map(|error| format!("{error:#}"));
    if let Some(failure) = &failure {
        println!("failed: {failure}");
    }
    Done { what, took: started.elapsed(), failure, skipped: None }
}

fn without_nightly(what: &'static str) -> Done {
    let skipped = Some(format!("there is no nightly compiler; {} gives one", nightly::HOW));
    Done { what, took: Duration::ZERO, failure: None, skipped }
}

fn units(paths: &Paths) -> Result<()> {
    let mut cargo = paths.cargo();
    cargo.args(["test", "--locked", "--workspace", "--quiet", "--no-fail-fast"]);
    run::run(&mut cargo)?;
    // The parser and its like, compiled for the host; a workspace of its own.
    let mut cargo = paths.cargo();
    cargo.current_dir(paths.repo.join("enforcer-ebpf")).args([
        "test",
        "--locked",
        "--quiet",
        "--lib",
        "--tests",
        "--no-default-features",
    ]);
    run::run(&mut cargo)
}

/// The tests that are marked as needing root, one after the other: there is one BPF file system.
fn lab(paths: &Paths) -> Result<()> {
    let mut cargo = paths.cargo();
    cargo.args(["test", "--locked", "--workspace", "--tests", "--quiet", "--no-fail-fast"]).args([
        "--",
        "--ignored",
        "--test-threads=1",
    ]);
    if !run::is_root()? {
        println!("these tests need root: cargo runs them through sudo");
        cargo.env(format!("CARGO_TARGET_{}_RUNNER", host()?.to_uppercase().replace('-', "_")), "sudo --");
    }
    run::run(&mut cargo)
}

/// The target that the user's compiler builds for.
fn host() -> Result<String> {
    let text = run::output(Command::new("rustc").arg("-vV"))?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).context("rustc does not name its host")
}

fn summary(done: &[Done]) -> Result<()> {
    println!("\nWhat was tested:");
    for step in done {
        let (result, why) = match (&step.failure, &step.skipped) {
            (Some(failure), _) => ("FAILED", Some(failure)),
            (None, Some(skipped)) => ("SKIPPED", Some(skipped)),
            (None, None) => ("ok", None),
        };
        println!("  {result:<7} {} ({:.0?})", step.what, step.took);
        if let Some(why) = why {
            println!("          {}", why.replace('\n', "\n          "));
        }
    }
    let failed = done.iter().filter(|step| step.failure.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", done.len());
    }
    Ok(())
}
