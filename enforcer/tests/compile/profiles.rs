//! What MUD files allow.

use serde_json::{Value, json};

use crate::mud::{accept, drop, file, ports};
use crate::site::{Site, ZONES, by, frame, packet};

const CAMERA: u64 = 0x0200_0000_0001;

const RULES: &str = r#"
[[transitions]]
name = "all"
from = ["iot", "office", "internet"]
to = ["iot", "office", "internet", "router"]
allow = ["mud"]

[devices.camera]
mac = "02:00:00:00:00:01"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = FILES
my-controllers = ["10.20.0.5", "fd00:20::5"]

[devices.lamp]
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"
mud = ["lamp.json"]
my-controllers = ["10.20.0.6"]

[names]
"cloud.example" = ["192.0.2.10", "2001:db8::10"]

[controllers]
"https://site.example/light" = ["10.20.0.8", "fd00:20::8"]
"#;

/// A site whose camera has these files, `a.json` first; the lamp's file allows everything.
fn site(files: &[(&[Value], &[Value])], camera: &str) -> Site {
    let names: Vec<String> = ('a'..).zip(files).map(|(name, _)| format!("{name}.json")).collect();
    let texts: Vec<String> = files.iter().map(|(from, to)| file("https://vendor.example/camera", from, to)).collect();
    let rules = RULES.replace("FILES", &format!("{names:?}\n{camera}"));
    let any = [accept("any", json!({}))];
    let lamp = file("https://vendor.example/lamp", &any, &any);
    let mut all = vec![("zones.toml", ZONES), ("rules.toml", &rules), ("lamp.json", &lamp)];
    all.extend(names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())));
    Site::with(&all)
}

/// A site whose camera has one file with entries for what it sends.
fn sending(from: &[Value]) -> Site {
    site(&[(from, &[])], "")
}

/// What becomes of a packet that the camera sends, the same for both families.
fn send(site: &Site, to: [&str; 2], service: &str) -> String {
    let four = by(CAMERA, packet("10.30.0.11", to[0], service));
    let six = by(CAMERA, packet("fd00:30::11", to[1], service));
    let verdict = site.judge("iot0", &four);
    assert_eq!(verdict, site.judge("iot0", &six), "{to:?} {service}");
    verdict
}

const CLOUD: [&str; 2] = ["192.0.2.10", "2001:db8::10"];
const STRANGER: [&str; 2] = ["192.0.2.9", "2001:db8::9"];
const ROUTER: [&str; 2] = ["10.30.0.1", "fd00:30::1"];
const MINE: [&str; 2] = ["10.20.0.5", "fd00:20::5"];
const LAMPS: [&str; 2] = ["10.20.0.6", "fd00:20::6"];
const LIGHT: [&str; 2] = ["10.20.0.8", "fd00:20::8"];
const LAMP: [&str; 2] = ["10.30.0.12", "fd00:30::12"];
const GROUP: [&str; 2] = ["239.1.2.3", "ff05::3"];
const PASS: &str = "allowed all";
const NONE: &str = "mud-from-device";

#[test]
fn the_first_entry_that_matches_decides() {
    let site = sending(&[
        accept("one", json!({ "tcp": ports("destination-port", 85, 85) })),
        drop("middle", json!({ "tcp": ports("destination-port", 82, 88) })),
        accept("all", json!({ "tcp": ports("destination-port", 80, 89) })),
        drop("late", json!({ "tcp": ports("destination-port", 80, 99) })),
    ]);
    for (service, expected) in [
        ("tcp/79", NONE),
        ("tcp/80", PASS),
        ("tcp/81", PASS),
        ("tcp/82", "mud-from-device a.json#from/middle"),
        ("tcp/85", PASS),
        ("tcp/88", "mud-from-device a.json#from/middle"),
        ("tcp/89", PASS),
        ("tcp/90", "mud-from-device a.json#from/late"),
        ("udp/80", NONE),
    ] {
        assert_eq!(send(&site, STRANGER, service), expected, "{service}");
    }
    let packet = by(CAMERA, packet("10.30.0.11", "192.0.2.9", "tcp/81"));
    let ace = site.decide("iot0", &packet).unwrap().from_ace;
    assert_eq!(site.image.names.rules[ace as usize].name, "a.json#from/all");
}

#[test]
fn peers_are_who_the_network_says() {
    let peer = |word: &str, value: Value, port: u16| {
        accept(
            &format!("{word}-{port}"),
            json!({ "ietf-mud:mud": { word: value }, "udp": ports("destination-port", port, port) }),
        )
    };
    let name = |version: u32| {
        let ip = json!({ "ietf-acldns:dst-dnsname": "Cloud.Example." });
        let udp = ports("destination-port", 1, 1);
        accept(&format!("name{version}"), json!({ format!("ipv{version}"): ip, "udp": udp }))
    };
    let site = sending(&[
        name(4),
        name(6),
        peer("controller", json!("https://site.example/light"), 2),
        peer("controller", json!("https://site.example/unset"), 3),
        peer("my-controller", json!([null]), 4),
        peer("local-networks", json!([null]), 5),
        peer("same-manufacturer", json!([null]), 6),
        peer("manufacturer", json!("vendor.example"), 7),
        peer("manufacturer", json!("other.example"), 8),
        peer("model", json!("https://vendor.example/lamp"), 9),
        peer("model", json!("https://vendor.example/camera"), 10),
        peer("controller", json!("urn:ietf:params:mud:dns"), 11),
    ]);
    for (to, services) in [
        (CLOUD, &["udp/1"][..]),
        (STRANGER, &[]),
        (LIGHT, &["udp/2", "udp/5"]),
        (MINE, &["udp/4", "udp/5"]),
        (LAMPS, &["udp/5"]),
        (ROUTER, &["udp/5", "udp/11", "udp/53", "udp/123"]),
        (GROUP, &["udp/5"]),
    ] {
        for port in (1..12).chain([53, 123]) {
            let service = format!("udp/{port}");
            let expected = if services.contains(&service.as_str()) { PASS } else { NONE };
            assert_eq!(send(&site, to, &service), expected, "{to:?} {service}");
        }
    }
    for (port, expected) in [(6, PASS), (7, PASS), (8, NONE), (9, PASS), (10, NONE), (5, PASS), (4, NONE)] {
        assert_eq!(send(&site, LAMP, &format!("udp/{port}")), expected, "{port}");
    }
}

#[test]
fn several_files_are_their_union() {
    let tcp = |first, last| json!({ "tcp": ports("destination-port", first, last) });
    let a = [drop("no", tcp(80, 81)), accept("yes", tcp(82, 83))];
    let b = [accept("yes", tcp(81, 82)), drop("no", tcp(83, 84))];
    let site = site(&[(&a, &[]), (&b, &[])], "");
    for (port, expected) in [
        (79, NONE),
        (80, "mud-from-device a.json#from/no"),
        (81, PASS),
        (82, PASS),
        (83, PASS),
        (84, "mud-from-device b.json#from/no"),
    ] {
        assert_eq!(send(&site, STRANGER, &format!("tcp/{port}")), expected, "{port}");
    }
}

#[test]
fn who_opens_matters_where_the_file_says_so() {
    let tcp = |which: &str, opened: &str| json!({ "tcp": { "ietf-mud:direction-initiated": opened, which: { "operator": "eq", "port": 443 } } });
    let out = site(
        &[(
            &[accept("web", tcp("destination-port", "from-device"))],
            &[accept("web", tcp("source-port", "from-device"))],
        )],
        "",
    );
    assert_eq!(send(&out, STRANGER, "tcp/443"), PASS);
    let into = packet("192.0.2.9", "10.30.0.11", "tcp/40000:443");
    assert_eq!(out.judge("wan0", &into), "mud-to-device");
    let inward = site(
        &[(&[accept("web", tcp("source-port", "to-device"))], &[accept("web", tcp("destination-port", "to-device"))])],
        "",
    );
    assert_eq!(send(&inward, STRANGER, "tcp/40000:443"), NONE);
    assert_eq!(inward.judge("wan0", &packet("192.0.2.9", "10.30.0.11", "tcp/443")), PASS);
}

#[test]
fn answers_pass_unless_an_entry_drops_them_or_they_must_be_listed() {
    let out = |port| json!({ "udp": ports("destination-port", port, port) });
    let back = |port| json!({ "udp": ports("source-port", port, port) });
    let from = [accept("1", out(1)), accept("2", out(2)), accept("3", out(3))];
    let to = [accept("1", back(1)), drop("2", back(2))];
    let answer = |site: &Site, port: u16| {
        let four = by(CAMERA, packet("10.30.0.11", "192.0.2.9", &format!("udp/{port}")));
        let six = by(CAMERA, packet("fd00:30::11", "2001:db8::9", &format!("udp/{port}")));
        assert_eq!(site.answer("iot0", &four), site.answer("iot0", &six));
        site.answer("iot0", &four)
    };
    let plain = site(&[(&from, &to)], "");
    let dropped = Some("mud-to-device a.json#to/2".to_owned());
    assert_eq!([1, 2, 3].map(|port| answer(&plain, port)), [None, dropped.clone(), None]);
    let listed = site(&[(&from, &to)], "replies = \"listed\"");
    let unlisted = Some("mud-to-device ".to_owned());
    assert_eq!([1, 2, 3].map(|port| answer(&listed, port)), [None, dropped, unlisted]);
}

#[test]
fn what_is_not_understood_never_accepts_and_still_drops() {
    let strange = json!({ "ietf-mud:mud": { "phase-of-the-moon": [null] }, "udp": ports("destination-port", 1, 2) });
    let site = sending(&[
        accept("strange", strange.clone()),
        drop(
            "stranger",
            json!({ "ietf-mud:mud": { "phase-of-the-moon": [null] }, "udp": ports("destination-port", 2, 2) }),
        ),
        accept("plain", json!({ "udp": ports("destination-port", 2, 3) })),
    ]);
    assert_eq!(send(&site, STRANGER, "udp/1"), NONE);
    assert_eq!(send(&site, STRANGER, "udp/2"), "mud-from-device a.json#from/stranger");
    assert_eq!(send(&site, STRANGER, "udp/3"), PASS);
}

#[test]
fn the_devices_own_address_can_be_demanded() {
    let own = json!({
        "ipv4": { "source-ipv4-network": "10.30.0.0/28", "destination-ipv4-network": "192.0.2.0/24" },
        "udp": ports("destination-port", 1, 1),
    });
    let other = json!({ "ipv4": { "source-ipv4-network": "10.30.0.16/28" }, "udp": ports("destination-port", 2, 2) });
    let site = sending(&[accept("own", own), accept("other", other)]);
    let judge = |to: &str, service: &str| site.judge("iot0", &by(CAMERA, packet("10.30.0.11", to, service)));
    assert_eq!(judge("192.0.2.9", "udp/1"), PASS);
    assert_eq!(judge("192.0.3.9", "udp/1"), NONE);
    assert_eq!(judge("192.0.2.9", "udp/2"), NONE);
}

#[test]
fn frames_without_ip_have_lists_of_their_own() {
    let eth = |kind: &str| json!({ "eth": { "ethertype": kind } });
    let text = file("https://vendor.example/camera", &[accept("goose", eth("0x88b8"))], &[]);
    let rules = RULES.replace("FILES", "[\"a.json\"]").replace("lamp.json", "a.json");
    let site = Site::with(&[("zones.toml", ZONES), ("rules.toml", &rules), ("a.json", &text)]);
    assert_eq!(site.judge("iot0", &frame(CAMERA, 9, 0x88b8, 1)), PASS);
    assert_eq!(site.judge("iot0", &frame(CAMERA, 9, 0x88ba, 1)), NONE);
    assert_eq!(site.judge("iot0", &frame(9, CAMERA, 0x88b8, 1)), "mud-to-device");
}

#[test]
fn both_ends_must_agree() {
    let site = sending(&[accept("any", json!({}))]);
    // The camera's file has nothing for what it gets; the lamp's allows everything.
    assert_eq!(send(&site, LAMP, "udp/1"), PASS);
    for (from, to) in [("10.30.0.12", "10.30.0.11"), ("fd00:30::12", "fd00:30::11")] {
        assert_eq!(site.judge("iot0", &packet(from, to, "udp/1")), "mud-to-device");
    }
}
