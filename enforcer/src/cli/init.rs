//! `enforcer init`: a first policy from the live interfaces and routes, in audit.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::Exit;
use crate::dataplane::interfaces;
use crate::policy::first::{self, Session};

const EXAMPLES: &str = "\
Examples:
  enforcer init -o /etc/enforcer/policy.toml
  enforcer check /etc/enforcer/policy.toml

An existing file is never overwritten.";

/// Write a first policy from this machine's interfaces and routes, in audit
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Where to write it; standard output if left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let live = interfaces::read().context("cannot read the interfaces of this machine")?;
    let text = first::policy(&live, session());
    let Some(path) = args.output else {
        print!("{text}");
        return Ok(Exit::Done);
    };
    let mut file = File::create_new(&path)
        .with_context(|| format!("cannot create {} (an existing file stays as it is)", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {0}; next: enforcer check {0}", path.display());
    Ok(Exit::Done)
}

/// The session that this command runs in, where it came by SSH.
fn session() -> Option<Session> {
    let connection = std::env::var("SSH_CONNECTION").ok()?;
    let mut words = connection.split_whitespace().skip(2);
    let address = words.next()?.split('%').next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(Session { address, port })
}
