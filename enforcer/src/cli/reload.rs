//! `enforcer reload`: read the policy again and put it in force.

use clap::Args as ClapArgs;

use super::{Exit, client};
use crate::control::Request;
use crate::control::client::Client;

const EXAMPLES: &str = "\
Example:
  enforcer check /etc/enforcer/policy && enforcer reload

A policy that cannot be used changes nothing: the report says why, and the exit code is 1.";

/// Read the policy again and put it in force, between two packets
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<Exit> {
    let answer = Client::require()?.ask(&Request::Reload)?;
    match client::accept(answer)? {
        Ok(value) => {
            println!("{}", value.as_str().unwrap_or("reloaded"));
            Ok(Exit::Done)
        }
        Err(exit) => {
            eprintln!("the old policy stays in force");
            Ok(exit)
        }
    }
}
