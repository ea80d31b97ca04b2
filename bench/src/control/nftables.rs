//! The same policy in nftables, as `enforcer export nft` writes it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use enforcer::export::{self, Hook};
use enforcer::policy;
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{UsageWho, getrusage};

use super::{NFT, NFT_PEAK, RULES, rival};
use crate::results::Measured;
use crate::stats::Summary;

/// Larger policies take `nft` longer than anybody would wait.
const MOST: u32 = 100_000;
const TIMES: usize = 3;

/// Times what an operator does for a change: the whole file to `nft -f`, in a network namespace of its own.
pub(super) fn measure(folder: &Path, devices: u32) -> Result<Vec<Measured>> {
    if devices > MOST {
        return Ok(Vec::new());
    }
    let loaded = match policy::load(folder, None) {
        Ok(loaded) => loaded,
        Err(report) => bail!("the policy cannot be used:\n{}", report.rendered()),
    };
    let rules = export::nft(&loaded.policy, &loaded.facts, None, Hook::Forward);
    let file = folder.join("rules.nft");
    File::create(&file)?.write_all(rules.as_bytes())?;
    unshare(CloneFlags::CLONE_NEWNET).context("a network namespace of its own needs root")?;
    let mut samples = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        let nft = Command::new("nft").arg("-f").arg(&file).stderr(Stdio::piped()).output();
        let nft = nft.context("cannot start nft")?;
        samples.push(start.elapsed().as_secs_f64() * 1e3);
        if !nft.status.success() {
            let said = String::from_utf8_lossy(&nft.stderr);
            bail!("nft does not take the rules:\n{}", said.lines().take(5).collect::<Vec<_>>().join("\n"));
        }
    }
    let summary = Summary::of(&samples).context("no samples")?;
    let mib = rules.len() as f64 / f64::from(1 << 20);
    // In KiB.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as f64 / 1024.0;
    Ok(vec![
        Measured::counted(rival(RULES, devices), mib, "MiB"),
        Measured::counted(rival(NFT_PEAK, devices), peak, "MiB"),
        Measured::timed(rival(NFT, devices), summary, "ms"),
    ])
}
