//! A policy as nftables rules, in the lab's router without enforcer.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::Lab;
use crate::namespace::command_output;
use crate::{binary, wiring};

/// Rules that `enforcer export nft` wrote for a policy, as the router's interfaces are, and that were loaded there.
#[derive(Debug)]
pub struct Rules<'lab> {
    lab: &'lab Lab,
    /// The output.
    pub text: String,
    /// The family of the table that judges.
    family: &'static str,
}

impl<'lab> Rules<'lab> {
    /// Behind routing, with connections.
    pub fn load(lab: &'lab Lab, policy: &Path) -> Result<Rules<'lab>> {
        Rules::load_at(lab, policy, "forward", "inet")
    }

    /// At the entrance of the interfaces.
    pub fn load_at_ingress(lab: &'lab Lab, policy: &Path) -> Result<Rules<'lab>> {
        Rules::load_at(lab, policy, "ingress", "netdev")
    }

    fn load_at(lab: &'lab Lab, policy: &Path, hook: &str, family: &'static str) -> Result<Rules<'lab>> {
        let mut export = lab.router.command(binary::enforcer()?);
        let text = command_output(export.args(["export", "nft", "--hook", hook]).arg(policy))?;
        wiring::nft(lab, &text)?;
        Ok(Rules { lab, text, family })
    }

    /// Packets by reason, those of audit under `audit_<reason>`.
    pub fn counted(&self) -> Result<BTreeMap<String, u64>> {
        counters(&self.lab.router.run("nft", &["list", "counters", "table", self.family, "enforcer"])?)
    }

    /// Packets of bridges.
    pub fn bridged(&self) -> Result<u64> {
        let counted = counters(&self.lab.router.run("nft", &["list", "counters", "table", "bridge", "enforcer"])?)?;
        counted.get("bridged").copied().context("no counter of bridged frames")
    }

    /// Takes the rules off.
    pub fn unload(self) -> Result<()> {
        self.lab.router.run("nft", &["flush", "ruleset"])?;
        Ok(())
    }
}

/// The reasons that were counted between two readings, but for what comes along with anything.
pub fn grown(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let grew = after.iter().filter(|(name, count)| before.get(*name).copied().unwrap_or(0) < **count);
    let names = grew.map(|(name, _)| name.clone());
    names.filter(|name| !["established", "essential"].contains(&name.as_str())).collect()
}

/// `counter NAME {`, and below it `packets 5 bytes 300`.
fn counters(text: &str) -> Result<BTreeMap<String, u64>> {
    let mut counters = BTreeMap::new();
    let mut name = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("counter ") {
            name = rest.strip_suffix(" {").map(|name| name.trim_matches('"').to_owned());
        } else if let Some(rest) = line.strip_prefix("packets ") {
            let packets = rest.split(' ').next().unwrap_or_default().parse().context("no number of packets")?;
            counters.extend(name.take().map(|name| (name, packets)));
        }
    }
    Ok(counters)
}
