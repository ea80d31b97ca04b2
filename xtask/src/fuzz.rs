//! The fuzz targets of `fuzz/`: built for libFuzzer, run as many at a time as there are processors.
//!
//! A run starts from the kept corpus, `fuzz/corpus`, and from what runs before it found, which lies in the target directory
//! with findings and logs.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::nightly::Nightly;
use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::{bpf, run};

/// What libFuzzer needs to see which places an input reaches and what it is compared with, as `cargo fuzz` has it; and
/// AddressSanitizer, which is why it takes a nightly.
const FLAGS: [&str; 8] = [
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "--cfg=fuzzing",
];

/// A reader of what comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Policy files.
    Policy,
    /// MUD files.
    Mud,
    /// Images as files.
    Image,
    /// Captures, pcap and pcapng.
    Pcap,
    /// Frames, judged by the kernel program's steps and the reference.
    Packet,
}

impl Target {
    /// Every target.
    pub(crate) const ALL: [Target; 5] = [Target::Policy, Target::Mud, Target::Image, Target::Pcap, Target::Packet];

    const fn name(self) -> &'static str {
        match self {
            Target::Policy => "policy",
            Target::Mud => "mud",
            Target::Image => "image",
            Target::Pcap => "pcap",
            Target::Packet => "packet",
        }
    }

    /// Longer inputs find nothing that shorter ones do not.
    const fn longest(self) -> usize {
        match self {
            Target::Policy | Target::Mud => 8192,
            Target::Image => 32_768,
            Target::Pcap | Target::Packet => 4096,
        }
    }
}

/// How the targets are built: a profile of `fuzz/Cargo.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// Soon.
    Short,
    /// For many inputs a second.
    Release,
}

impl Build {
    const fn profile(self) -> &'static str {
        match self {
            Build::Short => "short",
            Build::Release => "release",
        }
    }
}

/// Where a target's things are.
struct Places {
    program: PathBuf,
    /// In the checkout.
    kept: PathBuf,
    dictionary: PathBuf,
    /// In the target directory.
    found: PathBuf,
    findings: PathBuf,
    log: PathBuf,
}

impl Places {
    fn of(paths: &Paths, nightly: &Nightly, target: Target, form: Build) -> Result<Places> {
        let name = target.name();
        let built = paths.target.join("fuzz");
        let places = Places {
            program: built.join(&nightly.host).join(form.profile()).join(name),
            kept: paths.repo.join("fuzz/corpus").join(name),
            dictionary: paths.repo.join("fuzz/dictionaries").join(name),
            found: built.join("corpus").join(name),
            findings: built.join("findings").join(name),
            log: built.join("logs").join(format!("{name}.log")),
        };
        for folder in [&places.found, &places.findings, &built.join("logs")] {
            fs::create_dir_all(folder)?;
        }
        Ok(places)
    }

    fn command(&self, target: Target) -> Command {
        let mut command = Command::new(&self.program);
        let mut prefix = self.findings.clone().into_os_string();
        prefix.push("/");
        let mut artifacts = std::ffi::OsString::from("-artifact_prefix=");
        artifacts.push(prefix);
        command
            .arg(format!("-max_len={}", target.longest()))
            .args(["-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(artifacts);
        if self.dictionary.exists() {
            let mut dictionary = std::ffi::OsString::from("-dict=");
            dictionary.push(&self.dictionary);
            command.arg(dictionary);
        }
        command.stdin(Stdio::null());
        command
    }
}

/// Builds the targets and runs each for so long. An error says which found something, and where it lies.
pub(crate) fn fuzz(paths: &Paths, targets: &[Target], time: Duration, form: Build) -> Result<()> {
    let nightly = Nightly::require()?;
    let targets = build(paths, &nightly, targets, form)?;
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    println!("fuzzing with {}, {} s each, {jobs} at a time", nightly.version, time.as_secs());
    let waiting: Mutex<VecDeque<Target>> = Mutex::new(targets.into());
    let failed: Mutex<Vec<String>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(target) = next(&waiting) {
                    if let Err(error) = run_one(paths, &nightly, target, time, form) {
                        println!("{}: {error:#}", target.name());
                        lock(&failed).push(target.name().to_owned());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() { Ok(()) } else { bail!("something was found in: {}", failed.join(", ")) }
}

fn next(waiting: &Mutex<VecDeque<Target>>) -> Option<Target> {
    lock(waiting).pop_front()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Builds the targets, all where none is named, and gives them.
fn build(paths: &Paths, nightly: &Nightly, targets: &[Target], form: Build) -> Result<Vec<Target>> {
    let targets = if targets.is_empty() { Target::ALL.to_vec() } else { targets.to_vec() };
    bpf::build(paths)?;
    packages::ensure(Group::Fuzz)?;
    let mut build = nightly.cargo(paths);
    build
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"))
        .args(["build", "--locked", "--profile", form.profile(), "--manifest-path", "fuzz/Cargo.toml"])
        // With a target, build scripts and macros stay without these flags.
        .args(["--target", &nightly.host, "--target-dir"])
        .arg(paths.target.join("fuzz"));
    for target in &targets {
        build.args(["--bin", target.name()]);
    }
    run::run(&mut build).context("the fuzz targets could not be built")?;
    Ok(targets)
}

fn run_one(paths: &Paths, nightly: &Nightly, target: Target, time: Duration, form: Build) -> Result<()> {
    let places = Places::of(paths, nightly, target, form)?;
    let log = File::create(&places.log)?;
    let status = places
        .command(target)
        .arg(format!("-max_total_time={}", time.as_secs()))
        .args([&places.found, &places.kept])
        .stdout(Stdio::null())
        .stderr(log)
        .status()
        .with_context(|| format!("cannot start {}", places.program.display()))?;
    let told = fs::read_to_string(&places.log).unwrap_or_default();
    if !status.success() {
        let end: Vec<&str> = told.lines().filter(|line| is_telling(line)).collect();
        bail!(
            "{status}\n    {}\n  the whole log: {}\n  again: {} FILE",
            end.join("\n    "),
            places.log.display(),
            places.program.display()
        );
    }
    println!("{:<7} {}", target.name(), summary(&told));
    Ok(())
}

/// The lines of a log that say what was found.
fn is_telling(line: &str) -> bool {
    ["panicked at", "ERROR:", "SUMMARY:", "Test unit written to", "assertion", "left:", "right:"]
        .iter()
        .any(|part| line.contains(part))
}

/// Inputs tried, and how much of the program they reached.
fn summary(log: &str) -> String {
    let stat = |name: &str| {
        let line = log.lines().rev().find_map(|line| line.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    let word = |name: &str| {
        let mut lines = log.lines().rev().filter(|line| line.starts_with('#'));
        let value = lines.find_map(|line| line.split(name).nth(1)?.split_whitespace().next());
        value.unwrap_or("?").to_owned()
    };
    format!(
        "{} inputs, {} a second; {} places reached, corpus {}; nothing found",
        stat("stat::number_of_executed_units:"),
        stat("stat::average_exec_per_sec:"),
        word("cov: "),
        word("corp: "),
    )
}

/// Takes into the kept corpus what reaches more, and leaves out what reaches nothing of its own.
pub(crate) fn keep(paths: &Paths, targets: &[Target]) -> Result<()> {
    let nightly = Nightly::require()?;
    for target in build(paths, &nightly, targets, Build::Release)? {
        let places = Places::of(paths, &nightly, target, Build::Release)?;
        let next = paths.target.join("fuzz/next");
        if next.exists() {
            fs::remove_dir_all(&next)?;
        }
        fs::create_dir_all(&next)?;
        let mut merge = places.command(target);
        merge.arg("-set_cover_merge=1").args([&next, &places.kept, &places.found]).stderr(File::create(&places.log)?);
        run::pass_through(&mut merge).with_context(|| format!("see {}", places.log.display()))?;
        let before = count(&places.kept);
        if places.kept.exists() {
            fs::remove_dir_all(&places.kept)?;
        }
        copy(&next, &places.kept)?;
        println!("{}: {before} inputs before, {} now", target.name(), count(&places.kept));
    }
    Ok(())
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
