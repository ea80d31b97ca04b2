//! The router as sender: it needs no transition; guardrails and profiles of receivers hold.

use super::frames::*;
use super::profile::file;
use super::site::{Engines, Site, ZONES, one, topic};

topic!(what_it_sends);

fn what_it_sends(engines: Engines) {
    let rules = r#"
        [[guardrails]]
        name = "quiet"
        from = "router"
        to = ["cell1", "internet"]
        deny = ["tcp/23", "udp/5353"]
        [[guardrails]]
        name = "all"
        from = "*"
        to = "*"
        deny = ["tcp/25"]
        except = [{ from = "router", to = "internet" }]
        [[transitions]]
        from = "cell1"
        to = "cell2"
        allow = ["any"]
        [devices.camera]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["m.json"]
    "#;
    let profile = file(
        "https://a.example/m.json",
        &[],
        &[
            ("no", r#""tcp":{"destination-port":{"port":81}}"#, "drop"),
            ("web", r#""tcp":{"destination-port":{"port":80}}"#, "accept"),
        ],
    );
    let mut site = Site::of(engines, &format!("{ZONES}{rules}"), &[("m.json", profile)]);
    let everybody = |of: Host| of.at("224.0.0.251", "ff02::fb");
    let own = |of: Host| of.router();
    let rows = [
        one("to a zone", open(own(PLC1), PLC1, 80), "pass allowed | router > cell1"),
        one("to the uplink", open(own(CLOUD), CLOUD, 443), "pass allowed | router > internet"),
        one("beyond it", open(own(CLOUD), FAR, 443), "pass allowed | router > internet"),
        one("with an address of another port", open(own(OFFICE), PLC1, 80), "pass allowed | router > cell1"),
        one("a datagram", udp(own(OFFICE), OFFICE, (9, 9)), "pass allowed | router > office"),
        one("an echo", ping(own(PLC2), PLC2), "pass allowed | router > cell2"),
        one("a guardrail", open(own(PLC1), PLC1, 23), "drop guardrail quiet | router > cell1"),
        one("not for others", open(own(PLC2), PLC2, 23), "pass allowed | router > cell2"),
        one("a guardrail with stars", open(own(PLC2), PLC2, 25), "drop guardrail all"),
        one("its exception", open(own(CLOUD), CLOUD, 25), "pass allowed | router > internet"),
        one("a profile that allows it", open(own(CAMERA), CAMERA, 80), "pass allowed | router > iot/camera"),
        one("a profile that does not", open(own(CAMERA), CAMERA, 82), "drop mud-to-device | router > iot/camera"),
        one("an entry that drops it", open(own(CAMERA), CAMERA, 81), "drop mud-to-device m.json#to?/no"),
        one("link-local", udp(own(CAMERA), GUEST.at("169.254.0.9", "fe80::9"), (9, 9)), "pass allowed | router > iot"),
        one("multicast", udp(own(CAMERA), everybody(CAMERA), (5353, 5353)), "pass allowed | router > iot"),
        one(
            "multicast, guardrail",
            udp(own(PLC1), everybody(PLC1), (5353, 5353)),
            "drop guardrail quiet | router > cell1",
        ),
        (
            "answers to it",
            vec![
                (open(own(PLC1), PLC1, 80), "pass allowed"),
                (answer(PLC1, own(PLC1), 80), "pass established | cell1 > router"),
            ],
        ),
        (
            "answers to it, nothing else",
            vec![
                (open(own(PLC1), PLC1, 80), "pass allowed"),
                (answer(PLC1, own(PLC1), 81), "drop no-transition | cell1 > router"),
                (open(PLC1, own(PLC1), 22), "drop no-transition"),
            ],
        ),
        (
            "errors about others",
            vec![
                (udp(PLC1, PLC2, (5, 9)), "pass allowed cell1>cell2"),
                (unreachable(own(PLC1), PLC1, &udp(PLC1, PLC2, (5, 9))), "pass established | router > cell1"),
            ],
        ),
    ];
    site.check(&rows);
}
