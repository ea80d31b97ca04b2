//! `enforcer replay`, asked about frames.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::namespace::command_output;
use crate::scratch::Scratch;
use crate::{binary, pcap};

/// What `replay --json` says about a frame.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Judged {
    /// The frame's number, from 1.
    pub frame: u64,
    /// The port that it entered by.
    pub port: Option<String>,
    /// The sender's zone.
    pub from: Option<String>,
    /// The receiver's zone.
    pub to: Option<String>,
    /// The sender, where it is a device.
    pub device: Option<String>,
    /// The receiver, where it is a device.
    pub peer: Option<String>,
    /// `pass`, `drop` or `audit`.
    pub verdict: String,
    /// The reason's label.
    pub reason: String,
    /// The reason's layer.
    pub layer: Option<String>,
    /// The entry of the policy that decided.
    pub rule: Option<String>,
    /// Where that entry stands: file and line.
    pub at: Option<String>,
}

/// Judges frames that enter by an interface, in order; connections carry over from frame to frame.
pub fn replay(policy: &Path, port: &str, frames: &[Vec<u8>]) -> Result<Vec<Judged>> {
    let scratch = Scratch::new()?;
    let capture = scratch.file("frames.pcap");
    pcap::write(&capture, frames.iter().map(Vec::as_slice))?;
    let judged = replay_capture(policy, port, &capture)?;
    if judged.len() != frames.len() {
        bail!("replay judged {} of {} frames", judged.len(), frames.len());
    }
    Ok(judged)
}

/// Judges the frames of a capture, all of which enter by one interface.
pub fn replay_capture(policy: &Path, port: &str, capture: &Path) -> Result<Vec<Judged>> {
    let text = command_output(
        Command::new(binary::enforcer()?)
            .arg("replay")
            .arg("--policy")
            .arg(policy)
            .args(["--in", port, "--json", "--pcap"])
            .arg(capture),
    )?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("replay printed no JSON: {line}")))
        .collect()
}
