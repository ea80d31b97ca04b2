//! The kernel side of enforcer, one file a step.
//!
//! The steps are written once. `kernel` gives them the frame, the maps and the calling convention that the verifier asks for;
//! `host` gives them the same in a process of its own, where tests and the fuzzer run them.
#![cfg_attr(target_arch = "bpf", no_std, feature(asm_experimental_arch))]

mod account;
mod connection;
mod egress;
mod ends;
mod fragment;
#[cfg(not(feature = "bpf"))]
pub mod host;
mod ingress;
mod judged;
#[cfg(feature = "bpf")]
mod kernel;
pub mod packet;
mod scene;
mod scratch;

#[cfg(not(feature = "bpf"))]
use host::{maps, steps};
#[cfg(feature = "bpf")]
pub use kernel::programs;
#[cfg(feature = "bpf")]
use kernel::{maps, steps};

/// Steps that need the frame.
pub(crate) trait Frame {
    /// Parses up to the IP header, into the working memory.
    fn network(&self, s: &mut scratch::Scratch, no_ethernet: bool) -> bool;
    /// Parses the transport header.
    fn transport(&self, s: &mut scratch::Scratch) -> bool;
    /// Fills `other` with the packet that an ICMP error quotes; false where it quotes none that could be known.
    fn quote(&self, s: &mut scratch::Scratch) -> bool;
    /// Tells userspace of this packet, if there is room. `what` is one of [`enforcer_common::event::what`].
    fn tell(&self, s: &mut scratch::Scratch, judged: judged::Judged, what: u8);
}
