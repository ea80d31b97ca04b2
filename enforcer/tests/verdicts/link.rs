//! Frames without IP, and frames for everybody.

use super::frames::*;
use super::site::{Engines, Site, one, topic, zones};

const NOTHING: &str = "drop no-transition";

topic!(frames_without_ip);

fn frames_without_ip(engines: Engines) {
    let mut site = Site::of(
        engines,
        &format!(
            "{}{}",
            zones(&[("cell2", "essentials = false")]),
            r#"
            [[transitions]]
            name = "goose"
            from = "cell1"
            to = "same"
            allow = ["eth/0x88b8/0x0010-0x00ff"]
            deny = ["eth/0x88b8/0x0020"]
            [[transitions]]
            name = "all goose"
            from = "cell2"
            to = "same"
            allow = ["eth/0x88b8"]
            [[transitions]]
            name = "across"
            from = "cell1"
            to = "cell2"
            allow = ["any"]
            "#
        ),
        &[],
    );
    const GOOSE: Mac = [0x01, 0x0c, 0xcd, 0x01, 0, 1];
    let goose = |from: Host, appid: u16| ether(from, GOOSE, 0x88b8, &appid.to_be_bytes());
    let rows = [
        one("below the range", goose(PLC1, 0x000f), "drop no-transition | cell1 > cell1"),
        one("first", goose(PLC1, 0x0010), "pass allowed goose | cell1 > cell1"),
        one("last", goose(PLC1, 0x00ff), "pass allowed goose"),
        one("above", goose(PLC1, 0x0100), NOTHING),
        one("denied", goose(PLC1, 0x0020), NOTHING),
        one("below the denied", goose(PLC1, 0x001f), "pass allowed goose"),
        one("above the denied", goose(PLC1, 0x0021), "pass allowed goose"),
        one("an EtherType below", ether(PLC1, GOOSE, 0x88b7, &[0, 0x10]), NOTHING),
        one("an EtherType above", ether(PLC1, GOOSE, 0x88b9, &[0, 0x10]), NOTHING),
        one("to one neighbour", ether(PLC1, PLC1B.mac, 0x88b8, &[0, 0x10]), "pass allowed goose"),
        one("every APPID", goose(PLC2, 0xffff), "pass allowed all goose | cell2 > cell2"),
        one("APPID 0", goose(PLC2, 0), "pass allowed all goose"),
        one("not in other zones", goose(CAMERA, 0x0010), NOTHING),
        one("an LLC frame is no service", ether(PLC2, GOOSE, 0x0026, &[0x88, 0xb8]), NOTHING),
        one("a length beyond the frame", ether(PLC2, GOOSE, 0x05dc, &[0x88, 0xb8]), "drop malformed"),
        one(
            "too short for an APPID",
            Sent::raw(PLC1.port, [&GOOSE[..], &PLC1.mac, &[0x88, 0xb8]].concat()),
            "drop malformed",
        ),
    ];
    site.check(&rows);
}

topic!(groups_of_addresses);

fn groups_of_addresses(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        from = "iot"
        to = "same"
        allow = ["udp/5353", "udp/9"]
        [[transitions]]
        from = "office"
        to = "iot"
        allow = ["any"]
        "#,
    );
    let everybody = |of: Host| of.at("224.0.0.251", "ff02::fb");
    let broadcast = CAMERA.at("255.255.255.255", "ff02::1").with_mac(BROADCAST);
    let directed = CAMERA.at("10.30.0.255", "ff05::2").with_mac(BROADCAST);
    let rows = [
        one("multicast", udp(CAMERA, everybody(CAMERA), (5353, 5353)), "pass allowed iot>same | iot > iot"),
        one("another service", udp(CAMERA, everybody(CAMERA), (5353, 5354)), NOTHING),
        one(
            "multicast without intra-zone transition",
            udp(OFFICE, everybody(OFFICE), (5353, 5353)),
            "drop no-transition | office > office",
        ),
        one("broadcast", udp(CAMERA, broadcast, (9, 9)), "pass allowed iot>same"),
        one("directed broadcast", udp(CAMERA, directed, (9, 9)).only_four(), "pass allowed iot>same | iot > iot"),
        one(
            "broadcast from a zone without",
            udp(OFFICE, OFFICE.at("255.255.255.255", "ff02::1").with_mac(BROADCAST), (9, 9)),
            NOTHING,
        ),
        (
            "it opens no connection",
            vec![
                (udp(CAMERA, everybody(CAMERA), (5353, 5353)), "pass allowed iot>same"),
                (udp(CAMERA, everybody(CAMERA), (5353, 5353)), "pass allowed iot>same"),
            ],
        ),
        (
            "nor does broadcast",
            vec![
                (udp(CAMERA, broadcast, (9, 9)), "pass allowed iot>same"),
                (udp(CAMERA, broadcast, (9, 9)), "pass allowed iot>same"),
            ],
        ),
        (
            "a group never answers",
            vec![
                (udp(OFFICE, CAMERA, (5353, 5353)), "pass allowed office>iot"),
                (udp(everybody(CAMERA), OFFICE, (5353, 5353)), "drop spoofed-source"),
            ],
        ),
    ];
    site.check(&rows);
}
