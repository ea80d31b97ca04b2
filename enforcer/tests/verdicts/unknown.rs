//! Zones that demand listed devices.

use super::frames::*;
use super::senders::TAG;
use super::site::{Engines, Site, one, topic, zones};

topic!(unknown_addresses);

fn unknown_addresses(engines: Engines) {
    let text = format!(
        "{}{}",
        zones(&[("iot", "unknown = \"deny\""), ("cell1", "unknown = \"quarantine\""),]),
        r#"
        [zones.quarantine]
        ports = []
        prefixes = []
        [devices.camera]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        [devices.tag]
        mac = "02:00:00:00:1e:77"
        zone = "iot"
        [devices.robot]
        mac = "02:00:00:00:29:77"
        zone = "cell1"
        [devices.plc]
        addresses = ["10.41.0.20", "fd00:41::20"]
        zone = "cell1"
        [[transitions]]
        name = "wide"
        from = ["office", "iot"]
        to = ["office", "iot"]
        allow = ["any"]
        [[transitions]]
        from = "quarantine"
        to = "office"
        allow = ["tcp/1"]
        [[transitions]]
        from = "cell1"
        to = "office"
        allow = ["tcp/2"]
        [[transitions]]
        from = "office"
        to = "quarantine"
        allow = ["tcp/3"]
        [[transitions]]
        from = "office"
        to = "cell1"
        allow = ["tcp/4"]
        [[transitions]]
        from = "cell1"
        to = "same"
        allow = ["tcp/5"]
        "#
    );
    let mut site = Site::of(engines, &text, &[]);
    let robot = host("plc1", 41, 77).with_mac([2, 0, 0, 0, 0x29, 0x77]);
    let rows = [
        one("listed", open(CAMERA, OFFICE, 1), "pass allowed wide | iot/camera > office"),
        one("deny, as sender", open(GUEST, OFFICE, 1), "drop unknown-device | iot > office"),
        one("deny, as receiver", open(OFFICE, GUEST, 1), "drop unknown-device | office > iot"),
        one("deny, listed receiver", open(OFFICE, CAMERA, 1), "pass allowed wide | office > iot/camera"),
        one("deny, within the zone, as sender", open(GUEST, CAMERA, 1), "drop unknown-device"),
        one("deny, within the zone, as receiver", open(CAMERA, GUEST, 1), "drop unknown-device"),
        one("deny, the router to it", open(GUEST.router(), GUEST, 1), "drop unknown-device | router > iot"),
        one(
            "a group is nobody unknown",
            udp(CAMERA, CAMERA.at("224.0.0.251", "ff02::fb"), (1, 1)),
            "pass allowed wide",
        ),
        one("allow is the default", open(OFFICE2, CAMERA, 1), "pass allowed wide"),
        one("deny, known by MAC, not seen yet", open(OFFICE, TAG, 1), "drop unknown-device | office > iot"),
        one("deny, known by MAC", open(TAG, OFFICE, 1), "pass allowed wide | iot/tag > office"),
        one("deny, known by MAC, seen", open(OFFICE, TAG, 1), "pass allowed wide | office > iot/tag"),
        one(
            "quarantine, known by MAC, not seen yet",
            open(OFFICE, robot, 4),
            "drop no-transition | office > quarantine",
        ),
        one("quarantine, known by MAC", open(robot, OFFICE, 2), "pass allowed cell1>office | cell1/robot > office"),
        one(
            "quarantine, known by MAC, seen",
            open(OFFICE, robot, 4),
            "pass allowed office>cell1 | office > cell1/robot",
        ),
        one("quarantine, as sender", open(PLC1B, OFFICE, 1), "pass allowed quarantine>office | quarantine > office"),
        one("quarantine is not its home", open(PLC1B, OFFICE, 2), "drop no-transition | quarantine > office"),
        one("quarantine, as receiver", open(OFFICE, PLC1B, 3), "pass allowed office>quarantine | office > quarantine"),
        one("quarantine, as receiver, is not its home", open(OFFICE, PLC1B, 4), "drop no-transition"),
        one("listed there", open(PLC1, OFFICE, 2), "pass allowed cell1>office | cell1/plc > office"),
        one("listed is not quarantined", open(PLC1, OFFICE, 1), "drop no-transition"),
        one(
            "quarantine is not its neighbours' zone",
            open(PLC1B, PLC1, 5),
            "drop no-transition | quarantine > cell1/plc",
        ),
    ];
    site.check(&rows);
}
