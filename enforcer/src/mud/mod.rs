//! MUD files (RFC 8520, RFC 8519) to profiles.

pub mod profile;
