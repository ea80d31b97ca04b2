//! Model to image: plain data, no kernel in sight.

pub mod image;
pub mod table;
