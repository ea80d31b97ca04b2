//! Who sends: addresses, MACs and ports that belong together.

use super::frames::*;
use super::raw::check;
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

/// Sources that no host has: they pass from nowhere to nowhere.
const NOBODY: [(&str, &str, &str); 9] = [
    ("a group", "224.0.0.9", "ff02::9"),
    ("a group of the site", "239.255.0.1", "ff05::2"),
    ("everybody", "255.255.255.255", "ff02::1"),
    ("loopback", "127.0.0.1", "::1"),
    ("the rest of loopback, mapped", "127.255.255.254", "::ffff:10.30.0.50"),
    ("this network, mapped loopback", "0.1.2.3", "::ffff:127.0.0.1"),
    ("reserved, site-local", "240.0.0.1", "fec0::1"),
    ("reserved, IPv4-compatible", "240.0.0.9", "::2"),
    ("the end of reserved, the end of site-local", "255.255.255.254", "feff::1"),
];

topic!(sources_that_nobody_has);

fn sources_that_nobody_has(engines: Engines) {
    let mut site = Site::of(engines, &format!("{ZONES}{WIDE}"), &[]);
    let everybody = GUEST.at("224.0.0.251", "ff02::fb");
    let mut cases = Vec::new();
    for port in ["lan0.30", "wan0"] {
        for to in [OFFICE, SENSOR, CLOUD, CAMERA.router(), everybody] {
            for (name, four, six) in NOBODY {
                let from = GUEST.at(four, six).on(port);
                cases.push((format!("{name}, by {port} to {}", to.four), udp(from, to, (9, 9)), SPOOFED.to_owned()));
            }
            // The router's own, whichever port it belongs to.
            for own in [OFFICE, CAMERA, PLC1, CLOUD] {
                let from = own.router().on(port).with_mac(GUEST.mac);
                let name = format!("{} of the router, by {port} to {}", from.four, to.four);
                cases.push((name, udp(from, to, (9, 9)), SPOOFED.to_owned()));
            }
        }
    }
    let directed = GUEST.at("10.30.0.255", "ff02::1");
    cases.push(("a directed broadcast".to_owned(), udp(directed, OFFICE, (9, 9)), SPOOFED.to_owned()));
    // An unspecified address has a meaning on its own link, and nowhere else.
    let nowhere = GUEST.at("0.0.0.0", "::");
    for (to, expected) in
        [(OFFICE, SPOOFED), (CLOUD, SPOOFED), (SENSOR, "pass allowed wide"), (CAMERA.router(), "pass allowed wide")]
    {
        cases.push((format!("unspecified, to {}", to.four), udp(nowhere, to, (9, 9)), expected.to_owned()));
    }
    check(&mut site, &cases);
}

topic!(land_packets);

fn land_packets(engines: Engines) {
    let mut site = Site::of(engines, &format!("{ZONES}{WIDE}"), &[]);
    let mut cases = Vec::new();
    let local = GUEST.at("169.254.0.9", "fe80::9");
    for from in [GUEST, CAMERA, SENSOR, OFFICE, FAR, local, GUEST.at("0.0.0.0", "::")] {
        let to = from.with_mac(ROUTER);
        for (name, sent) in [
            ("a SYN, one port", tcp(from, to, (80, 80), SYN)),
            ("a SYN, two ports", tcp(from, to, (80, 81), SYN)),
            ("a datagram", udp(from, to, (7, 7))),
            ("an echo request", ping(from, to)),
            ("another protocol", ip(from, to, 50, &[0; 24])),
        ] {
            cases.push((format!("{name}, {}", from.four), sent, SPOOFED.to_owned()));
        }
    }
    // It announces itself, and is no IP.
    let announced = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &GUEST.mac, &GUEST.four.octets(), &[0; 6], &GUEST.four.octets()];
    let announced = ether(GUEST, BROADCAST, 0x0806, &announced.concat());
    cases.push(("gratuitous ARP".to_owned(), announced, "pass essential".to_owned()));
    check(&mut site, &cases);
}

topic!(mac_spoofing);

fn mac_spoofing(engines: Engines) {
    let mut site = Site::of(engines, &format!("{ZONES}{WIDE}"), &[]);
    let camera = |mac: Mac| CAMERA.with_mac(mac);
    let mut cases = Vec::new();
    // Each bit of the MAC counts, for IP and for ARP.
    for bit in 0..48 {
        let mut mac = CAMERA.mac;
        mac[5 - bit / 8] ^= 1 << (bit % 8);
        cases.push((format!("bit {bit} of the device's MAC"), open(camera(mac), OFFICE, 1), SPOOFED.to_owned()));
        let arp = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &mac, &CAMERA.four.octets(), &[0; 6], &SENSOR.four.octets()];
        let arp = ether(camera(mac), BROADCAST, 0x0806, &arp.concat());
        cases.push((format!("bit {bit} of the device's MAC, ARP"), arp, SPOOFED.to_owned()));
    }
    for (name, mac) in
        [("zero", [0; 6]), ("broadcast", BROADCAST), ("the router's", ROUTER), ("a neighbour's", TAG.mac)]
    {
        cases.push((format!("{name}, the device's address"), open(camera(mac), OFFICE, 1), SPOOFED.to_owned()));
    }
    for (name, mac) in [("broadcast", BROADCAST), ("a group's", [1, 0, 0x5e, 0, 0, 1]), ("a device's", CAMERA.mac)] {
        cases.push((format!("{name}, nobody's address"), open(GUEST.with_mac(mac), OFFICE, 1), SPOOFED.to_owned()));
        let frame = ether(GUEST.with_mac(mac), SENSOR.mac, 0x88b8, &[0, 1]);
        let expected = if mac == CAMERA.mac { "pass allowed wide" } else { SPOOFED };
        cases.push((format!("{name}, no address"), frame, expected.to_owned()));
    }
    check(&mut site, &cases);
}
