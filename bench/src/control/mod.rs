//! The control plane: from files to what is in force.

mod nftables;
pub mod step;

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::group::{Group, Settings};
use crate::plot::{Line, Plot};
use crate::results::{Id, Measured, Results};
use crate::target::{Sense, Target};

/// What a policy costs.
pub const GROUP: Group = Group {
    name: NAME,
    about: "A policy of 50 zones whose devices share 100 MUD files, from its files to the kernel. Each device has a MAC, an \
            address of each family and a profile. nftables gets the same policy, as `enforcer export nft` writes it, where it is \
            done within minutes.",
    run,
    targets,
    plots,
};

const NAME: &str = "control";
const PRODUCT: &str = "enforcer";
const NFTABLES: &str = "nftables";

/// Sizes of the policy.
pub const DEVICES: [u32; 3] = [1000, 100_000, 1_000_000];
/// The size that targets speak of.
const PROMISED: u32 = 100_000;

/// Steps, by their names in results.
const CHECK: &str = "check: read, merge, resolve";
const COMPILE: &str = "compile to an image";
const LOAD: &str = "load the programs";
const FILL: &str = "fill a generation's memory";
const WRITE: &str = "write the idle half, wait for readers included";
const SWITCH: &str = "switch, until no packet meets the old one";
const PEAK: &str = "most memory of check and compile";
const IMAGE: &str = "image";
const MAPS: &str = "kernel memory, all maps";
const RULES: &str = "rules in text";
const NFT: &str = "nft -f: read, check, put in force";
const NFT_PEAK: &str = "most memory of nft";
const PER_DEVICE: &str = "image for one device, IPv4 and MAC";
const PER_CONNECTION: &str = "table for one connection";

/// Each size is measured in a process of its own, so that its memory is its own.
fn run(settings: &Settings, results: &mut Results) -> Result<()> {
    let sizes = if settings.quick { &DEVICES[..2] } else { &DEVICES[..] };
    for devices in sizes {
        eprintln!("control: {devices} devices");
        let output = Command::new(std::env::current_exe()?)
            .args([step::COMMAND, &devices.to_string()])
            .output()
            .context("cannot start the bench again")?;
        if !output.status.success() {
            bail!("{devices} devices: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let measured: Vec<Measured> = serde_json::from_slice(&output.stdout).context("figures cannot be read")?;
        results.extend(measured);
    }
    Ok(())
}

fn id(case: &str, devices: u32) -> Id<'_> {
    Id { group: NAME, case, contender: PRODUCT, keys: Some(devices.into()), rules: None }
}

fn rival(case: &str, devices: u32) -> Id<'_> {
    Id { contender: NFTABLES, ..id(case, devices) }
}

fn targets(results: &Results) -> Vec<Target> {
    let promised = format!("of {} devices", crate::table::figure(PROMISED.into()));
    [
        (COMPILE, "ms", 500.0),
        (FILL, "ms", 10.0),
        (SWITCH, "ms", 30.0),
        (PER_DEVICE, "bytes", 24.0),
        (PER_CONNECTION, "bytes", 80.0),
    ]
    .into_iter()
    .map(|(case, unit, bound)| {
        let measured = results.value(&id(case, PROMISED));
        Target::new(format!("{case}, {promised}: {unit}"), Sense::AtMost, bound, measured)
    })
    .collect()
}

fn plots(results: &Results) -> Vec<Plot> {
    let line = |case: &str, ours: bool| Line {
        name: case.to_owned(),
        ours,
        points: DEVICES
            .into_iter()
            .filter_map(|devices| {
                let id = if ours { id(case, devices) } else { rival(case, devices) };
                Some((f64::from(devices), results.value(&id)?.max(1e-3)))
            })
            .collect(),
    };
    let mut lines = [CHECK, COMPILE, FILL, WRITE, SWITCH].map(|case| line(case, true)).to_vec();
    lines.push(line(NFT, false));
    vec![Plot {
        file: "control".to_owned(),
        title: "From files to what is in force".to_owned(),
        x: "devices".to_owned(),
        y: "ms".to_owned(),
        lines,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_speak_of_the_promised_size_alone() {
        let mut results = Results::default();
        for devices in DEVICES {
            let value = f64::from(devices) / 1000.0;
            for case in [COMPILE, FILL, SWITCH, PER_DEVICE] {
                results.add(Measured::counted(id(case, devices), value, "ms"));
            }
        }
        let met: Vec<Option<bool>> = targets(&results).iter().map(|target| target.met).collect();
        assert_eq!(met, [Some(true), Some(false), Some(false), Some(false), None]);
    }
}
