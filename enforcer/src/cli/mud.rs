//! `enforcer mud`: MUD files, before a policy uses them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use super::Exit;
use crate::mud;
use crate::mud::report::Finding;
use crate::mud::show::table;

/// Read MUD files (RFC 8520): say what is wrong with them, or what they allow.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  enforcer mud lint mud/*.json")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong, unclear or surprising in MUD files.
    ///
    /// Ends with 1 if a file has no usable policy, with --strict also if there is anything to say at all.
    #[command(after_help = "Example:\n  enforcer mud lint --strict mud/camera.json")]
    Lint {
        /// Lints count as problems.
        #[arg(long)]
        strict: bool,
        /// MUD files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show the entries of a MUD file in the order in which they are judged.
    #[command(after_help = "Example:\n  enforcer mud show mud/camera.json")]
    Show {
        /// The MUD file.
        file: PathBuf,
    },
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    match args.command {
        Command::Lint { strict, files } => lint(&files, strict, &mut out),
        Command::Show { file } => show(&file, &mut out),
    }
}

fn lint(files: &[PathBuf], strict: bool, out: &mut impl Write) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    for file in files {
        let shown = file.display().to_string();
        match mud::parse(file, &shown) {
            Ok((_, lints)) => {
                tell(&shown, &lints, out)?;
                if strict && !lints.is_empty() {
                    exit = Exit::Problem;
                }
            }
            Err(problems) => {
                tell(&shown, &problems, out)?;
                exit = Exit::Problem;
            }
        }
    }
    Ok(exit)
}

fn show(file: &Path, out: &mut impl Write) -> anyhow::Result<Exit> {
    let shown = file.display().to_string();
    match mud::parse(file, &shown) {
        Ok((profile, _)) => {
            writeln!(out, "{}\n{}", profile.url, table(&profile))?;
            Ok(Exit::Done)
        }
        Err(problems) => {
            tell(&shown, &problems, &mut io::stderr())?;
            Ok(Exit::Problem)
        }
    }
}

fn tell(shown: &str, findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    for finding in findings {
        writeln!(out, "{shown}:{}: {}: {}", finding.line, finding.code, finding.message)?;
        if let Some(help) = &finding.help {
            writeln!(out, "    {help}")?;
        }
    }
    Ok(())
}
