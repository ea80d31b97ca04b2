//! Policy files to model: parse, merge, check.

pub mod facts;
pub mod model;
