//! Policies as text, loaded from a folder of their own.

mod bad_entries;
mod bad_rules;
mod bad_values;
mod bypass;
mod files;
mod first;
mod good;
mod laws;
mod live;
mod warnings;

use std::fs;

use tempfile::TempDir;

use super::report::Report;
use super::{Loaded, load};

/// A small sound policy; rows of the tables below add one file to it.
const BASE: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.iot]
ports = ["lan0.30"]
prefixes = ["10.30.0.0/16", "fd00:30::/64"]

[zones.office]
ports = ["lan0.20"]

[[transitions]]
name = "base"
from = ["iot", "office"]
to = "internet"
allow = ["tcp/443"]

[router]
addresses = { "lan0.20" = ["10.20.0.1/16", "fd00:20::1/64"] }
"#;

const MANAGEMENT: &str = "[management]\nfrom = \"office\"\nallow = [\"tcp/22\"]\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn load_files(files: &[(&str, &str)]) -> Result<Loaded, Report> {
    load(folder(files).path(), None)
}

fn load_with_base(text: &str) -> Result<Loaded, Report> {
    let mut files = vec![("base.toml", BASE), ("more.toml", text)];
    if !text.contains("[management]") {
        files.push(("management.toml", MANAGEMENT));
    }
    load_files(&files)
}

/// One row: what is added to the base, a part of the message, where its first place is, a part of the help.
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Each row gives this one error and no other.
fn each_is_refused(rows: &[Row]) {
    for (text, message, place, help) in rows {
        let Err(report) = load_with_base(text) else {
            panic!("accepted:\n{text}");
        };
        one_finding(text, &report, (message, place, help));
    }
}

/// The report holds exactly one finding, and it is this one.
fn one_finding(text: &str, report: &Report, (message, place, help): (&str, &str, &str)) {
    let context = format!("for\n{text}\nthere was\n{report}");
    let [found] = report.diagnostics() else {
        panic!("not one finding {context}");
    };
    assert!(found.message.contains(message), "no `{message}` {context}");
    let first = found.labels.first();
    let shown = first.map_or(String::new(), |label| report.place(label.span).to_string());
    assert_eq!(&shown, place, "{context}");
    let given = found.help.as_deref().unwrap_or_default();
    assert!(given.contains(help), "no help `{help}` {context}");
}
