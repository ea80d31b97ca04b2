//! Image to kernel: load, write, switch, attach, pin. Knows nothing of the policy's files.
//!
//! [`load::Kernel`] is the part without interfaces: the programs and their maps, private to this process until
//! [`attach::Attachments`] hangs them on something. `replay` uses the first alone.

pub mod attach;
pub mod bpffs;
pub mod bypass;
pub mod error;
pub mod interfaces;
pub mod links;
pub mod load;
#[cfg(feature = "kernel-log")]
pub mod log;
pub mod mapping;
pub mod memory;
pub mod netlink;
pub mod offload;
pub mod overlay;
pub mod ports;
pub mod registry;
pub mod sys;

pub use error::Error;
