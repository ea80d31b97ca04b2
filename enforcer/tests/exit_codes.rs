//! How commands end: 0 done, 1 the work found a problem, 2 wrong usage, 3 the system refused.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const GOOD: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.lan]
ports = ["lan0"]
prefixes = ["10.1.0.0/16", "fd00:1::/64"]
[[transitions]]
from = "lan"
to = "internet"
allow = ["tcp/443"]
[management]
from = "lan"
allow = ["tcp/22"]
"#;

/// Policies and captures, good and bad.
fn files() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("good.toml", GOOD);
    write("bad.toml", &GOOD.replace("\"internet\"", "\"intranet\""));
    write("no.pcap", "this is no capture");
    write("camera.json", "{ \"ietf-mud:mud\": 1 }");
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    folder
}

/// The exit code, and what was printed.
fn ended(folder: &Path, arguments: &str) -> (i32, String) {
    let mut command = Command::cargo_bin("enforcer").expect("the binary");
    // Nobody listens there.
    command.current_dir(folder).env("ENFORCER_RUN_DIR", folder.join("run")).env("NO_COLOR", "1");
    let output = command.args(arguments.split_whitespace()).output().expect("it runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
}

/// Holds for each of these policies, whichever command reads it.
fn each_reader(policy: &str, code: i32, told: &str) {
    let folder = files();
    let readers = [
        "check --offline",
        "check",
        "compile --offline -o out.image",
        "run --metrics off --policy",
        "replay --pcap no.pcap --policy",
        "explain --src lan --dst router --service tcp/22 --policy",
    ];
    for arguments in readers {
        let (found, printed) = ended(folder.path(), &format!("{arguments} {policy}"));
        assert_eq!(found, code, "{arguments} {policy}: {printed}");
        assert!(printed.contains(told), "{arguments} {policy}: {printed}");
    }
}

#[test]
fn a_policy_that_is_not_there_is_a_problem_of_the_policy() {
    each_reader("nowhere.toml", 1, "nowhere.toml cannot be read: No such file");
}

#[test]
fn so_is_a_folder_without_policy() {
    each_reader("empty", 1, "empty holds no *.toml file");
}

#[test]
fn so_is_an_error_in_it() {
    each_reader("bad.toml", 1, "`intranet` is no zone, device or group");
}

#[test]
fn every_command_ends_by_the_same_numbers() {
    let folder = files();
    for (arguments, code, told) in [
        ("check --offline good.toml", 0, "ok"),
        ("replay --policy good.toml --pcap nowhere.pcap", 1, "cannot read nowhere.pcap"),
        ("replay --policy good.toml --pcap no.pcap", 1, "no.pcap is no capture"),
        ("mud lint nowhere.json", 1, "nowhere.json:1: MUD001"),
        ("mud show nowhere.json", 1, "nowhere.json:1: MUD001"),
        ("mud lint camera.json", 1, "camera.json:1"),
        ("replay --policy good.toml --pcap no.pcap --in eth9", 2, "the policy has no interface or port `eth9`"),
        ("check", 2, "Usage"),
        ("run", 2, "Usage"),
        ("replay --policy good.toml", 2, "Usage"),
        ("frobnicate", 2, "Usage"),
        ("status", 3, "enforcer:"),
        ("drops", 3, "enforcer:"),
        ("reload", 3, "enforcer:"),
    ] {
        let (found, printed) = ended(folder.path(), arguments);
        assert_eq!(found, code, "{arguments}: {printed}");
        assert!(printed.contains(told), "{arguments}: {printed}");
    }
}
