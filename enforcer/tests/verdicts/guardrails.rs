//! Guardrails: what no other layer can lift.

use super::frames::*;
use super::site::{Engines, Site, ZONES, one, topic};

const WIDE: &str = r#"
    [[transitions]]
    name = "wide"
    from = ["internet", "office", "iot", "cell1", "cell2"]
    to = ["internet", "office", "iot", "cell1", "cell2", "router"]
    allow = ["any"]
"#;

const YES: &str = "pass allowed wide";

topic!(zones_and_exceptions);

fn zones_and_exceptions(engines: Engines) {
    let mut site = Site::new(
        engines,
        &format!(
            "{WIDE}{}",
            r#"
        [[guardrails]]
        name = "everywhere"
        from = "*"
        to = "*"
        deny = ["tcp/23"]
        [[guardrails]]
        name = "cells stay inside"
        from = ["cell1", "cell2"]
        to = "internet"
        deny = ["tcp/1-100", "udp"]
        except = [{ from = "cell1", to = "internet", allow = ["tcp/50", "udp/53"] }]
        [[guardrails]]
        name = "no neighbours"
        from = "iot"
        to = "same"
        deny = ["any"]
        [[guardrails]]
        name = "quiet"
        from = "office"
        to = ["cell1", "cell2"]
        deny = ["udp/7-9"]
        except = [{ from = "*", to = "cell2" }]
        [[guardrails]]
        name = "a second on the same"
        from = "cell1"
        to = "internet"
        deny = ["tcp/50"]
        except = [{ from = "cell1", to = "office" }]
        "#
        ),
    );
    let everywhere = "drop guardrail everywhere";
    let inside = "drop guardrail cells stay inside";
    let rows = [
        one("star to star", open(OFFICE, PLC1, 23), "drop guardrail everywhere | office > cell1"),
        one("star holds the router as receiver", open(OFFICE, OFFICE.router(), 23), everywhere),
        one(
            "star holds the router as sender",
            open(OFFICE.router(), OFFICE, 23),
            "drop guardrail everywhere | router > office",
        ),
        one("star holds a zone with itself", open(PLC1, PLC1B, 23), everywhere),
        one("star holds the uplink", open(CLOUD, PLC1, 23), everywhere),
        one("not another service", open(OFFICE, PLC1, 24), YES),
        one("the lower edge", open(PLC2, CLOUD, 1), inside),
        one("the upper edge", open(PLC2, CLOUD, 100), inside),
        one("above", open(PLC2, CLOUD, 101), YES),
        one("whole UDP", udp(PLC2, CLOUD, (1, 65_535)), inside),
        one("not the other way", open(CLOUD, PLC2, 1), YES),
        one("except lets the other zone alone", udp(PLC1, CLOUD, (1, 53)), YES),
        one("except is for the zone that it names", udp(PLC2, CLOUD, (1, 53)), inside),
        one("except is for the services that it names", udp(PLC1, CLOUD, (1, 54)), inside),
        one("below the exception", open(PLC1, CLOUD, 49), inside),
        one("above the exception", open(PLC1, CLOUD, 51), inside),
        one("one's exception is not the other's", open(PLC1, CLOUD, 50), "drop guardrail a second on the same"),
        one("same", open(CAMERA, SENSOR, 80), "drop guardrail no neighbours | iot > iot"),
        one("same is not across", open(CAMERA, OFFICE, 80), YES),
        one("same is not the router", open(CAMERA, CAMERA.router(), 80), YES),
        one(
            "same holds multicast",
            udp(CAMERA, CAMERA.at("224.0.0.251", "ff02::fb"), (5353, 5353)),
            "drop guardrail no neighbours",
        ),
        one("an exception without services is all", udp(OFFICE, PLC2, (1, 8)), YES),
        one("it is for its receiver", udp(OFFICE, PLC1, (1, 8)), "drop guardrail quiet"),
    ];
    site.check(&rows);
}

const DEVICES: &str = r#"
    [devices.plc]
    addresses = ["10.41.0.20", "fd00:41::20"]
    zone = "cell1"
    [devices.robot]
    addresses = ["10.41.0.21", "fd00:41::21"]
    zone = "cell1"
    [devices.historian]
    addresses = ["10.42.0.20", "fd00:42::20"]
    zone = "cell2"
"#;

topic!(devices);

fn devices(engines: Engines) {
    let mut site = Site::of(
        engines,
        &format!(
            "{ZONES}{WIDE}{DEVICES}{}",
            r#"
            [[guardrails]]
            name = "cell1 off the net"
            from = "cell1"
            to = "internet"
            deny = ["any"]
            except = [{ from = "plc", to = "internet", allow = ["tcp/443"] }]
            [[guardrails]]
            name = "the robot"
            from = "robot"
            to = "office"
            deny = ["tcp/1-10"]
            [[guardrails]]
            name = "to the historian"
            from = "cell1"
            to = "historian"
            deny = ["tcp/20"]
            except = [{ from = "robot", to = "historian" }]
            [[guardrails]]
            name = "zone to zone"
            from = "cell1"
            to = "cell2"
            deny = ["tcp/30"]
            except = [{ from = "plc", to = "cell2" }, { from = "cell1", to = "historian", allow = ["tcp/30"] }]
            [[guardrails]]
            name = "both"
            from = "plc"
            to = "historian"
            deny = ["tcp/40"]
            "#
        ),
        &[],
    );
    let third = host("plc1", 41, 99);
    let neighbour = host("plc2", 42, 99);
    let (plc, robot, historian) = (PLC1, PLC1B, PLC2);
    let rows = [
        one("the excepted device", open(plc, CLOUD, 443), "pass allowed wide | cell1/plc > internet"),
        one("only for what is excepted", open(plc, CLOUD, 80), "drop guardrail cell1 off the net"),
        one("not another device", open(robot, CLOUD, 443), "drop guardrail cell1 off the net | cell1/robot > internet"),
        one("not the zone", open(third, CLOUD, 443), "drop guardrail cell1 off the net"),
        one("a guardrail for a device", open(robot, OFFICE, 1), "drop guardrail the robot"),
        one("its upper edge", open(robot, OFFICE, 10), "drop guardrail the robot"),
        one("above", open(robot, OFFICE, 11), YES),
        one("not its neighbour", open(plc, OFFICE, 1), YES),
        one("to a device, from the zone", open(third, historian, 20), "drop guardrail to the historian"),
        one("to a device, from a device", open(plc, historian, 20), "drop guardrail to the historian"),
        one("to a device, excepted device", open(robot, historian, 20), YES),
        one("not to its neighbour", open(plc, neighbour, 20), YES),
        one("zone to zone", open(third, neighbour, 30), "drop guardrail zone to zone"),
        one(
            "zone to zone, a device that is named elsewhere",
            open(robot, neighbour, 30),
            "drop guardrail zone to zone",
        ),
        one("excepted sender", open(plc, neighbour, 30), YES),
        one("excepted receiver", open(third, historian, 30), YES),
        one("both special, excepted by both", open(plc, historian, 30), YES),
        one("both special, excepted by the receiver", open(robot, historian, 30), YES),
        one("device to device", open(plc, historian, 40), "drop guardrail both"),
        one("another sender", open(robot, historian, 40), YES),
        one("another receiver", open(plc, neighbour, 40), YES),
    ];
    site.check(&rows);
}

topic!(audit_and_order);

fn audit_and_order(engines: Engines) {
    let mut site = Site::new(
        engines,
        r#"
        [[transitions]]
        name = "wide"
        from = "office"
        to = ["cell1", "internet"]
        allow = ["tcp/1-100"]
        [[guardrails]]
        name = "a trial"
        from = "office"
        to = "cell1"
        deny = ["tcp/1-20", "tcp/200"]
        mode = "audit"
        [[guardrails]]
        name = "enforced"
        from = "office"
        to = "cell1"
        deny = ["tcp/10-30"]
        [[guardrails]]
        name = "y"
        from = "office"
        to = "internet"
        deny = ["tcp/5"]
        [[guardrails]]
        name = "x"
        from = "*"
        to = "internet"
        deny = ["tcp/5"]
        "#,
    );
    let rows = [
        one("in audit", open(OFFICE, PLC1, 9), "audit guardrail a trial | office > cell1"),
        one("both", open(OFFICE, PLC1, 10), "drop guardrail enforced"),
        one("both, the last", open(OFFICE, PLC1, 20), "drop guardrail enforced"),
        one("the enforced alone", open(OFFICE, PLC1, 30), "drop guardrail enforced"),
        one("none", open(OFFICE, PLC1, 31), YES),
        one("in audit, and nothing allows it", open(OFFICE, PLC1, 200), "drop no-transition"),
        one("the first name", open(OFFICE, CLOUD, 5), "drop guardrail x"),
        one("a guardrail before a missing transition", open(PLC1, CLOUD, 5), "drop guardrail x"),
    ];
    site.check(&rows);
}
