//! What rules say for small policies.

mod devices;
mod heading;
mod pairs;
mod places;
mod profiles;

use std::fs;

use super::{Hook, nft};
use crate::policy::{self, Loaded};

/// Four zones; rows of the tables below add to them.
const ZONES: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["office0"]
prefixes = ["10.10.0.0/24", "fd00:10::/64"]
[zones.iot]
ports = ["iot0"]
prefixes = ["10.30.0.0/24", "fd00:30::/64"]
[zones.ot]
ports = ["ot0"]
prefixes = ["10.40.0.0/24", "fd00:40::/64"]
[router]
addresses = { office0 = ["10.10.0.1/24", "fd00:10::1/64"] }
"#;

/// [`ZONES`] with lines put into one of the zones, and more.
fn zones(zone: &str, line: &str, more: &str) -> String {
    let head = format!("[zones.{zone}]\n");
    assert!(ZONES.contains(&head), "there is no zone {zone}");
    ZONES.replacen(&head, &format!("{head}{line}\n"), 1) + more
}

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    policy::load(folder.path(), None).unwrap_or_else(|report| panic!("{report}"))
}

/// The output for a policy.
struct Rules(String);

impl Rules {
    fn of(text: &str) -> Rules {
        Rules::with(&[("policy.toml", text)], Hook::Forward)
    }

    fn with(files: &[(&str, &str)], hook: Hook) -> Rules {
        let loaded = loaded(files);
        Rules(nft(&loaded.policy, &loaded.facts, None, hook))
    }

    /// What stands at the top.
    fn heading(&self) -> String {
        let lines = self.0.lines().take_while(|line| line.starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The rules of a chain; of the first one, where several tables have it.
    fn chain(&self, name: &str) -> Vec<&str> {
        let rules = self.block(&format!("    chain {name} {{")).into_iter().map(str::trim);
        rules.filter(|line| !line.starts_with('#')).collect()
    }

    /// The elements of a set or map, in order.
    fn set(&self, name: &str) -> String {
        let block = [format!("    set {name} {{"), format!("    map {name} {{")];
        let open = block.iter().find(|open| self.0.lines().any(|line| line == open.as_str()));
        let open = open.unwrap_or_else(|| panic!("no set {name} in\n{}", self.0));
        let lines: Vec<&str> = self.block(open).into_iter().map(str::trim).collect();
        let text = lines.join(" ");
        let elements = text.split_once("elements = { ").map_or("", |(_, elements)| elements);
        elements.trim_end_matches(" }").to_owned()
    }

    fn has_set(&self, name: &str) -> bool {
        self.0.lines().any(|line| line == format!("    set {name} {{"))
    }

    fn block(&self, open: &str) -> Vec<&str> {
        let mut lines = self.0.lines().skip_while(|line| *line != open);
        assert!(lines.next().is_some(), "no `{open}` in\n{}", self.0);
        lines.take_while(|line| *line != "    }").collect()
    }
}
