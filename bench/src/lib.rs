//! The bench: what packets and policies cost, beside what else the kernel offers for the same work.
//!
//! A [`group::Group`] measures one kind of thing. To add one, write a module with a `GROUP` and put it into [`group::ALL`]: the
//! tables, the JSON, the plots and the page come by themselves.

pub mod control;
pub mod group;
pub mod json;
pub mod lines;
pub mod machine;
pub mod packet;
pub mod page;
pub mod plot;
pub mod results;
pub mod stats;
pub mod table;
pub mod target;
