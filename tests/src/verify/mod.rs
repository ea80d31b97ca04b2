//! The differential test: generated policies against generated traffic, judged by several witnesses who must agree.

pub mod case;
pub mod compare;
pub mod dice;
pub mod ground;
pub mod host;
pub mod kernel;
pub mod prepared;
pub mod reference;
pub mod run;
pub mod session;
pub mod shrink;
pub mod site;
pub mod tally;
pub mod traffic;
pub mod witness;
