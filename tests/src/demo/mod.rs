//! The demo: example traffic through the lab's router, and what becomes of it, on the wire and in the metrics.

pub mod flows;
pub mod show;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::lab::Lab;
use crate::metrics::Metrics;
use crate::replay::{self, Judged};
use crate::router::{self, Router};
use flows::Flow;
pub use wire::attempt;

/// The metric that counts packets by zones, verdict and reason.
pub const PACKETS: &str = "enforcer_packets_total";

/// What became of a flow.
#[derive(Debug)]
pub struct Outcome {
    /// The flow.
    pub flow: &'static Flow,
    /// True when it arrived and was answered.
    pub passed: bool,
    /// The reasons that the router counted meanwhile, but for what every conversation needs.
    pub reasons: Vec<String>,
    /// What `replay` says about its first frame: the rule and where it stands.
    pub judged: Judged,
}

impl Outcome {
    /// True when the wire, the metrics and `replay` all say what was expected.
    pub fn as_expected(&self) -> bool {
        self.passed == self.flow.passes
            && self.judged.reason == self.flow.reason
            && self.judged.verdict == self.flow.verdict()
            && self.reasons.iter().any(|reason| reason == self.flow.reason)
    }
}

/// The policy of the demo.
pub fn policy() -> Result<PathBuf> {
    Ok(router::repository()?.join("examples/demo/policy.toml"))
}

/// Sends every flow through a router that enforces the policy; `each` is told at once what became of it.
pub fn run(
    lab: &Lab,
    router: &Router<'_>,
    policy: &Path,
    mut each: impl FnMut(&Outcome) -> Result<()>,
) -> Result<Vec<Outcome>> {
    let mut judged = replayed(lab, policy)?;
    let mut outcomes = Vec::new();
    for (number, flow) in flows::FLOWS.iter().enumerate() {
        let before = router.metrics()?;
        let passed = wire::attempt(lab, flow)?;
        let after = router.metrics()?;
        let outcome = Outcome {
            flow,
            passed,
            reasons: grown(&before, &after),
            judged: judged.remove(&number).context("replay left out a flow of the demo")?,
        };
        each(&outcome)?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What `replay` says about the first frame of each flow, asked once for each port of the router.
fn replayed(lab: &Lab, policy: &Path) -> Result<BTreeMap<usize, Judged>> {
    let mut ports: BTreeMap<&str, Vec<(usize, Vec<u8>)>> = BTreeMap::new();
    for (number, flow) in flows::FLOWS.iter().enumerate() {
        let port = lab.host(flow.from)?.network.port;
        let frame = wire::first_frame(lab, flow, &[])?;
        ports.entry(port).or_default().push((number, frame));
    }
    let mut judged = BTreeMap::new();
    for (port, numbered) in ports {
        let (numbers, frames): (Vec<_>, Vec<_>) = numbered.into_iter().unzip();
        let answers = replay::replay(policy, port, &frames)?;
        judged.extend(numbers.into_iter().zip(answers));
    }
    Ok(judged)
}

/// The reasons that were counted between two scrapes. Replies and the neighbours' talk come along with anything.
fn grown(before: &Metrics, after: &Metrics) -> Vec<String> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for (metrics, sign) in [(before, -1.0), (after, 1.0)] {
        for sample in metrics.matching(PACKETS, &[]) {
            if let Some(reason) = sample.labels.get("reason") {
                *counts.entry(reason.clone()).or_default() += sign * sample.value;
            }
        }
    }
    counts
        .into_iter()
        .filter(|(reason, count)| *count > 0.0 && !["established", "essential"].contains(&reason.as_str()))
        .map(|(reason, _)| reason)
        .collect()
}
