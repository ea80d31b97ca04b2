//! Captures written, read and judged without a kernel.

mod captures;
mod entries;
mod links;
mod runs;
mod site;
