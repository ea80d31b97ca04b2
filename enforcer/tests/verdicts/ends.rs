//! Who a transition is written for: zones, devices, groups, `same`, `*`, lists.

use super::frames::*;
use super::site::{Engines, Site, ZONES, one, topic};

const NOTHING: &str = "drop no-transition";

const DEVICES: &str = r#"
    [devices.plc]
    addresses = ["10.41.0.20", "fd00:41::20"]
    zone = "cell1"
    [devices.historian]
    addresses = ["10.42.0.20", "fd00:42::20"]
    zone = "cell2"
    [devices.station]
    addresses = ["10.10.0.20", "fd00:10::20"]
    zone = "office"
"#;

topic!(same_and_star);

fn same_and_star(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        from = ["cell1", "office"]
        to = "same"
        allow = ["tcp/1"]
        [[transitions]]
        from = "*"
        to = "*"
        allow = ["tcp/2"]
        [[transitions]]
        from = "*"
        to = "same"
        allow = ["tcp/3"]
        [[transitions]]
        from = "office"
        to = "*"
        allow = ["tcp/4"]
        [[transitions]]
        from = "*"
        to = "office"
        allow = ["tcp/5"]
        [[transitions]]
        from = "*"
        to = "router"
        allow = ["tcp/6"]
        "#,
    );
    let rows = [
        one("same", open(PLC1, PLC1B, 1), "pass allowed cell1+office>same | cell1 > cell1"),
        one("same, the other of the list", open(OFFICE, OFFICE2, 1), "pass allowed cell1+office>same"),
        one("same is not between the list", open(OFFICE, PLC1, 1), NOTHING),
        one("same is not for others", open(CAMERA, SENSOR, 1), NOTHING),
        one("same is not the router", open(PLC1, PLC1.router(), 1), NOTHING),
        one("star to star", open(CAMERA, PLC2, 2), "pass allowed *>*"),
        one("star to star, uplinks too", open(CLOUD, PLC2, 2), "pass allowed *>*"),
        one("star is never the router", open(CAMERA, CAMERA.router(), 2), NOTHING),
        one("star is never one zone with itself", open(PLC1, PLC1B, 2), NOTHING),
        one("star to same", open(CAMERA, SENSOR, 3), "pass allowed *>same"),
        one("star to same is not across", open(CAMERA, PLC1, 3), NOTHING),
        one("to star", open(OFFICE, PLC2, 4), "pass allowed office>*"),
        one("to star is not the router", open(OFFICE, OFFICE.router(), 4), NOTHING),
        one("to star is not the sender's own", open(OFFICE, OFFICE2, 4), NOTHING),
        one("to star, from another", open(PLC1, PLC2, 4), NOTHING),
        one("from star", open(PLC1, OFFICE, 5), "pass allowed *>office"),
        one("from star is not the receiver's own", open(OFFICE, OFFICE2, 5), NOTHING),
        one("from star to the router", open(CLOUD, CLOUD.router(), 6), "pass allowed *>router | internet > router"),
        one("the router's address on another port", open(OFFICE, PLC1.router(), 6), "pass allowed *>router"),
    ];
    site.check(&rows);
}

topic!(lists_and_groups);

fn lists_and_groups(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [groups]
        cells = ["cell1", "cell2"]
        all = ["cells", "office"]
        [[transitions]]
        from = ["cell1", "iot"]
        to = ["cell1", "cell2"]
        allow = ["tcp/1"]
        [[transitions]]
        from = "cells"
        to = "cells"
        allow = ["tcp/2"]
        [[transitions]]
        from = "all"
        to = "iot"
        allow = ["tcp/3"]
        [[transitions]]
        name = "b"
        from = "office"
        to = "iot"
        allow = ["tcp/3-5"]
        [[transitions]]
        name = "a"
        from = "office"
        to = "iot"
        allow = ["tcp/4-5"]
        deny = ["tcp/5"]
        "#,
    );
    let rows = [
        one("cross", open(PLC1, PLC2, 1), "pass allowed cell1+iot>cell1+cell2"),
        one("cross, second", open(CAMERA, PLC1, 1), "pass allowed cell1+iot>cell1+cell2"),
        one("cross, third", open(CAMERA, PLC2, 1), "pass allowed cell1+iot>cell1+cell2"),
        one("the diagonal", open(PLC1, PLC1B, 1), "pass allowed cell1+iot>cell1+cell2"),
        one("no diagonal without standing on both", open(CAMERA, SENSOR, 1), NOTHING),
        one("not the other way", open(PLC2, PLC1, 1), NOTHING),
        one("a group on both sides", open(PLC1, PLC2, 2), "pass allowed cells>cells"),
        one("back", open(PLC2, PLC1, 2), "pass allowed cells>cells"),
        one("its diagonal", open(PLC1, PLC1B, 2), "pass allowed cells>cells"),
        one("a group in a group", open(PLC2, CAMERA, 3), "pass allowed all>iot"),
        one("nobody of the group", open(CLOUD, CAMERA, 3), NOTHING),
        one("the first name counts", open(OFFICE, CAMERA, 3), "pass allowed all>iot"),
        one("the first name that allows", open(OFFICE, CAMERA, 4), "pass allowed a"),
        one("one's deny is not the other's", open(OFFICE, CAMERA, 5), "pass allowed b"),
    ];
    site.check(&rows);
}

topic!(devices_as_ends);

fn devices_as_ends(engines: Engines) {
    let text = format!(
        "{ZONES}{DEVICES}{}",
        r#"
        [groups]
        things = ["plc", "iot"]
        [[transitions]]
        from = "cell1"
        to = "cell2"
        allow = ["tcp/1"]
        deny = ["tcp/9"]
        [[transitions]]
        from = "plc"
        to = "cell2"
        allow = ["tcp/2", "tcp/9"]
        [[transitions]]
        from = "cell1"
        to = "historian"
        allow = ["tcp/3"]
        [[transitions]]
        from = "plc"
        to = "historian"
        allow = ["tcp/4"]
        [[transitions]]
        from = "station"
        to = "same"
        allow = ["tcp/5"]
        [[transitions]]
        from = "plc"
        to = "*"
        allow = ["tcp/6"]
        [[transitions]]
        from = "*"
        to = "historian"
        allow = ["tcp/7"]
        [[transitions]]
        from = "things"
        to = "office"
        allow = ["tcp/8"]
        [[transitions]]
        from = "plc"
        to = "router"
        allow = ["tcp/10"]
        "#
    );
    let mut site = Site::of(engines, &text, &[]);
    let (plc, historian, station) = (PLC1, PLC2, OFFICE);
    let other2 = host("plc2", 42, 77);
    let rows = [
        one("what its zone may", open(plc, historian, 1), "pass allowed cell1>cell2 | cell1/plc > cell2/historian"),
        one("the device to a zone", open(plc, other2, 2), "pass allowed plc>cell2 | cell1/plc > cell2"),
        one("the device to a device of the zone", open(plc, historian, 2), "pass allowed plc>cell2"),
        one("its neighbour may not", open(PLC1B, other2, 2), NOTHING),
        one("a zone to the device", open(PLC1B, historian, 3), "pass allowed cell1>historian"),
        one("a device of the zone to the device", open(plc, historian, 3), "pass allowed cell1>historian"),
        one("not to its neighbour", open(PLC1B, other2, 3), NOTHING),
        one("device to device", open(plc, historian, 4), "pass allowed plc>historian"),
        one("not from a neighbour", open(PLC1B, historian, 4), NOTHING),
        one("not to a neighbour", open(plc, other2, 4), NOTHING),
        one("a zone's deny is its own", open(plc, historian, 9), "pass allowed plc>cell2"),
        one("same is the device's zone", open(station, OFFICE2, 5), "pass allowed station>same"),
        one("same is not for its neighbours", open(OFFICE2, station, 5), NOTHING),
        one("a device to star", open(plc, CAMERA, 6), "pass allowed plc>*"),
        one("star holds other devices", open(plc, station, 6), "pass allowed plc>*"),
        one("star is not the device's own zone", open(plc, PLC1B, 6), NOTHING),
        one("star is not the router", open(plc, plc.router(), 6), NOTHING),
        one("star to a device", open(CAMERA, historian, 7), "pass allowed *>historian"),
        one("star is not the receiver's own zone", open(other2, historian, 7), NOTHING),
        one("a device in a group", open(plc, OFFICE2, 8), "pass allowed things>office"),
        one("a zone in the group", open(CAMERA, station, 8), "pass allowed things>office"),
        one("the device's neighbour is not in it", open(PLC1B, OFFICE2, 8), NOTHING),
        one("a device to the router", open(plc, plc.router(), 10), "pass allowed plc>router"),
        one("its neighbour not", open(PLC1B, PLC1.router(), 10), NOTHING),
    ];
    site.check(&rows);
}
