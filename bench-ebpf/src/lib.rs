//! How keys are drawn and written into frames: the same arithmetic in the kernel and in tests.
#![no_std]

pub mod draw;
pub mod plan;
