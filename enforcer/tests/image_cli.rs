//! `enforcer compile` and what takes an image in a policy's place, as users meet them.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use enforcer::daemon::source::{Files, Source};
use enforcer::image_file::ImageFile;
use enforcer::policy::facts::{Interface, Live};
use tempfile::TempDir;

const POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.iot]
ports = ["lan0.30"]
[[transitions]]
from = "iot"
to = "internet"
allow = ["tcp/443"]
[management]
from = "iot"
allow = ["tcp/22"]
[router]
addresses = { "lan0.30" = ["10.30.0.1/16", "fd00:30::1/64"] }
ignore = ["docker0"]
"#;

/// Runs the program in a folder with the policy; gives its exit code and all that it said.
fn enforcer(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("enforcer").expect("the binary");
    let output = command.current_dir(folder).args(arguments).output().expect("it runs");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&told).into_owned())
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("policy.toml"), POLICY).expect("a file");
    folder
}

fn compiled() -> TempDir {
    let folder = folder();
    let (code, told) = enforcer(folder.path(), &["compile", "--offline", "policy.toml", "-o", "policy.image"]);
    assert_eq!(code, 0, "{told}");
    folder
}

#[test]
fn an_image_says_which_policy_it_came_from() {
    let folder = compiled();
    let (_, policy) = enforcer(folder.path(), &["check", "--offline", "policy.toml"]);
    let (code, image) = enforcer(folder.path(), &["check", "policy.image"]);
    assert_eq!(code, 0, "{image}");
    let digest = policy.lines().find_map(|line| line.strip_prefix("policy ")).expect("check tells the digest");
    assert!(image.contains(&format!("image of policy {digest}")), "{image}");
    assert!(image.contains("2 zones"), "{image}");
}

#[test]
fn a_policy_with_errors_leaves_the_old_image() {
    let folder = compiled();
    let before = fs::read(folder.path().join("policy.image")).expect("an image");
    fs::write(folder.path().join("policy.toml"), POLICY.replace("tcp/443", "tcp/0")).expect("a file");
    let (code, told) = enforcer(folder.path(), &["compile", "--offline", "policy.toml", "-o", "policy.image"]);
    assert_eq!(code, 1, "{told}");
    assert_eq!(fs::read(folder.path().join("policy.image")).expect("an image"), before);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left lying about");
}

#[test]
fn a_damaged_image_is_refused_by_everything_that_takes_one() {
    let folder = compiled();
    let path = folder.path().join("policy.image");
    let mut bytes = fs::read(&path).expect("an image");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, &bytes).expect("a file");
    fs::write(folder.path().join("empty.pcap"), []).expect("a file");
    for arguments in [&["check", "policy.image"][..], &["replay", "--policy", "policy.image", "--pcap", "empty.pcap"]] {
        let (code, told) = enforcer(folder.path(), arguments);
        assert_eq!(code, 1, "{told}");
        assert!(told.contains("policy.image is damaged: its checksum is wrong"), "{told}");
    }
    let (code, told) = enforcer(folder.path(), &["compile", "--offline", "policy.image", "-o", "other.image"]);
    assert_eq!(code, 2, "{told}");
}

/// The router's interfaces, with these addresses on its VLAN.
fn live(addresses: &[&str]) -> Live {
    let vlan = addresses.iter().map(|address| address.parse().expect("an address")).collect();
    let interface = |name: &str, index| Interface { name: name.into(), index, ..Interface::default() };
    Live {
        interfaces: vec![
            interface("lan0", 1),
            interface("wan0", 2),
            Interface { lower: Some("lan0".into()), vlan: Some(30), addresses: vlan, ..interface("lan0.30", 3) },
        ],
    }
}

const FITTING: [&str; 3] = ["10.30.0.1/16", "fd00:30::1/64", "fe80::77/64"];

/// Link-local addresses are the port's own wherever it is; the others are in the image.
#[test]
fn the_daemon_takes_an_image_for_the_addresses_that_it_was_compiled_for() {
    let folder = compiled();
    let path = folder.path().join("policy.image");
    let mut source = Files::new(path.clone());
    let compiled = source.read(&live(&FITTING)).expect("it fits");
    assert_eq!(compiled.image, ImageFile::open(&path).expect("an image").image);
    assert_eq!(compiled.ignore, ["docker0"]);
    for (addresses, told) in [
        (&["10.30.0.2/16", "fd00:30::1/64"][..], "lan0.30 has 10.30.0.1/16, fd00:30::1/64 there, and 10.30.0.2/16"),
        (&["10.30.0.1/24", "fd00:30::1/64"], "and 10.30.0.1/24, fd00:30::1/64 here"),
        (&["10.30.0.1/16"], "and 10.30.0.1/16 here"),
        (&[], "and none here"),
    ] {
        let refused = Files::new(path.clone()).read(&live(addresses)).expect_err("other addresses");
        assert!(refused.contains("compiled for other addresses") && refused.contains(told), "{refused}");
    }
}

/// An image cannot follow the router's addresses: that is told once for each change, and the image stays.
#[test]
fn addresses_that_change_under_an_image_are_told() {
    let folder = compiled();
    let mut source = Files::new(folder.path().join("policy.image"));
    source.read(&live(&FITTING)).expect("it fits");
    source.accept();
    assert!(source.refresh(&live(&FITTING)).expect("nothing has changed").is_none());
    for other in ["10.30.0.9/16", "10.30.0.8/16"] {
        let told = source.refresh(&live(&[other])).expect_err("it does not fit");
        assert!(told.contains(other), "{told}");
        assert!(source.refresh(&live(&[other])).expect("it was told").is_none());
    }
    assert!(source.refresh(&live(&FITTING)).expect("it fits again").is_none());
}

/// The same path can hold a policy now and an image then.
#[test]
fn what_lies_at_a_path_is_seen_at_each_reading() {
    let folder = compiled();
    let path = folder.path().join("policy.toml");
    let mut source = Files::new(path.clone());
    let from_policy = source.read(&live(&FITTING)).expect("a policy").image;
    fs::copy(folder.path().join("policy.image"), &path).expect("a file");
    let from_image = source.read(&live(&FITTING)).expect("an image").image;
    assert_eq!(from_policy.digest, from_image.digest);
}
