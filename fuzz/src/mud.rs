//! MUD files: what cannot be used is said with its place, and what can be used compiles and can be shown.

use std::sync::OnceLock;

use enforcer::compile::{compile, verify};
use enforcer::mud::parse_text;
use enforcer::mud::profile::Profile;
use enforcer::mud::report::Finding;
use enforcer::mud::show::table;
use enforcer::policy::{Loaded, load_texts};

use crate::demo;

/// Reads the bytes as a MUD file.
pub fn check(content: &[u8]) {
    let Ok(text) = std::str::from_utf8(content) else { return };
    let profile = match parse_text(text, "camera.json") {
        Ok((profile, lints)) => {
            told(text, &lints);
            profile
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a problem");
            told(text, &problems);
            return;
        }
    };
    for ace in profile.from_device.iter().chain(&profile.to_device) {
        assert!(!ace.rule.is_empty());
        assert!(ace.place.line as usize <= text.lines().count().max(1));
    }
    let again = parse_text(text, "camera.json").ok().map(|(profile, _)| profile);
    assert_eq!(format!("{again:?}"), format!("{:?}", Some(&profile)), "read twice");
    assert!(!table(&profile).to_string().is_empty());
    compiles(profile);
}

/// Each finding says something, of a place in the file.
fn told(text: &str, findings: &[Finding]) {
    for finding in findings {
        assert!(!finding.message.is_empty());
        assert!(finding.line > 0 && finding.line as usize <= text.lines().count() + 1);
        assert!(text.get(finding.span.clone()).is_some(), "{:?} is no place in the file", finding.span);
    }
}

/// In a policy with a device of that profile, it compiles twice to the same image, or says why not.
fn compiles(profile: Profile) {
    let mut policy = site().policy.clone();
    policy.profiles = vec![profile];
    match compile(&policy, &site().facts) {
        Ok(image) => {
            assert!(verify(&image.cells));
            assert_eq!(Ok(image), compile(&policy, &site().facts));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A policy with devices that have one profile.
fn site() -> &'static Loaded {
    static SITE: OnceLock<Loaded> = OnceLock::new();
    SITE.get_or_init(|| {
        let loaded = load_texts(demo(), &[("policy.toml", SITE_POLICY)], None);
        loaded.unwrap_or_else(|report| panic!("{report}"))
    })
}

const SITE_POLICY: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.iot]
ports = ["iot0"]
prefixes = ["10.30.0.0/16", "fd00:30::/64"]
[[transitions]]
from = "iot"
to = ["same", "internet", "router"]
allow = ["mud"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["mud/camera.json"]
my-controllers = ["10.30.0.5", "fd00:30::5"]
[devices.other]
mac = "02:00:00:00:30:12"
zone = "iot"
mud = ["mud/camera.json"]
replies = "listed"
[controllers]
"urn:ietf:params:mud:dns" = ["10.30.0.1", "fd00:30::1"]
"https://example.com/class" = ["10.30.0.7", "fd00:30::7"]
[names]
"cloud.example.com" = ["203.0.113.10", "2001:db8::10"]
"cloud.camera.example" = ["203.0.113.11", "2001:db8::11"]
"#;
