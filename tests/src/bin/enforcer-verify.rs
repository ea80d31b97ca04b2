//! The differential test as a program: for long runs, and to look at what they found.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use enforcer_tests::verify::run::{self, Outcome, Panel, Plan};
use enforcer_tests::verify::traffic::Extent;

/// Judges generated traffic by generated policies, with the kernel program, the same code on the host, and the reference,
/// and tells where they disagree.
#[derive(Debug, Parser)]
struct Arguments {
    /// Packets to judge.
    #[arg(long, default_value_t = 1_000_000)]
    packets: u64,
    /// Policies to judge them by; each gets its share of the packets.
    #[arg(long, default_value_t = 200)]
    policies: u64,
    /// Where chance begins: the same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sessions at once; as many as there are processors where it is not written.
    #[arg(long)]
    workers: Option<usize>,
    /// Without the program in the kernel: needs no privileges.
    #[arg(long)]
    no_kernel: bool,
    /// Without the reference.
    #[arg(long)]
    no_reference: bool,
    /// End with the first difference.
    #[arg(long)]
    stop: bool,
    /// Where differences are saved, each in a folder named by its seed.
    #[arg(long, default_value = "target/verify")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    match verify(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn verify(arguments: &Arguments) -> Result<bool> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        packets: arguments.packets,
        policies: arguments.policies,
        seed: arguments.seed,
        workers: arguments.workers.unwrap_or(processors),
        panel: Panel { kernel: !arguments.no_kernel, reference: !arguments.no_reference },
        extent: Extent::default(),
        stop: arguments.stop,
        folder: arguments.folder.clone(),
    };
    let started = Instant::now();
    let terminal = stderr().is_terminal();
    let outcome = run::run(&plan, &|done, all| {
        if terminal && (done % 16 == 0 || done == all) {
            eprint!("\r{done} of {all} sessions");
        }
    })?;
    if terminal {
        eprintln!();
    }
    show(&outcome, started);
    Ok(outcome.differing == 0)
}

fn show(outcome: &Outcome, started: Instant) {
    println!("{}", outcome.tally);
    let seconds = started.elapsed().as_secs_f64();
    let frames = outcome.tally.frames();
    println!(
        "{frames} packets in {} sessions over {} policies in {seconds:.0} s ({:.0} a second)",
        outcome.sessions,
        outcome.policies,
        frames as f64 / seconds
    );
    let refused: u64 = outcome.refused.values().sum();
    println!("{refused} generated policies could not be used and were thought of again");
    for (why, count) in &outcome.refused {
        println!("  {count:>6}  {why}");
    }
    for (kind, (count, story)) in &outcome.differences {
        println!("\n{count} sessions: {kind}\n{story}");
    }
    println!("{} sessions with a difference", outcome.differing);
}
