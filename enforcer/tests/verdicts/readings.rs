//! Cases in which the kernel program and an independent reading of the policy once differed.

use super::frames::*;
use super::site::{Engines, Site, ZONES, one, topic, zones};

topic!(the_broadcast_address_of_another_zones_network);

fn the_broadcast_address_of_another_zones_network(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "within"
        from = "*"
        to = "same"
        allow = ["any"]
        [[transitions]]
        name = "across"
        from = "cell1"
        to = "iot"
        allow = ["udp/9"]
    "#;
    let all = GUEST.at("10.30.0.255", "ff02::1");
    Site::new(engines, rules).check(&[
        one("from its own zone", udp(CAMERA, all, (9, 9)).only_four(), "pass allowed within | iot > iot"),
        one("from another zone", udp(PLC2, all, (9, 9)).only_four(), "drop no-transition | cell2 > iot"),
        one("from one that may", udp(PLC1, all, (9, 9)).only_four(), "pass allowed across | cell1 > iot"),
    ]);
}

topic!(an_audited_port_lends_nobody_another_zones_rights);

fn an_audited_port_lends_nobody_another_zones_rights(engines: Engines) {
    let text = format!(
        "{}{}",
        zones(&[("iot", "mode = \"audit\"")]),
        r#"
        [devices.eng]
        addresses = ["10.10.0.21", "fd00:10::21"]
        mac = "02:00:00:00:0a:15"
        zone = "office"
        mode = "audit"
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["any"]
        [[transitions]]
        from = "iot"
        to = "cell2"
        allow = ["any"]
        "#
    );
    let there = |host: Host| host.on("lan0.30");
    Site::of(engines, &text, &[]).check(&[
        one("an address of another zone", open(there(OFFICE), PLC1, 5), "drop no-transition"),
        one("to where the port's zone may send", open(there(OFFICE), PLC2, 5), "audit spoofed-source"),
        one("a device of another zone", open(there(OFFICE2), PLC1, 5), "drop no-transition"),
        one("the same, where the port's zone may", open(there(OFFICE2), PLC2, 5), "audit spoofed-source"),
        one(
            "an address of no port's zone, by the device's MAC",
            open(OFFICE2.at("10.10.0.22", "fd00:10::22"), PLC1, 5),
            "audit spoofed-source",
        ),
    ]);
}

topic!(neighbours_that_the_zone_does_not_list);

fn neighbours_that_the_zone_does_not_list(engines: Engines) {
    let rules = r#"
        [zones.quarantine]
        ports = []
        prefixes = []
        [devices.camera]
        mac = "02:00:00:00:1e:0b"
        zone = "iot"
        [devices.sensor]
        mac = "02:00:00:00:1e:0c"
        zone = "iot"
        [devices.plc]
        mac = "02:00:00:00:29:14"
        zone = "cell1"
        [[transitions]]
        name = "within"
        from = "*"
        to = "same"
        allow = ["any"]
    "#;
    let text = zones(&[("iot", "unknown = \"deny\""), ("cell1", "unknown = \"quarantine\"")]) + rules;
    let local = |host: Host, id: u8| host.at(&format!("169.254.0.{id}"), &format!("fe80::{id}"));
    Site::of(engines, &text, &[]).check(&[
        one("a listed one", udp(local(CAMERA, 1), local(SENSOR, 2), (9, 9)), "pass allowed within"),
        one("another", udp(local(CAMERA, 1), local(GUEST, 3), (9, 9)), "drop unknown-device"),
        one(
            "one in quarantine",
            udp(local(PLC1, 1), local(PLC1B, 3), (9, 9)),
            "drop no-transition | cell1/plc > quarantine",
        ),
        one("a frame to a listed one", ether(CAMERA, SENSOR.mac, 0x88b8, &[0, 1]), "pass allowed within"),
        one("a frame to another", ether(CAMERA, GUEST.mac, 0x88b8, &[0, 1]), "drop unknown-device"),
        one("a frame to all", ether(CAMERA, BROADCAST, 0x88b8, &[0, 1]), "pass allowed within"),
    ]);
}

topic!(arp_stays_in_its_zone);

fn arp_stays_in_its_zone(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "within"
        from = "iot"
        to = "same"
        allow = ["eth/0x0806"]
    "#;
    let text = zones(&[("iot", "essentials = false"), ("office", "essentials = false")]) + rules;
    let arp = |from: Host, about: Host| {
        let body = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &from.mac, &from.four.octets(), &[0; 6], &about.four.octets()];
        ether(from, BROADCAST, 0x0806, &body.concat())
    };
    Site::of(engines, &text, &[]).check(&[
        one("about a neighbour", arp(CAMERA, SENSOR), "pass allowed within"),
        one("about the router", arp(CAMERA, CAMERA.router()), "pass allowed within"),
        one("about somebody far away", arp(CAMERA, OFFICE), "pass allowed within"),
        one("where nothing allows it", arp(OFFICE, OFFICE.router()), "drop no-transition"),
    ]);
}

topic!(without_an_address_on_a_port_of_several_zones);

fn without_an_address_on_a_port_of_several_zones(engines: Engines) {
    let text = ZONES.replace(
        "[zones.cell2]\nports = [\"plc2\"]",
        "[zones.cell2]\nports = [\"plc1\"]\nprefixes = [\"10.42.0.0/24\", \"fd00:42::/64\"]",
    );
    let text = text.replace("plc2 = [\"10.42.0.1/24\", \"fd00:42::1/64\"]", "");
    let from = PLC1.at("0.0.0.0", "fe80::9");
    let all = PLC1.at("255.255.255.255", "ff02::1").with_mac(BROADCAST);
    Site::of(engines, &text, &[]).check(&[one(
        "a DHCP answer",
        udp(from, all, (67, 68)).only_four(),
        "drop unknown-zone",
    )]);
}

topic!(a_star_in_an_exception_is_narrow);

fn a_star_in_an_exception_is_narrow(engines: Engines) {
    let rules = r#"
        [[transitions]]
        name = "all"
        from = ["office", "iot"]
        to = ["office", "iot", "cell1", "router"]
        allow = ["any"]
        [[guardrails]]
        name = "guard"
        from = ["office", "iot"]
        to = "*"
        deny = ["any"]
        except = [{ from = "office", to = "*" }, { from = "*", to = "iot", allow = ["tcp/9"] }]
    "#;
    let guarded = "drop guardrail guard";
    Site::new(engines, rules).check(&[
        one("to another zone", open(OFFICE, PLC1, 5), "pass allowed all"),
        one("to the router", open(OFFICE, OFFICE.router(), 5), guarded),
        one("within the zone", open(OFFICE, OFFICE2, 5), guarded),
        one("from any other zone", open(OFFICE, CAMERA, 9), "pass allowed all"),
        one("from the zone itself", open(SENSOR, CAMERA, 9), guarded),
    ]);
}

topic!(errors_about_protocols_without_ports);

fn errors_about_protocols_without_ports(engines: Engines) {
    const GRE: u8 = 47;
    let text = format!(
        "{}{}",
        zones(&[("cell2", "unknown = \"deny\"")]),
        r#"
        [devices.plc2]
        mac = "02:00:00:00:2a:14"
        addresses = ["10.42.0.20", "fd00:42::20"]
        zone = "cell2"
        [[transitions]]
        name = "out"
        from = "office"
        to = ["cell1", "cell2"]
        allow = ["ip/47", "tcp/80"]
        "#
    );
    let (sent, other) = (ip(OFFICE, PLC1, GRE, &[0; 16]), ip(OFFICE, PLC1B, GRE, &[0; 16]));
    let asked = open(OFFICE, PLC2, 80);
    let stranger = PLC2.at("10.42.0.99", "fd00:42::99").with_mac([2, 0, 0, 0, 42, 99]);
    Site::of(engines, &text, &[]).check(&[
        ("GRE", vec![(sent.clone(), "pass allowed out"), (unreachable(PLC1, OFFICE, &sent), "pass established")]),
        (
            "GRE to another host",
            vec![(sent, "pass allowed out"), (unreachable(PLC1, OFFICE, &other), "drop no-transition")],
        ),
        (
            "an error from a host that the zone does not list",
            vec![
                (asked.clone(), "pass allowed out"),
                (unreachable(stranger, OFFICE, &asked), "drop unknown-device"),
                (unreachable(PLC2, OFFICE, &asked), "pass established"),
            ],
        ),
    ]);
}

topic!(an_audited_device_at_a_wrong_address_can_answer);

fn an_audited_device_at_a_wrong_address_can_answer(engines: Engines) {
    let rules = r#"
        [devices.plc]
        mac = "02:00:00:00:29:14"
        addresses = ["10.41.0.99", "fd00:41::99"]
        zone = "cell1"
        mode = "audit"
        [[transitions]]
        name = "out"
        from = "office"
        to = "cell1"
        allow = ["tcp/80"]
    "#;
    Site::new(engines, rules).check(&[
        (
            "an answer",
            vec![(open(OFFICE, PLC1, 80), "pass allowed out"), (answer(PLC1, OFFICE, 80), "audit spoofed-source")],
        ),
        one("what nothing allows", open(PLC1, OFFICE, 80), "drop no-transition"),
    ]);
}
