//! `actions` of an entry (RFC 8519, section 4.1; RFC 8520, section 2: accept and drop, and reject may be drop).

use jsonc_parser::ast::Object;

use super::json::{self, span};
use super::report::{Report, code};

/// Whether the entry accepts. Some public files have `actions` inside `matches`, which is clear enough.
pub(super) fn read(entry: &Object<'_>, name: &str, report: &mut Report) -> Option<bool> {
    let what = format!("the entry `{name}`");
    let nested =
        entry.get("matches").and_then(|matches| matches.value.as_object()).and_then(|matches| matches.get("actions"));
    let actions = match (entry.get("actions"), nested) {
        (None, Some(nested)) => {
            report.lint(code::DIALECT, span(&nested.name), "`actions` belongs beside `matches`, not into it");
            nested
        }
        _ => json::required(entry, "actions", &what, report)?,
    };
    let actions = json::object(&actions.value, "actions", report)?;
    for property in &actions.properties {
        let action = property.name.as_str();
        if !["forwarding", "logging"].contains(&action) {
            report.lint(
                code::EXTENSION,
                span(&property.name),
                format!("the action `{action}` is not understood and is ignored"),
            );
        }
    }
    let forwarding = json::required(actions, "forwarding", &format!("`actions` of {what}"), report)?;
    let text = json::string(&forwarding.value, "forwarding", report)?;
    let plain = json::identity(text);
    let lower = plain.to_ascii_lowercase();
    let (accept, exact) = match lower.as_str() {
        "accept" => (true, "accept"),
        "drop" | "deny" => (false, "drop"),
        "reject" => (false, "reject"),
        _ => {
            report
                .problem(code::VALUE, span(&forwarding.value), format!("`{text}` is no forwarding action"))
                .help("`accept`, `drop` or `reject`");
            return None;
        }
    };
    if plain != exact {
        report.lint(code::DIALECT, span(&forwarding.value), format!("`{text}` is taken as `{exact}`"));
    }
    Some(accept)
}
