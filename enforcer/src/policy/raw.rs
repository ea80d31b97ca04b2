//! The entries of policy files, each value checked for itself, no name looked up yet.

use std::net::IpAddr;

use ipnet::IpNet;

use super::model::Port;
use super::source::{At, List, Span};

/// `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Enforce,
    Audit,
}

/// `unknown` of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Allow,
    Deny,
    Quarantine,
}

/// `owner` and `why`: shown, never judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// Who answers for the entry.
    pub owner: Option<String>,
    /// What it is for.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zone {
    pub(super) ports: List<Port>,
    pub(super) connected: bool,
    pub(super) prefixes: List<IpNet>,
    pub(super) unknown: At<Unknown>,
    pub(super) mode: Option<Mode>,
    pub(super) essentials: bool,
    pub(super) note: Note,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Device {
    pub(super) mac: Option<At<[u8; 6]>>,
    pub(super) addresses: List<IpAddr>,
    pub(super) zone: Option<At<String>>,
    pub(super) mud: List<String>,
    pub(super) my_controllers: List<IpAddr>,
    pub(super) replies_listed: bool,
    pub(super) mode: Option<Mode>,
    pub(super) note: Note,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Transition {
    pub(super) from: List<String>,
    pub(super) to: List<String>,
    pub(super) allow: List<String>,
    pub(super) deny: List<String>,
    pub(super) until: Option<At<i64>>,
    pub(super) log: bool,
    pub(super) mode: Option<Mode>,
    pub(super) note: Note,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guardrail {
    pub(super) from: List<String>,
    pub(super) to: List<String>,
    pub(super) deny: List<String>,
    pub(super) except: Exceptions,
    pub(super) mode: Option<Mode>,
    pub(super) note: Note,
}

/// The exceptions of a guardrail. Two are equal where they hold the same, whatever the order.
#[derive(Debug, Clone)]
pub(super) struct Exceptions(pub(super) Vec<Exception>);

impl PartialEq for Exceptions {
    fn eq(&self, other: &Exceptions) -> bool {
        let holds = |all: &Exceptions, some: &Exceptions| some.0.iter().all(|one| all.0.contains(one));
        holds(self, other) && holds(other, self)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exception {
    pub(super) from: List<String>,
    pub(super) to: List<String>,
    /// `None`: all that the guardrail denies.
    pub(super) allow: Option<List<String>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Forward {
    pub(super) at: At<String>,
    pub(super) service: At<String>,
    pub(super) to: At<String>,
    pub(super) port: Option<u16>,
    pub(super) note: Note,
}

/// An entry with the name that it is merged by. Its place is the heading, or the key that is the name.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub(super) name: String,
    pub(super) span: Span,
    /// The name was not written: it is made of what the entry says.
    pub(super) derived: bool,
    pub(super) entry: T,
}

/// What one file says, or all of them together.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) version: Vec<At<i64>>,
    pub(super) mode: Vec<At<Mode>>,
    pub(super) replies_listed: bool,
    pub(super) zones: Vec<Named<Zone>>,
    pub(super) devices: Vec<Named<Device>>,
    pub(super) groups: Vec<Named<List<String>>>,
    pub(super) services: Vec<Named<List<String>>>,
    pub(super) transitions: Vec<Named<Transition>>,
    pub(super) guardrails: Vec<Named<Guardrail>>,
    pub(super) management: Vec<Named<Transition>>,
    pub(super) forwards: Vec<Named<Forward>>,
    pub(super) controllers: Vec<Named<List<IpAddr>>>,
    pub(super) names: Vec<Named<List<IpAddr>>>,
    pub(super) router_addresses: Vec<Named<List<IpNet>>>,
    pub(super) router_ignore: Vec<At<String>>,
}
