//! `enforcer mud` as users meet it.

use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

const CAMERA: &str = r#"{
  "ietf-mud:mud": {
    "mud-version": 1,
    "mud-url": "https://vendor.example/camera.json",
    "last-update": "2026-03-01T12:00:00Z",
    "is-supported": true,
    "from-device-policy": {"access-lists": {"access-list": [{"name": "from4"}]}}
  },
  "ietf-access-control-list:acls": {"acl": [{"name": "from4", "type": "ipv4-acl-type", "aces": {"ace": [
    {"name": "web",
     "matches": {"ipv4": {"ietf-acldns:dst-dnsname": "cloud.example.com"}, "tcp": {"destination-port": {"port": 443}}},
     "actions": {"forwarding": "accept"}}
  ]}}]}
}"#;

fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("camera.json");
    std::fs::write(&file, text).expect("a file");
    (folder, file)
}

fn mud(arguments: &[&str], text: &str) -> (i32, String) {
    let (_folder, file) = written(text);
    let mut command = Command::cargo_bin("enforcer").expect("the binary");
    let output = command.arg("mud").args(arguments).arg(file).output().expect("it runs");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn lint_tells_and_counts_as_done() {
    let (code, told) = mud(&["lint"], CAMERA);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("camera.json:2: MUD101: `to-device-policy` names no access list"), "{told}");
}

#[test]
fn strict_lint_ends_with_1() {
    assert_eq!(mud(&["lint", "--strict"], CAMERA).0, 1);
}

#[test]
fn a_refused_file_ends_with_1() {
    let text = CAMERA.replace("443", "70000");
    for command in ["lint", "show"] {
        let (code, told) = mud(&[command], &text);
        assert_eq!(code, 1);
        assert!(told.contains("camera.json:11: MUD009: `port` must be a port from 0 to 65535"), "{told}");
    }
}

#[test]
fn show_lists_the_entries_and_the_defaults() {
    let (code, told) = mud(&["show"], CAMERA);
    assert_eq!(code, 0, "{told}");
    for text in ["camera.json#from4/web", "cloud.example.com", "tcp/443", "camera.json#default/ntp", "udp/*:53"] {
        assert!(told.contains(text), "{told}");
    }
}
