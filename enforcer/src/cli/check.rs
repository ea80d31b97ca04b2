//! `enforcer check`: read, compile, say what is wrong or would surprise.

use std::path::PathBuf;

use anyhow::Context;

use super::Exit;
use crate::compile::{self, image::Image};
use crate::dataplane::interfaces;
use crate::policy::model::Policy;
use crate::policy::report::Severity;
use crate::policy::{self, Loaded};

const EXAMPLES: &str = "\
Examples:
  enforcer check /etc/enforcer/policy
  enforcer check --offline policy.toml    in CI, where the interfaces are not the router's

Exits with 0 if the policy can be used (warnings included), 1 if not.";

/// Read a policy and say what is wrong or would surprise
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A policy file, or a folder of *.toml
    path: PathBuf,
    /// Do not look at this machine's interfaces: `[router] addresses` alone tells the networks
    #[arg(long)]
    offline: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let live = match args.offline {
        true => None,
        false => {
            let read = interfaces::read();
            Some(read.context("cannot read the interfaces of this machine; try --offline")?)
        }
    };
    let loaded = match policy::load(&args.path, live.as_ref()) {
        Ok(loaded) => loaded,
        Err(report) => {
            eprint!("{}", report.rendered());
            return Ok(unusable(report.count(Severity::Error)));
        }
    };
    eprint!("{}", loaded.warnings.rendered());
    match compile::compile(&loaded.policy, &loaded.facts) {
        Ok(image) => {
            print!("{}", summary(&loaded, &image));
            Ok(Exit::Done)
        }
        Err(error) => {
            eprintln!("error: {error}");
            Ok(unusable(1))
        }
    }
}

fn unusable(errors: usize) -> Exit {
    let s = if errors == 1 { "" } else { "s" };
    eprintln!("{errors} error{s}: the policy cannot be used");
    Exit::Problem
}

fn summary(loaded: &Loaded, image: &Image) -> String {
    let policy: &Policy = &loaded.policy;
    let digest: String = image.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let declared_zones = policy.zones.len() - 1;
    let mut lines = format!(
        "policy {digest}\n{}, {}, {}, {}, {}\n",
        counted(declared_zones, "zone"),
        counted(policy.devices.len(), "device"),
        counted(policy.profiles.len(), "profile"),
        counted(policy.transitions.len(), "transition"),
        counted(policy.guardrails.len(), "guardrail"),
    );
    let audited: Vec<&str> =
        policy.zones.iter().filter(|zone| zone.audit && zone.place.is_some()).map(|zone| zone.name.as_str()).collect();
    if audited.len() == declared_zones && declared_zones > 0 {
        lines.push_str("everything in audit: drops are counted, and nothing is dropped\n");
    } else if !audited.is_empty() {
        lines.push_str(&format!("in audit: {}\n", audited.join(", ")));
    }
    match loaded.warnings.count(Severity::Warning) {
        0 => lines.push_str("ok\n"),
        warnings => lines.push_str(&format!("ok, with {}\n", counted(warnings, "warning"))),
    }
    lines
}

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
