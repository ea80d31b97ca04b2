//! Audit: enforcing needs one, audit needs all.

use super::frames::*;
use super::profile::file;
use super::site::{Engines, Site, ZONES, one, topic, zones};

const AUDIT: &str = "mode = \"audit\"";

topic!(transitions_and_zones);

fn transitions_and_zones(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "one"
        from = "office"
        to = "cell1"
        allow = ["tcp/1"]
        mode = "audit"
        [[transitions]]
        name = "two"
        from = "office"
        to = ["cell1", "cell2"]
        allow = ["tcp/2"]
        mode = "audit"
        [[transitions]]
        name = "three"
        from = "office"
        to = "cell2"
        allow = ["tcp/3"]
        [[transitions]]
        name = "four"
        from = "iot"
        to = "cell1"
        allow = ["tcp/4"]
        [[transitions]]
        name = "five"
        from = "internet"
        to = "cell2"
        allow = ["tcp/5"]
        mode = "audit"
        [[transitions]]
        name = "six"
        from = "internet"
        to = "plc"
        allow = ["tcp/6"]
        [[transitions]]
        name = "seven"
        from = "internet"
        to = "other"
        allow = ["tcp/7"]
        mode = "audit"
        [[transitions]]
        name = "eight"
        from = "internet"
        to = "sensor"
        allow = ["tcp/8"]
        mode = "audit"
        [[transitions]]
        name = "nine"
        from = "internet"
        to = "office"
        allow = ["mud"]
        mode = "audit"
        [devices.plc]
        addresses = ["10.42.0.20", "fd00:42::20"]
        zone = "cell2"
        [devices.other]
        addresses = ["10.42.0.21", "fd00:42::21"]
        zone = "cell2"
        [devices.sensor]
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        [[guardrails]]
        name = "trial"
        from = "iot"
        to = "cell1"
        deny = ["tcp/5"]
        mode = "audit"
        [[guardrails]]
        name = "wall"
        from = "iot"
        to = "cell2"
        deny = ["tcp/5"]
        [[guardrails]]
        name = "trial too"
        from = "office"
        to = "cell1"
        deny = ["tcp/6"]
        mode = "audit"
    "#;
    let mut site =
        Site::of(engines, &format!("{}{rules}", zones(&[("iot", AUDIT), ("cell1", AUDIT), ("cell2", AUDIT)])), &[]);
    let rows = [
        one("every transition of the pair", open(OFFICE, PLC1, 9), "audit no-transition | office > cell1"),
        one("what they allow passes", open(OFFICE, PLC1, 1), "pass allowed one"),
        one("one of them enforces", open(OFFICE, PLC2, 9), "drop no-transition"),
        one("none written, both zones", open(CAMERA, PLC2, 9), "audit no-transition | iot > cell2/plc"),
        one("none written, within a zone", open(PLC1, PLC1B, 9), "audit no-transition"),
        one("none written, the receiver's alone", open(CLOUD, PLC1, 9), "drop no-transition"),
        one("none written, the sender's alone", open(PLC1, CLOUD, 9), "drop no-transition"),
        one("none written, the router goes along with the zone", open(PLC1, PLC1.router(), 9), "audit no-transition"),
        one("written and enforcing, both zones in audit", open(CAMERA, PLC1, 9), "drop no-transition"),
        one("an audited guardrail, and allowed", open(CAMERA, PLC1, 5), "drop no-transition"),
        one("an enforcing guardrail, both zones in audit", open(CAMERA, PLC2, 5), "drop guardrail wall"),
        one("the zone's in audit", open(CLOUD, host("plc2", 42, 77), 9), "audit no-transition | internet > cell2"),
        one(
            "the zone's in audit, the device's enforces",
            open(CLOUD, PLC2, 9),
            "drop no-transition | internet > cell2/plc",
        ),
        one(
            "the zone's and the device's",
            open(CLOUD, host("plc2", 42, 21), 9),
            "audit no-transition | internet > cell2/other",
        ),
        one("the device's alone", open(CLOUD, SENSOR, 9), "audit no-transition | internet > iot/sensor"),
        one("not its neighbour's", open(CLOUD, CAMERA, 9), "drop no-transition | internet > iot"),
        one("mud is written for everybody", open(CLOUD, OFFICE, 9), "audit no-transition"),
        one(
            "a group in its zone",
            udp(PLC1, PLC1.at("224.0.0.251", "ff02::fb"), (9, 9)),
            "audit no-transition | cell1 > cell1",
        ),
        one("all in audit: the first reason", open(OFFICE, PLC1, 6), "audit guardrail trial too"),
    ];
    site.check(&rows);
}

topic!(devices);

fn devices(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "wide"
        from = ["office", "iot", "cell1", "cell2"]
        to = ["office", "iot", "cell1", "cell2"]
        allow = ["tcp/1-100"]
        [devices.camera]
        mac = "02:00:00:00:1e:0b"
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["m.json"]
        mode = "audit"
        [devices.sensor]
        mac = "02:00:00:00:1e:0c"
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        mud = ["m.json"]
        [devices.plc]
        mac = "02:00:00:00:29:14"
        addresses = ["10.41.0.20", "fd00:41::20"]
        zone = "cell1"
        mud = ["m.json"]
        [devices.robot]
        mac = "02:00:00:00:29:15"
        addresses = ["10.41.0.21", "fd00:41::21"]
        zone = "cell1"
        mud = ["m.json"]
        mode = "enforce"
    "#;
    let web = r#""tcp":{"destination-port":{"port":80}}"#;
    let profile = file(
        "https://a.example/m.json",
        &[("no", r#""tcp":{"destination-port":{"port":70}}"#, "drop"), ("web", web, "accept")],
        &[("web", web, "accept")],
    );
    let text =
        zones(&[("cell1", AUDIT), ("cell2", "mode = \"audit\"\nunknown = \"deny\""), ("office", "unknown = \"deny\"")]);
    let listed = r#"
        [devices.desk]
        addresses = ["10.10.0.20", "fd00:10::20"]
        zone = "office"
    "#;
    let mut site = Site::of(engines, &format!("{text}{rules}{listed}"), &[("m.json", profile)]);
    let other = |of: Host| of.with_mac([2, 9, 9, 9, 9, 9]);
    let rows = [
        one("both agree", open(CAMERA, OFFICE, 80), "pass allowed wide"),
        one("the device", open(CAMERA, OFFICE, 81), "audit mud-from-device | iot/camera > office/desk"),
        one("the device, by an entry", open(CAMERA, OFFICE, 70), "audit mud-from-device m.json#from?/no"),
        one("the device as receiver", open(OFFICE, CAMERA, 81), "audit mud-to-device | office/desk > iot/camera"),
        one("another device of the zone", open(SENSOR, OFFICE, 81), "drop mud-from-device"),
        one("its zone", open(PLC1, OFFICE, 81), "audit mud-from-device"),
        one("its zone as receiver", open(OFFICE, PLC1, 81), "audit mud-to-device"),
        one("the device enforces in spite of its zone", open(PLC1B, OFFICE, 81), "drop mud-from-device"),
        one("so does it as receiver", open(OFFICE, PLC1B, 81), "drop mud-to-device"),
        one("both in audit: the sender's reason", open(CAMERA, PLC1, 81), "audit mud-from-device"),
        one("the receiver enforces", open(CAMERA, PLC1B, 81), "drop mud-to-device"),
        one("the transition enforces", open(CAMERA, OFFICE, 101), "drop no-transition"),
        one("unknown device, its zone", open(PLC2, OFFICE, 1), "audit unknown-device | cell2 > office/desk"),
        one("unknown receiver, its zone", open(OFFICE, PLC2, 1), "audit unknown-device"),
        one("unknown device, an enforcing zone", open(OFFICE2, CAMERA, 80), "drop unknown-device"),
        one("unknown, and no transition", open(PLC2, OFFICE, 101), "drop no-transition"),
        one("unknown both, one enforces", open(PLC2, OFFICE2, 1), "drop unknown-device"),
        one("spoofed, the device", open(other(CAMERA), OFFICE, 80), "audit spoofed-source"),
        one("spoofed, its zone", open(other(PLC1), OFFICE, 80), "audit spoofed-source"),
        one("spoofed, another device", open(other(SENSOR), OFFICE, 80), "drop spoofed-source"),
        one("spoofed, and no transition", open(other(CAMERA), OFFICE, 101), "drop no-transition"),
        one("spoofed, both zones", open(host("plc2", 41, 77).on("plc2"), OFFICE, 1), "audit spoofed-source"),
    ];
    site.check(&rows);
}

topic!(everything);

fn everything(engines: Engines) {
    let rules = r#"
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["tcp/1"]
        [[guardrails]]
        name = "wall"
        from = "*"
        to = "cell1"
        deny = ["tcp/5"]
        [devices.camera]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["m.json"]
        [[transitions]]
        from = "iot"
        to = "office"
        allow = ["any"]
    "#;
    let profile = file("https://a.example/m.json", &[], &[]);
    let text = ZONES.replacen("version = 1", "version = 1\nmode = \"audit\"", 1);
    let text = text.replacen("[zones.iot]\n", "[zones.iot]\nunknown = \"deny\"\n", 1);
    let mut site = Site::of(engines, &format!("{text}{rules}"), &[("m.json", profile)]);
    let short = udp(OFFICE, PLC1, (1, 1)).changed(|frame| frame.truncate(30));
    let rows = [
        one("allowed", open(OFFICE, PLC1, 1), "pass allowed office>cell1"),
        one("no transition", open(OFFICE, PLC1, 2), "audit no-transition"),
        one("to the router", open(OFFICE, OFFICE.router(), 2), "audit no-transition"),
        one("guardrail", open(OFFICE, PLC1, 5), "audit guardrail wall"),
        one("unknown device", open(GUEST, OFFICE, 5), "audit unknown-device"),
        one("profile", open(CAMERA, OFFICE, 5), "audit mud-from-device"),
        one("spoofed", open(OFFICE.on("plc1"), CAMERA, 5), "audit spoofed-source"),
        one("no zone", open(OFFICE, OFFICE.at("127.0.0.1", "::1"), 5), "audit unknown-zone"),
        one("malformed", short, "audit malformed"),
    ];
    site.check(&rows);
}
