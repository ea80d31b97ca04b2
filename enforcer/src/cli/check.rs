//! `enforcer check`: read, compile, say what is wrong or would surprise.

use std::path::{Path, PathBuf};

use super::{Exit, load};
use crate::compile::image::Image;
use crate::image_file::{ImageFile, is_image};
use crate::policy::Loaded;
use crate::policy::model::Policy;
use crate::policy::report::Severity;

const EXAMPLES: &str = "\
Examples:
  enforcer check /etc/enforcer/policy
  enforcer check --offline policy.toml    in CI, where the interfaces are not the router's

Exits with 0 if the policy can be used (warnings included), 1 if not.";

/// Read a policy and say what is wrong or would surprise
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A policy file, a folder of *.toml, or an image
    path: PathBuf,
    /// Do not look at this machine's interfaces: `[router] addresses` alone tells the networks
    #[arg(long)]
    offline: bool,
}

/// Runs the command.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    if is_image(&args.path) {
        return Ok(image(&args.path));
    }
    match load::compiled(&args.path, args.offline)? {
        Ok((loaded, image)) => {
            print!("{}", summary(&loaded, &image));
            Ok(Exit::Done)
        }
        Err(exit) => Ok(exit),
    }
}

/// An image that was compiled before: there is nothing to warn of that was not told then.
fn image(path: &Path) -> Exit {
    match ImageFile::open(path) {
        Ok(file) => {
            let names = &file.image.names;
            println!(
                "image of policy {}\n{}, {}, {}\nok",
                digest(&file.image),
                counted(names.zones.len() - 2, "zone"),
                counted(names.devices.len() - 1, "device"),
                counted(names.rules.len() - 1, "rule"),
            );
            Exit::Done
        }
        Err(refusal) => {
            eprintln!("enforcer: {} {refusal}", path.display());
            Exit::Problem
        }
    }
}

fn digest(image: &Image) -> String {
    image.digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn summary(loaded: &Loaded, image: &Image) -> String {
    let policy: &Policy = &loaded.policy;
    let digest = digest(image);
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
