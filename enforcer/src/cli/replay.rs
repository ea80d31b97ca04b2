//! `enforcer replay`: a policy tried on a capture, through the kernel program or the reference, and onto no wire.

use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::Exit;
use crate::generation::{self, Generation};
use crate::replay::{self, Capture, Kernel, Line, Replay, ReplayError, Summary};

const EXAMPLES: &str = "\
Examples:
  enforcer replay --policy policy.toml --pcap day.pcapng
  enforcer replay --policy policy.toml --in lan0 --pcap lan0.pcap --json
  enforcer replay --policy policy.toml --pcap day.pcapng --engine reference
  enforcer replay --policy policy.toml --pcap day.pcapng --engine both

The kernel program runs on every frame, privately: nothing is attached, and what is in force stays as it is. That needs \
root, or the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON. The reference judges the policy without the kernel and \
needs no privileges. With both, only frames on which they do not agree are printed, with both readings and the steps of \
the reference.

Exits with 0 when every frame has been judged, dropped ones included; 1 if the policy has errors, the capture is broken, or \
kernel and reference differ; 2 for wrong usage; 3 if the kernel refuses.";

/// Judge the frames of a capture by a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A policy file, a folder of *.toml, or an image
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
    /// One JSON object a line for each frame; with both engines for each frame on which they differ
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
    /// The policy, judged in plain Rust
    Reference,
    /// Both, compared
    Both,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let Generation { image, facts, policy, warnings, .. } = match generation::read(&args.policy, None) {
        Ok(generation) => generation,
        Err(report) => {
            eprintln!("{}", report.trim_end());
            return Ok(Exit::Problem);
        }
    };
    eprint!("{warnings}");
    let replay = match Replay::new(&facts, &image, args.by.as_deref()) {
        Ok(replay) => replay,
        Err(error) => return Ok(told(Exit::Usage, error)),
    };
    let capture = match Capture::open(&args.pcap) {
        Ok(capture) => capture,
        Err(error) => return Ok(told(Exit::Problem, error)),
    };
    let kernel = || Kernel::load(&replay.half(), &image.names);
    let reference = policy.as_ref().map(|policy| replay.reference(policy, &facts));
    let mut out = Output { out: BufWriter::new(io::stdout().lock()), json: args.json, differences: 0 };
    let ended = match (args.engine, reference) {
        (Engine::Kernel, _) => out.told(&replay, &capture, &mut kernel()?),
        (Engine::Reference, Some(mut reference)) => out.told(&replay, &capture, &mut reference),
        (Engine::Both, Some(reference)) => {
            out.compared(&replay, &capture, &mut kernel()?, &mut reference.tracing(!args.json))
        }
        (Engine::Reference | Engine::Both, None) => {
            return Ok(told(
                Exit::Usage,
                "the reference judges by a policy, and this is an image: use --engine kernel",
            ));
        }
    };
    out.end(ended, args.engine == Engine::Both)
}

/// Where findings are written, and how.
struct Output<'o> {
    out: BufWriter<StdoutLock<'o>>,
    json: bool,
    differences: u64,
}

impl Output<'_> {
    /// A line for every frame.
    fn told(
        &mut self,
        replay: &Replay<'_>,
        capture: &Capture,
        engine: &mut dyn replay::Engine,
    ) -> Result<Summary, ReplayError> {
        replay.run(capture, engine, |line| {
            if self.json {
                serde_json::to_writer(&mut self.out, line)?;
                writeln!(self.out)
            } else {
                writeln!(self.out, "{line}")
            }
        })
    }

    /// Both readings of every frame on which two engines differ.
    fn compared(
        &mut self,
        replay: &Replay<'_>,
        capture: &Capture,
        kernel: &mut dyn replay::Engine,
        reference: &mut dyn replay::Engine,
    ) -> Result<Summary, ReplayError> {
        replay.compare(capture, kernel, reference, |kernel, reference| {
            if !kernel.finding.differs(&reference.finding) {
                return Ok(());
            }
            self.differences += 1;
            self.difference(kernel, reference)
        })
    }

    fn difference(&mut self, kernel: &Line<'_>, reference: &Line<'_>) -> io::Result<()> {
        if self.json {
            let object = json!({ "frame": kernel.frame, "kernel": kernel, "reference": reference });
            return writeln!(self.out, "{object}");
        }
        writeln!(self.out, "kernel     {kernel}")?;
        writeln!(self.out, "reference  {reference}")?;
        for step in reference.finding.trace {
            writeln!(self.out, "{:11}  {step}", "")?;
        }
        Ok(())
    }

    fn end(mut self, ended: Result<Summary, ReplayError>, compared: bool) -> anyhow::Result<Exit> {
        // Whoever reads may have had enough.
        let flushed = self.out.flush().or_else(ignore_closed);
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
        if !self.json {
            self.summary(&summary, compared).or_else(ignore_closed)?;
        }
        Ok(if self.differences == 0 { Exit::Done } else { Exit::Problem })
    }

    fn summary(&mut self, summary: &Summary, compared: bool) -> io::Result<()> {
        writeln!(self.out, "\n{summary}")?;
        if compared {
            writeln!(self.out, "  {:<17}{:>9}", "differences", self.differences)?;
        }
        self.out.flush()
    }
}

fn told(exit: Exit, error: impl std::fmt::Display) -> Exit {
    eprintln!("enforcer: {error}");
    exit
}

fn ignore_closed(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}
