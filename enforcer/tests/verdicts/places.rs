//! Prefixes at their bounds, and ports by their tags.

use super::frames::*;
use super::site::{Engines, Row, Site, one, topic};

/// Two zones on one port, one nested in the other; neighbours on both sides; tags of every kind.
const PLACES: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.outer]
ports = ["lan1"]
prefixes = ["10.50.0.0/16", "fd00:50::/32"]
[zones.inner]
ports = ["lan1"]
prefixes = ["10.50.128.0/24", "fd00:50:8000::/48"]
[zones.innermost]
ports = ["lan2"]
prefixes = ["10.50.128.64/26", "fd00:50:8000:40::/60"]
[zones.next]
ports = ["lan0.100.30"]
prefixes = ["10.51.0.0/17", "fd00:51::/33"]
[zones.after]
ports = ["lan0.30", "lan3", "lan3.5"]
prefixes = ["10.51.128.0/17", "fd00:51:8000::/33"]
[router]
addresses = { lan1 = ["10.50.0.1/30", "fd00:50::1/126"] }
"#;

topic!(prefixes);

fn prefixes(engines: Engines) {
    let mut site = Site::of(engines, PLACES, &[]);
    let to =
        |four: &str, six: &str| open(FAR, FAR.at(four, six), 1).changed(|frame| frame[..6].copy_from_slice(&ROUTER));
    let from = |port: &'static str, four: &str, six: &str| open(FAR.at(four, six).on(port), CLOUD, 1);
    let rows = [
        one(
            "below outer",
            to("10.49.255.255", "fd00:4f:ffff:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > internet",
        ),
        one("outer, first", to("10.50.0.4", "fd00:50::4"), "drop no-transition | internet > outer"),
        one("the router in it", to("10.50.0.1", "fd00:50::1"), "drop no-transition | internet > router"),
        one(
            "outer, before inner",
            to("10.50.127.255", "fd00:50:7fff:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > outer",
        ),
        one("inner, first", to("10.50.128.0", "fd00:50:8000::"), "drop no-transition | internet > inner"),
        one(
            "inner, before innermost",
            to("10.50.128.63", "fd00:50:8000:3f:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > inner",
        ),
        one("innermost, first", to("10.50.128.64", "fd00:50:8000:40::"), "drop no-transition | internet > innermost"),
        one(
            "innermost, last",
            to("10.50.128.127", "fd00:50:8000:4f:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > innermost",
        ),
        one(
            "inner, behind innermost",
            to("10.50.128.128", "fd00:50:8000:50::"),
            "drop no-transition | internet > inner",
        ),
        one(
            "inner, last",
            to("10.50.128.255", "fd00:50:8000:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > inner",
        ),
        one("outer, behind inner", to("10.50.129.0", "fd00:50:8001::"), "drop no-transition | internet > outer"),
        one(
            "outer, last",
            to("10.50.255.255", "fd00:50:ffff:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > outer",
        ),
        one("next, first", to("10.51.0.0", "fd00:51::"), "drop no-transition | internet > next"),
        one(
            "next, last",
            to("10.51.127.255", "fd00:51:7fff:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > next",
        ),
        one("after, first", to("10.51.128.0", "fd00:51:8000::"), "drop no-transition | internet > after"),
        one(
            "after, last",
            to("10.51.255.255", "fd00:51:ffff:ffff:ffff:ffff:ffff:ffff"),
            "drop no-transition | internet > after",
        ),
        one("behind after", to("10.52.0.0", "fd00:52::"), "drop no-transition | internet > internet"),
        one("from outer", from("lan1", "10.50.127.255", "fd00:50:7fff::1"), "drop no-transition | outer > internet"),
        one(
            "from inner, same port",
            from("lan1", "10.50.128.1", "fd00:50:8000::1"),
            "drop no-transition | inner > internet",
        ),
        one("from outer again", from("lan1", "10.50.129.0", "fd00:50:8001::"), "drop no-transition | outer > internet"),
        one("innermost is not on that port", from("lan1", "10.50.128.64", "fd00:50:8000:40::"), "drop spoofed-source"),
        one(
            "it is on its own",
            from("lan2", "10.50.128.127", "fd00:50:8000:4f::1"),
            "drop no-transition | innermost > internet",
        ),
        one("inner is not on that one", from("lan2", "10.50.128.128", "fd00:50:8000:50::"), "drop spoofed-source"),
        one("nor is outer", from("lan2", "10.50.129.0", "fd00:50:8001::"), "drop spoofed-source"),
        one("the uplink's address is not inside", from("lan1", "10.49.255.255", "fd00:4f::1"), "drop spoofed-source"),
        one(
            "an inside address is not the uplink's",
            from("wan0", "10.50.255.255", "fd00:50:ffff::1"),
            "drop spoofed-source",
        ),
    ];
    site.check(&rows);
}

topic!(tags);

fn tags(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "next"
        from = "next"
        to = "internet"
        allow = ["any"]
        [[transitions]]
        name = "after"
        from = "after"
        to = "internet"
        allow = ["any"]
    "#;
    let mut site = Site::of(engines, &format!("{PLACES}{rules}"), &[]);
    const Q: u16 = 0x8100;
    const AD: u16 = 0x88a8;
    let next = host("lan0", 51, 9);
    let after = next.at("10.51.128.9", "fd00:51:8000::9");
    let sent = |from: Host, tags: &[(u16, u16)]| open(from, CLOUD, 1).tagged(tags);
    let (yes_next, yes_after) = ("pass allowed next | next > internet", "pass allowed after | after > internet");
    let unknown = "drop unknown-zone";
    let rows: Vec<Row<'_>> = vec![
        one("a VLAN", sent(after, &[(Q, 30)]), yes_after),
        one("with a priority", sent(after, &[(Q, 0xe000 | 30)]), yes_after),
        one("with another TPID", sent(after, &[(AD, 30)]), yes_after),
        one("behind a priority tag", sent(after, &[(Q, 0), (Q, 30)]), yes_after),
        one("a VLAN in a VLAN", sent(next, &[(AD, 100), (Q, 30)]), yes_next),
        one("both with one TPID", sent(next, &[(Q, 100), (Q, 30)]), yes_next),
        one("the other way round", sent(next, &[(AD, 30), (Q, 100)]), unknown),
        one("the outer alone", sent(next, &[(AD, 100)]), unknown),
        one("another inner", sent(next, &[(AD, 100), (Q, 31)]), unknown),
        one("another outer", sent(next, &[(AD, 101), (Q, 30)]), unknown),
        one("no port without tag", sent(after, &[]), unknown),
        one("a priority tag is no tag", sent(after, &[(Q, 0)]), unknown),
        one("a VLAN that nobody named", sent(after, &[(Q, 31)]), unknown),
        one("the address of another VLAN", sent(next, &[(Q, 30)]), "drop spoofed-source"),
        one("three VLANs", sent(next, &[(AD, 100), (Q, 30), (Q, 30)]), "drop malformed"),
        one("VLAN 4095", sent(after, &[(Q, 4095)]), "drop malformed"),
        one("untagged", sent(after.on("lan3"), &[]), yes_after),
        one("untagged, priority tag", sent(after.on("lan3"), &[(Q, 0)]), yes_after),
        one("untagged, priority 7", sent(after.on("lan3"), &[(Q, 0xe000)]), yes_after),
        one("beside it, a VLAN", sent(after.on("lan3"), &[(Q, 5)]), yes_after),
        one("beside it, another", sent(after.on("lan3"), &[(Q, 6)]), unknown),
        one(
            "an untagged port takes no tag",
            sent(after.at("10.50.128.65", "fd00:50:8000:40::1").on("lan2"), &[(Q, 1)]),
            unknown,
        ),
        one("a tag without end", sent(after, &[(Q, 30)]).changed(|frame| frame.truncate(16)), "drop malformed"),
    ];
    site.check(&rows);
}
