//! The control socket: requests and answers, one JSON object a line.
//!
//! A request is `{"request":"status"}`; an answer is `{"ok":…}`, `{"problem":"…"}` (the work found one; the text is what a
//! person should read) or `{"refused":"…"}`. `drops` answers with any number of samples, one a line, each in an `ok`.

pub mod client;
pub mod server;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Folder of the socket, by environment variable.
pub const RUN_DIR: &str = "ENFORCER_RUN_DIR";

/// The folder of the socket.
pub fn folder() -> PathBuf {
    match std::env::var_os(RUN_DIR) {
        Some(folder) if !folder.is_empty() => folder.into(),
        _ => "/run/enforcer".into(),
    }
}

/// Where the daemon listens.
pub fn path() -> PathBuf {
    folder().join("enforcer.sock")
}

/// What can be asked of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// What is in force.
    Status,
    /// The latest samples of drops.
    Drops {
        /// Go on with new ones.
        #[serde(default)]
        follow: bool,
    },
    /// Read the policy again and put it in force.
    Reload,
    /// Take everything off the interfaces and end.
    Detach,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Done; what was asked for.
    Ok(Value),
    /// The work found a problem; what was in force stays.
    Problem(String),
    /// It could not be done.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_on_the_socket() {
        let request = |text| serde_json::from_str::<Request>(text).ok();
        assert_eq!(request(r#"{"request":"status"}"#), Some(Request::Status));
        assert_eq!(request(r#"{"request":"drops"}"#), Some(Request::Drops { follow: false }));
        assert_eq!(request(r#"{"request":"drops","follow":true}"#), Some(Request::Drops { follow: true }));
        assert_eq!(request(r#"{"request":"open-the-gates"}"#), None);
        let answer = serde_json::to_string(&Answer::Problem("line 3".to_owned())).unwrap();
        assert_eq!(answer, r#"{"problem":"line 3"}"#);
    }
}
