//! What both sides of the kernel boundary see: the layout of an image and the lookups in it, reasons, events.
//!
//! The lookups are written once, over a trait that yields a cell by index: the kernel program, the tests, the sanitizers
//! and the fuzzer run the same code.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

pub mod cell;
pub mod connection;
pub mod endpoint;
pub mod essentials;
pub mod event;
pub mod image;
pub mod ladder;
pub mod layers;
pub mod overlay;
pub mod packet;
pub mod reason;
pub mod source;
pub mod table;
