//! `cargo xtask lab [-- COMMAND]`: the lab, to look around in.

use std::env;
use std::io::IsTerminal;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, Result};
use enforcer_tests::lab::{Lab, mac_text};
use nix::sys::signal::{SigSet, Signal};

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
    // Signals are taken up below instead of ending the process, so that the lab is always taken down. A command
    // gets them as usual: Ctrl-C is for it.
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block()?;
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
    signals.wait()?;
    Ok(ExitCode::SUCCESS)
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
    let mut child = unblocked(command)
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let status: ExitStatus = child.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The command does not inherit that signals are blocked here.
fn unblocked(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only a system call that changes the signal mask is made.
    unsafe { command.pre_exec(|| SigSet::all().thread_unblock().map_err(std::io::Error::from)) }
}
