//! An entry while its matches are read.

use std::ops::Range;

use ipnet::IpNet;

use super::profile::{Ace, Initiated, PeerMatch, Transport};
use super::report::Report;

/// Which policy an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// `from-device-policy`: the device is the source.
    FromDevice,
    /// `to-device-policy`: the device is the destination.
    ToDevice,
}

impl Direction {
    /// The node of the container.
    pub(super) fn policy(self) -> &'static str {
        match self {
            Self::FromDevice => "from-device-policy",
            Self::ToDevice => "to-device-policy",
        }
    }
}

/// A finished entry and where it stands.
pub(super) struct Placed {
    pub(super) ace: Ace,
    pub(super) span: Range<usize>,
}

/// Which IP container an entry has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer3 {
    /// `ipv4`
    Ipv4,
    /// `ipv6`
    Ipv6,
}

/// Everything that an entry demands, as far as it has been read.
pub(super) struct Draft {
    pub(super) direction: Direction,
    pub(super) accept: bool,
    pub(super) layer3: Option<Layer3>,
    pub(super) eth: bool,
    pub(super) ethertype: Option<u16>,
    pub(super) peer: Vec<PeerMatch>,
    pub(super) own: Vec<IpNet>,
    pub(super) transport: Transport,
    pub(super) icmp: bool,
    pub(super) initiated: Option<Initiated>,
    pub(super) unsupported: Vec<String>,
}

impl Draft {
    pub(super) fn new(direction: Direction, accept: bool, unsupported: Vec<String>) -> Self {
        Self {
            direction,
            accept,
            layer3: None,
            eth: false,
            ethertype: None,
            peer: Vec::new(),
            own: Vec::new(),
            transport: Transport::default(),
            icmp: false,
            initiated: None,
            unsupported,
        }
    }

    /// A match that is not evaluated, by its name in the file: an accepting entry accepts nothing, a dropping one drops
    /// without asking for it. Neither allows more than the file says.
    pub(super) fn give_up(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        node: impl Into<String>,
        message: impl Into<String>,
        report: &mut Report,
    ) {
        self.unsupported.push(node.into());
        let consequence = match self.accept {
            true => "so the entry accepts nothing",
            false => "so the entry drops without asking for it",
        };
        report.lint(code, span, message).help(consequence);
    }
}
