//! `cargo xtask`: sets up the machine, builds, tests, shows and measures.

mod bench;
mod bpf;
mod demo;
mod elf_tools;
mod fingerprint {
    #![doc = "Shared with `enforcer/build.rs`, which refuses an object made from other sources."]
    include!("../../enforcer/bpf_fingerprint.rs");
}
mod fuzz;
mod kernels;
mod nightly;
mod packages;
mod paths;
mod reproducible;
mod run;
mod sanitize;
mod stable_names;
mod test;
mod toolchain;
mod verify;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

use kernels::Form;
use packages::Group;
use paths::Paths;
use sanitize::Depth;

/// Sets up the machine, builds, tests, shows and measures.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what building, testing and the demo need. The other commands call the part that they need.
    Setup {
        /// Only what this group of commands needs.
        #[arg(value_enum)]
        groups: Vec<Group>,
    },
    /// Build the kernel program, then the workspace with it inside.
    Build {
        /// Optimised binaries.
        #[arg(long)]
        release: bool,
        /// Build the kernel program a second time, in another folder, and compare the bytes.
        #[arg(long)]
        check_reproducible: bool,
        /// Stop after the kernel program.
        #[arg(long, conflicts_with = "release")]
        bpf_only: bool,
        /// Let the kernel program tell a log line for each sample of a drop, through aya-log; for those who work on it.
        #[arg(long, conflicts_with = "check_reproducible")]
        kernel_log: bool,
    },
    /// Send example traffic through a router made of network namespaces, and show what becomes of it.
    Demo,
    /// Everything that can be tested on this machine: units, the lab, older kernels, reproducibility.
    Test {
        /// Leave out the older kernels.
        #[arg(long)]
        no_kernels: bool,
    },
    /// Feed damaged and invented input to every reader of what comes from outside. Needs a nightly compiler.
    Fuzz {
        /// How long each target runs.
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
        minutes: u64,
        /// Run nothing: take into the kept corpus what earlier runs found to reach more.
        #[arg(long, conflicts_with = "minutes")]
        keep: bool,
        /// All, if none is named.
        #[arg(value_enum, value_name = "TARGET")]
        targets: Vec<fuzz::Target>,
    },
    /// Run the tests of lookups, images and the parser under AddressSanitizer and Miri. Needs a nightly compiler.
    Sanitize {
        /// A few cases of each property.
        #[arg(long)]
        short: bool,
    },
    /// Measure what packets and policies cost, beside what else the kernel offers.
    Bench(bench::Bench),
    /// Bring up the router and four networks, and open a shell in it.
    Lab {
        /// A command to run inside the router, instead of a shell.
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Judge generated traffic by generated policies, in the kernel, on the host and by the reference, and tell where they
    /// disagree.
    Verify(verify::Verify),
    /// Check the kernel program on the running kernel and, in virtual machines, on Debian's 6.1 and 6.12: does it load and
    /// attach, what does the verifier count (docs/verifier.md), does every verdict come out, does real traffic go its way?
    Kernels {
        /// Load every program and attach it, no more.
        #[arg(long)]
        load: bool,
        /// Write the verifier's counts into docs/verifier.md, for review.
        #[arg(long)]
        accept: bool,
        /// A command to run there instead: `enforcer`, `ip`, `ethtool` and busybox are in the machines.
        #[arg(last = true, conflicts_with_all = ["load", "accept"])]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    if let Some(code) = stable_names::as_wrapper() {
        return code;
    }
    match xtask(Xtask::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn xtask(command: Command) -> Result<()> {
    let paths = Paths::find()?;
    match command {
        Command::Setup { groups } => setup(&paths, &groups),
        Command::Build { release, check_reproducible, bpf_only, kernel_log } => {
            let paths = Paths { kernel_log, ..paths };
            bpf::build(&paths)?;
            if check_reproducible {
                reproducible::check(&paths)?;
            }
            if !bpf_only {
                build_workspace(&paths, release)?;
                let profile = if release { "release" } else { "debug" };
                println!("built: {}", paths.target.join(profile).join("enforcer").display());
            }
            Ok(())
        }
        Command::Demo => demo::demo(&paths),
        Command::Test { no_kernels } => test::test(&paths, !no_kernels),
        Command::Fuzz { minutes: _, keep: true, targets } => fuzz::keep(&paths, &targets),
        Command::Fuzz { minutes, keep: false, targets } => {
            fuzz::fuzz(&paths, &targets, Duration::from_secs(60 * minutes), fuzz::Build::Release)
        }
        Command::Sanitize { short: true } => sanitize::sanitize(&paths, Depth::Short),
        Command::Sanitize { short: false } => sanitize::sanitize(&paths, Depth::Full),
        Command::Bench(arguments) => bench::bench(&paths, &arguments),
        Command::Lab { command } => demo::lab(&paths, &command),
        Command::Verify(arguments) => verify::verify(&paths, &arguments),
        Command::Kernels { load, accept, command } => {
            bpf::build(&paths)?;
            build_workspace(&paths, false)?;
            if !command.is_empty() {
                return kernels::command(&paths, &command);
            }
            kernels::check(&paths, if load { Form::Load } else { Form::Traffic }, accept)
        }
    }
}

fn setup(paths: &Paths, groups: &[Group]) -> Result<()> {
    let groups = if groups.is_empty() { Group::ALL } else { groups };
    for group in groups {
        match group {
            Group::Build => {
                let toolchain = toolchain::ensure(paths)?;
                println!("BPF toolchain: {toolchain}");
            }
            Group::Fuzz => match nightly::Nightly::find() {
                Some(nightly) => {
                    packages::ensure(*group)?;
                    println!("for fuzzing: {}", nightly.version);
                }
                None => {
                    println!("{}: not set up: there is no nightly compiler ({})", group.title(), nightly::HOW);
                    continue;
                }
            },
            Group::Lab | Group::Tests | Group::Kernels => packages::ensure(*group)?,
        }
        println!("{}: ready", group.title());
    }
    Ok(())
}

/// Builds every binary of the workspace, with the BPF object that [`bpf::build`] made.
fn build_workspace(paths: &Paths, release: bool) -> Result<()> {
    let mut cargo = paths.cargo();
    // Not xtask: it runs, and would be built again with the features of the others.
    cargo.args(["build", "--locked", "--workspace", "--exclude", "xtask"]);
    if release {
        cargo.arg("--release");
    }
    if paths.kernel_log {
        cargo.args(["--features", "enforcer/kernel-log"]);
    }
    run::run(&mut cargo)
}
