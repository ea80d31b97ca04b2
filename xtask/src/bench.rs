//! The bench: a program of `enforcer-bench`, optimised, which needs root.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::{bpf, run};

/// What is handed on to the bench.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Fewer sizes and rounds: some minutes.
    #[arg(long)]
    quick: bool,
    /// Only this group of measurements; may be given several times.
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// Write the figures there, for machines.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the pictures into this folder.
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Write figures and pictures into this page: docs/performance.md.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Sets up, builds and runs the bench with these arguments.
pub(crate) fn bench(paths: &Paths, arguments: &Bench) -> Result<()> {
    packages::ensure(Group::Lab)?;
    bpf::build(paths)?;
    bpf::build_bench(paths)?;
    let mut cargo = paths.cargo();
    cargo.args(["build", "--locked", "--release", "--package", "enforcer-bench"]);
    run::run(&mut cargo)?;
    let mut bench = run::as_root(paths.release_binary("enforcer-bench"))?;
    bench.arg("--programs").arg(paths.bench_object());
    if arguments.quick {
        bench.arg("--quick");
    }
    for group in &arguments.only {
        bench.args(["--only", group]);
    }
    for (name, file) in [("--json", &arguments.json), ("--plots", &arguments.plots), ("--page", &arguments.page)] {
        if let Some(file) = file {
            bench.arg(name).arg(file);
        }
    }
    run::run(&mut bench).context("the bench did not come to an end")
}
