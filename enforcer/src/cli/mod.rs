//! The commands, one file each.

mod check;
mod client;
mod compile;
mod detach;
mod drops;
mod explain;
mod export;
mod init;
mod kernel_check;
mod load;
mod mud;
mod reload;
mod replay;
mod run;
mod status;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ends; the numbers are the contract of every command.
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The work found a problem: a policy error, a difference.
    Problem = 1,
    /// Wrong usage.
    Usage = 2,
    /// The system refused: no privilege, no kernel support. The message says what to do about it.
    Refused = 3,
}

/// A zone firewall and MUD enforcement point for Linux edge routers.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Run(run::Args),
    Check(check::Args),
    Compile(compile::Args),
    Status(status::Args),
    Drops(drops::Args),
    Reload(reload::Args),
    Detach(detach::Args),
    Mud(mud::Args),
    Explain(explain::Args),
    Replay(replay::Args),
    Export(export::Args),
    KernelCheck(kernel_check::Args),
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Init(args) => init::run(args),
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::run(args),
        Command::Compile(args) => compile::run(args),
        Command::Status(args) => status::run(&args),
        Command::Drops(args) => drops::run(&args),
        Command::Reload(args) => reload::run(&args),
        Command::Detach(args) => detach::run(&args),
        Command::Mud(args) => mud::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Export(args) => export::run(args),
        Command::KernelCheck(args) => kernel_check::run(&args),
    };
    let exit = result.unwrap_or_else(|error| {
        eprintln!("enforcer: {error:#}");
        Exit::Refused
    });
    ExitCode::from(exit as u8)
}
