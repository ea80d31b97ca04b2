//! `enforcer export nft`: nft itself takes what is written, whatever the policy.
//!
//! Every rule set goes through `nft -c -f -` in a network namespace of its own, with the interfaces that it names.

#[path = "common/pages.rs"]
mod pages;
#[path = "../examples/large/site.rs"]
mod site;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use enforcer::export::{Hook, nft};
use enforcer::policy;

/// What nft says of the rules of a policy; nothing where it takes them.
fn refusal(path: &Path, hook: Hook) -> Option<String> {
    let loaded = policy::load(path, None).unwrap_or_else(|report| panic!("{report}"));
    let rules = nft(&loaded.policy, &loaded.facts, None, hook);
    let devices: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.split(" device \"").nth(1)?.split('"').next()).collect();
    let mut script = String::new();
    for device in devices {
        // Writing to a string does not fail.
        let _ = writeln!(script, "ip link add {device} type ifb &&");
    }
    script.push_str("nft -c -f -");
    let mut nft = Command::new("unshare")
        .args(["--net", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare runs");
    // It may have had enough.
    let _ = nft.stdin.take().expect("it reads").write_all(rules.as_bytes());
    let output = nft.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| said.lines().take(12).collect::<Vec<_>>().join("\n"))
}

fn is_taken(what: &str, path: &Path) {
    for hook in [Hook::Forward, Hook::Ingress] {
        if let Some(said) = refusal(path, hook) {
            panic!("{what}, {hook:?}:\n{said}");
        }
    }
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nft_takes_the_policies_of_the_pages() {
    for (place, folder) in pages::policies() {
        is_taken(&place, folder.path());
    }
    is_taken("the demo", &pages::repository().join("examples/demo"));
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nft_takes_a_large_site() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site::Site { devices: 960, zones: 30, ..site::Site::LARGE };
    site.write(folder.path()).expect("it can be written");
    is_taken("a large site", folder.path());
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nft_takes_names_that_would_end_a_quote_or_a_line() {
    let long = "n".repeat(300);
    let names = ["\\\"; drop", "a }} flush ruleset #", "*", "@x", "$x", "{ }", "\\\\", "é ü", &long];
    let mut text = "version = 1\n".to_owned();
    for (i, name) in names.iter().enumerate() {
        let _ = writeln!(
            text,
            "[zones.z{i}]\nports = [\"p{i}\"]\nprefixes = [\"10.{i}.0.0/16\"]\n\
             [[transitions]]\nname = \"{name}\"\nfrom = \"z{i}\"\nto = \"z0\"\nallow = [\"tcp/{}\"]\nlog = true",
            i + 1
        );
    }
    for odd in ["table", "drop.accept", "4", "-x", "counter"] {
        let _ = writeln!(text, "[zones.\"{odd}\"]\nports = [\"{odd}\"]\nprefixes = [\"192.0.2.{}/32\"]", odd.len());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policy.toml");
    fs::write(&path, text).expect("a file");
    is_taken("names", &path);
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn nft_takes_public_mud_files() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mud");
    if !corpus.is_dir() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "export SKIPPED: there is no {}", corpus.display()).expect("stderr");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = r#"version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.iot]
ports = ["lan0"]
prefixes = ["10.0.0.0/8", "fd00::/16"]
[[transitions]]
from = ["iot", "internet"]
to = ["iot", "internet", "router"]
allow = ["mud"]
[router]
addresses = { lan0 = ["10.255.0.1/8", "fd00::1/64"] }
"#
    .to_owned();
    let mut names = BTreeSet::new();
    let mut used = 0;
    for file in files(&corpus) {
        let Ok((profile, _)) = enforcer::mud::parse(&file, "a.json") else { continue };
        let peers = profile.from_device.iter().chain(&profile.to_device).flat_map(|ace| &ace.peer);
        names.extend(peers.filter_map(|peer| {
            let enforcer::mud::profile::PeerMatch::Name(name) = peer else { return None };
            Some(name.clone())
        }));
        fs::copy(&file, folder.path().join(format!("{used}.json"))).expect("a copy for the time of the test");
        let (high, low) = (used / 200, used % 200 + 1);
        let _ = writeln!(
            text,
            "[devices.d{used}]\nmac = \"02:00:00:00:{high:02x}:{low:02x}\"\naddresses = [\"10.1.{high}.{low}\", \"fd00::1:{used:x}\"]\n\
             zone = \"iot\"\nmud = [\"{used}.json\"]\nmy-controllers = [\"10.2.0.1\", \"fd00::2\"]"
        );
        used += 1;
    }
    let _ = writeln!(text, "[names]");
    for name in names {
        let _ = writeln!(text, "\"{name}\" = [\"203.0.113.10\", \"2001:db8::10\"]");
    }
    let path = folder.path().join("policy.toml");
    fs::write(&path, text).expect("a file");
    assert!(used > 10, "only {used} files are usable");
    is_taken("public MUD files", &path);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn export(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("enforcer").expect("the binary");
    let output = command.arg("export").args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_writes_to_standard_output() {
    let demo = pages::repository().join("examples/demo");
    let demo = demo.to_str().expect("a path in UTF-8");
    let (code, forward, _) = export(&["nft", "--offline", demo]);
    assert_eq!(code, 0);
    assert!(forward.starts_with("# nftables rules of the policy "), "{forward}");
    assert!(forward.contains("\ntable inet enforcer {\n") && forward.contains("hook forward"), "{forward}");
    let (code, ingress, _) = export(&["nft", "--offline", "--hook", "ingress", demo]);
    assert_eq!(code, 0);
    assert!(
        ingress.contains("\ntable netdev enforcer {\n") && !ingress.contains("type filter hook forward"),
        "{ingress}"
    );
}

#[test]
fn a_policy_that_cannot_be_used_ends_with_1_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("policy.toml");
    fs::write(&path, "version = 1\n[zones.a]\nprots = [\"lan0\"]\n").expect("a file");
    let (code, rules, said) = export(&["nft", "--offline", path.to_str().expect("a path in UTF-8")]);
    assert_eq!((code, rules.as_str()), (1, ""));
    assert!(said.contains("prots"), "{said}");
}
