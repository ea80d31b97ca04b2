//! MUD files (RFC 8520, RFC 8519) to profiles.
//!
//! A file goes one way: text, JSON with places (`json`), the `ietf-mud:mud` container (`file`), the access lists that its
//! policies refer to (`acl`), their entries (`ace` and a file for each kind of match), direction-initiated carried over
//! to mirrored entries (`mirror`), the built-in entries (`defaults`). What is not understood never widens anything: it
//! is named in [`profile::Ace::unsupported`].

mod ace;
mod acl;
mod actions;
mod address;
mod defaults;
mod draft;
mod family;
mod file;
mod header;
mod host;
mod ip;
mod json;
mod link;
mod mirror;
mod peer;
mod ports;
pub mod profile;
pub mod report;
pub mod show;
mod transport;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use peer::REGISTERED;
use profile::Profile;
use report::{Lint, Problem, Report, code};

/// Larger files are refused unread; the largest public one has 95 kB.
const MAX_BYTES: u64 = 4 << 20;

/// Reads the MUD file at `path`; `shown` is how places name it (`mud/camera.json`).
///
/// # Errors
///
/// All reasons for which the file has no usable policy (RFC 8520, sections 2 and 3).
pub fn parse(path: &Path, shown: &str) -> Result<(Profile, Vec<Lint>), Vec<Problem>> {
    match read(path) {
        Ok(text) => parse_text(&text, shown),
        Err(error) => {
            let mut report = Report::new("");
            report.problem(code::UNREADABLE, 0..0, format!("cannot read the file: {error}"));
            Err(report.problems)
        }
    }
}

/// Reads a MUD file from memory; otherwise as [`parse`].
///
/// # Errors
///
/// As [`parse`].
pub fn parse_text(text: &str, shown: &str) -> Result<(Profile, Vec<Lint>), Vec<Problem>> {
    let mut report = Report::new(text);
    let profile = file::read(text, shown, &mut report);
    match profile {
        Some(profile) if report.problems.is_empty() => Ok((profile, report.sorted_lints())),
        _ => Err(report.sorted_problems()),
    }
}

/// The text of a file. One that is longer than MUD files are is refused, also where its length is not known before.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other(format!("a MUD file may have {MAX_BYTES} bytes, and it has more")));
    }
    Ok(text)
}
