//! Values that are wrong by themselves.

use super::each_is_refused;

#[test]
fn prefixes() {
    each_is_refused(&[
        (
            "[zones.x]\nports = [\"x0\"]\nprefixes = [\"10.1.0.5/16\"]",
            "`10.1.0.5/16` has host bits set",
            "more.toml:3",
            "the network is `10.1.0.0/16`",
        ),
        ("[zones.x]\nprefixes = [\"fd00::1/64\"]", "has host bits set", "more.toml:2", "`fd00::/64`"),
        ("[zones.x]\nprefixes = [\"10.1.0.0/33\"]", "at most 32 bits", "more.toml:2", "from 0 to 32"),
        ("[zones.x]\nprefixes = [\"fd00::/129\"]", "at most 128 bits", "more.toml:2", "from 0 to 128"),
        ("[zones.x]\nprefixes = [\"10.1.0.0\"]", "`10.1.0.0` has no prefix length", "more.toml:2", "`10.1.0.0/32`"),
        ("[zones.x]\nprefixes = [\"conected\"]", "`conected` is no network", "more.toml:2", "`10.30.0.0/16`"),
        ("[zones.x]\nprefixes = [\"224.0.0.0/4\"]", "is a multicast network", "more.toml:2", "leave it out"),
        (
            "[zones.x]\nprefixes = [\"fe80::/64\"]",
            "is a link-local network",
            "more.toml:2",
            "belong to the zone of their port",
        ),
        (
            "[router]\naddresses = { \"lan0.30\" = [\"10.30.0.1\"] }",
            "`10.30.0.1` has no prefix length",
            "more.toml:2",
            "/32",
        ),
    ]);
}

#[test]
fn ports_of_zones() {
    each_is_refused(&[
        ("[zones.x]\nports = [\"lan0.0\"]", "VLAN ID 0", "more.toml:2", "write `lan0`"),
        (
            "[zones.x]\nports = [\"lan0.4095\"]",
            "VLAN ID 4095, and the highest is 4094",
            "more.toml:2",
            "from 1 to 4094",
        ),
        ("[zones.x]\nports = [\"lan0.1.2.3\"]", "3 VLAN tags", "more.toml:2", "a VLAN in a VLAN"),
        ("[zones.x]\nports = [\"lan0.030\"]", "leading zeros", "more.toml:2", "write `lan0.30`"),
        ("[zones.x]\nports = [\"an-interface-too-long\"]", "is no port", "more.toml:2", "at most 15 characters"),
        ("[router]\nignore = [\"a/b\"]", "`a/b` is no interface", "more.toml:2", "docker0"),
    ]);
}

#[test]
fn devices() {
    each_is_refused(&[
        (
            "[devices.x]\nzone = \"iot\"\nmac = \"02:00:00:00:30\"",
            "`02:00:00:00:30` is no MAC address",
            "more.toml:3",
            "six pairs",
        ),
        ("[devices.x]\nzone = \"iot\"\nmac = \"01:00:5e:00:00:01\"", "is a group address", "more.toml:3", "even"),
        ("[devices.x]\nzone = \"iot\"\nmac = \"00:00:00:00:00:00\"", "of nobody", "more.toml:3", "six pairs"),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"10.30.0\"]",
            "`10.30.0` is no address",
            "more.toml:3",
            "write an address",
        ),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"10.30.0.1/16\"]",
            "`10.30.0.1/16` is no address",
            "more.toml:3",
            "write `10.30.0.1`",
        ),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"ff02::1\"]",
            "`ff02::1` is a multicast address",
            "more.toml:3",
            "",
        ),
        ("[devices.x]\nzone = \"iot\"\naddresses = [\"127.0.0.1\"]", "is a loopback address", "more.toml:3", ""),
        ("[devices.x]\nzone = \"iot\"\naddresses = [\"::\"]", "is the unspecified address", "more.toml:3", ""),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"fe80::1\"]",
            "is a link-local address",
            "more.toml:3",
            "go with its `mac`",
        ),
        (
            "[devices.x]\nzone = \"iot\"\naddresses = [\"::ffff:10.30.0.1\"]",
            "IPv4 address in disguise",
            "more.toml:3",
            "write `10.30.0.1`",
        ),
        (
            "[controllers]\ndns = [\"10.30.0.1\"]",
            "`dns` is no controller class",
            "more.toml:2",
            "urn:ietf:params:mud:dns",
        ),
        ("[names]\n\"no name\" = [\"192.0.2.1\"]", "`no name` is no host name", "more.toml:2", "cloud.example.com"),
    ]);
}

#[test]
fn services() {
    let services = [
        ("tcp/0", "port 0, which does not exist", "1 to 65535"),
        ("tcp/70000", "the highest is 65535", "1 to 65535"),
        ("udp/90-80", "range the wrong way round", "`udp/80-90`"),
        ("tcp/80:90-80", "range the wrong way round", "`tcp/80:80-90`"),
        ("tcp/http", "`http` is no port number", "`tcp/443`"),
        ("tcp/+80", "`+80` is no port number", ""),
        ("tcp/:22", "no destination ports", "`tcp/1-65535:22`"),
        ("tpc/80", "`tpc` is no protocol", "`tcp`"),
        ("gopher/70", "`gopher` is no protocol", "`eth/…`"),
        ("weeb", "`weeb` is no service", "[services]"),
        ("anny", "`anny` is no service", "`any`"),
        ("ip/256", "no protocol number", "0 to 255"),
        ("icmp/echo-requst", "no type of icmp", "`echo-request`"),
        ("icmp/packet-too-big", "no type of icmp", "`icmpv6/packet-too-big` exists"),
        ("icmp/3.256", "no type of icmp", "icmp/3.4"),
        ("eth/88b8", "no 16-bit hexadecimal number", "with 0x"),
        ("eth/0x05ff", "are lengths", "eth/0x88b8"),
        ("eth/0x86dd", "is IP", "icmpv6"),
        ("eth/0x8100", "VLAN tag", "lan0.30"),
        ("eth/0x88b8/0x00ff-0x0001", "range the wrong way round", "0x0001-0x00ff"),
    ];
    for (service, message, help) in services {
        let text = format!("[[transitions]]\nfrom = \"iot\"\nto = \"office\"\nallow = [\"{service}\"]");
        let Err(report) = super::load_with_base(&text) else {
            panic!("accepted: {service}");
        };
        super::one_finding(&text, &report, (message, "more.toml:4", help));
    }
}

#[test]
fn times_words_and_types() {
    each_is_refused(&[
        (
            "[[transitions]]\nfrom = \"iot\"\nto = \"office\"\nallow = [\"any\"]\nuntil = 2026-12-01T17:00:00",
            "does not name one instant",
            "more.toml:5",
            "`2026-12-01T17:00:00Z`",
        ),
        (
            "[[transitions]]\nfrom = \"iot\"\nto = \"office\"\nallow = [\"any\"]\nuntil = \"2026-12-01T17:00:00Z\"",
            "`until` is a string, not a time",
            "more.toml:5",
            "without quotes",
        ),
        ("mode = \"observe\"", "`mode` cannot be `observe`", "more.toml:1", "`mode = \"audit\"`"),
        ("[zones.x]\nunknown = \"drop\"", "`unknown` cannot be `drop`", "more.toml:2", "`unknown = \"deny\"`"),
        ("replies = \"all\"", "`replies` cannot be `all`", "more.toml:1", "`replies = \"listed\"`"),
        ("version = 2", "version 2 of the policy format is unknown", "more.toml:1", "`version = 1`"),
        ("[zones.x]\nports = [4]", "`ports` holds strings", "more.toml:2", "write `ports"),
        ("[zones.x]\nessentials = \"no\"", "`essentials` of a zone is true or false, not a string", "more.toml:2", ""),
        ("zones = 3", "`zones` is a table of names", "more.toml:1", ""),
        ("[zones]\nx = 3", "a zone is a table", "more.toml:2", ""),
        ("[transitions]\nfrom = \"iot\"", "`transitions` is a list of tables", "more.toml:1", "`[[transitions]]`"),
    ]);
}
