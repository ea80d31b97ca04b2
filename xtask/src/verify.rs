//! The differential test for as long as one likes.

use anyhow::Result;
use clap::Args;

use crate::paths::Paths;
use crate::{bpf, run};

/// How much, and from which seed.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Packets to judge.
    #[arg(long, default_value_t = 1_000_000)]
    packets: u64,
    /// Policies to judge them by; each gets its share of the packets.
    #[arg(long, default_value_t = 200)]
    policies: u64,
    /// Where chance begins: the same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End with the first difference.
    #[arg(long)]
    stop: bool,
}

/// Builds everything, optimised, and runs it as root.
pub(crate) fn verify(paths: &Paths, verify: &Verify) -> Result<()> {
    bpf::build(paths)?;
    let mut cargo = paths.cargo();
    cargo.args(["build", "--locked", "--release", "--package", "enforcer-tests", "--bin", "enforcer-verify"]);
    run::run(&mut cargo)?;
    let mut program = run::as_root(paths.target.join("release/enforcer-verify"))?;
    for (name, value) in [("--packets", verify.packets), ("--policies", verify.policies), ("--seed", verify.seed)] {
        program.arg(name).arg(value.to_string());
    }
    if verify.stop {
        program.arg("--stop");
    }
    program.arg("--folder").arg(paths.target.join("verify"));
    run::run(&mut program)
}
