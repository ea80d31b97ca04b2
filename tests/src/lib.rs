//! The lab: a router and its networks as network namespaces of one machine, hosts that speak, and frames as bytes.
//!
//! ```no_run
//! use enforcer_tests::{exchange::{self, Service}, lab::Lab};
//! # fn main() -> anyhow::Result<()> {
//! let lab = Lab::new()?;
//! let seen = exchange::attempt(&lab.camera, &lab.internet.namespace, lab.internet.v4, Service::Tcp(443))?;
//! assert!(seen.answered);
//! # Ok(()) }
//! ```

pub mod binary;
pub mod conversation;
pub mod counts;
pub mod demo;
pub mod exchange;
pub mod frame;
pub mod http;
pub mod icmp;
pub mod interrupt;
pub mod lab;
pub mod metrics;
pub mod namespace;
pub mod pcap;
pub mod policy;
pub mod raw;
pub mod replay;
pub mod router;
pub mod rules;
pub mod scratch;
pub mod topology;
pub mod verify;
pub mod wiring;
