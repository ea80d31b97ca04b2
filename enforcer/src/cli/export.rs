//! `enforcer export`: the policy in the words of another firewall.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};

use super::Exit;
use crate::dataplane::interfaces;
use crate::export::{self, Hook};
use crate::policy;

/// Write the policy as rules of another firewall
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  enforcer export nft /etc/enforcer/policy > enforcer.nft")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  enforcer export nft /etc/enforcer/policy > enforcer.nft
  nft -c -f enforcer.nft && nft -f enforcer.nft
  enforcer export nft --offline --hook ingress policy.toml

What nftables cannot say is told at the top of the output, and dropped. Nothing is changed on this machine.

Exits with 0 when the rules are written, 1 if the policy cannot be used.";

#[derive(Debug, Subcommand)]
enum Command {
    /// The same policy as nftables rules, as far as they can say it
    #[command(after_help = EXAMPLES)]
    Nft {
        /// A policy file, or a folder of *.toml
        path: PathBuf,
        /// Where the rules stand
        #[arg(long, value_enum, default_value_t = Place::Forward)]
        hook: Place,
        /// Do not look at this machine's interfaces: `[router] addresses` alone tells the networks
        #[arg(long)]
        offline: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// Behind routing, with connection tracking: a whole firewall
    Forward,
    /// At the entrance of each interface, without connections: every packet is judged like one that opens
    Ingress,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let Command::Nft { path, hook, offline } = args.command;
    std::fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let live = match offline {
        true => None,
        false => {
            let read = interfaces::read();
            Some(read.context("cannot read the interfaces of this machine; try --offline")?)
        }
    };
    let loaded = match policy::load(&path, live.as_ref()) {
        Ok(loaded) => loaded,
        Err(report) => {
            eprint!("{}", report.rendered());
            return Ok(Exit::Problem);
        }
    };
    eprint!("{}", loaded.warnings.rendered());
    let hook = match hook {
        Place::Forward => Hook::Forward,
        Place::Ingress => Hook::Ingress,
    };
    let rules = export::nft(&loaded.policy, &loaded.facts, live.as_ref(), hook);
    match io::stdout().lock().write_all(rules.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write the rules"),
        _ => Ok(Exit::Done),
    }
}
