//! `enforcer replay`: a policy tried on a capture, through the kernel program and onto no wire.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Exit;
use crate::compile;
use crate::policy;
use crate::replay::{Capture, Kernel, Replay, ReplayError};

const EXAMPLES: &str = "\
Examples:
  enforcer replay --policy policy.toml --pcap day.pcapng
  enforcer replay --policy policy.toml --in lan0 --pcap lan0.pcap --json

The kernel program runs on every frame, privately: nothing is attached, and what is in force stays as it is. That needs \
root, or the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.

Exits with 0 when every frame has been judged, dropped ones included; 1 if the policy has errors or the capture is broken; \
2 for wrong usage; 3 if the kernel refuses.";

/// Judge the frames of a capture by a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A policy file, or a folder of *.toml
    #[arg(long, value_name = "PATH")]
    policy: PathBuf,
    /// The interface or port by which all frames enter; VLAN tags complete it. One that only the policy knows will do
    ///
    /// Left out, the names in a pcapng are used where the policy knows them; otherwise each frame enters by a port of the
    /// zone that its sender belongs to, and what the router itself sent is judged as leaving.
    #[arg(long = "in", value_name = "IF")]
    by: Option<String>,
    /// The capture: pcap or pcapng
    #[arg(long, value_name = "FILE")]
    pcap: PathBuf,
    /// One JSON object a line for each frame
    #[arg(long)]
    json: bool,
    /// What judges
    #[arg(long, value_enum, default_value_t = Engine::Kernel)]
    engine: Engine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The program, run by the kernel
    Kernel,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let loaded = match policy::load(&args.policy, None) {
        Ok(loaded) => loaded,
        Err(report) => {
            eprint!("{}", report.rendered());
            return Ok(Exit::Problem);
        }
    };
    if !loaded.warnings.is_empty() {
        eprint!("{}", loaded.warnings.rendered());
    }
    let image = match compile::compile(&loaded.policy, &loaded.facts) {
        Ok(image) => image,
        Err(error) => return Ok(told(Exit::Problem, error)),
    };
    let replay = match Replay::new(&loaded.policy, &loaded.facts, &image, args.by.as_deref()) {
        Ok(replay) => replay,
        Err(error) => return Ok(told(Exit::Usage, error)),
    };
    let capture = match Capture::open(&args.pcap) {
        Ok(capture) => capture,
        Err(error) => return Ok(told(Exit::Problem, error)),
    };
    let mut engine = match args.engine {
        Engine::Kernel => Kernel::load(&replay.half())?,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let ended = replay.run(&capture, &mut engine, |line| {
        if args.json {
            serde_json::to_writer(&mut out, line)?;
            writeln!(out)
        } else {
            writeln!(out, "{line}")
        }
    });
    // Whoever reads may have had enough.
    let flushed = out.flush().or_else(ignore_closed);
    let summary = match ended {
        Ok(summary) => summary,
        Err(ReplayError::Output(error)) => return ignore_closed(error).map(|()| Exit::Done).map_err(Into::into),
        Err(error @ ReplayError::Engine { .. }) => return Ok(told(Exit::Refused, error)),
        Err(error @ (ReplayError::Capture(_) | ReplayError::Link(_))) => return Ok(told(Exit::Problem, error)),
    };
    flushed?;
    if summary.cut > 0 {
        eprintln!(
            "enforcer: {} of {} frames were cut short by the capture; what is missing was taken as zeros",
            summary.cut,
            summary.frames()
        );
    }
    if !args.json {
        writeln!(out, "\n{summary}").and_then(|()| out.flush()).or_else(ignore_closed)?;
    }
    Ok(Exit::Done)
}

fn told(exit: Exit, error: impl std::fmt::Display) -> Exit {
    eprintln!("enforcer: {error}");
    exit
}

fn ignore_closed(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
