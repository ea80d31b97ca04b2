//! The steps in the kernel: frames in its hands, its maps, and functions that the verifier follows once each.

mod frame;
mod frame_steps;
mod guard;
pub(crate) mod maps;
pub mod programs;
mod sample;
pub(crate) mod steps;
