//! MUD: ports, the order of entries, several files, and answers.

use super::frames::*;
use super::mud::{FROM, RULES};
use super::profile::file;
use super::site::{Engines, Site, ZONES, one, topic};

const HTTP: &str =
    r#""ipv?":{"destination-ipv?-network":"FAR"},"tcp":{"destination-port":{"operator":"eq","port":80}}"#;

fn ports() -> String {
    let to = |ports: &str| format!(r#""ipv?":{{"destination-ipv?-network":"FAR"}},{ports}"#);
    let lte = to(r#""udp":{"destination-port":{"operator":"lte","port":100}}"#);
    let gte = to(r#""udp":{"destination-port":{"operator":"gte","port":60000}}"#);
    let neq = to(
        r#""tcp":{"source-port":{"operator":"neq","port":7},"destination-port":{"operator":"range","lower-port":1000,"upper-port":1010}}"#,
    );
    let before = to(r#""tcp":{"destination-port":{"port":1005}}"#);
    let after = to(r#""tcp":{"destination-port":{"port":1006}}"#);
    let dns = r#""udp":{"destination-port":{"port":123}}"#;
    file(
        "https://a.example/ports.json",
        &[
            ("before", &before, "drop"),
            ("web", HTTP, "accept"),
            ("low", &lte, "accept"),
            ("high", &gte, "accept"),
            ("odd", &neq, "accept"),
            ("after", &after, "drop"),
            ("no-ntp", dns, "drop"),
        ],
        &[("nothing", r#""tcp":{"destination-port":{"port":4000}}"#, "drop"), ("anything", r#""tcp":{}"#, "accept")],
    )
}

topic!(ports_and_order);

fn ports_and_order(engines: Engines) {
    let second = file(
        "https://b.example/more.json",
        &[
            ("also", r#""ipv?":{"destination-ipv?-network":"FAR"},"tcp":{"destination-port":{"port":1005}}"#, "accept"),
            ("never", HTTP, "drop"),
        ],
        &[],
    );
    let devices = r#"
        [devices.one]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["ports.json"]
        [devices.two]
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        mud = ["ports.json", "more.json"]
    "#;
    let mut site =
        Site::of(engines, &format!("{ZONES}{RULES}{devices}"), &[("ports.json", ports()), ("more.json", second)]);
    let yes = "pass allowed beside";
    let outside = FAR.at("198.51.101.1", "2001:db8:10::1");
    let edge = FAR.at("198.51.100.255", "2001:db8:f:ffff:ffff:ffff:ffff:ffff");
    let rows = [
        one("eq", open(CAMERA, FAR, 80), yes),
        one("eq, below", open(CAMERA, FAR, 79), FROM),
        one("eq, above", open(CAMERA, FAR, 81), FROM),
        one("the network's last address", open(CAMERA, edge, 80), yes),
        one("outside the network", open(CAMERA, outside, 80), FROM),
        one("lte, edge", udp(CAMERA, FAR, (9, 100)), yes),
        one("lte, above", udp(CAMERA, FAR, (9, 101)), FROM),
        one("lte, 1", udp(CAMERA, FAR, (9, 1)), yes),
        one("gte, edge", udp(CAMERA, FAR, (9, 60_000)), yes),
        one("gte, below", udp(CAMERA, FAR, (9, 59_999)), FROM),
        one("gte, 65535", udp(CAMERA, FAR, (9, 65_535)), yes),
        one("range, first", open(CAMERA, FAR, 1000), yes),
        one("range, below", open(CAMERA, FAR, 999), FROM),
        one("range, last", open(CAMERA, FAR, 1010), yes),
        one("range, above", open(CAMERA, FAR, 1011), FROM),
        one("neq, the one", tcp(CAMERA, FAR, (7, 1000), SYN), FROM),
        one("neq, below", tcp(CAMERA, FAR, (6, 1000), SYN), yes),
        one("neq, above", tcp(CAMERA, FAR, (8, 1000), SYN), yes),
        one("a drop before an accept", open(CAMERA, FAR, 1005), "drop mud-from-device ports.json#from?/before"),
        one("a drop after an accept", open(CAMERA, FAR, 1006), yes),
        one(
            "a drop overrides the default",
            udp(CAMERA, CAMERA.router(), (9, 123)),
            "drop mud-from-device ports.json#from?/no-ntp",
        ),
        one("the other default stays", udp(CAMERA, CAMERA.router(), (9, 53)), "pass allowed profiles"),
        one("to-device, a drop before", open(OFFICE, CAMERA, 4000), "drop mud-to-device ports.json#to?/nothing"),
        one("to-device, below it", open(OFFICE, CAMERA, 3999), yes),
        one("several files: either accepts", open(SENSOR, FAR, 1005), yes),
        one("several files: a drop of one takes nothing from the other", open(SENSOR, FAR, 80), yes),
        one("several files: none accepts", open(SENSOR, FAR, 81), FROM),
    ];
    site.check(&rows);
}

topic!(answers);

fn answers(engines: Engines) {
    let answering = file(
        "https://a.example/a.json",
        &[
            ("ask", r#""udp":{"destination-port":{"operator":"range","lower-port":700,"upper-port":702}}"#, "accept"),
            ("web", r#""tcp":{"destination-port":{"port":443}}"#, "accept"),
            ("mute", r#""udp":{"source-port":{"port":801}}"#, "drop"),
        ],
        &[
            ("deaf", r#""udp":{"source-port":{"port":701}}"#, "drop"),
            ("told", r#""udp":{"destination-port":{"operator":"range","lower-port":800,"upper-port":802}}"#, "accept"),
            ("listed", r#""udp":{"source-port":{"port":702}}"#, "accept"),
        ],
    );
    let devices = r#"
        [devices.free]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["a.json"]
        [devices.letter]
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        mud = ["a.json"]
        replies = "listed"
    "#;
    let mut site = Site::of(engines, &format!("{ZONES}{RULES}{devices}"), &[("a.json", answering)]);
    let yes = "pass allowed beside";
    let asked = |from: Host, port: u16, reply: &'static str| {
        vec![
            (udp(from, FAR, (5, port)), yes),
            (udp(FAR, from, (port, 5)), reply),
            (udp(from, FAR, (5, port)), "pass established"),
        ]
    };
    let told = |to: Host, port: u16, reply: &'static str| {
        vec![
            (udp(OFFICE, to, (5, port)), yes),
            (udp(to, OFFICE, (port, 5)), reply),
            (udp(OFFICE, to, (5, port)), "pass established"),
        ]
    };
    let rows = [
        ("answers need no entry", asked(CAMERA, 700, "pass established | internet > iot/free")),
        ("an entry drops them", asked(CAMERA, 701, "drop mud-to-device a.json#to?/deaf")),
        ("the device's answers need none", told(CAMERA, 800, "pass established | iot/free > office")),
        ("an entry drops the device's", told(CAMERA, 801, "drop mud-from-device a.json#from?/mute")),
        ("to the letter: not listed", asked(SENSOR, 700, "drop mud-to-device")),
        ("to the letter: listed as drop", asked(SENSOR, 701, "drop mud-to-device a.json#to?/deaf")),
        ("to the letter: listed", asked(SENSOR, 702, "pass established")),
        ("to the letter: the device's not listed", told(SENSOR, 800, "drop mud-from-device")),
        (
            "TCP, to the letter",
            vec![
                (open(SENSOR, FAR, 443), yes),
                (answer(FAR, SENSOR, 443), "drop mud-to-device | internet > iot/letter"),
            ],
        ),
        (
            "TCP",
            vec![
                (open(CAMERA, FAR, 443), yes),
                (answer(FAR, CAMERA, 443), "pass established"),
                (tcp(CAMERA, FAR, (40_000, 443), ACK), "pass established"),
            ],
        ),
    ];
    site.check(&rows);
}

topic!(beside_the_lists);

fn beside_the_lists(engines: Engines) {
    let quiet = file(
        "https://a.example/q.json",
        &[("ask", r#""udp":{"destination-port":{"port":700}}"#, "accept")],
        &[("deaf", r#""udp":{"source-port":{"port":700}}"#, "drop")],
    );
    let rules = r#"
        [[transitions]]
        name = "wide"
        from = "iot"
        to = ["iot", "office", "internet", "router"]
        allow = ["any"]
        [controllers]
        "urn:ietf:params:mud:dns" = ["10.10.0.20", "fd00:10::20"]
        [devices.quiet]
        mac = "02:00:00:00:1e:0b"
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["q.json"]
        [devices.trial]
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        mud = ["q.json"]
        mode = "audit"
        [[guardrails]]
        name = "all"
        from = "iot"
        to = "*"
        deny = ["tcp/1"]
    "#;
    let mut site = Site::of(engines, &format!("{ZONES}{rules}"), &[("q.json", quiet)]);
    let yes = "pass allowed wide";
    let rows = [
        one("DNS is who the policy says", udp(CAMERA, OFFICE, (9, 53)), yes),
        one("and no more the router", udp(CAMERA, CAMERA.router(), (9, 53)), FROM),
        one("NTP still is", udp(CAMERA, CAMERA.router(), (9, 123)), yes),
        one("not who is no NTP server", udp(CAMERA, OFFICE, (9, 123)), FROM),
        one("a guardrail comes first", open(CAMERA, FAR, 1), "drop guardrail all"),
        one("frames without IP are judged", ether(CAMERA, BROADCAST, 0x88b8, &[0, 1]), FROM),
        one("others' are not", ether(GUEST, BROADCAST, 0x88b8, &[0, 1]), yes),
        one("essentials are none of it", ether(CAMERA, [1, 0x80, 0xc2, 0, 0, 0x0e], 0x88cc, &[2]), "pass essential"),
        (
            "an answer that an audited device must not get",
            vec![
                (udp(SENSOR, FAR, (9, 700)), yes),
                (udp(FAR, SENSOR, (700, 9)), "audit mud-to-device q.json#to?/deaf"),
                (udp(SENSOR, FAR, (9, 700)), "pass established"),
            ],
        ),
        (
            "an answer that the device must not get",
            vec![(udp(CAMERA, FAR, (9, 700)), yes), (udp(FAR, CAMERA, (700, 9)), "drop mud-to-device q.json#to?/deaf")],
        ),
    ];
    site.check(&rows);
}
