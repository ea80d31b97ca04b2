//! Ports, prefixes, senders and receivers by address.

use super::*;

#[test]
fn the_longest_prefix_decides() {
    let text = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0"]
[zones.site]
ports = ["lan0"]
prefixes = ["10.0.0.0/8"]
[zones.cell]
ports = ["lan0.40"]
prefixes = ["10.40.0.0/16"]
[[transitions]]
name = "t"
from = "internet"
to = "cell"
allow = ["tcp/1"]
"#;
    let rules = Rules::of(text);
    assert_eq!(
        rules.chain("on_lan0")[0],
        "ip saddr != { 10.0.0.0-10.39.255.255, 10.41.0.0-10.255.255.255 } goto stray_lan0"
    );
    assert_eq!(rules.chain("on_lan0.40")[0], "ip saddr != 10.40.0.0/16 goto stray_lan0.40");
    // No prefix of IPv6: no address of the zone.
    assert_eq!(rules.chain("on_lan0")[1], "meta nfproto ipv6 goto stray_lan0");
    assert_eq!(
        rules.chain("from_internet"),
        ["ip daddr vmap { 10.40.0.0/16 : goto internet_to_cell }", "goto no-transition"]
    );
}

#[test]
fn a_sender_is_told_by_its_port_or_by_its_address() {
    let text = r#"
version = 1
[zones.a]
ports = ["lan0", "lan1"]
prefixes = ["10.1.0.0/16"]
[zones.b]
ports = ["lan1"]
prefixes = ["10.2.0.0/16"]
[[transitions]]
name = "t"
from = "a"
to = "b"
allow = ["tcp/1"]
"#;
    let rules = Rules::of(text);
    let [by_port, nobody] = rules.chain("sender")[..] else { panic!("{}", rules.0) };
    assert_eq!(by_port, "iifname vmap { \"lan0\" : goto from_a, \"lan1\" : goto sender_at_lan1 }");
    assert_eq!(nobody, "goto unknown-zone");
    assert_eq!(
        rules.chain("sender_at_lan1"),
        ["ip saddr vmap { 10.1.0.0/16 : goto from_a, 10.2.0.0/16 : goto no-transition }", "goto unknown-zone"]
    );
}

#[test]
fn the_routers_own_and_broadcast_addresses_are_nobodys() {
    let rules = Rules::of(ZONES);
    assert_eq!(rules.set("reserved4"), "10.10.0.1, 10.10.0.255");
    assert_eq!(rules.set("reserved6"), "fd00:10::1");
    for port in ["office0", "wan0"] {
        assert_eq!(rules.chain(&format!("on_{port}"))[0], "ip saddr @reserved4 goto spoofed-source");
    }
    assert!(rules.set("zoned4").contains(" 10.10.0.2-10.10.0.254,"), "{}", rules.0);
}

#[test]
fn an_interface_that_nobody_named_is_cut_off() {
    let rules = Rules::of(&ZONES.replace("[router]\n", "[router]\nignore = [\"docker0\"]\n"));
    assert_eq!(rules.chain("source").last(), Some(&"goto unknown-zone"));
    for hook in ["source", "forward", "input"] {
        let rules = rules.chain(hook).join("\n");
        assert!(rules.contains("\"docker0\"") && rules.contains("\"lo\""), "{rules}");
    }
    let forward = rules.chain("forward").join("\n");
    assert!(forward.contains("iifname { \"lo\", \"docker0\" } goto as_router"), "{forward}");
}

#[test]
fn unlisted_addresses_are_denied_or_in_quarantine() {
    let devices = r#"
[devices.plc]
addresses = ["10.40.0.20", "fd00:40::20"]
zone = "ot"
[[transitions]]
name = "t"
from = ["office", "ot"]
to = ["ot", "office"]
allow = ["tcp/1"]
"#;
    let denied = Rules::of(&zones("ot", "unknown = \"deny\"", devices));
    let receiver = denied.chain("office_to_all_of_ot");
    assert_eq!(
        receiver,
        ["ip daddr @plain4 goto office_to_office", "ip6 daddr @plain6 goto office_to_office", "goto unknown-device"]
    );
    let sender = denied.chain("sender_in_ot");
    assert_eq!(
        sender,
        ["ip saddr @plain4 goto from_ot_listed", "ip6 saddr @plain6 goto from_ot_listed", "goto unknown-device"]
    );
    assert_eq!(denied.set("plain4"), "10.40.0.20");

    let audited = Rules::of(&zones("ot", "unknown = \"deny\"\nmode = \"audit\"", devices));
    assert_eq!(audited.chain("office_to_all_of_ot").last(), Some(&"goto audit_unknown-device_then_office_to_office"));

    let quarantine = "[zones.quarantine]\nports = []\n[[transitions]]\nname = \"q\"\nfrom = \"office\"\nto = \"quarantine\"\nallow = [\"tcp/2\"]\n";
    let rules = Rules::of(&zones("ot", "unknown = \"quarantine\"", &format!("{devices}{quarantine}")));
    assert_eq!(rules.chain("office_to_all_of_ot").last(), Some(&"goto office_to_quarantine"));
    assert_eq!(rules.chain("sender_in_ot").last(), Some(&"goto no-transition"));
}

#[test]
fn a_forward_is_what_the_policy_declares() {
    let devices = "[devices.nas]\naddresses = [\"10.10.0.20\", \"fd00:10::20\"]\nzone = \"office\"\n";
    let forward = "[[forwards]]\nat = \"internet\"\nservice = \"tcp/8443\"\nto = \"nas\"\nport = 443\n";
    let rules = Rules::of(&format!("{ZONES}{devices}{forward}"));
    let declared = "iifname \"wan0\" meta l4proto tcp ct original proto-dst 8443";
    assert_eq!(
        rules.chain("forwards"),
        [
            format!("{declared} ip daddr 10.10.0.20 th dport 443 counter return"),
            format!("{declared} ip6 daddr fd00:10::20 th dport 443 counter return"),
            "goto no-transition".to_owned(),
        ]
    );
    assert!(rules.chain("forward").contains(&"ct status dnat jump forwards"));
    let without = Rules::of(&format!("{ZONES}{devices}"));
    assert!(without.chain("forward").contains(&"ct status dnat goto no-transition"));
}

#[test]
fn a_port_that_cannot_be_written_lets_nothing_in() {
    let rules = Rules::of(&ZONES.replace("\"ot0\"", "\"ot*\""));
    assert!(!rules.0.contains("\"ot*\""), "{}", rules.0);
    assert!(rules.heading().contains("nothing gets in by it:\n#   - ot*"), "{}", rules.heading());
}

#[test]
fn at_the_entrance_each_interface_has_a_chain() {
    let text = ZONES.replace("ot0", "lan0.40");
    let rules = Rules::with(&[("policy.toml", &text)], Hook::Ingress);
    for (device, hook) in [("office0", "office0"), ("lan0", "lan0"), ("lan0.40", "lan0.40")] {
        let chain = rules.chain(&format!("in_{device}"));
        let expected = format!("type filter hook ingress device \"{hook}\" priority filter; policy drop;");
        assert_eq!(chain[0], expected);
    }
    // What carries only tagged frames takes no others.
    assert_eq!(rules.chain("in_lan0")[1..], ["vlan id 40 accept", "goto unknown-zone"]);
    assert!(!rules.0.contains("ct state"), "there are no connections");
}
