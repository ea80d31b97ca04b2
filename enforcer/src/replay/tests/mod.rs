//! Captures written, read and judged without a kernel.

mod captures;
mod entries;
mod kernel;
mod links;
mod runs;
mod site;
