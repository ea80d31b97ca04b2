//! A compiled generation: the cells, and the names that go with the numbers in them.

use enforcer_common::cell::Cell;

use crate::policy::model::Place;

/// One compiled policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The cells, headers first; see `enforcer_common::image`.
    pub cells: Vec<Cell>,
    /// SHA-256 of the policy that it was compiled from.
    pub digest: [u8; 32],
    /// The names behind the numbers.
    pub names: Names,
}

/// Names by number. Entry 0 of each list stands for "none".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Zones; 1 is `router`.
    pub zones: Vec<String>,
    /// Devices.
    pub devices: Vec<String>,
    /// Ports.
    pub ports: Vec<PortName>,
    /// Rules: guardrails, transitions, ACEs.
    pub rules: Vec<Rule>,
}

/// A port of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortName {
    /// As the policy writes it: `lan0.30`.
    pub name: String,
    /// The interface that XDP hangs on.
    pub interface: String,
    /// VLAN IDs from the outermost inwards, at most two.
    pub vlans: Vec<u16>,
    /// Numbers of its zones.
    pub zones: Vec<u16>,
}

/// A rule of the image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Stable name: `office>cells`, `camera.json#from4/web`.
    pub name: String,
    /// `guardrail`, `transition` or `mud`.
    pub layer: &'static str,
    /// Where it was written; none for built-in entries.
    pub place: Option<Place>,
}
