//! The commands, one file each.

mod kernel_check;
mod mud;

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
    Mud(mud::Args),
    KernelCheck(kernel_check::Args),
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Mud(args) => mud::run(args),
        Command::KernelCheck(args) => kernel_check::run(&args),
    };
    let exit = result.unwrap_or_else(|error| {
        eprintln!("enforcer: {error:#}");
        Exit::Refused
    });
    ExitCode::from(exit as u8)
}
