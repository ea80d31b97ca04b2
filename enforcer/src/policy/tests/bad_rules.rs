//! Transitions, guardrails, `[management]` and forwards that cannot be.

use super::{BASE, each_is_refused, load_files, one_finding};

#[test]
fn ends() {
    each_is_refused(&[
        (
            "[[transitions]]\nfrom = \"offcie\"\nto = \"iot\"\nallow = [\"any\"]",
            "`offcie` is no zone, device or group",
            "more.toml:2",
            "did you mean `office`?",
        ),
        (
            "[[transitions]]\nfrom = \"plc-17\"\nto = \"iot\"\nallow = [\"any\"]",
            "`plc-17` is no zone, device or group",
            "more.toml:2",
            "declare it",
        ),
        (
            "[[transitions]]\nfrom = \"same\"\nto = \"iot\"\nallow = [\"any\"]",
            "`same` stands only on the `to` side",
            "more.toml:2",
            "`same` in `to`",
        ),
        ("[[transitions]]\nto = \"iot\"\nallow = [\"any\"]", "a transition needs `from`", "more.toml:1", "from = "),
        (
            "[[transitions]]\nfrom = []\nto = \"iot\"\nallow = [\"any\"]",
            "`from` of a transition is empty",
            "more.toml:2",
            "from = ",
        ),
        (
            "[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = []",
            "`allow` of a transition is empty",
            "more.toml:4",
            "allow = ",
        ),
        (
            "[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = [\"any\"]\ndeny = [\"mud\"]",
            "`mud` stands only in the `allow`",
            "more.toml:5",
            "",
        ),
        (
            "[[guardrails]]\nfrom = \"office\"\nto = \"iot\"\ndeny = [\"any\"]\nexcept = [{ from = \"ofice\", to = \"iot\" }]",
            "`ofice` is no zone",
            "more.toml:5",
            "`office`",
        ),
        ("[[guardrails]]\nfrom = \"office\"\nto = \"iot\"\ndeny = [\"mud\"]", "`mud` stands only", "more.toml:4", ""),
    ]);
}

#[test]
fn names_of_rules() {
    each_is_refused(&[
        (
            "[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = [\"tcp/1\"]\n[[transitions]]\nfrom = \"office\"\nto = \"iot\"\nallow = [\"tcp/2\"]",
            "the transition `office>iot` says two things",
            "more.toml:1",
            "name = \"…\"",
        ),
        (
            "[[transitions]]\nname = \"base\"\nfrom = \"office\"\nto = \"iot\"\nallow = [\"tcp/1\"]",
            "the transition `base` says two things",
            "base.toml:15",
            "rename one",
        ),
        (
            "[[transitions]]\nname = \"management\"\nfrom = \"office\"\nto = \"iot\"\nallow = [\"tcp/1\"]",
            "`management` is the name of the table",
            "more.toml:2",
            "another name",
        ),
        (
            "[[guardrails]]\nname = \" \"\nfrom = \"office\"\nto = \"iot\"\ndeny = [\"tcp/1\"]",
            "a name needs letters",
            "more.toml:2",
            "",
        ),
    ]);
}

#[test]
fn both_places_of_a_name_are_shown() {
    let one = "[services]\nweb = [\"tcp/80\"]";
    let two = "[services]\nweb = [\"tcp/443\"]";
    let report = load_files(&[("base.toml", BASE), ("one.toml", one), ("two.toml", two)]).unwrap_err();
    one_finding(one, &report, ("the service `web` says two things", "one.toml:2", ""));
    let other = report.diagnostics()[0].labels[1].span;
    assert_eq!(report.place(other).to_string(), "two.toml:2");
}

#[test]
fn management() {
    each_is_refused(&[
        (
            "[management]\nfrom = \"office\"\nallow = [\"tcp/22\"]\n[[guardrails]]\nname = \"none\"\nfrom = \"office\"\nto = \"router\"\ndeny = [\"any\"]",
            "the guardrail `none` denies the management access of zone `office`",
            "more.toml:1",
            "except = [{ from = \"office\", to = \"router\", allow = [\"tcp/22\"] }]",
        ),
        (
            "[management]\nfrom = \"office\"\nallow = [\"tcp/22\"]\n[[guardrails]]\nname = \"none\"\nfrom = \"*\"\nto = \"*\"\ndeny = [\"tcp/20-30\"]\nexcept = [{ from = \"iot\", to = \"router\" }]",
            "the guardrail `none` denies the management access of zone `office`",
            "more.toml:1",
            "",
        ),
        (
            "[zones.x]\nports = []\nprefixes = [\"10.9.0.0/16\"]\n[management]\nfrom = \"x\"\nallow = [\"tcp/22\"]",
            "zone `x` has no port",
            "more.toml:4",
            "",
        ),
        (
            "[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.9.0.0/16\"]\nunknown = \"deny\"\n[management]\nfrom = \"x\"\nallow = [\"tcp/22\"]",
            "lets in listed devices only and has none",
            "more.toml:5",
            "list the device",
        ),
        ("[management]\nfrom = \"office\"\nallow = [\"mud\"]", "cannot rest on `mud`", "more.toml:1", "tcp/22"),
        ("[management]\nfrom = \"router\"\nallow = [\"tcp/22\"]", "nobody sits there", "more.toml:1", ""),
        ("[management]\nfrom = \"office\"", "`[management]` needs `allow`", "more.toml:1", ""),
    ]);
}

#[test]
fn guardrails_that_spare_the_management_are_fine() {
    let management =
        "[management]\nfrom = \"office\"\nallow = [\"tcp/22\"]\n[[guardrails]]\nfrom = \"*\"\nto = \"*\"\n";
    for rest in [
        "deny = [\"tcp/1-21\"]",
        "deny = [\"any\"]\nmode = \"audit\"",
        "deny = [\"any\"]\nexcept = [{ from = \"office\", to = \"router\", allow = [\"tcp/22\"] }, { from = \"*\", to = \"internet\" }]",
    ] {
        let text = format!("{management}{rest}");
        super::load_with_base(&text).unwrap_or_else(|report| panic!("{text}\n{report}"));
    }
}

#[test]
fn forwards() {
    const NAS: &str = "[devices.nas]\nzone = \"iot\"\naddresses = [\"10.30.0.9\"]\n";
    let rows = [
        ("at = \"net\"\nservice = \"tcp/1\"\nto = \"nas\"", "`net` is no zone", "more.toml:5"),
        ("at = \"internet\"\nservice = \"tcp/1-2\"\nto = \"nas\"", "is not one port", "more.toml:6"),
        ("at = \"internet\"\nservice = \"tcp/1\"\nto = \"iot\"", "`iot` is a zone, not a device", "more.toml:7"),
        ("at = \"internet\"\nservice = \"tcp/1\"\nto = \"nas\"\nport = 0", "0 is no port number", "more.toml:8"),
        ("at = \"internet\"\nservice = \"tcp/1\"", "a forward needs `to`", "more.toml:4"),
    ];
    let twice = "at = \"internet\"\nservice = \"tcp/1\"\nto = \"nas\"\n[services]\nx = [\"tcp/1\"]\n[[forwards]]\nat = \"internet\"\nservice = \"x\"\nto = \"nas\"\nport = 2";
    let rows = rows.into_iter().chain([(twice, "is forwarded twice", "more.toml:10")]);
    for (forward, message, place) in rows {
        let text = format!("{NAS}[[forwards]]\n{forward}");
        let report = super::load_with_base(&text).unwrap_err();
        one_finding(&text, &report, (message, place, ""));
    }
    let text = "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\n[[forwards]]\nat = \"internet\"\nservice = \"tcp/1\"\nto = \"x\"";
    each_is_refused(&[(text, "has no address to forward to", "more.toml:7", "addresses = ")]);
}
