//! The differential test: generated policies against generated traffic, judged by several witnesses who must agree.

pub mod dice;
pub mod ground;
pub mod prepared;
pub mod site;
pub mod traffic;
