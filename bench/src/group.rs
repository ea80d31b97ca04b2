//! Groups of measurements.

use std::path::PathBuf;

use anyhow::Result;

use crate::plot::Plot;
use crate::results::Results;
use crate::target::Target;
use crate::{control, lines, packet};

/// How the bench runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Fewer sizes, fewer rounds.
    pub quick: bool,
    /// The object with the bench's own programs.
    pub programs: PathBuf,
}

/// Measurements of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its name in the results and on the command line.
    pub name: &'static str,
    /// What it measures, for the page.
    pub about: &'static str,
    /// Measures. What cannot be vouched for is an error and no result.
    pub run: fn(&Settings, &mut Results) -> Result<()>,
    /// What the project wants to reach, and what was measured.
    pub targets: fn(&Results) -> Vec<Target>,
    /// Pictures of the results.
    pub plots: fn(&Results) -> Vec<Plot>,
}

/// Every group, in the order in which they run.
pub const ALL: &[Group] = &[packet::GROUP, lines::GROUP, control::GROUP];
