//! The differential test as a program: for long runs, and to look at what they found.

use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use enforcer_tests::verify::case::{Case, happening, write_events};
use enforcer_tests::verify::compare::ENDS;
use enforcer_tests::verify::kernel;
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
    /// Without what the router itself sends.
    #[arg(long)]
    no_leaves: bool,
    /// Without what entered by one interface and leaves by another.
    #[arg(long)]
    no_forwards: bool,
    /// Without other policies that come into force in the middle of sessions.
    #[arg(long)]
    no_reloads: bool,
    /// End with the first difference.
    #[arg(long)]
    stop: bool,
    /// Instead of a run: what each witness says of the events of this folder, a case or a saved difference.
    #[arg(long)]
    case: Option<PathBuf>,
    /// Writes what all witnesses agree on into the case.
    #[arg(long, requires = "case")]
    write: bool,
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
    if let Some(folder) = &arguments.case {
        return examine(folder, arguments);
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        packets: arguments.packets,
        policies: arguments.policies,
        seed: arguments.seed,
        workers: arguments.workers.unwrap_or(processors),
        panel: Panel { kernel: !arguments.no_kernel, reference: !arguments.no_reference },
        extent: Extent {
            leaves: !arguments.no_leaves,
            forwards: !arguments.no_forwards,
            reloads: !arguments.no_reloads,
        },
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

/// Tells what every witness says of a case; true where all say the same.
fn examine(folder: &Path, arguments: &Arguments) -> Result<bool> {
    let case = Case::read(folder)?;
    let mut program = if arguments.no_kernel { None } else { Some(kernel::load()?) };
    let panel = Panel { kernel: !arguments.no_kernel, reference: !arguments.no_reference };
    let mut readings = Vec::new();
    for mut witness in run::witnesses(&case.interfaces, &case.policies[0], panel, program.as_mut())? {
        readings.push((witness.name(), run::replayed(witness.as_mut(), &case.policies, &case.events)?));
    }
    let mut agreed = Vec::new();
    let mut all = true;
    for (number, event) in case.events.iter().enumerate() {
        let what = happening(&event.what, &case.interfaces);
        let said: Vec<(&str, &str)> = readings.iter().map(|(name, said)| (*name, said[number].as_str())).collect();
        let first = said.first().map_or("", |(_, first)| first);
        let judged = |said: &str| said.split(ENDS).next().unwrap_or_default().to_owned();
        if said.iter().all(|(_, other)| judged(other) == judged(first)) {
            println!("{what}: {first}");
        } else {
            all = false;
            println!("{what}");
            said.iter().for_each(|(name, said)| println!("    {name}: {said}"));
        }
        agreed.push(first.to_owned());
    }
    if arguments.write && all {
        write_events(&case.events, &case.interfaces, &agreed, folder)?;
    }
    Ok(all)
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
