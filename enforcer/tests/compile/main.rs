//! The compiler without a kernel: small policies as text, judged by the lookups of `enforcer-common`.
#![allow(clippy::unwrap_used)]

mod draft;
mod endpoints;
mod file;
mod generate;
mod image;
mod laws;
mod mud;
mod naive;
mod naive_mud;
mod order;
mod pairs;
mod profiles;
mod site;
