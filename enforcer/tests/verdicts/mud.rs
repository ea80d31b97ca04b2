//! MUD: what the profiles of sender and receiver allow.

use super::frames::*;
use super::profile::file;
use super::site::{Engines, Site, ZONES, one, topic};

pub(crate) const FROM: &str = "drop mud-from-device";
pub(crate) const TO: &str = "drop mud-to-device";

/// Every zone may do with every other and with itself what profiles allow; another rule is wider.
pub(crate) const RULES: &str = r#"
    [[transitions]]
    name = "profiles"
    from = ["internet", "office", "iot", "cell1"]
    to = ["internet", "office", "iot", "cell1", "router"]
    allow = ["mud"]
    [[transitions]]
    name = "beside"
    from = ["iot", "office"]
    to = ["internet", "iot"]
    allow = ["mud", "tcp/8000"]
    [names]
    "cloud.example.com" = ["203.0.113.10", "2001:db8:113::10"]
    [controllers]
    "urn:example:class" = ["10.10.0.20", "fd00:10::20"]
"#;

const DEVICES: &str = r#"
    [devices.camera]
    addresses = ["10.30.0.11", "fd00:30::11"]
    zone = "iot"
    mud = ["camera.json"]
    my-controllers = ["10.10.0.20", "fd00:10::20"]
    [devices.camera2]
    addresses = ["10.41.0.20", "fd00:41::20"]
    zone = "cell1"
    mud = ["camera.json"]
    my-controllers = ["10.10.0.21", "fd00:10::21"]
    [devices.sensor]
    addresses = ["10.30.0.12", "fd00:30::12"]
    zone = "iot"
    mud = ["sensor.json"]
    [devices.plain]
    addresses = ["10.30.0.99", "fd00:30::99"]
    zone = "iot"
"#;

const CAMERA2: Host = PLC1;
const PLAIN: Host = GUEST;
const NOBODY: Host = host("lan0.30", 30, 50);

fn camera() -> String {
    file(
        "https://cam.example/camera.json",
        &[
            ("cloud", r#""ipv?":{"ietf-acldns:dst-dnsname":"cloud.example.com"},"tcp":{"ietf-mud:direction-initiated":"from-device","destination-port":{"operator":"eq","port":443}}"#, "accept"),
            ("mine", r#""ietf-mud:mud":{"my-controller":[null]},"tcp":{"destination-port":{"port":8883}}"#, "accept"),
            ("class", r#""ietf-mud:mud":{"controller":"urn:example:class"},"tcp":{"destination-port":{"port":700}}"#, "accept"),
            ("unset", r#""ietf-mud:mud":{"controller":"urn:example:unset"},"tcp":{"destination-port":{"port":701}}"#, "accept"),
            ("local", r#""ietf-mud:mud":{"local-networks":[null]},"udp":{"destination-port":{"port":5000}}"#, "accept"),
            ("same", r#""ietf-mud:mud":{"same-manufacturer":[null]},"tcp":{"destination-port":{"port":502}}"#, "accept"),
            ("maker", r#""ietf-mud:mud":{"manufacturer":"sensor.example"},"tcp":{"destination-port":{"port":503}}"#, "accept"),
            ("model", r#""ietf-mud:mud":{"model":"https://sensor.example/s.json"},"tcp":{"destination-port":{"port":504}}"#, "accept"),
            ("wrong", r#""ietf-mud:mud":{"local-networks":[null]},"tcp":{"ietf-mud:direction-initiated":"to-device","source-port":{"port":9000}}"#, "accept"),
            ("ping", r#""ietf-mud:mud":{"local-networks":[null]},"ipv?":{},"icmp":{"type":8}"#, "accept"),
        ],
        &[
            ("cloud", r#""ipv?":{"ietf-acldns:src-dnsname":"cloud.example.com"},"tcp":{"source-port":{"operator":"eq","port":443}}"#, "accept"),
            ("view", r#""ietf-mud:mud":{"my-controller":[null]},"tcp":{"destination-port":{"port":554}}"#, "accept"),
            ("same", r#""ietf-mud:mud":{"same-manufacturer":[null]},"tcp":{"destination-port":{"port":502}}"#, "accept"),
            ("local", r#""ietf-mud:mud":{"local-networks":[null]},"tcp":{"destination-port":{"port":8000}}"#, "accept"),
        ],
    )
    // ICMPv6 has other numbers.
    .replacen(r#""ipv6":{},"icmp":{"type":8}"#, r#""ipv6":{},"icmp":{"type":128}"#, 1)
}

fn sensor() -> String {
    file(
        "https://sensor.example/s.json",
        &[(
            "cam",
            r#""ietf-mud:mud":{"manufacturer":"cam.example"},"tcp":{"destination-port":{"operator":"range","lower-port":500,"upper-port":600}}"#,
            "accept",
        )],
        &[
            (
                "cam",
                r#""ietf-mud:mud":{"manufacturer":"cam.example"},"tcp":{"destination-port":{"port":503}}"#,
                "accept",
            ),
            (
                "model",
                r#""ietf-mud:mud":{"model":"https://cam.example/camera.json"},"tcp":{"destination-port":{"port":504}}"#,
                "accept",
            ),
        ],
    )
}

topic!(peers);

fn peers(engines: Engines) {
    let mut site =
        Site::of(engines, &format!("{ZONES}{RULES}{DEVICES}"), &[("camera.json", camera()), ("sensor.json", sensor())]);
    let stranger = NOBODY;
    let group = |from: Host| from.at("224.0.0.251", "ff02::fb");
    let rows = [
        one("a name", open(CAMERA, CLOUD, 443), "pass allowed beside | iot/camera > internet"),
        one("another port", open(CAMERA, CLOUD, 80), "drop mud-from-device | iot/camera > internet"),
        one("another address", open(CAMERA, FAR, 443), FROM),
        one(
            "opened the wrong way, by the mirror",
            tcp(CLOUD, CAMERA, (443, 40_000), SYN),
            "drop mud-to-device | internet > iot/camera",
        ),
        one("opened the wrong way", tcp(CAMERA, OFFICE, (9000, 40_000), SYN), FROM),
        one("my-controller", open(CAMERA, OFFICE, 8883), "pass allowed profiles"),
        one("somebody else's controller", open(CAMERA, OFFICE2, 8883), FROM),
        one("the other device's controller", open(CAMERA2, OFFICE2, 8883), "pass allowed profiles"),
        one("not the first one's", open(CAMERA2, OFFICE, 8883), FROM),
        one("to-device, my-controller", open(OFFICE, CAMERA, 554), "pass allowed beside | office > iot/camera"),
        one("to-device, nobody's controller", open(OFFICE2, CAMERA, 554), TO),
        one("to-device, another port", open(OFFICE, CAMERA, 555), TO),
        one("a controller class", open(CAMERA, OFFICE, 700), "pass allowed profiles"),
        one("not of the class", open(CAMERA, OFFICE2, 700), FROM),
        one("a class that nobody set", open(CAMERA, OFFICE, 701), FROM),
        one("default DNS", udp(CAMERA, CAMERA.router(), (40_000, 53)), "pass allowed profiles | iot/camera > router"),
        one("default NTP", udp(CAMERA, CAMERA.router(), (40_000, 123)), "pass allowed profiles"),
        one("another address of the router", udp(CAMERA, OFFICE.router(), (40_000, 53)), "pass allowed profiles"),
        one("DNS is the router", udp(CAMERA, CLOUD, (40_000, 53)), FROM),
        one("DNS over TCP is no default", open(CAMERA, CAMERA.router(), 53), FROM),
        one("local networks", udp(CAMERA, OFFICE, (1, 5000)), "pass allowed profiles"),
        one("local networks hold the own zone", udp(CAMERA, stranger, (1, 5000)), "pass allowed beside"),
        one("and the router", udp(CAMERA, CAMERA.router(), (1, 5000)), "pass allowed profiles"),
        one("not the uplink", udp(CAMERA, CLOUD, (1, 5000)), FROM),
        one("nor what lies behind", udp(CAMERA, FAR, (1, 5000)), FROM),
        one("multicast", udp(CAMERA, group(CAMERA), (1, 5000)), "pass allowed beside | iot/camera > iot"),
        one("multicast of another service", udp(CAMERA, group(CAMERA), (1, 5001)), FROM),
        one(
            "broadcast",
            udp(CAMERA, CAMERA.at("255.255.255.255", "ff02::1").with_mac(BROADCAST), (1, 5000)),
            "pass allowed beside",
        ),
        one(
            "link-local",
            udp(CAMERA, CAMERA.at("169.254.0.9", "fe80::9").with_mac(NOBODY.mac), (1, 5000)),
            "pass allowed beside | iot/camera > iot",
        ),
        one(
            "same manufacturer, both ends",
            open(CAMERA, CAMERA2, 502),
            "pass allowed profiles | iot/camera > cell1/camera2",
        ),
        one("same manufacturer, back", open(CAMERA2, CAMERA, 502), "pass allowed profiles"),
        one("another manufacturer", open(CAMERA, SENSOR, 502), FROM),
        one("nobody's manufacturer", open(CAMERA, OFFICE, 502), FROM),
        one("a manufacturer, both agree", open(CAMERA, SENSOR, 503), "pass allowed beside"),
        one("another manufacturer than named", open(CAMERA, CAMERA2, 503), FROM),
        one("a model, both agree", open(CAMERA, SENSOR, 504), "pass allowed beside"),
        one("another model", open(CAMERA, CAMERA2, 504), FROM),
        one("the sender agrees, the receiver not", open(SENSOR, CAMERA, 503), TO),
        one("the sender's last port, the receiver not", open(SENSOR, CAMERA, 600), TO),
        one("the receiver would, the sender not", open(SENSOR, CLOUD, 443), FROM),
        one("ICMP", ping(CAMERA, OFFICE), "pass allowed profiles"),
        one("ICMP, not local", ping(CAMERA, CLOUD), FROM),
        one("ICMP, another type", icmp(CAMERA, OFFICE, (13, 0), (160, 0)), FROM),
        one(
            "a listed device without profile at the other end",
            udp(CAMERA, PLAIN, (1, 5000)),
            "drop no-transition | iot/camera > iot/plain",
        ),
        one("at the sender's end", open(PLAIN, CAMERA, 554), "drop no-transition | iot/plain > iot/camera"),
        one("without profile, mud is nothing", open(PLAIN, CLOUD, 443), "drop no-transition"),
        one("nor for strangers", open(NOBODY, CLOUD, 443), "drop no-transition"),
        one("services beside mud serve them", open(PLAIN, CLOUD, 8000), "pass allowed beside | iot/plain > internet"),
        one("and strangers", open(NOBODY, CLOUD, 8000), "pass allowed beside"),
        one("they add nothing to profiles", open(CAMERA, CLOUD, 8000), FROM),
        one(
            "between plain and profile, to-device holds",
            open(PLAIN, CAMERA, 8000),
            "pass allowed beside | iot/plain > iot/camera",
        ),
        one("between plain and profile, from-device holds", open(CAMERA, PLAIN, 8000), FROM),
        one("a stranger to a profile", open(NOBODY, CAMERA, 8000), "pass allowed beside"),
        one(
            "the router as sender: to-device holds",
            open(CAMERA.router(), CAMERA, 555),
            "drop mud-to-device | router > iot/camera",
        ),
        one(
            "the router as sender: it is local",
            open(CAMERA.router(), CAMERA, 8000),
            "pass allowed | router > iot/camera",
        ),
    ];
    site.check(&rows);
}

topic!(the_word_mud);

fn the_word_mud(engines: Engines) {
    let anything = file("https://a.example/any.json", &[("all", "", "accept")], &[("all", "", "accept")]);
    let rules = r#"
        [[transitions]]
        name = "less"
        from = "iot"
        to = "internet"
        allow = ["mud"]
        deny = ["tcp/443", "udp/5-6"]
        [[transitions]]
        name = "by name"
        from = "camera"
        to = "office"
        allow = ["mud"]
        [[transitions]]
        name = "to a name"
        from = "office"
        to = "camera"
        allow = ["mud"]
        [[guardrails]]
        name = "no telnet"
        from = "iot"
        to = "*"
        deny = ["tcp/23"]
        [devices.camera]
        addresses = ["10.30.0.11", "fd00:30::11"]
        zone = "iot"
        mud = ["any.json"]
        [devices.sensor]
        addresses = ["10.30.0.12", "fd00:30::12"]
        zone = "iot"
        mud = ["any.json"]
        [devices.desk]
        addresses = ["10.10.0.21", "fd00:10::21"]
        zone = "office"
    "#;
    let mut site = Site::of(engines, &format!("{ZONES}{rules}"), &[("any.json", anything)]);
    let nothing = "drop no-transition";
    let rows = [
        one("every service", open(CAMERA, CLOUD, 80), "pass allowed less"),
        one("every protocol", ip(CAMERA, CLOUD, 47, &[0; 8]), "pass allowed less"),
        one("less its deny", open(CAMERA, CLOUD, 443), nothing),
        one("below the deny", udp(CAMERA, CLOUD, (1, 4)), "pass allowed less"),
        one("in the deny", udp(CAMERA, CLOUD, (1, 6)), nothing),
        one("above the deny", udp(CAMERA, CLOUD, (1, 7)), "pass allowed less"),
        one("guardrails stand above it", open(CAMERA, CLOUD, 23), "drop guardrail no telnet"),
        one("for one device", open(CAMERA, OFFICE, 80), "pass allowed by name"),
        one("not for another", open(SENSOR, OFFICE, 80), nothing),
        one("not to a listed device without profile", open(CAMERA, OFFICE2, 80), nothing),
        one("to one device", open(OFFICE, CAMERA, 80), "pass allowed to a name"),
        one("not to another", open(OFFICE, SENSOR, 80), nothing),
        one("not from a listed device without profile", open(OFFICE2, CAMERA, 80), nothing),
    ];
    site.check(&rows);
}
