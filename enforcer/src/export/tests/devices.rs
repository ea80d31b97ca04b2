//! Devices: source binding, and what rules that name them do.

use super::*;

const CAMERA: &str = r#"
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
"#;

const PRINTER: &str = r#"
[devices.printer]
mac = "02:00:00:00:30:51"
zone = "iot"
"#;

#[test]
fn an_address_goes_with_its_mac_and_a_mac_with_its_addresses() {
    let rules = Rules::of(&format!("{ZONES}{CAMERA}"));
    assert_eq!(rules.set("owned4"), "10.30.0.11");
    assert_eq!(rules.set("owners4"), "10.30.0.11 . 02:00:00:00:30:11");
    assert_eq!(rules.set("owners6"), "fd00:30::11 . 02:00:00:00:30:11");
    assert_eq!(rules.set("at_home"), "\"iot0\" . 02:00:00:00:30:11");
    assert_eq!(
        rules.chain("bound"),
        [
            "ether saddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 goto spoofed-source",
            "ip saddr @owned4 ip saddr . ether saddr != @owners4 goto spoofed-source",
            "ether saddr @fenced4 ip saddr . ether saddr != @owners4 goto spoofed-source",
            "ip6 saddr @owned6 ip6 saddr . ether saddr != @owners6 goto spoofed-source",
            "ether saddr @fenced6 ip6 saddr . ether saddr != @owners6 goto spoofed-source",
        ]
    );
    assert_eq!(rules.chain("linked"), ["ether saddr @macs iifname . ether saddr != @at_home goto spoofed-source"]);
}

#[test]
fn a_device_without_listed_addresses_is_learnt() {
    let rules = Rules::of(&format!("{ZONES}{CAMERA}{PRINTER}"));
    assert_eq!(rules.set("roams4"), "02:00:00:00:30:51 . 10.30.0.0/24");
    let bound = rules.chain("bound");
    for rule in [
        "ether saddr @roaming4 ether saddr . ip saddr != @roams4 goto spoofed-source",
        "ether saddr @roaming4 ip saddr @listed4 goto spoofed-source",
        "ether saddr @macs_printer update @learnt_printer4 { ip saddr }",
        "ip saddr @learnt_printer4 ether saddr != @macs_printer delete @learnt_printer4 { ip saddr }",
        "ether saddr @macs_printer update @learnt_printer6 { ip6 saddr }",
    ] {
        assert!(bound.contains(&rule), "no `{rule}` in {bound:#?}");
    }
    assert!(!rules.has_set("learnt_camera4"), "its addresses are listed");
    assert!(rules.heading().contains("known by their MAC"), "{}", rules.heading());
    assert!(!Rules::of(&format!("{ZONES}{CAMERA}")).heading().contains("known by their MAC"));
}

#[test]
fn a_device_that_a_rule_names_has_chains_of_its_own() {
    let rule = r#"
[[transitions]]
name = "pictures"
from = "camera"
to = ["office", "printer"]
allow = ["tcp/1"]
[[transitions]]
name = "view"
from = "office"
to = "camera"
allow = ["tcp/554"]
"#;
    let rules = Rules::of(&format!("{ZONES}{CAMERA}{PRINTER}{rule}"));
    let senders = rules.chain("sender");
    assert_eq!(
        senders[..3],
        [
            "ip saddr vmap { 10.30.0.11 : goto from_camera }",
            "ip6 saddr vmap { fd00:30::11 : goto from_camera }",
            "ether saddr vmap { 02:00:00:00:30:11 : goto from_camera }",
        ]
    );
    let from_office = rules.chain("from_office");
    assert_eq!(from_office[0], "ip daddr vmap { 10.30.0.11 : goto office_to_camera }");
    // Where the printer was last seen.
    let from_camera = rules.chain("from_camera");
    assert!(from_camera.contains(&"ip daddr @learnt_printer4 goto camera_to_office"), "{from_camera:#?}");
    // Nobody else in the zone gains by it.
    assert!(senders.iter().any(|rule| rule.contains("\"iot0\" : goto no-transition")), "{senders:#?}");
}

#[test]
fn arp_is_bound_like_other_senders() {
    let rules = Rules::of(&format!("{ZONES}{CAMERA}"));
    assert_eq!(
        rules.chain("arp_iot0"),
        [
            "arp saddr ip { 10.10.0.1, 10.10.0.255 } goto spoofed-source",
            "arp saddr ip { 0.0.0.0, 169.254.0.0/16 } goto arp_linked",
            "arp saddr ip != 10.30.0.0/24 goto spoofed-source",
            "goto arp_bound",
        ]
    );
    assert_eq!(
        rules.chain("arp_bound")[0],
        "arp saddr ip @owned4 arp saddr ip . arp saddr ether != @owners4 goto spoofed-source"
    );
}

#[test]
fn neighbours_claim_their_own_addresses_only() {
    let rules = Rules::of(&format!("{ZONES}{CAMERA}"));
    let advertisement = rules.chain("advertisement");
    let camera = "0xfd000030000000000000000000000011";
    assert_eq!(
        advertisement[..3],
        [
            "@th,64,128 { 0xfd000010000000000000000000000001 } goto spoofed-source",
            &format!("ether saddr . @th,64,128 {{ 02:00:00:00:30:11 . {camera} }} return"),
            "ether saddr { 02:00:00:00:30:11 } @th,64,128 != { 0xfe800000000000000000000000000000-0xfebfffffffffffffffffffffffffffff } \
             goto spoofed-source",
        ]
    );
    assert_eq!(advertisement[3], format!("@th,64,128 {{ {camera} }} goto spoofed-source"));
    assert_eq!(advertisement.last(), Some(&"goto spoofed-source"));
}
