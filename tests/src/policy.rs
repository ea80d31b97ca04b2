//! Policies that tests write down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::scratch::Scratch;

/// The four networks of the lab as zones, without a single rule.
pub const ZONES: &str = r#"version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
[zones.iot]
ports = ["iot0"]
[zones.ot]
ports = ["ot0"]
"#;

/// A policy in a folder of its own, to be written again for a reload.
#[derive(Debug)]
pub struct PolicyFile {
    scratch: Scratch,
    path: std::path::PathBuf,
}

impl PolicyFile {
    /// Writes the parts one after the other into one file.
    pub fn new(parts: &[&str]) -> Result<PolicyFile> {
        let scratch = Scratch::new()?;
        let path = scratch.file("policy.toml");
        let policy = PolicyFile { scratch, path };
        policy.write(parts)?;
        Ok(policy)
    }

    /// Writes another one in its place; whoever enforces it has to be told.
    pub fn write(&self, parts: &[&str]) -> Result<()> {
        fs::write(&self.path, parts.concat()).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Writes another file beside it, such as a MUD file.
    pub fn write_beside(&self, name: &str, text: &str) -> Result<()> {
        let file = self.scratch.file(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
