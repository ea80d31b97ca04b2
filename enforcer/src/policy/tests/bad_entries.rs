//! Zones, devices, groups and the like that do not fit together.

use super::{BASE, each_is_refused, load_files, one_finding};

#[test]
fn unknown_keys() {
    each_is_refused(&[
        (
            "[zones.x]\nports = [\"x0\"]\nprefixs = [\"10.9.0.0/16\"]",
            "a zone has no key `prefixs`",
            "more.toml:3",
            "did you mean `prefixes`?",
        ),
        ("[zonse.x]\nports = [\"x0\"]", "a policy has no key `zonse`", "more.toml:1", "`zones`"),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\ncolour = \"red\"",
            "a device has no key `colour`",
            "more.toml:4",
            "the keys of a device are",
        ),
        (
            "[management]\nfrom = \"office\"\nallow = [\"tcp/22\"]\nto = \"router\"",
            "`[management]` has no key `to`",
            "more.toml:4",
            "",
        ),
    ]);
}

#[test]
fn zones_that_claim_the_same() {
    each_is_refused(&[
        (
            "[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.30.0.0/16\"]",
            "10.30.0.0/16 belongs to zone `x` and to zone `iot`",
            "more.toml:3",
            "a prefix belongs to one zone",
        ),
        (
            "[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.20.0.0/16\"]",
            "belongs to zone `x`, and is connected to zone `office`",
            "more.toml:3",
            "take it out of `x`",
        ),
        (
            "[zones.x]\nports = [\"lan0.20\"]\nprefixes = [\"connected\"]",
            "port `lan0.20` is in zones `office` and `x`",
            "more.toml:2",
            "write fixed `prefixes`",
        ),
        ("[zones.x]\nports = [\"lan0.20\"]\nprefixes = []", "zone `x` has no prefixes", "more.toml:2", "tell it apart"),
        ("[router]\nignore = [\"wan0\"]", "`wan0` is ignored, and a port of a zone is on it", "more.toml:2", ""),
        (
            "[router]\naddresses = { \"lan0.31\" = [\"10.31.0.1/16\"] }",
            "no zone has a port `lan0.31`",
            "more.toml:2",
            "did you mean `lan0.30`?",
        ),
        (
            "[zones.x]\nports = [\"x0\"]\nunknown = \"quarantine\"",
            "there is no zone `quarantine`",
            "more.toml:3",
            "`[zones.quarantine]`",
        ),
        (
            "[zones.quarantine]\nports = [\"x0\"]\nunknown = \"quarantine\"",
            "cannot put its own unknown addresses in quarantine",
            "more.toml:3",
            "",
        ),
    ]);
}

#[test]
fn names_that_collide() {
    each_is_refused(&[
        ("[zones.router]\nports = [\"x0\"]", "no zone can be called `router`", "more.toml:1", "words of the policy"),
        ("[groups]\nsame = [\"iot\"]", "no group can be called `same`", "more.toml:2", ""),
        ("[groups]\niot = [\"office\"]", "`iot` is a zone and a group", "more.toml:2", "rename one"),
        (
            "[devices.iot]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"",
            "`iot` is a zone and a device",
            "more.toml:1",
            "",
        ),
        ("[services]\ntcp = [\"udp\"]", "`tcp` has a meaning of its own", "more.toml:2", "another name"),
        ("[groups]\n\"a>b\" = [\"iot\"]", "`a>b` is no name for a group", "more.toml:2", "letters, digits"),
        (
            "[zones.iot]\nports = [\"lan0.31\"]",
            "the zone `iot` says two things",
            "base.toml:8",
            "let both say the same",
        ),
    ]);
}

#[test]
fn groups() {
    each_is_refused(&[
        ("[groups]\nx = [\"ofice\"]", "`ofice` is no zone, device or group", "more.toml:2", "did you mean `office`?"),
        ("[groups]\na = [\"b\"]\nb = [\"a\"]", "the group `a` contains itself", "more.toml:3", "circle"),
        ("[groups]\na = [\"*\"]", "`*` cannot be in a group", "more.toml:2", ""),
        ("[services]\na = [\"b\"]\nb = [\"tcp/1\", \"a\"]", "the service `a` contains itself", "more.toml:3", "circle"),
        ("[services]\na = [\"mud\"]", "`mud` stands only in the `allow` of a transition", "more.toml:2", ""),
    ]);
}

#[test]
fn devices() {
    each_is_refused(&[
        (
            "[devices.x]\nzone = \"iott\"\nmac = \"02:00:00:00:00:01\"",
            "`iott` is no zone",
            "more.toml:2",
            "did you mean `iot`?",
        ),
        (
            "[devices.x]\nzone = \"router\"\nmac = \"02:00:00:00:00:01\"",
            "no device stands in the zone `router`",
            "more.toml:2",
            "",
        ),
        (
            "[groups]\nx = [\"iot\"]\n[devices.y]\nzone = \"x\"\nmac = \"02:00:00:00:00:01\"",
            "`x` is a group, not a zone",
            "more.toml:4",
            "",
        ),
        ("[devices.x]\nzone = \"iot\"", "needs a MAC address or addresses", "more.toml:1", "mac = "),
        ("[devices.x]\nmac = \"02:00:00:00:00:01\"", "a device needs `zone`", "more.toml:1", "zone = "),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"10.99.0.1\"]",
            "10.99.0.1 is in no prefix of zone `iot`",
            "more.toml:3",
            "10.30.0.0/16, fd00:30::/64",
        ),
        (
            "[devices.x]\nzone = \"office\"\naddresses = [\"fd00:99::1\"]",
            "fd00:99::1 is in no prefix of zone `office`",
            "more.toml:3",
            "fd00:20::/64",
        ),
        (
            "[devices.x]\nzone = \"office\"\naddresses = [\"10.20.0.1\"]",
            "10.20.0.1 is the router's own address",
            "more.toml:3",
            "",
        ),
        (
            "[devices.x]\nzone = \"office\"\naddresses = [\"fec0::1\"]",
            "no host has the address fec0::1",
            "more.toml:3",
            "",
        ),
        (
            "[devices.x]\nzone = \"office\"\naddresses = [\"10.20.255.255\"]",
            "10.20.255.255 is the broadcast address of one of the router's networks",
            "more.toml:3",
            "",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\n[devices.y]\nzone = \"iot\"\nmac = \"02-00-00-00-00-01\"",
            "02:00:00:00:00:01 belongs to device `y` and to device `x`",
            "more.toml:6",
            "correct one",
        ),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"fd00:30::1\"]\n[devices.y]\nzone = \"iot\"\naddresses = [\"fd00:30:0::1\"]",
            "fd00:30::1 belongs to device `y` and to device `x`",
            "more.toml:6",
            "",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"mud/none.json\"",
            "the MUD file `mud/none.json` cannot be read",
            "more.toml:4",
            "folder of the policy",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \".\"",
            "the MUD file `.` cannot be read: it is a folder",
            "more.toml:4",
            "folder of the policy",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"\"",
            "the MUD file `.` cannot be read: it is a folder",
            "more.toml:4",
            "folder of the policy",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"mud/..\"",
            "the MUD file `.` cannot be read: it is a folder",
            "more.toml:4",
            "folder of the policy",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"/dev/zero\"",
            "the MUD file `/dev/zero` cannot be read: it is neither a file nor a link to one",
            "more.toml:4",
            "folder of the policy",
        ),
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"https://example.com/x.json\"",
            "is a URL",
            "more.toml:4",
            "fetch the file, with `curl -LO`",
        ),
    ]);
}

#[test]
fn a_broken_mud_file_is_shown_inside() {
    let device = "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:00:01\"\nmud = \"mud/x.json\"";
    let files = [("base.toml", BASE), ("more.toml", device), ("mud/x.json", "nothing")];
    let report = load_files(&files).unwrap_err();
    one_finding(device, &report, ("mud/x.json", "mud/x.json:1", ""));
    let named = report.diagnostics()[0].labels[1].span;
    assert_eq!(report.place(named).to_string(), "more.toml:4");
}
