//! `cargo xtask lab [-- COMMAND]`: the lab, to look around in.

use std::env;
use std::io::IsTerminal;
use std::process::{Command, ExitCode, ExitStatus};
use std::thread;

use anyhow::{Context, Result};
use enforcer_tests::interrupt;
use enforcer_tests::lab::{Lab, mac_text};

fn main() -> ExitCode {
    match lab() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn lab() -> Result<ExitCode> {
    let command: Vec<String> = env::args().skip(1).collect();
    let interactive = command.is_empty() && std::io::stdin().is_terminal();
    interrupt::clean_up()?;
    let lab = Lab::new()?;
    if let Some((program, arguments)) = command.split_first() {
        return status(lab.router.command(program).args(arguments));
    }
    describe(&lab);
    if interactive {
        println!("\nThis shell is the router; `exit` takes the lab down.");
        let shell = env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
        return status(lab.router.command(shell).env("PS1", "lab router # "));
    }
    println!("\nCtrl-C takes the lab down.");
    loop {
        thread::park();
    }
}

fn describe(lab: &Lab) {
    println!("The lab is up. To enter a namespace:");
    println!("  router    nsenter --net={}", lab.router.path().display());
    for host in lab.hosts() {
        println!(
            "  {:<9} nsenter --net={}   {} {} {} behind {}",
            host.name,
            host.namespace.path().display(),
            host.v4,
            host.v6,
            mac_text(host.mac),
            host.network.port,
        );
    }
}

/// Runs a command to its end; its exit code is ours.
fn status(command: &mut Command) -> Result<ExitCode> {
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let status: ExitStatus = child.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
