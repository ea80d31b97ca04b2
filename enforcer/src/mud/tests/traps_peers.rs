//! Peers, protocols, and what must never widen.

use super::*;
use crate::mud::profile::{Family, PeerMatch};

fn network(text: &str) -> PeerMatch {
    PeerMatch::Network(text.parse().unwrap())
}

#[test]
fn trap_10_local_networks_and_a_multicast_address_are_both_kept() {
    for (family, literal) in [("4", "224.0.0.251/32"), ("4", "255.255.255.255/32"), ("6", "ff00::/8")] {
        let matches = format!(
            r#""ietf-mud:mud":{{"local-networks":[null]}},"ipv{family}":{{"destination-ipv{family}-network":"{literal}"}}"#
        );
        let (ace, lints) = from_device(&format!("ipv{family}-acl-type"), &matches);
        assert_eq!(ace.peer, [network(literal), PeerMatch::LocalNetworks]);
        assert!(ace.unsupported.is_empty());
        assert!(!has(&lints, code::PRIVATE));
    }
}

#[test]
fn trap_11_the_gateway_class_is_a_controller_class() {
    let (ace, lints) = from_device("ipv4-acl-type", r#""ietf-mud:mud":{"controller":"urn:ietf:params:mud:gateway"}"#);
    assert_eq!(ace.peer, [PeerMatch::Controller("urn:ietf:params:mud:gateway".into())]);
    assert!(has(&lints, code::CLASS));
}

#[test]
fn trap_12_eth_in_an_ip_list_is_evaluated() {
    let local = r#""ietf-mud:mud":{"local-networks":[null]},"#;
    let (ace, _) = from_device("ipv4-acl-type", &format!(r#"{local}"eth":{{"ethertype":"0x0800"}}"#));
    assert_eq!((ace.family, ace.unsupported.len()), (Family::Ipv4, 0));
    let other = from_device("ipv4-acl-type", &format!(r#"{local}"eth":{{"ethertype":"0x86dd"}}"#));
    assert_dead(&other, "family", code::CONTRADICTION);
    let mac =
        from_device("ipv4-acl-type", &format!(r#"{local}"eth":{{"destination-mac-address":"ff:ff:ff:ff:ff:ff"}}"#));
    assert_dead(&mac, "eth/destination-mac-address", code::UNSUPPORTED);
}

#[test]
fn trap_13_local_networks_stay_on_frames_without_ip() {
    for ethertype in [r#""0x888e""#, "34958"] {
        let matches = format!(r#""ietf-mud:mud":{{"local-networks":[null]}},"eth":{{"ethertype":{ethertype}}}"#);
        let (ace, lints) = from_device("ethernet-acl-type", &matches);
        assert_eq!((ace.family, &ace.peer[..]), (Family::Ethernet(Some(0x888e)), &[PeerMatch::LocalNetworks][..]));
        assert!(ace.unsupported.is_empty());
        assert!(has(&lints, code::DIALECT));
    }
    assert_dead(&from_device("eth-acl-type", r#""eth":{"ethertype":"0x0006"}"#), "eth/ethertype", code::UNSUPPORTED);
}

#[test]
fn trap_14_extension_headers_are_no_protocols() {
    for header in [0, 43, 44, 60] {
        let matches = format!(r#""ietf-mud:mud":{{"local-networks":[null]}},"ipv6":{{"protocol":{header}}}"#);
        assert_dead(&from_device("ipv6-acl-type", &matches), &format!("protocol {header}"), code::EXTENSION_HEADER);
    }
}

#[test]
fn trap_15_icmp_follows_the_family() {
    let echo = r#""ietf-mud:mud":{"local-networks":[null]},"icmp":{"type":128,"code":0}"#;
    let (ace, _) = from_device("ipv6-acl-type", &format!(r#""ipv6":{{}},{echo}"#));
    assert_eq!(
        (ace.transport.protocol, ace.transport.icmp_type, ace.transport.icmp_code),
        (Some(58), Some(128), Some(0))
    );
    let (ace, _) = from_device("ipv4-acl-type", &format!(r#""ipv4":{{"protocol":1}},{echo}"#));
    assert_eq!(ace.transport.protocol, Some(1));
    let (ace, _) = from_device("ipv6-acl-type", r#""ipv6":{"protocol":58}"#);
    assert_eq!((ace.transport.protocol, ace.transport.icmp_type), (Some(58), None));
    assert_dead(
        &from_device("ipv6-acl-type", &format!(r#""ipv6":{{"protocol":1}},{echo}"#)),
        "icmp",
        code::CONTRADICTION,
    );

    let without_type = file("x", &[accept("ping", echo)], &[]).replace(r#""type":"x","#, "");
    let (profile, _) = compile(&without_type);
    let forms: Vec<_> = profile.from_device[..2].iter().map(|ace| (ace.family, ace.transport.protocol)).collect();
    assert_eq!(forms, [(Family::Ipv4, Some(1)), (Family::Ipv6, Some(58))]);
}

#[test]
fn trap_15_icmp_without_ip_container_follows_the_list() {
    let echo = r#""ietf-mud:mud":{"local-networks":[null]},"icmp":{"type":128}"#;
    assert_eq!(from_device("ipv6-acl-type", echo).0.transport.protocol, Some(58));
    assert_eq!(from_device("ipv4-acl-type", echo).0.transport.protocol, Some(1));
}

#[test]
fn trap_21_an_entry_without_peer_is_any_host_and_told() {
    let (ace, lints) = from_device("ipv4-acl-type", r#""tcp":{"destination-port":{"port":443}}"#);
    assert_eq!(ace.peer, []);
    assert!(has(&lints, code::ANY_HOST));
    let (ace, lints) = from_device("ipv4-acl-type", r#""ietf-mud:mud":{"local-networks":[null]}"#);
    assert_eq!(ace.peer, [PeerMatch::LocalNetworks]);
    assert!(!has(&lints, code::ANY_HOST));
}

#[test]
fn trap_22_an_unknown_match_never_widens() {
    let unknown = r#""vendor:magic":{"x":1}"#;
    assert_dead(&from_device("ipv4-acl-type", unknown), "vendor:magic", code::UNSUPPORTED);
    for (matches, node) in [
        (r#""ipv4":{"dscp":46}"#, "ipv4/dscp"),
        (r#""ipv6":{"flow-label":1}"#, "ipv6/flow-label"),
        (r#""tcp":{"flags":"syn"}"#, "tcp/flags"),
        (r#""udp":{"length":8}"#, "udp/length"),
        (r#""icmp":{"rest-of-header":"AAAA"}"#, "icmp/rest-of-header"),
        (r#""ietf-mud:mud":{"quarantine":[null]}"#, "ietf-mud:mud/quarantine"),
        (r#""ietf-acl-tls:client-profiles":{}"#, "ietf-acl-tls:client-profiles"),
        (r#""tcp":{"source-port":{"operator":"between","port":1}}"#, "source-port/operator"),
        (r#""tcp":{"source-port":{"lower-port":1}}"#, "source-port"),
    ] {
        let kind = if matches.contains("ipv6") { "ipv6-acl-type" } else { "ipv4-acl-type" };
        assert_dead(&from_device(kind, matches), node, code::UNSUPPORTED);
    }
    // A dropping entry drops without asking for it.
    let text = file("ipv4-acl-type", &[entry("d", &format!(r#"{unknown},"tcp":{{}}"#), "drop")], &[]);
    let (profile, _) = compile(&text);
    let ace = &profile.from_device[0];
    assert_eq!((ace.accept, ace.transport.protocol, ace.unsupported.len()), (false, Some(6), 1));
}

#[test]
fn trap_22_unknown_nodes_of_lists_and_entries_never_widen_either() {
    let text = file("ipv4-acl-type", &[accept("a", "")], &[]);
    let (profile, _) = compile(&text.replacen(r#""name":"a","#, r#""name":"a","schedule":{},"#, 1));
    assert_eq!(profile.from_device[0].unsupported, ["schedule"]);
    let (profile, _) = compile(&text.replacen(r#""name":"f","type""#, r#""name":"f","schedule":{},"type""#, 1));
    assert_eq!(profile.from_device[0].unsupported, ["schedule"]);
    let (profile, _) = compile(&file("martian-acl-type", &[accept("a", "")], &[]));
    assert_eq!(profile.from_device[0].unsupported, ["type martian-acl-type"]);
}

#[test]
fn trap_24_private_addresses_are_told() {
    for (family, literal) in [("4", "192.168.1.0/24"), ("6", "fd00::/8")] {
        let matches = format!(r#""ipv{family}":{{"destination-ipv{family}-network":"{literal}"}}"#);
        let (ace, lints) = from_device(&format!("ipv{family}-acl-type"), &matches);
        assert_eq!(ace.peer, [network(literal)]);
        assert!(has(&lints, code::PRIVATE));
    }
}

#[test]
fn trap_25_matches_on_fragments_are_not_evaluated() {
    for node in ["flags", "offset", "identification"] {
        let matches = format!(r#""ipv4":{{"{node}":"fragment"}},"udp":{{"destination-port":{{"port":53}}}}"#);
        assert_dead(&from_device("ipv4-acl-type", &matches), &format!("ipv4/{node}"), code::UNSUPPORTED);
    }
}

#[test]
fn trap_26_names_are_hosts() {
    let matched =
        |host: &str| from_device("ipv4-acl-type", &format!(r#""ipv4":{{"ietf-acldns:dst-dnsname":"{host}"}}"#));
    assert_eq!(matched("Cloud.Example.COM.").0.peer, [PeerMatch::Name("cloud.example.com".into())]);
    assert_eq!(matched("_ntp.example.com").0.peer, [PeerMatch::Name("_ntp.example.com".into())]);
    assert_eq!(matched("192.0.2.7").0.peer, [network("192.0.2.7/32")]);
    assert_dead(&matched("2001:db8::7"), "ietf-acldns:dst-dnsname", code::CONTRADICTION);
    for wrong in ["*.example.com", "", "a..b", "https://example.com/x", "bücher.example"] {
        assert_dead(&matched(wrong), "ietf-acldns:dst-dnsname", code::HOST);
    }
}
