//! `cargo xtask bench` builds this and runs it as root.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use enforcer_bench::group::{self, Group, Settings};
use enforcer_bench::machine::Machine;
use enforcer_bench::page::{self, Content};
use enforcer_bench::results::Results;
use enforcer_bench::{control, json, table};

/// Measures what packets and policies cost.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
struct Arguments {
    /// The object with the bench's own programs.
    #[arg(long)]
    programs: PathBuf,
    /// Fewer sizes and rounds.
    #[arg(long)]
    quick: bool,
    /// Write the figures there, for machines.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only this group; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Draw the pictures into this folder.
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Write the figures into this page.
    #[arg(long)]
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [command, devices] = words.as_slice()
        && command == control::step::COMMAND
    {
        let measured = control::step::measure(devices.parse()?)?;
        println!("{}", serde_json::to_string(&measured)?);
        return Ok(());
    }

    let arguments = Arguments::parse();
    let groups = chosen(&arguments.only)?;
    let machine = Machine::here();
    println!("{}\n", machine.describe());
    let settings = Settings { quick: arguments.quick, programs: arguments.programs };
    let mut results = Results::default();
    for group in &groups {
        (group.run)(&settings, &mut results).with_context(|| group.name)?;
        println!("{}: {}\n{}\n", group.name, group.about, table::of_group(&results, group.name));
    }
    let targets: Vec<_> = groups.iter().flat_map(|group| (group.targets)(&results)).collect();
    println!("{}", table::of_targets(&targets));

    let plots: Vec<_> = groups.iter().flat_map(|group| (group.plots)(&results)).collect();
    if let Some(folder) = &arguments.plots {
        fs::create_dir_all(folder)?;
        for plot in &plots {
            plot.draw(folder)?;
        }
    }
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&json::of(&machine, &results, &targets))?;
        fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &arguments.page {
        let content =
            Content { machine: &machine, groups: &groups, results: &results, targets: &targets, plots: &plots };
        page::write(file, &content)?;
    }
    Ok(())
}

/// The groups of these names; all of them where none is named.
fn chosen(names: &[String]) -> Result<Vec<&'static Group>> {
    if names.is_empty() {
        return Ok(group::ALL.iter().collect());
    }
    let known: Vec<&str> = group::ALL.iter().map(|group| group.name).collect();
    names
        .iter()
        .map(|name| {
            let Some(group) = group::ALL.iter().find(|group| group.name == name) else {
                bail!("there is no group {name}: {}", known.join(", "));
            };
            Ok(group)
        })
        .collect()
}
