//! Model to image: plain data, no kernel in sight.
//!
//! The order of work: numbers for everything that has a name (`numbers`), who an address is (`addresses`), what pairs of
//! zones and devices may do (`pairs`), what profiles allow (`profiles`), and the cells (`assemble`).

mod aces;
mod addresses;
mod assemble;
mod endpoints;
pub mod image;
mod labels;
mod ladder;
mod lists;
mod numbers;
mod pairs;
mod profiles;
mod ranges;
mod segments;
mod sweep;
pub mod table;

pub(crate) use addresses::SPECIAL;
pub use assemble::{check_sum, compile, verify};
pub(crate) use labels::{asking, asks};
pub(crate) use pairs::named;
pub(crate) use segments::{cut, number};

/// Why a policy does not fit an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A decision takes more cells than the kernel program reads.
    #[error(
        "a decision needs more steps than the kernel program takes: use fewer distinct ports or networks in one place"
    )]
    TooDeep,
    /// More cells than a reference can name.
    #[error("the policy is too large for an image")]
    TooLarge,
    /// More zones, ports or rules than there are numbers.
    #[error("too many {0}: {1}, at most {2}")]
    TooMany(&'static str, usize, usize),
    /// A port in more zones than fit.
    #[error("port {0} is in more than 15 zones")]
    CrowdedPort(String),
}
