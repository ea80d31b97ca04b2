//! Counters and events of the kernel to Prometheus, drops and status.

pub mod connections;
pub mod counters;
pub mod events;
pub mod frame;
pub mod http;
pub mod metrics;
pub mod sample;
pub mod status;
pub mod text;
pub mod time;
