//! The kernel side of enforcer, one file a step. The parser also compiles for the host.
#![cfg_attr(target_arch = "bpf", no_std, feature(asm_experimental_arch))]

#[cfg(feature = "bpf")]
mod account;
#[cfg(feature = "bpf")]
mod connection;
#[cfg(feature = "bpf")]
mod egress;
#[cfg(feature = "bpf")]
mod ends;
#[cfg(feature = "bpf")]
mod fragment;
#[cfg(feature = "bpf")]
mod frame;
#[cfg(feature = "bpf")]
mod frame_steps;
#[cfg(feature = "bpf")]
mod guard;
#[cfg(feature = "bpf")]
mod ingress;
#[cfg(feature = "bpf")]
mod judged;
#[cfg(feature = "bpf")]
mod maps;
pub mod packet;
#[cfg(feature = "bpf")]
pub mod programs;
#[cfg(feature = "bpf")]
mod scene;
#[cfg(feature = "bpf")]
mod scratch;
#[cfg(feature = "bpf")]
mod steps;
