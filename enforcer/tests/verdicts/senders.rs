//! Who sends: addresses, MACs and ports that belong together.

use super::frames::*;
use super::site::{Engines, Site, ZONES, one, topic};

const SPOOFED: &str = "drop spoofed-source";

const WIDE: &str = r#"
    [[transitions]]
    name = "wide"
    from = ["internet", "office", "iot", "cell1"]
    to = ["internet", "office", "iot", "cell1", "router"]
    allow = ["any"]
    [devices.camera]
    mac = "02:00:00:00:1e:0b"
    addresses = ["10.30.0.11", "fd00:30::11"]
    zone = "iot"
    [devices.four]
    mac = "02:00:00:00:1e:44"
    addresses = ["10.30.0.44"]
    zone = "iot"
    [devices.six]
    mac = "02:00:00:00:1e:66"
    addresses = ["fd00:30::66"]
    zone = "iot"
    [devices.loose]
    addresses = ["10.30.0.12", "fd00:30::12"]
    zone = "iot"
    [devices.tag]
    mac = "02:00:00:00:1e:77"
    zone = "iot"
    [devices.tag2]
    mac = "02:00:00:00:1e:78"
    zone = "iot"
"#;

pub(crate) const TAG: Host = Host { mac: [2, 0, 0, 0, 0x1e, 0x77], ..host("lan0.30", 30, 77) };

topic!(spoofing);

fn spoofing(engines: Engines) {
    let mut site = Site::of(engines, &format!("{ZONES}{WIDE}"), &[]);
    let to = OFFICE;
    let elsewhere = CAMERA.at("10.30.0.50", "fd00:30::50");
    let own = CAMERA.router();
    let four = |at: &str, six: &str| CAMERA.at(at, six).with_mac([2, 0, 0, 0, 0x1e, 0x44]);
    let six = |at: &str, six: &str| CAMERA.at(at, six).with_mac([2, 0, 0, 0, 0x1e, 0x66]);
    let yes = "pass allowed wide";
    let local = CAMERA.at("169.254.7.7", "fe80::7");
    let from_nowhere = GUEST.at("0.0.0.0", "::");
    let rows = [
        one("as listed", open(CAMERA, to, 1), "pass allowed wide | iot/camera > office"),
        one("a member of the zone", open(GUEST, to, 1), "pass allowed wide | iot > office"),
        one("another zone's address", open(OFFICE.on("lan0.30"), PLC1, 1), SPOOFED),
        one("another zone's address, cells", open(PLC1.on("plc2"), to, 1), SPOOFED),
        one("an inside address from outside", open(OFFICE.on("wan0"), CAMERA, 1), SPOOFED),
        one("an outside address from inside", open(FAR.on("lan0.30"), to, 1), SPOOFED),
        one("any address from the uplink", open(FAR, to, 1), "pass allowed wide | internet > office"),
        one("the device's address, another MAC", open(CAMERA.with_mac(GUEST.mac), to, 1), SPOOFED),
        one("the device's address, another device's MAC", open(CAMERA.with_mac(TAG.mac), to, 1), SPOOFED),
        one("the device's MAC, another address", open(elsewhere, to, 1), SPOOFED),
        one("the device's MAC, another device's address", open(SENSOR.with_mac(CAMERA.mac), to, 1), SPOOFED),
        one("the device on another port", open(CAMERA.on("plc1"), to, 1), SPOOFED),
        one("the device's MAC in another zone", open(PLC1.with_mac(CAMERA.mac), to, 1), SPOOFED),
        one(
            "fenced in IPv4 only",
            open(four("10.30.0.44", "fd00:30::9"), to, 1),
            "pass allowed wide | iot/four > office",
        ),
        one("fenced in IPv4, another address", open(four("10.30.0.45", "fd00:30::9"), to, 1).only_four(), SPOOFED),
        one("not fenced in IPv6, but in its zone", open(four("10.30.0.44", "fd00:41::9"), to, 1).only_six(), SPOOFED),
        one(
            "fenced in IPv6 only",
            open(six("10.30.0.9", "fd00:30::66"), to, 1),
            "pass allowed wide | iot/six > office",
        ),
        one("fenced in IPv6, another address", open(six("10.30.0.9", "fd00:30::67"), to, 1).only_six(), SPOOFED),
        one("without MAC any will do", open(SENSOR, to, 1), "pass allowed wide | iot/loose > office"),
        one(
            "another MAC too",
            open(SENSOR.with_mac([2, 9, 9, 9, 9, 9]), to, 1),
            "pass allowed wide | iot/loose > office",
        ),
        one("the router's own address", open(own.on("lan0.30").with_mac(GUEST.mac), to, 1), SPOOFED),
        one("the router's address and MAC", open(own.on("lan0.30"), to, 1), SPOOFED),
        one("the router's address elsewhere", open(OFFICE.router().on("lan0.30").with_mac(GUEST.mac), to, 1), SPOOFED),
        one("from a group", open(GUEST.at("224.0.0.9", "ff02::9"), to, 1), SPOOFED),
        one("from loopback", open(GUEST.at("127.0.0.1", "::1"), to, 1), SPOOFED),
        one("from broadcast, mapped", open(GUEST.at("255.255.255.255", "::ffff:10.30.0.50"), to, 1), SPOOFED),
        one("from reserved, site-local", open(GUEST.at("240.0.0.1", "fec0::1"), to, 1), SPOOFED),
        one("with a group's MAC", open(GUEST.with_mac([3, 0, 0, 0, 0, 1]), to, 1), SPOOFED),
        one("link-local across zones", open(local, to, 1), SPOOFED),
        one(
            "link-local in the zone, a device by its MAC",
            open(local, GUEST, 1),
            "pass allowed wide | iot/camera > iot",
        ),
        one("no address across zones", udp(from_nowhere, to, (1, 1)), SPOOFED),
        one("to loopback", open(GUEST, GUEST.at("127.0.0.1", "::1"), 1), "drop unknown-zone"),
        one("to reserved, site-local", open(GUEST, GUEST.at("240.0.0.1", "fec0::1"), 1), "drop unknown-zone"),
        (
            "an answer with another MAC",
            vec![
                (open(OFFICE, CAMERA, 80), yes),
                (answer(CAMERA.with_mac(GUEST.mac), OFFICE, 80), SPOOFED),
                (answer(CAMERA, OFFICE, 80), "pass established"),
            ],
        ),
        (
            "an answer from another port",
            vec![(open(OFFICE, CAMERA, 81), yes), (answer(CAMERA.on("plc1"), OFFICE, 81), SPOOFED)],
        ),
    ];
    site.check(&rows);
}

topic!(known_by_mac);

fn known_by_mac(engines: Engines) {
    let mut site = Site::of(
        engines,
        &format!(
            "{ZONES}{WIDE}{}",
            r#"
            [[guardrails]]
            name = "tags stay away"
            from = "office"
            to = "tag"
            deny = ["tcp/9"]
            "#
        ),
        &[],
    );
    let tag2 = TAG.at("10.30.0.78", "fd00:30::78").with_mac([2, 0, 0, 0, 0x1e, 0x78]);
    let moved = TAG.at("10.30.0.79", "fd00:30::79");
    let rows = [
        one("not seen yet, it is nobody", open(OFFICE, TAG, 1), "pass allowed wide | office > iot"),
        one("as sender", open(TAG, OFFICE, 1), "pass allowed wide | iot/tag > office"),
        one("as receiver, once seen", open(OFFICE, TAG, 1), "pass allowed wide | office > iot/tag"),
        one("what names it holds", open(OFFICE, TAG, 9), "drop guardrail tags stay away"),
        one("another address", open(moved, OFFICE, 1), "pass allowed wide | iot/tag > office"),
        one("as receiver there", open(OFFICE, moved, 9), "drop guardrail tags stay away | office > iot/tag"),
        one("in its zone, by the MAC of the frame", open(GUEST, tag2, 1), "pass allowed wide | iot > iot/tag2"),
        one(
            "an address that changes hands",
            open(TAG.with_mac(tag2.mac), OFFICE, 1),
            "pass allowed wide | iot/tag2 > office",
        ),
        one("belongs to who was seen last", open(OFFICE, TAG, 9), "pass allowed wide | office > iot/tag2"),
        one("not an address of another zone", open(TAG.at("10.41.0.9", "fd00:41::9"), OFFICE, 1), SPOOFED),
        one("not a listed one", open(TAG.at("10.30.0.12", "fd00:30::12"), OFFICE, 1), SPOOFED),
        one("not on another port", open(TAG.on("plc1"), OFFICE, 1), SPOOFED),
    ];
    site.check(&rows);
}
