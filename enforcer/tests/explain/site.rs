//! A policy in a folder, `enforcer explain` over it, and what it shows pasted into a copy.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Numbers of lines count from 1 at `version`.
pub(crate) const POLICY: &str = r#"version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["lan0.10"]
[zones.iot]
ports = ["lan0.30"]
[zones.plant]
ports = ["plc0"]
prefixes = ["10.40.0.0/24", "fd00:40::/64"]
unknown = "deny"
[zones.lab]
ports = ["lab0"]
prefixes = ["10.50.0.0/24", "fd00:50::/64"]
mode = "audit"
[groups]
inside = ["office", "iot"]
[services]
web = ["tcp/80", "tcp/443"]
names = ["udp/53"]
[[transitions]]
from = "office"
to = "internet"
allow = ["web"]
[[transitions]]
name = "engineering"
from = "office"
to = "plant"
allow = ["tcp/502"]
deny = ["tcp/502:1-1023"]
[[transitions]]
from = "iot"
to = ["internet", "office"]
allow = ["mud"]
[[transitions]]
from = "office"
to = "iot"
allow = ["mud"]
[[guardrails]]
name = "no telnet"
from = "*"
to = "*"
deny = ["tcp/23"]
owner = "security"
[management]
from = "office"
allow = ["tcp/22"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["camera.json"]
[devices.roaming]
mac = "02:00:00:00:30:12"
zone = "iot"
mud = ["camera.json"]
[devices.plc]
addresses = ["10.40.0.10", "fd00:40::10"]
zone = "plant"
[names]
"cloud.example" = ["203.0.113.10", "2001:db8:113::10"]
[router]
addresses = { wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"], "lan0.10" = ["10.10.0.1/24", "fd00:10::1/64"], "lan0.30" = ["10.30.0.1/24", "fd00:30::1/64"], plc0 = ["10.40.0.1/24", "fd00:40::1/64"] }
"#;

/// Its cloud over TLS, and a web page for local networks.
const CAMERA: &str = r#"{
  "ietf-mud:mud": {
    "mud-version": 1, "mud-url": "https://camera.example/c.json", "last-update": "2026-01-01T00:00:00Z", "is-supported": true,
    "from-device-policy": { "access-lists": { "access-list": [{ "name": "from4" }, { "name": "from6" }] } },
    "to-device-policy": { "access-lists": { "access-list": [{ "name": "to" }] } }
  },
  "ietf-access-control-list:acls": { "acl": [
    { "name": "from4", "type": "ipv4-acl-type", "aces": { "ace": [
      { "name": "cloud", "matches": { "ipv4": { "protocol": 6, "ietf-acldns:dst-dnsname": "cloud.example" },
        "tcp": { "destination-port": { "operator": "eq", "port": 443 } } }, "actions": { "forwarding": "accept" } },
      { "name": "quiet", "matches": { "ipv4": { "protocol": 17 },
        "udp": { "source-port": { "operator": "eq", "port": 161 } } }, "actions": { "forwarding": "drop" } }] } },
    { "name": "from6", "type": "ipv6-acl-type", "aces": { "ace": [
      { "name": "cloud", "matches": { "ipv6": { "protocol": 6, "ietf-acldns:dst-dnsname": "cloud.example" },
        "tcp": { "destination-port": { "operator": "eq", "port": 443 } } }, "actions": { "forwarding": "accept" } },
      { "name": "quiet", "matches": { "ipv6": { "protocol": 17 },
        "udp": { "source-port": { "operator": "eq", "port": 161 } } }, "actions": { "forwarding": "drop" } }] } },
    { "name": "to", "type": "mixed-eth-ipv4-ipv6-acl-type", "aces": { "ace": [
      { "name": "page", "matches": { "ipv4": { "protocol": 6 }, "ietf-mud:mud": { "local-networks": [null] },
        "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, "actions": { "forwarding": "accept" } },
      { "name": "page6", "matches": { "ipv6": { "protocol": 6 }, "ietf-mud:mud": { "local-networks": [null] },
        "tcp": { "destination-port": { "operator": "eq", "port": 80 } } }, "actions": { "forwarding": "accept" } },
      { "name": "status", "matches": { "ipv4": { "protocol": 17 },
        "udp": { "destination-port": { "operator": "eq", "port": 161 } } }, "actions": { "forwarding": "accept" } },
      { "name": "status6", "matches": { "ipv6": { "protocol": 17 },
        "udp": { "destination-port": { "operator": "eq", "port": 161 } } }, "actions": { "forwarding": "accept" } }] } }] }
}
"#;

/// The policy and its MUD file.
pub(crate) fn site() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("policy.toml"), POLICY).expect("a file");
    fs::write(folder.path().join("camera.json"), CAMERA).expect("a file");
    folder
}

/// The exit code, standard output and standard error of `enforcer explain`.
pub(crate) fn ended(folder: &Path, arguments: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("enforcer").expect("the binary");
    command.current_dir(folder).env("NO_COLOR", "1").args(["explain", "--offline", "--policy", "policy.toml"]);
    let output = command.args(arguments.split_whitespace()).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// What is said, as JSON: an object for each packet.
pub(crate) fn explained(folder: &Path, arguments: &str) -> Vec<Value> {
    let (code, out, err) = ended(folder, &format!("{arguments} --json"));
    assert_eq!(code, 0, "{arguments}: {err}");
    out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// A string of an object; empty where it is null.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Verdict, reason and rule in one line.
pub(crate) fn verdict(object: &Value) -> String {
    let words = ["verdict", "reason", "rule"].map(|key| text(object, key));
    words.join(" ").trim_end().to_owned()
}

/// A copy of the folder with a change pasted into it, as its text says.
pub(crate) fn pasted(folder: &Path, change: &Value) -> TempDir {
    let copy = TempDir::new().expect("a folder");
    for entry in fs::read_dir(folder).expect("the folder").flatten() {
        fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
    }
    for edit in change["edits"].as_array().expect("edits") {
        let path = copy.path().join(text(edit, "file"));
        let current = fs::read_to_string(&path).unwrap_or_default();
        let new = text(edit, "text");
        let after = match text(edit, "how") {
            "append" => format!("{current}\n{new}"),
            "create" => new.to_owned(),
            "replace" => {
                let mut lines: Vec<&str> = current.lines().collect();
                let old: Vec<&str> = text(edit, "old").lines().collect();
                let first = edit["line"].as_u64().expect("a line") as usize - 1;
                assert_eq!(lines[first..first + old.len()], old, "other lines stand there");
                lines.splice(first..first + old.len(), new.lines());
                lines.join("\n")
            }
            other => panic!("what is {other}?"),
        };
        fs::write(path, after).expect("a file");
    }
    copy
}

/// All new text of a change, in one.
pub(crate) fn written(change: &Value) -> String {
    let edits = change["edits"].as_array().expect("edits");
    edits.iter().map(|edit| text(edit, "text")).collect::<Vec<_>>().concat()
}
