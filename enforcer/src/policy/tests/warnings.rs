//! Policies that can be used, but would surprise.

use super::{BASE, load_files, load_with_base, one_finding};

fn each_is_warned_of(rows: &[super::Row]) {
    for (text, message, place, help) in rows {
        let loaded = load_with_base(text).unwrap_or_else(|report| panic!("{text}\n{report}"));
        one_finding(text, &loaded.warnings, (message, place, help));
    }
}

#[test]
fn the_base_is_sound() {
    let warnings = load_with_base("").unwrap().warnings;
    assert!(warnings.is_empty(), "{warnings}");
}

#[test]
fn a_policy_without_management_is_told() {
    let warnings = load_files(&[("base.toml", BASE)]).unwrap().warnings;
    one_finding(BASE, &warnings, ("no `[management]`", "", "tcp/22"));
}

#[test]
fn entries_without_effect() {
    each_is_warned_of(&[
        (
            "[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.9.0.0/16\"]",
            "no transition speaks of zone `x`",
            "more.toml:1",
            "write a transition",
        ),
        ("[services]\nweb = [\"tcp/80\"]", "nothing uses the service `web`", "more.toml:2", ""),
        ("[groups]\nall = [\"iot\", \"office\"]", "nothing uses the group `all`", "more.toml:2", ""),
        (
            "[[guardrails]]\nname = \"no web\"\nfrom = \"*\"\nto = \"internet\"\ndeny = [\"tcp\"]",
            "the guardrail `no web` denies all that the transition `base` allows",
            "base.toml:15",
            "except",
        ),
        (
            "[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = [\"any\"]\nuntil = 2020-01-01T00:00:00Z",
            "the transition `office>iot` has expired",
            "more.toml:5",
            "later time",
        ),
        (
            "[[transitions]]\nfrom = \"router\"\nto = \"iot\"\nallow = [\"any\"]",
            "`router` as a sender in `router>iot` adds nothing",
            "more.toml:1",
            "needs no transition",
        ),
        (
            "[[transitions]]\nfrom = \"internet\"\nto = \"same\"\nallow = [\"any\"]",
            "the uplink `internet`",
            "more.toml:1",
            "",
        ),
        (
            "[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = [\"mud\"]",
            "`mud` in `office>iot` stands for nothing",
            "more.toml:4",
            "mud = ",
        ),
    ]);
}

#[test]
fn guardrails_that_leave_something_are_no_matter() {
    for text in [
        "[[guardrails]]\nfrom = \"*\"\nto = \"internet\"\ndeny = [\"tcp/80\"]",
        "[[guardrails]]\nfrom = \"iot\"\nto = \"internet\"\ndeny = [\"any\"]",
        "[[guardrails]]\nfrom = \"*\"\nto = \"internet\"\ndeny = [\"any\"]\nmode = \"audit\"",
        "[[guardrails]]\nfrom = \"*\"\nto = \"internet\"\ndeny = [\"any\"]\nexcept = [{ from = \"iot\", to = \"internet\" }]",
    ] {
        let warnings = load_with_base(text).unwrap().warnings;
        assert!(warnings.is_empty(), "{text}\n{warnings}");
    }
}

#[test]
fn forwards_are_not_enforced_yet() {
    let forward = "[[forwards]]\nat = \"internet\"\nservice = \"tcp/1\"\nto = \"nas\"";
    let nas = "[devices.nas]\nzone = \"iot\"\naddresses = [\"10.30.0.9\"]";
    let text = format!("{nas}\n{forward}\n{}", forward.replace("tcp/1", "tcp/2"));
    let loaded = load_with_base(&text).unwrap();
    one_finding(&text, &loaded.warnings, ("`[[forwards]]` are not enforced yet", "more.toml:4", "rely"));
}

/// A MUD file whose from-device list names these other ends.
fn mud_file(ends: &[&str]) -> String {
    let ace = |(i, end)| format!(r#"{{"name": "{i}", "matches": {end}, "actions": {{"forwarding": "accept"}}}}"#);
    let aces: Vec<String> = ends.iter().enumerate().map(ace).collect();
    let list = |name: &str, aces: &str| {
        format!(r#"{{"name": "{name}", "type": "ipv4-acl-type", "aces": {{"ace": [{aces}]}}}}"#)
    };
    let policy = |name: &str| format!(r#"{{"access-lists": {{"access-list": [{{"name": "{name}"}}]}}}}"#);
    let to = r#"{"name": "to", "matches": {"ietf-mud:mud": {"local-networks": [null]}}, "actions": {"forwarding": "accept"}}"#;
    format!(
        r#"{{"ietf-mud:mud": {{"mud-version": 1, "mud-url": "https://x.example/x.json",
        "last-update": "2026-01-01T00:00:00+00:00", "cache-validity": 48, "is-supported": true, "systeminfo": "x",
        "from-device-policy": {}, "to-device-policy": {}}},
        "ietf-access-control-list:acls": {{"acl": [{}, {}]}}}}"#,
        policy("f"),
        policy("t"),
        list("f", &aces.join(",")),
        list("t", to),
    )
}

const TWO_DEVICES: &str = "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"x.json\"\n[devices.y]\nzone = \"iot\"\nmac = \"02:00:00:00:00:02\"\nmud = \"./x.json\"\n[[transitions]]\nfrom = \"iot\"\nto = \"office\"\nallow = [\"mud\"]\n";

#[test]
fn names_of_mud_files_without_addresses() {
    let host = |name: &str| format!(r#"{{"ipv4": {{"ietf-acldns:dst-dnsname": "{name}"}}}}"#);
    let class = |uri: &str| format!(r#"{{"ietf-mud:mud": {{"controller": "{uri}"}}}}"#);
    let warnings = |ends: &[String], tables: &str| {
        let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
        let more = format!("{TWO_DEVICES}{tables}");
        let (file, management) = (mud_file(&ends), super::MANAGEMENT);
        let files = [("base.toml", BASE), ("more.toml", &*more), ("m.toml", management), ("x.json", &*file)];
        load_files(&files).unwrap_or_else(|report| panic!("{report}")).warnings
    };
    let ends = [host("cloud.x.example"), class("https://x.example/c"), class("urn:ietf:params:mud:dns")];
    let found = warnings(&ends, "");
    let message = "x.json: `cloud.x.example`, `https://x.example/c` have no addresses, and nobody matches";
    one_finding("two", &found, (message, "more.toml:4", "[controllers] \"https://x.example/c\" = "));
    let tables =
        "[names]\n\"cloud.x.example\" = [\"203.0.113.1\"]\n[controllers]\n\"https://x.example/c\" = [\"10.20.0.9\"]\n";
    let found = warnings(&ends, tables);
    assert!(found.is_empty(), "{found}");
    let many: Vec<String> = (1..=7).map(|i| host(&format!("h{i}.x.example"))).collect();
    let found = warnings(&many, "");
    one_finding("many", &found, ("`h5.x.example` and 2 more have no", "more.toml:4", "[names] \"h1.x.example\" = "));
}

#[test]
fn zones_whose_networks_are_unknown_or_shared() {
    let in_use = "\n[[transitions]]\nfrom = \"x\"\nto = \"internet\"\nallow = [\"any\"]";
    let row = |text: &str, message, place| {
        let text = format!("{text}{in_use}");
        let loaded = load_with_base(&text).unwrap_or_else(|report| panic!("{report}"));
        one_finding(&text, &loaded.warnings, (message, place, ""));
    };
    row("[zones.x]\nports = [\"x0\"]", "the connected networks of zone `x` are unknown", "more.toml:1");
    row("[zones.x]\nports = []\nprefixes = [\"10.9.0.0/16\"]", "zone `x` has no port", "more.toml:1");
    row(
        "[zones.x]\nports = [\"x0\"]\n[router]\naddresses = { x0 = [\"10.20.0.9/16\"] }",
        "10.20.0.0/16 is connected to zone `office` and to zone `x`",
        "more.toml:1",
    );
}

#[test]
fn a_device_whose_zone_has_unknown_networks_is_let_be() {
    let text = "[zones.x]\nports = [\"x0\"]\n[devices.y]\nzone = \"x\"\naddresses = [\"10.77.0.1\"]\n[[transitions]]\nfrom = \"x\"\nto = \"internet\"\nallow = [\"any\"]";
    each_is_warned_of(&[(text, "are unknown here", "more.toml:1", "[router]")]);
}
