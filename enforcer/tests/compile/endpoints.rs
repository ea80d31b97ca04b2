//! Who an address is.

use enforcer_common::endpoint::flag;
use enforcer_common::reason::Reason;

use crate::site::{Site, by, frame, packet};

const NESTED: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.plant]
ports = ["ot0"]
prefixes = ["10.0.0.0/8", "fd00::/16"]

[zones.cell]
ports = ["ot0", "cell0"]
prefixes = ["10.1.0.0/16", "10.2.0.0/16", "fd00:1::/32"]

[zones.inner]
ports = ["ot0"]
prefixes = ["10.1.128.0/17", "10.1.0.0/30", "fd00:1:8000::/33", "fd00:1::/128"]
"#;

#[test]
fn the_longest_prefix_says_the_zone() {
    let site = Site::new(NESTED);
    for (address, zone) in [
        ("9.255.255.255", "internet"),
        ("10.0.0.0", "plant"),
        ("10.0.255.255", "plant"),
        ("10.1.0.0", "inner"),
        ("10.1.0.3", "inner"),
        ("10.1.0.4", "cell"),
        ("10.1.127.255", "cell"),
        ("10.1.128.0", "inner"),
        ("10.1.255.255", "inner"),
        ("10.2.0.0", "cell"),
        ("10.2.255.255", "cell"),
        ("10.3.0.0", "plant"),
        ("10.255.255.255", "plant"),
        ("11.0.0.0", "internet"),
        ("fd00::1", "plant"),
        ("fd00:0:ffff:ffff:ffff:ffff:ffff:ffff", "plant"),
        ("fd00:1::", "inner"),
        ("fd00:1::1", "cell"),
        ("fd00:1:7fff:ffff:ffff:ffff:ffff:ffff", "cell"),
        ("fd00:1:8000::", "inner"),
        ("fd00:1:ffff:ffff:ffff:ffff:ffff:ffff", "inner"),
        ("fd00:2::", "plant"),
        ("fd01::", "internet"),
        ("2001:db8::1", "internet"),
    ] {
        let outside = if address.contains(':') { "2001:db8::9" } else { "192.0.2.9" };
        let packet = packet(outside, address, "tcp/80");
        let from = site.sender("wan0", &packet).unwrap();
        assert_eq!(site.zone(&from), "internet");
        let to = site.receiver(&packet, &from).unwrap();
        assert_eq!(site.zone(&to), zone, "{address}");
    }
}

#[test]
fn an_address_enters_by_the_ports_of_its_zone() {
    let site = Site::new(NESTED);
    for (port, address, zone) in [
        ("ot0", "10.1.0.1", Ok("inner")),
        ("ot0", "10.1.0.9", Ok("cell")),
        ("ot0", "fd00:9::9", Ok("plant")),
        ("cell0", "10.1.0.9", Ok("cell")),
        ("cell0", "10.1.0.1", Err(Reason::SpoofedSource)),
        ("cell0", "10.9.0.1", Err(Reason::SpoofedSource)),
        ("wan0", "10.1.0.9", Err(Reason::SpoofedSource)),
        ("cell0", "192.0.2.1", Err(Reason::SpoofedSource)),
        ("wan0", "127.0.0.1", Err(Reason::SpoofedSource)),
        ("wan0", "224.0.0.1", Err(Reason::SpoofedSource)),
        ("wan0", "255.255.255.255", Err(Reason::SpoofedSource)),
        ("wan0", "240.0.0.1", Err(Reason::SpoofedSource)),
        ("wan0", "0.1.2.3", Err(Reason::SpoofedSource)),
        ("wan0", "::1", Err(Reason::SpoofedSource)),
        ("wan0", "::ffff:192.0.2.1", Err(Reason::SpoofedSource)),
        ("wan0", "fec0::1", Err(Reason::SpoofedSource)),
        ("wan0", "ff02::1", Err(Reason::SpoofedSource)),
        ("wan0", "fe80::1", Ok("internet")),
        ("wan0", "169.254.9.9", Ok("internet")),
        ("wan0", "0.0.0.0", Ok("internet")),
        ("wan0", "::", Ok("internet")),
        ("ot0", "fe80::1", Err(Reason::UnknownZone)),
    ] {
        let other = if address.contains(':') { "2001:db8::9" } else { "192.0.2.9" };
        let found = site.sender(port, &packet(address, other, "tcp/80"));
        assert_eq!(found.as_ref().map(|who| site.zone(who)), zone.as_ref().copied(), "{address} by {port}");
    }
}

#[test]
fn nobody_is_at_a_destination_that_cannot_be() {
    let site = Site::usual("");
    for address in ["127.0.0.1", "0.0.0.0", "240.0.0.1", "0.9.9.9", "::", "::1", "::ffff:10.30.0.1", "fec0::1"] {
        let source = if address.contains(':') { "fd00:30::9" } else { "10.30.0.9" };
        assert_eq!(site.judge("iot0", &packet(source, address, "tcp/80")), "unknown-zone", "{address}");
    }
}

#[test]
fn the_router_has_its_addresses() {
    let site = Site::usual("");
    for address in ["10.30.0.1", "10.20.0.1", "fd00:30::1", "fd00:20::1"] {
        let source = if address.contains(':') { "fd00:30::9" } else { "10.30.0.9" };
        let packet = packet(source, address, "tcp/22");
        let from = site.sender("iot0", &packet).unwrap();
        let to = site.receiver(&packet, &from).unwrap();
        assert!(to.is(flag::ROUTER));
        assert_eq!(site.zone(&to), "router");
    }
    // Nobody else speaks in its name.
    let packet = packet("10.20.0.1", "10.30.0.9", "tcp/22");
    assert_eq!(site.sender("office0", &packet).unwrap_err(), Reason::SpoofedSource);
}

#[test]
fn groups_and_broadcasts_stay_in_the_zone_of_the_sender() {
    let site = Site::usual("[[transitions]]\nfrom = \"iot\"\nto = \"same\"\nallow = [\"udp/5353\"]\n");
    for address in ["224.0.0.251", "239.1.2.3", "255.255.255.255", "10.30.255.255", "10.20.255.255"] {
        // The broadcast address of another zone's network is that zone's.
        let expected = if address == "10.20.255.255" { "no-transition" } else { "allowed iot>same" };
        assert_eq!(site.judge("iot0", &packet("10.30.0.9", address, "udp/5353")), expected, "{address}");
        assert_eq!(site.judge("office0", &packet("10.20.0.9", address, "udp/5353")), "no-transition", "{address}");
    }
    assert_eq!(site.judge("iot0", &packet("fd00:30::9", "ff02::fb", "udp/5353")), "allowed iot>same");
}

const DEVICES: &str = r#"
[devices.both]
mac = "02:00:00:00:00:01"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"

[devices.four]
mac = "02:00:00:00:00:02"
addresses = ["10.30.0.12"]
zone = "iot"

[devices.free]
mac = "02:00:00:00:00:03"
zone = "iot"

[devices.still]
addresses = ["10.30.0.14"]
zone = "iot"
"#;

#[test]
fn listed_addresses_fence_a_device() {
    const BOTH: u64 = 0x0200_0000_0001;
    const FOUR: u64 = 0x0200_0000_0002;
    const FREE: u64 = 0x0200_0000_0003;
    let site = Site::usual(DEVICES);
    let spoofed = Err(Reason::SpoofedSource);
    for (mac, address, device) in [
        (BOTH, "10.30.0.11", Ok("both")),
        (BOTH, "fd00:30::11", Ok("both")),
        (BOTH, "10.30.0.99", spoofed),
        (BOTH, "fd00:30::99", spoofed),
        (BOTH, "10.30.0.12", spoofed),
        (BOTH, "fe80::11", Ok("both")),
        (FOUR, "10.30.0.11", spoofed),
        (FOUR, "10.30.0.13", spoofed),
        (FOUR, "fd00:30::99", Ok("four")),
        (FREE, "10.30.0.77", Ok("free")),
        (FREE, "fd00:30::77", Ok("free")),
        (FREE, "10.30.0.14", spoofed),
        (FREE, "10.20.0.9", spoofed),
        (9, "10.30.0.11", spoofed),
        (9, "10.30.0.14", Ok("still")),
        (9, "10.30.0.15", Ok("")),
    ] {
        let other = if address.contains(':') { "2001:db8::9" } else { "192.0.2.9" };
        let found = site.sender("iot0", &by(mac, packet(address, other, "tcp/80")));
        assert_eq!(found.as_ref().map(|who| site.device(who)), device.as_ref().copied(), "{address} from {mac:x}");
    }
    // On a port of another zone it is nobody's.
    assert_eq!(site.sender("office0", &frame(FREE, 9, 0x88b8, 1)).unwrap_err(), Reason::SpoofedSource);
    assert_eq!(site.device(&site.sender("iot0", &frame(FREE, 9, 0x88b8, 1)).unwrap()), "free");
}

const UNKNOWN: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.strict]
ports = ["lan0"]
prefixes = ["10.1.0.0/16", "fd00:1::/64"]
unknown = "deny"

[zones.guarded]
ports = ["lan1"]
prefixes = ["10.2.0.0/16", "fd00:2::/64"]
unknown = "quarantine"

[zones.quarantine]
ports = []
prefixes = []

[devices.known]
addresses = ["10.1.0.5", "fd00:1::5"]
zone = "strict"

[devices.guest]
addresses = ["10.2.0.5", "fd00:2::5"]
zone = "guarded"

[[transitions]]
from = ["strict", "guarded"]
to = "internet"
allow = ["any"]

[[transitions]]
from = "quarantine"
to = ["internet", "same"]
allow = ["tcp/443"]
"#;

#[test]
fn unknown_addresses_are_denied_or_in_quarantine() {
    let site = Site::new(UNKNOWN);
    for (net, outside) in [(["10.1.0.", "10.2.0."], "192.0.2.9"), (["fd00:1::", "fd00:2::"], "2001:db8::9")] {
        let judge = |port: &str, from: &str, to: &str, service: &str| site.judge(port, &packet(from, to, service));
        let [strict, guarded] = net;
        let at = |net: &str, host: u32| format!("{net}{host}");
        assert_eq!(judge("lan0", &at(strict, 5), outside, "tcp/80"), "allowed guarded+strict>internet");
        assert_eq!(judge("lan0", &at(strict, 6), outside, "tcp/443"), "unknown-device");
        assert_eq!(judge("wan0", outside, &at(strict, 6), "tcp/443"), "unknown-device");
        assert_eq!(judge("lan1", &at(guarded, 5), outside, "tcp/80"), "allowed guarded+strict>internet");
        assert_eq!(judge("lan1", &at(guarded, 6), outside, "tcp/80"), "no-transition");
        assert_eq!(judge("lan1", &at(guarded, 6), outside, "tcp/443"), "allowed quarantine>internet+same");
        assert_eq!(judge("lan1", &at(guarded, 6), &at(guarded, 7), "tcp/443"), "allowed quarantine>internet+same");
        assert_eq!(judge("lan1", &at(guarded, 6), &at(guarded, 5), "tcp/443"), "no-transition");
        let who = site.sender("lan1", &packet(&at(guarded, 6), outside, "tcp/443")).unwrap();
        assert_eq!((site.zone(&who), site.image.names.zones[who.home as usize].as_str()), ("quarantine", "guarded"));
    }
    assert_eq!(site.judge("lan1", &packet("10.2.0.6", "224.0.0.1", "tcp/443")), "allowed quarantine>internet+same");
    assert_eq!(site.judge("lan0", &packet("fe80::6", "ff02::1", "tcp/443")), "unknown-device");
    assert_eq!(site.judge("lan1", &frame(9, 8, 0x88b8, 1)), "no-transition");
}
