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
