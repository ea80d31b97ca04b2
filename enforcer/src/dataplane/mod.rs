//! The kernel's side of this machine: interfaces, programs, maps.

pub mod interfaces;
