//! Ports, families, own networks, contradictions.

use super::*;
use crate::mud::profile::{Family, PeerMatch};

#[test]
fn operators_become_ranges() {
    for (written, ranges) in [
        (r#""operator":"eq","port":80"#, vec![(80, 80)]),
        (r#""operator":"ietf-packet-fields:lte","port":80"#, vec![(0, 80)]),
        (r#""operator":"gte","port":80"#, vec![(80, 65535)]),
        (r#""operator":"neq","port":80"#, vec![(0, 79), (81, 65535)]),
        (r#""operator":"neq","port":0"#, vec![(1, 65535)]),
        (r#""operator":"neq","port":65535"#, vec![(0, 65534)]),
        (r#""lower-port":5,"upper-port":7"#, vec![(5, 7)]),
    ] {
        let (ace, _) = from_device("ipv4-acl-type", &format!(r#""udp":{{"destination-port":{{{written}}}}}"#));
        assert_eq!(ace.transport.destination_ports, ranges, "{written}");
        assert_eq!(ace.transport.protocol, Some(17));
    }
}

#[test]
fn the_family_is_what_type_and_containers_agree_on() {
    let family = |kind: &str, matches: &str| {
        let (ace, _) = from_device(kind, matches);
        assert_eq!(ace.unsupported, [""; 0], "{kind} {matches}");
        ace.family
    };
    assert_eq!(family("ipv4-acl-type", r#""tcp":{}"#), Family::Ipv4);
    assert_eq!(family("ipv6-acl-type", ""), Family::Ipv6);
    assert_eq!(family("eth-acl-type", ""), Family::Ethernet(None));
    assert_eq!(family("eth-acl-type", r#""eth":{"ethertype":2054}"#), Family::Ethernet(Some(0x0806)));
    assert_eq!(family("eth-acl-type", r#""eth":{"ethertype":"ipv6"}"#), Family::Ipv6);
    assert_eq!(family("mixed-eth-ipv4-acl-type", r#""ipv4":{"protocol":17}"#), Family::Ipv4);
    assert_eq!(family("mixed-eth-ipv6-acl-type", r#""udp":{}"#), Family::Ipv6);
    assert_eq!(family("mixed-eth-ipv4-ipv6-acl-type", r#""udp":{}"#), Family::Ip);
    assert_eq!(
        family("mixed-eth-ipv4-ipv6-acl-type", r#""eth":{"ethertype":"0x88cc"}"#),
        Family::Ethernet(Some(0x88cc))
    );
}

#[test]
fn without_type_the_containers_decide() {
    let family = |matches: &str| {
        let text = file("x", &[accept("a", matches)], &[]).replace(r#""type":"x","#, "");
        compile(&text).0.from_device[0].family
    };
    assert_eq!(family(""), Family::Ip);
    assert_eq!(family(r#""tcp":{}"#), Family::Ip);
    assert_eq!(family(r#""ipv6":{}"#), Family::Ipv6);
    assert_eq!(family(r#""eth":{"ethertype":"0x88cc"}"#), Family::Ethernet(Some(0x88cc)));
}

#[test]
fn an_accepting_entry_of_a_mixed_list_is_not_wider_than_its_type() {
    let text = file("mixed-eth-ipv4-acl-type", &[accept("a", ""), entry("d", "", "drop")], &[]);
    let (profile, _) = compile(&text);
    assert_eq!(profile.from_device[0].family, Family::Ipv4);
    assert_eq!(profile.from_device[1].family, Family::Ethernet(None));
}

#[test]
fn contradictions_accept_nothing() {
    for (kind, matches, node) in [
        ("ipv4-acl-type", r#""ipv6":{}"#, "family"),
        ("eth-acl-type", r#""ipv4":{}"#, "family"),
        ("ipv4-acl-type", r#""eth":{"ethertype":"0x88cc"}"#, "family"),
        ("eth-acl-type", r#""eth":{"ethertype":"0x88cc"},"ietf-mud:mud":{"controller":"urn:x:y"}"#, "family"),
        ("ipv4-acl-type", r#""ipv4":{"protocol":17},"tcp":{}"#, "tcp"),
        ("ipv4-acl-type", r#""tcp":{},"udp":{}"#, "udp"),
        ("mixed-eth-ipv4-ipv6-acl-type", r#""ipv4":{},"ipv6":{}"#, "ipv6"),
        ("ipv4-acl-type", r#""tcp":{"source-port":{"lower-port":9,"upper-port":8}}"#, "source-port"),
        ("ipv4-acl-type", r#""tcp":{"source-port":{"port":9,"upper-port":8}}"#, "source-port"),
    ] {
        assert_dead(&from_device(kind, matches), node, code::CONTRADICTION);
    }
}

#[test]
fn a_contradicting_drop_drops_for_its_peer() {
    let matches = r#""ipv6":{"protocol":17},"udp":{},"ietf-mud:mud":{"manufacturer":"Evil.Example."}"#;
    let (profile, _) = compile(&file("ipv4-acl-type", &[entry("d", matches, "drop")], &[]));
    let ace = &profile.from_device[0];
    assert_eq!((ace.family, ace.transport.protocol), (Family::Ip, None));
    assert_eq!(ace.peer, [PeerMatch::Manufacturer("evil.example".into())]);
}

#[test]
fn networks_of_the_device_itself_are_its_own() {
    let both = r#""ipv4":{"source-ipv4-network":"10.0.0.0/8","destination-ipv4-network":"192.0.2.0/24"}"#;
    let networks = |text: &str| text.parse().unwrap();
    let (ace, _) = from_device("ipv4-acl-type", both);
    assert_eq!((ace.own, ace.peer), (vec![networks("10.0.0.0/8")], vec![PeerMatch::Network(networks("192.0.2.0/24"))]));
    let (ace, _) = to_device("ipv4-acl-type", both);
    assert_eq!((ace.own, ace.peer), (vec![networks("192.0.2.0/24")], vec![PeerMatch::Network(networks("10.0.0.0/8"))]));
}

#[test]
fn all_words_for_a_peer() {
    let matches = r#""ietf-mud:mud":{"model":"https://v.example/m.json","manufacturer":"V.example","my-controller":[null],"controller":"https://c.example/x"}"#;
    let (ace, lints) = from_device("ipv4-acl-type", matches);
    assert_eq!(
        ace.peer,
        [
            PeerMatch::Controller("https://c.example/x".into()),
            PeerMatch::MyController,
            PeerMatch::Manufacturer("v.example".into()),
            PeerMatch::Model("https://v.example/m.json".into()),
        ]
    );
    assert!(!has(&lints, code::CLASS));
}
