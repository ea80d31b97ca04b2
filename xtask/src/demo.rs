//! The demo and the lab: programs of `enforcer-tests`, which need root.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::packages::{self, Group};
use crate::paths::Paths;
use crate::{bpf, build_workspace, run};

/// Sets up, builds and runs the demo.
pub(crate) fn demo(paths: &Paths) -> Result<()> {
    packages::ensure(Group::Lab)?;
    bpf::build(paths)?;
    build_workspace(paths, false)?;
    let mut demo = run::as_root(paths.binary("enforcer-demo"))?;
    run::run(&mut demo).context("the demo did not go as expected")
}

/// Brings up the lab; a shell, or a command, in the router.
pub(crate) fn lab(paths: &Paths, command: &[String]) -> Result<()> {
    packages::ensure(Group::Lab)?;
    bpf::build(paths)?;
    build_workspace(paths, false)?;
    let mut lab: Command = run::as_root(paths.binary("enforcer-lab"))?;
    let status = lab.args(command).stdin(Stdio::inherit()).status().context("cannot start the lab")?;
    if !status.success() {
        bail!("{status}");
    }
    Ok(())
}
