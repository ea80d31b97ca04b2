//! `enforcer drops`: samples of what was dropped, and why.

use std::io::{self, Write};

use clap::Args as ClapArgs;

use super::{Exit, client};
use crate::control::Request;
use crate::control::client::Client;
use crate::observe::sample::Sample;

const EXAMPLES: &str = "\
Examples:
  enforcer drops
  enforcer drops --follow --json | jq 'select(.reason == \"mud-from-device\")'

The samples are bounded and rate-limited; the counters of `/metrics` and `enforcer status` are complete.";

/// Show samples of dropped packets, with the reason and the rule
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Go on with new ones until interrupted
    #[arg(long, short)]
    follow: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut daemon = Client::require()?;
    daemon.send(&Request::Drops { follow: args.follow })?;
    let mut out = io::stdout().lock();
    while let Some(answer) = daemon.next_answer()? {
        let value = match client::accept(answer)? {
            Ok(value) => value,
            Err(exit) => return Ok(exit),
        };
        let written = if args.json {
            writeln!(out, "{value}")
        } else {
            writeln!(out, "{}", serde_json::from_value::<Sample>(value)?)
        };
        match written.and_then(|()| out.flush()) {
            // Whoever reads has had enough (`| head`).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
            result => result?,
        }
    }
    Ok(Exit::Done)
}
