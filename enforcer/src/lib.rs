//! The loader, the compiler and everything an operator touches.

pub mod cli;
pub mod compile;
pub mod control;
pub mod daemon;
pub mod dataplane;
pub mod explain;
pub mod export;
pub mod generation;
pub mod image_file;
pub mod judge;
pub mod mud;
pub mod observe;
pub mod policy;
pub mod replay;
