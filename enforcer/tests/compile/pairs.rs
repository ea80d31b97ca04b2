//! What zones and devices may say to each other.

use crate::site::{Site, by, frame, packet};

const CAMERA: u64 = 0x0200_0000_0001;
const LAMP: u64 = 0x0200_0000_0002;

const DEVICES: &str = r#"
[devices.camera]
mac = "02:00:00:00:00:01"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"

[devices.lamp]
mac = "02:00:00:00:00:02"
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"

[devices.desk]
addresses = ["10.20.0.11", "fd00:20::11"]
zone = "office"
"#;

/// A site with the devices, and more.
fn site(more: &str) -> Site {
    Site::usual(&format!("{DEVICES}{more}"))
}

/// What becomes of a packet between two hosts of the site, the same for both families.
fn judge(site: &Site, from: &str, to: &str, service: &str) -> String {
    let four = place(from, to, 4);
    let six = place(from, to, 6);
    let (port, mac) = (four.0, four.1);
    let verdict = site.judge(port, &by(mac, packet(&four.2, &four.3, service)));
    assert_eq!(verdict, site.judge(port, &by(mac, packet(&six.2, &six.3, service))), "{from} to {to}: {service}");
    verdict
}

fn place(from: &str, to: &str, version: u32) -> (&'static str, u64, String, String) {
    let address = |name: &str, other: bool| {
        let [four, six] = match name {
            "camera" => ["10.30.0.11", "fd00:30::11"],
            "lamp" => ["10.30.0.12", "fd00:30::12"],
            "desk" => ["10.20.0.11", "fd00:20::11"],
            "iot" if other => ["10.30.0.98", "fd00:30::98"],
            "iot" => ["10.30.0.99", "fd00:30::99"],
            "office" if other => ["10.20.0.98", "fd00:20::98"],
            "office" => ["10.20.0.99", "fd00:20::99"],
            "router" => ["10.30.0.1", "fd00:30::1"],
            _ if other => ["192.0.2.8", "2001:db8::8"],
            _ => ["192.0.2.9", "2001:db8::9"],
        };
        if version == 4 { four } else { six }.to_owned()
    };
    let port = match from {
        "camera" | "lamp" | "iot" => "iot0",
        "desk" | "office" => "office0",
        _ => "wan0",
    };
    let mac = match from {
        "camera" => CAMERA,
        "lamp" => LAMP,
        _ => 9,
    };
    (port, mac, address(from, false), address(to, true))
}

/// Rows of sender, receiver, service, and what becomes of it.
fn each(site: &Site, rows: &[(&str, &str, &str, &str)]) {
    for (from, to, service, expected) in rows {
        assert_eq!(judge(site, from, to, service), *expected, "{from} to {to}: {service}");
    }
}

#[test]
fn services_are_ranges_of_both_ports() {
    let site = site(
        r#"
[[transitions]]
from = "office"
to = "iot"
allow = ["tcp/80-89", "tcp/443:1024-2047", "udp", "ip/47", "icmp/echo-request", "icmp/3.4", "icmpv6/echo-request", "eth/0x88b8/0x0001-0x00ff"]
deny = ["tcp/85:5000-5005", "udp/53"]
"#,
    );
    let yes = "allowed office>iot";
    let no = "no-transition";
    each(
        &site,
        &[
            ("office", "iot", "tcp/79", no),
            ("office", "iot", "tcp/80", yes),
            ("office", "iot", "tcp/89", yes),
            ("office", "iot", "tcp/90", no),
            ("office", "iot", "tcp/85:4999", yes),
            ("office", "iot", "tcp/85:5000", no),
            ("office", "iot", "tcp/85:5005", no),
            ("office", "iot", "tcp/85:5006", yes),
            ("office", "iot", "tcp/443:1023", no),
            ("office", "iot", "tcp/443:1024", yes),
            ("office", "iot", "tcp/443:2047", yes),
            ("office", "iot", "tcp/443:2048", no),
            ("office", "iot", "udp/0", yes),
            ("office", "iot", "udp/52", yes),
            ("office", "iot", "udp/53", no),
            ("office", "iot", "udp/65535", yes),
            ("office", "iot", "ip/47", yes),
            ("office", "iot", "ip/46", no),
            ("office", "iot", "ip/48", no),
            ("office", "iot", "icmp/8.0", yes),
            ("office", "iot", "icmp/8.1", yes),
            ("office", "iot", "icmp/9.0", no),
            ("office", "iot", "icmp/3.3", no),
            ("office", "iot", "icmp/3.4", yes),
            ("office", "iot", "icmp/3.5", no),
            ("office", "iot", "icmpv6/128.0", yes),
            ("office", "iot", "icmpv6/129.0", no),
            ("iot", "office", "tcp/80", no),
            ("iot", "iot", "tcp/80", no),
            ("office", "office", "tcp/80", no),
            ("office", "router", "tcp/80", no),
            ("office", "camera", "tcp/80", yes),
        ],
    );
    // Frames without IP stay in their zone, whatever stands for other pairs.
    assert_eq!(site.judge("office0", &frame(9, 8, 0x88b8, 1)), no);
}

#[test]
fn frames_without_ip_are_told_apart_by_what_follows_the_ethertype() {
    let site = site(
        "[[transitions]]\nfrom = \"iot\"\nto = \"same\"\nallow = [\"eth/0x88b8/0x0010-0x00ff\", \"eth/0x8892\"]\n",
    );
    for (ethertype, second, expected) in [
        (0x88b8, 0x000f, "no-transition"),
        (0x88b8, 0x0010, "allowed iot>same"),
        (0x88b8, 0x00ff, "allowed iot>same"),
        (0x88b8, 0x0100, "no-transition"),
        (0x88b7, 0x0010, "no-transition"),
        (0x88b9, 0x0010, "no-transition"),
        (0x8892, 0xffff, "allowed iot>same"),
    ] {
        assert_eq!(site.judge("iot0", &frame(9, 8, ethertype, second)), expected, "{ethertype:#x}/{second:#x}");
    }
}

#[test]
fn a_star_allows_other_declared_zones_and_nothing_else() {
    let site = site("[[transitions]]\nname = \"all\"\nfrom = \"*\"\nto = \"*\"\nallow = [\"tcp/80\"]\n");
    each(
        &site,
        &[
            ("iot", "office", "tcp/80", "allowed all"),
            ("office", "internet", "tcp/80", "allowed all"),
            ("camera", "desk", "tcp/80", "allowed all"),
            ("iot", "iot", "tcp/80", "no-transition"),
            ("camera", "lamp", "tcp/80", "no-transition"),
            ("iot", "router", "tcp/80", "no-transition"),
        ],
    );
    let site = self::site(
        "[[transitions]]\nname = \"to\"\nfrom = \"*\"\nto = [\"camera\", \"router\"]\nallow = [\"tcp/80\"]\n\
         [[transitions]]\nname = \"at home\"\nfrom = \"*\"\nto = \"same\"\nallow = [\"tcp/81\"]\n\
         [[transitions]]\nname = \"out\"\nfrom = \"desk\"\nto = [\"*\", \"same\"]\nallow = [\"tcp/82\"]\n",
    );
    each(
        &site,
        &[
            ("office", "camera", "tcp/80", "allowed to"),
            ("iot", "camera", "tcp/80", "no-transition"),
            ("lamp", "camera", "tcp/80", "no-transition"),
            ("office", "lamp", "tcp/80", "no-transition"),
            ("office", "router", "tcp/80", "allowed to"),
            ("camera", "lamp", "tcp/81", "allowed at home"),
            ("office", "iot", "tcp/81", "no-transition"),
            ("iot", "router", "tcp/81", "no-transition"),
            ("desk", "iot", "tcp/82", "allowed out"),
            ("desk", "camera", "tcp/82", "allowed out"),
            ("desk", "office", "tcp/82", "allowed out"),
            ("desk", "router", "tcp/82", "no-transition"),
            ("office", "iot", "tcp/82", "no-transition"),
        ],
    );
}

#[test]
fn lists_are_cross_products_and_the_first_name_counts() {
    let site = site(
        "[[transitions]]\nname = \"b\"\nfrom = [\"iot\", \"office\"]\nto = [\"iot\", \"office\"]\nallow = [\"tcp/80\"]\n\
         [[transitions]]\nname = \"c\"\nfrom = \"iot\"\nto = \"office\"\nallow = [\"tcp/80-81\"]\ndeny = [\"tcp/80\"]\n\
         [[transitions]]\nname = \"a\"\nfrom = \"camera\"\nto = \"desk\"\nallow = [\"tcp/80\"]\n\
         [[transitions]]\nname = \"d\"\nfrom = \"camera\"\nto = \"office\"\nallow = [\"tcp/80\", \"tcp/82\"]\n",
    );
    each(
        &site,
        &[
            ("iot", "iot", "tcp/80", "allowed b"),
            ("iot", "office", "tcp/80", "allowed b"),
            ("iot", "office", "tcp/81", "allowed c"),
            ("camera", "desk", "tcp/80", "allowed a"),
            ("camera", "office", "tcp/80", "allowed b"),
            ("camera", "desk", "tcp/82", "allowed d"),
            ("lamp", "desk", "tcp/82", "no-transition"),
            ("desk", "camera", "tcp/82", "no-transition"),
        ],
    );
}

const EVERYTHING: &str = r#"
[[transitions]]
name = "everything"
from = ["iot", "office", "internet"]
to = ["iot", "office", "internet", "router"]
allow = ["any"]
"#;

#[test]
fn guardrails_take_away_and_only_their_own_exceptions_make_room() {
    let site = site(&format!(
        "{EVERYTHING}{}",
        r#"
[[guardrails]]
name = "shell"
from = "*"
to = "iot"
deny = ["tcp/22-23"]
except = [{ from = "desk", to = "camera", allow = ["tcp/22"] }, { from = "lamp", to = "same" }]

[[guardrails]]
name = "telnet"
from = "office"
to = ["iot", "camera"]
deny = ["tcp/23"]
except = [{ from = "office", to = "iot", allow = ["tcp/2323"] }]

[[guardrails]]
name = "quiet camera"
from = "camera"
to = "*"
deny = ["udp"]
except = [{ from = "camera", to = ["router", "desk"], allow = ["udp/53", "udp/123"] }]
"#
    ));
    let pass = "allowed everything";
    each(
        &site,
        &[
            ("office", "iot", "tcp/22", "guardrail shell"),
            ("office", "camera", "tcp/22", "guardrail shell"),
            ("desk", "camera", "tcp/22", pass),
            ("desk", "lamp", "tcp/22", "guardrail shell"),
            ("desk", "iot", "tcp/22", "guardrail shell"),
            ("desk", "camera", "tcp/23", "guardrail shell"),
            ("office", "iot", "tcp/23", "guardrail shell"),
            ("office", "iot", "tcp/24", pass),
            ("office", "router", "tcp/22", pass),
            ("camera", "lamp", "tcp/22", "guardrail shell"),
            ("iot", "iot", "tcp/23", "guardrail shell"),
            ("lamp", "camera", "tcp/22", pass),
            ("lamp", "iot", "tcp/23", pass),
            ("camera", "office", "udp/53", "guardrail quiet camera"),
            ("camera", "desk", "udp/53", pass),
            ("camera", "desk", "udp/54", "guardrail quiet camera"),
            ("camera", "router", "udp/123", pass),
            ("camera", "router", "udp/124", "guardrail quiet camera"),
            ("camera", "internet", "udp/443", "guardrail quiet camera"),
            ("camera", "lamp", "udp/443", "guardrail quiet camera"),
            ("camera", "internet", "tcp/443", pass),
            ("lamp", "internet", "udp/443", pass),
            ("desk", "camera", "udp/443", pass),
        ],
    );
}

#[test]
fn a_guardrail_of_each_end_holds_for_both() {
    let site = site(&format!(
        "{EVERYTHING}{}",
        r#"
[[guardrails]]
name = "camera sends"
from = "camera"
to = "office"
deny = ["tcp/80"]

[[guardrails]]
name = "desk gets"
from = "iot"
to = "desk"
deny = ["tcp/81"]

[[guardrails]]
name = "zones"
from = "iot"
to = "office"
deny = ["tcp/82"]
except = [{ from = "camera", to = "office" }]
"#
    ));
    let pass = "allowed everything";
    each(
        &site,
        &[
            ("camera", "desk", "tcp/80", "guardrail camera sends"),
            ("camera", "desk", "tcp/81", "guardrail desk gets"),
            ("camera", "desk", "tcp/82", pass),
            ("camera", "office", "tcp/80", "guardrail camera sends"),
            ("camera", "office", "tcp/81", pass),
            ("lamp", "desk", "tcp/80", pass),
            ("lamp", "desk", "tcp/81", "guardrail desk gets"),
            ("lamp", "desk", "tcp/82", "guardrail zones"),
            ("lamp", "office", "tcp/82", "guardrail zones"),
            ("iot", "office", "tcp/81", pass),
        ],
    );
}

#[test]
fn a_drop_is_audit_only_where_all_that_it_rests_on_is() {
    let site = Site::with(&[
        ("zones.toml", &crate::site::ZONES.replace("[zones.iot]", "[zones.iot]\nmode = \"audit\"")),
        (
            "more.toml",
            &format!(
                "{DEVICES}{}",
                r#"
[[transitions]]
name = "web"
from = "iot"
to = "office"
allow = ["tcp/80"]
mode = "audit"

[[transitions]]
name = "strict"
from = "iot"
to = "desk"
allow = ["tcp/81"]

[[guardrails]]
name = "soft"
from = "iot"
to = "office"
deny = ["tcp/80"]
mode = "audit"

[[guardrails]]
name = "hard"
from = "camera"
to = "office"
deny = ["tcp/80"]
"#
            ),
        ),
    ]);
    each(
        &site,
        &[
            ("iot", "office", "tcp/80", "audit guardrail soft"),
            ("camera", "office", "tcp/80", "guardrail hard"),
            ("iot", "office", "tcp/443", "audit no-transition"),
            ("iot", "desk", "tcp/443", "no-transition"),
            ("iot", "iot", "tcp/443", "audit no-transition"),
            ("iot", "internet", "tcp/443", "no-transition"),
        ],
    );
}
