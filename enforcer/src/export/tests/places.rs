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
        rules.chain("on_lan0")[1],
        "ip saddr != { 10.0.0.0-10.39.255.255, 10.41.0.0-10.255.255.255 } goto stray_lan0"
    );
    assert_eq!(rules.chain("on_lan0.40")[1], "ip saddr != 10.40.0.0/16 goto stray_lan0.40");
    // No prefix of IPv6: no address of the zone.
    assert_eq!(rules.chain("on_lan0")[2], "meta nfproto ipv6 goto stray_lan0");
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
        assert_eq!(rules.chain(&format!("on_{port}"))[1], "ip saddr @reserved4 goto spoofed-source");
    }
    assert!(rules.set("zoned4").contains("10.10.0.2-126.255.255.255"), "{}", rules.0);
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
        [
            "ip daddr @ot_listed4 goto office_to_office",
            "ip6 daddr @ot_listed6 goto office_to_office",
            "goto unknown-device"
        ]
    );
    let sender = denied.chain("sender_in_ot");
    assert_eq!(
        sender,
        [
            "ip saddr @ot_listed4 goto from_ot_listed",
            "ip6 saddr @ot_listed6 goto from_ot_listed",
            "goto unknown-device"
        ]
    );
    assert_eq!(denied.set("ot_listed4"), "10.40.0.20");

    let audited = Rules::of(&zones("ot", "unknown = \"deny\"\nmode = \"audit\"", devices));
    let last = audited.chain("office_to_all_of_ot").pop().unwrap();
    assert!(last.starts_with("goto audit_unknown-device_then_"), "{last}");

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

#[test]
fn an_audited_port_lends_nobody_another_zones_rights() {
    let device = "[devices.desk]\naddresses = [\"10.10.0.20\"]\nzone = \"office\"\n";
    let rule = "[[transitions]]\nname = \"t\"\nfrom = \"desk\"\nto = \"ot\"\nallow = [\"tcp/1\"]\n";
    let rules = Rules::of(&zones("iot", "mode = \"audit\"", &format!("{device}{rule}")));
    let sender = rules.chain("sender");
    assert_eq!(sender[0], "iifname vmap { \"iot0\" : goto from_iot }", "before addresses are asked: {sender:#?}");
    assert!(sender[1].starts_with("ip saddr vmap { 10.10.0.20 : "), "{sender:#?}");
    assert!(!sender[2].contains("iot0"), "{sender:#?}");
    // On a port of several zones nobody can tell whom a sender would be judged as.
    let both = ZONES.replace("ports = [\"ot0\"]", "ports = [\"iot0\"]\nmode = \"audit\"");
    let both = Rules::of(&both.replace("[zones.iot]", "[zones.iot]\nmode = \"audit\""));
    assert!(both.chain("stray_iot0").contains(&"goto spoofed-source"), "{}", both.0);
    assert_eq!(both.chain("sender_at_iot0").last(), Some(&"goto unknown-zone"));
}

#[test]
fn a_broadcast_address_is_a_group_in_its_own_zone_only() {
    let rule = "[[transitions]]\nname = \"t\"\nfrom = [\"office\", \"iot\"]\nto = \"same\"\nallow = [\"udp/1\"]\n";
    let device = "[devices.desk]\naddresses = [\"10.10.0.20\"]\nzone = \"office\"\n";
    let rules = Rules::of(&zones("office", "unknown = \"deny\"", &format!("{rule}{device}")));
    assert!(rules.chain("input").iter().any(|rule| rule.contains("broadcast : goto input_to_network")), "{}", rules.0);
    let network = rules.chain("input_to_network");
    assert_eq!(network[0], "ip daddr 255.255.255.255 goto input_to_group");
    assert!(network.contains(&"jump to_network"), "{network:#?}");
    let own = rules.chain("from_office_listed");
    assert!(own.iter().any(|rule| rule.starts_with("ip daddr vmap { 10.10.0.255 : goto iot_to_iot }")), "{own:#?}");
    assert!(!rules.chain("from_iot").iter().any(|rule| rule.contains("{ 10.10.0.255 :")), "{}", rules.0);
}

#[test]
fn link_local_addresses_of_the_router_are_its_own_on_their_port() {
    let text = ZONES.replace("\"fd00:10::1/64\"]", "\"fd00:10::1/64\", \"fe80::1/64\"]");
    let rules = Rules::of(&text);
    assert!(rules.chain("on_office0").contains(&"ip6 saddr fe80::1 goto spoofed-source"), "{}", rules.0);
    assert!(!rules.chain("on_wan0").iter().any(|rule| rule.contains("fe80::1 ")), "{}", rules.0);
    let claim = "@th,64,128 { 0xfe800000000000000000000000000001 } goto spoofed-source";
    let claims = rules.chain("advertisement");
    assert!(claims.contains(&format!("iifname \"office0\" {claim}").as_str()), "{claims:#?}");
    assert!(!claims.contains(&format!("iifname \"wan0\" {claim}").as_str()), "{claims:#?}");
}
