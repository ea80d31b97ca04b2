//! The compiler without a kernel: small policies as text, judged by the lookups of `enforcer-common`.
#![allow(clippy::unwrap_used)]

mod endpoints;
mod image;
mod mud;
mod naive;
mod naive_mud;
mod pairs;
mod profiles;
mod site;
