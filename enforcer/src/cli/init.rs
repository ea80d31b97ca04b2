//! `enforcer init`: a first policy from the live interfaces and routes, in audit.

use super::Exit;

/// Write a first policy from this machine's interfaces and routes, in audit
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; standard output if left out
    #[arg(short, long)]
    output: Option<std::path::PathBuf>,
}

/// Runs the command.
pub(super) fn run(_args: Args) -> anyhow::Result<Exit> {
    anyhow::bail!("not yet")
}
