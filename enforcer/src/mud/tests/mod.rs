//! Small files, each of which shows one thing. The numbered traps are what public files and other enforcers get wrong.

mod matches;
mod refusals;
mod traps_dialects;
mod traps_directions;
mod traps_peers;

use super::profile::{Ace, Profile};
use super::report::{Lint, Problem};
use super::{parse_text, report::code};

/// The two built-in entries follow the explicit ones.
const DEFAULTS: usize = 2;

/// A file with one list of that type for each direction; the arguments are the entries of each.
fn file(kind: &str, from: &[String], to: &[String]) -> String {
    let policy = |list: &str| format!(r#"{{"access-lists":{{"access-list":[{{"name":"{list}"}}]}}}}"#);
    let list = |name: &str, entries: &[String]| {
        format!("{{\"name\":\"{name}\",\"type\":\"{kind}\",\"aces\":{{\"ace\":[\n{}\n]}}}}", entries.join(",\n"))
    };
    format!(
        "{{\"ietf-mud:mud\":{{{HEADER},\n\"from-device-policy\":{},\n\"to-device-policy\":{}}},\n\"ietf-access-control-list:acls\":{{\"acl\":[{},{}]}}}}",
        policy("f"),
        policy("t"),
        list("f", from),
        list("t", to)
    )
}

const HEADER: &str = r#""mud-version":1,"mud-url":"https://Vendor.Example/model.json","last-update":"2026-03-01T12:00:00Z","is-supported":true"#;

fn accept(name: &str, matches: &str) -> String {
    entry(name, matches, "accept")
}

fn entry(name: &str, matches: &str, forwarding: &str) -> String {
    format!(r#"{{"name":"{name}","matches":{{{matches}}},"actions":{{"forwarding":"{forwarding}"}}}}"#)
}

fn compile(text: &str) -> (Profile, Vec<Lint>) {
    parse_text(text, "mud/camera.json").expect("the file compiles")
}

fn refuse(text: &str) -> Vec<Problem> {
    parse_text(text, "mud/camera.json").expect_err("the file is refused")
}

/// The entry of a file whose from-device list has just this one.
fn from_device(kind: &str, matches: &str) -> (Ace, Vec<Lint>) {
    let (profile, lints) = compile(&file(kind, &[accept("a", matches)], &[]));
    assert_eq!(profile.from_device.len(), 1 + DEFAULTS);
    (profile.from_device[0].clone(), lints)
}

/// The entry of a file whose to-device list has just this one.
fn to_device(kind: &str, matches: &str) -> (Ace, Vec<Lint>) {
    let (profile, lints) = compile(&file(kind, &[], &[accept("a", matches)]));
    assert_eq!(profile.to_device.len(), 1 + DEFAULTS);
    (profile.to_device[0].clone(), lints)
}

fn has(lints: &[Lint], code: &str) -> bool {
    lints.iter().any(|lint| lint.code == code)
}

/// The entry accepts nothing, and the operator is told why.
fn assert_dead(found: &(Ace, Vec<Lint>), node: &str, code: &str) {
    assert!(found.0.accept);
    assert_eq!(found.0.unsupported, [node], "{found:?}");
    assert!(has(&found.1, code), "{:?}", found.1);
}

#[test]
fn entries_are_named_and_placed() {
    let (profile, _) = compile(&file("ipv4-acl-type", &[accept("a", ""), accept("b", "")], &[]));
    assert_eq!(profile.label, "camera.json");
    assert_eq!(profile.authority, "vendor.example");
    assert_eq!(profile.url, "https://Vendor.Example/model.json");
    let rules: Vec<_> = profile.from_device.iter().map(|ace| (ace.rule.as_str(), ace.place.to_string())).collect();
    let at = |line: u32| format!("mud/camera.json:{line}");
    assert_eq!(
        rules,
        [
            ("camera.json#f/a", at(5)),
            ("camera.json#f/b", at(6)),
            ("camera.json#default/dns", at(1)),
            ("camera.json#default/ntp", at(1)),
        ]
    );
}

#[test]
fn a_clean_file_has_no_lint() {
    let matches = |end: &str, port: &str| {
        format!(
            r#""ipv4":{{"protocol":6,"ietf-acldns:{end}-dnsname":"cloud.example.com"}},"tcp":{{"ietf-mud:direction-initiated":"from-device","{port}-port":{{"operator":"eq","port":443}}}}"#
        )
    };
    let from = [accept("web", &matches("dst", "destination"))];
    let to = [accept("web", &matches("src", "source"))];
    let (_, lints) = compile(&file("ipv4-acl-type", &from, &to));
    assert_eq!(lints, []);
}

#[test]
fn lists_are_concatenated_in_the_order_of_the_policy() {
    let text = file("ipv4-acl-type", &[accept("a", "")], &[accept("a", "")]).replacen(
        r#"[{"name":"f"}]"#,
        r#"[{"name":"t"},{"name":"f"}]"#,
        1,
    );
    let (profile, _) = compile(&text);
    let rules: Vec<_> = profile.from_device.iter().map(|ace| ace.rule.as_str()).collect();
    assert_eq!(rules[..2], ["camera.json#t/a", "camera.json#f/a"]);
}
