//! The nodes of the `ietf-mud:mud` container that are about the file, not about packets (RFC 8520, section 3).

use jsonc_parser::ast::{Object, ObjectProp};

use super::json::{self, span};
use super::report::{Report, code};

/// `mud-url` and its authority.
pub(super) struct Header {
    pub(super) url: String,
    pub(super) authority: String,
}

const OTHER_NODES: [&str; 12] = [
    "mud-version",
    "mud-url",
    "mud-signature",
    "systeminfo",
    "mfg-name",
    "model-name",
    "firmware-rev",
    "software-rev",
    "documentation",
    "extensions",
    "from-device-policy",
    "to-device-policy",
];

pub(super) fn read(mud: &Object<'_>, report: &mut Report) -> Option<Header> {
    version(mud, report);
    for property in &mud.properties {
        match property.name.as_str() {
            "last-update" => last_update(property, report),
            "cache-validity" => cache_validity(property, report),
            "is-supported" => is_supported(property, report),
            known if OTHER_NODES.contains(&known) => {}
            unknown => unknown_node(unknown, property, report),
        }
    }
    for name in ["last-update", "is-supported"] {
        if mud.get(name).is_none() {
            report.lint(code::METADATA, json::first_byte(mud), format!("`ietf-mud:mud` has no `{name}`"));
        }
    }
    url(mud, report)
}

/// RFC 8520, section 3.1.
fn version(mud: &Object<'_>, report: &mut Report) {
    match mud.get("mud-version") {
        None => {
            report
                .problem(code::VERSION, json::first_byte(mud), "`ietf-mud:mud` has no `mud-version`")
                .help("\"mud-version\": 1");
        }
        Some(property) if json::integer(&property.value) != Some(1) => {
            report.problem(code::VERSION, span(&property.value), "`mud-version` must be 1");
        }
        Some(_) => {}
    }
}

/// RFC 8520, section 3.2.
fn url(mud: &Object<'_>, report: &mut Report) -> Option<Header> {
    let Some(property) = mud.get("mud-url") else {
        report
            .problem(code::URL, json::first_byte(mud), "`ietf-mud:mud` has no `mud-url`")
            .help("\"mud-url\": \"https://vendor.example/model.json\"");
        return None;
    };
    let url = json::string(&property.value, "mud-url", report)?;
    let Some((scheme, authority)) = authority(url) else {
        report
            .problem(code::URL, span(&property.value), format!("`{url}` is no URL with a host"))
            .help("a MUD URL is https, names a host and has no user information");
        return None;
    };
    if scheme != "https" {
        report
            .lint(code::METADATA, span(&property.value), format!("`mud-url` must be https, not {scheme}"))
            .help("it still serves as the name of the model");
    }
    Some(Header { url: url.to_owned(), authority })
}

/// Scheme and authority, both in lower case; the default port and a final dot are dropped.
fn authority(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let authority = authority.strip_suffix(":443").unwrap_or(&authority).trim_end_matches('.');
    let letters = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let sane = !authority.is_empty() && authority.chars().all(letters) && !scheme.is_empty();
    sane.then(|| (scheme.to_ascii_lowercase(), authority.to_owned()))
}

/// RFC 8520, section 3.4.
fn last_update(property: &ObjectProp<'_>, report: &mut Report) {
    let shape = "0000-00-00T00:00:00";
    let fits = property.value.as_string_lit().is_some_and(|text| {
        let date = text.value.get(..shape.len()).unwrap_or_default();
        date.len() == shape.len()
            && date.chars().zip(shape.chars()).all(|(c, form)| if form == '0' { c.is_ascii_digit() } else { c == form })
    });
    if !fits {
        report
            .lint(code::METADATA, span(&property.value), "`last-update` is no date and time")
            .help("2026-03-01T12:00:00Z");
    }
}

/// RFC 8520, section 3.5.
fn cache_validity(property: &ObjectProp<'_>, report: &mut Report) {
    if !json::integer(&property.value).is_some_and(|hours| (1..=168).contains(&hours)) {
        report.lint(code::METADATA, span(&property.value), "`cache-validity` must be from 1 to 168 hours");
    }
}

/// RFC 8520, section 3.6.
fn is_supported(property: &ObjectProp<'_>, report: &mut Report) {
    if json::boolean(&property.value, "is-supported", report) == Some(false) {
        report.lint(code::METADATA, span(property), "the manufacturer no longer supports this device");
    }
}

/// RFC 8520, section 3.9: ignored, and told.
fn unknown_node(name: &str, property: &ObjectProp<'_>, report: &mut Report) {
    report
        .lint(code::EXTENSION, span(&property.name), format!("`{name}` is not understood and is ignored"))
        .help("what it would allow is not allowed");
}
