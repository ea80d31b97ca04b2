//! `enforcer detach`: stop enforcing, remove everything.

use anyhow::Context;
use clap::Args as ClapArgs;

use super::{Exit, client};
use crate::control::Request;
use crate::control::client::Client;
use crate::dataplane::bpffs::Pins;
use crate::dataplane::links;
use crate::dataplane::netlink::Interfaces;

const EXAMPLES: &str = "\
Example:
  enforcer detach

Works with and without a running daemon; a running one ends.";

/// Stop enforcing and take everything off the interfaces
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

pub(super) fn run(_: &Args) -> anyhow::Result<Exit> {
    if let Some(mut daemon) = Client::connect()? {
        let answer = daemon.ask(&Request::Detach)?;
        if let Err(exit) = client::accept(answer)? {
            return Ok(exit);
        }
        println!("detached; the daemon ends");
        return Ok(Exit::Done);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let live = runtime.block_on(Interfaces::read())?;
    let removed = links::remove_all(&Pins::from_env(), live.iter().map(|link| link.name.as_str()))?;
    if removed == 0 {
        println!("nothing was attached");
    } else {
        println!("detached: {removed} programs taken off");
    }
    Ok(Exit::Done)
}
