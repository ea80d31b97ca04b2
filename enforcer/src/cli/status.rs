//! `enforcer status`: what is in force, where, and how it goes.

use clap::Args as ClapArgs;

use super::{Exit, client};
use crate::control::Request;
use crate::control::client::Client;
use crate::observe::status::Status;

/// Say what is in force, on which interfaces, and how it goes
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  enforcer status --json | jq .generation")]
pub(super) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let answer = Client::require()?.ask(&Request::Status)?;
    let value = match client::accept(answer)? {
        Ok(value) => value,
        Err(exit) => return Ok(exit),
    };
    if args.json {
        println!("{value}");
    } else {
        print!("{}", serde_json::from_value::<Status>(value)?);
    }
    Ok(Exit::Done)
}
