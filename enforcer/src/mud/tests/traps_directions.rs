//! Ports and directions.

use super::*;
use crate::mud::profile::{Family, Initiated, PeerMatch};

const CLOUD_443_OUT: &str = r#""ipv4":{"ietf-acldns:dst-dnsname":"c.example"},"tcp":{"destination-port":{"port":443}}"#;
const CLOUD_443_IN: &str = r#""ipv4":{"ietf-acldns:src-dnsname":"c.example"},"tcp":{"source-port":{"port":443}}"#;

fn opened(matches: &str, by: &str) -> String {
    matches.replace(r#""tcp":{"#, &format!(r#""tcp":{{"ietf-mud:direction-initiated":"{by}","#))
}

#[test]
fn trap_01_ports_are_packet_relative() {
    let (ace, _) = to_device("ipv4-acl-type", CLOUD_443_IN);
    assert_eq!(ace.transport.source_ports, [(443, 443)]);
    assert_eq!(ace.transport.destination_ports, []);
    assert_eq!(ace.transport.protocol, Some(6));
}

#[test]
fn trap_02_the_operator_defaults_to_eq() {
    let (ace, lints) = from_device("ipv4-acl-type", CLOUD_443_OUT);
    assert_eq!(ace.transport.destination_ports, [(443, 443)]);
    assert_eq!(ace.unsupported, [""; 0]);
    assert!(!has(&lints, code::DIALECT));
}

#[test]
fn trap_03_a_range_wins_over_an_operator() {
    for operator in ["eq", "range"] {
        let matches = format!(
            r#""ietf-mud:mud":{{"local-networks":[null]}},"tcp":{{"source-port":{{"operator":"{operator}","lower-port":30000,"upper-port":49000}}}}"#
        );
        let (ace, lints) = from_device("ipv4-acl-type", &matches);
        assert_eq!(ace.transport.source_ports, [(30000, 49000)]);
        assert!(ace.unsupported.is_empty());
        assert!(has(&lints, code::RANGE_OPERATOR));
    }
}

#[test]
fn trap_04_a_name_on_the_own_side_is_never_any_host() {
    assert_dead(&from_device("ipv4-acl-type", CLOUD_443_IN), "ietf-acldns:src-dnsname", code::OWN_NAME);
    assert_dead(&to_device("ipv4-acl-type", CLOUD_443_OUT), "ietf-acldns:dst-dnsname", code::OWN_NAME);
    // A literal in its place is no better.
    let literal = CLOUD_443_IN.replace("c.example", "192.0.2.1");
    assert_dead(&from_device("ipv4-acl-type", &literal), "ietf-acldns:src-dnsname", code::OWN_NAME);
}

#[test]
fn trap_05_nothing_implies_the_reverse_path() {
    let text = file("ipv4-acl-type", &[accept("web", CLOUD_443_OUT)], &[]);
    let without = text.replace(",\n\"to-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"t\"}]}}", "");
    assert!(!without.contains("to-device-policy"));
    let (profile, lints) = compile(&without);
    assert_eq!(profile.from_device.len(), 1 + DEFAULTS);
    assert_eq!(profile.to_device.len(), DEFAULTS);
    assert!(has(&lints, code::ONE_DIRECTION));
}

#[test]
fn trap_06_dns_and_ntp_come_after_what_the_file_says() {
    let drop = entry("no-dns", r#""udp":{"destination-port":{"port":53}}"#, "drop");
    let (profile, _) = compile(&file("ipv4-acl-type", &[drop], &[]));
    assert!(!profile.from_device[0].accept);
    let rules = |aces: &[Ace]| aces.iter().map(|ace| ace.rule.clone()).collect::<Vec<_>>();
    let defaults = ["camera.json#default/dns", "camera.json#default/ntp"];
    assert_eq!(rules(&profile.from_device)[1..], defaults);
    assert_eq!(rules(&profile.to_device), defaults);
    let [dns, ntp] = &profile.to_device[..] else { panic!() };
    assert_eq!(dns.peer, [PeerMatch::Controller("urn:ietf:params:mud:dns".into())]);
    assert_eq!(ntp.peer, [PeerMatch::Controller("urn:ietf:params:mud:ntp".into())]);
    for (ace, port) in [(dns, 53), (ntp, 123)] {
        assert_eq!((ace.family, ace.transport.protocol, ace.accept), (Family::Ip, Some(17), true));
        assert_eq!(
            (&ace.transport.source_ports[..], &ace.transport.destination_ports[..]),
            (&[(port, port)][..], &[][..])
        );
    }
    let [_, dns, ntp] = &profile.from_device[..] else { panic!() };
    for (ace, port) in [(dns, 53), (ntp, 123)] {
        assert_eq!(
            (&ace.transport.source_ports[..], &ace.transport.destination_ports[..]),
            (&[][..], &[(port, port)][..])
        );
    }
}

#[test]
fn trap_07_direction_initiated_is_seen_from_the_device() {
    let (ace, _) = to_device("ipv4-acl-type", &opened(CLOUD_443_IN, "from-device"));
    assert_eq!(ace.initiated, Some(Initiated::FromDevice));
    let (ace, _) = from_device("ipv4-acl-type", &opened(CLOUD_443_OUT, "to-device"));
    assert_eq!(ace.initiated, Some(Initiated::ToDevice));
}

#[test]
fn trap_08_direction_initiated_holds_for_the_mirrored_entry() {
    let said = accept("out", &opened(CLOUD_443_OUT, "from-device"));
    let (profile, lints) = compile(&file("ipv4-acl-type", std::slice::from_ref(&said), &[accept("in", CLOUD_443_IN)]));
    assert_eq!(profile.to_device[0].initiated, Some(Initiated::FromDevice));
    let lint = lints.iter().find(|lint| lint.code == code::MIRRORED).unwrap();
    assert_eq!(lint.line, profile.to_device[0].place.line);

    let said_in = accept("in", &opened(CLOUD_443_IN, "from-device"));
    let (profile, _) = compile(&file("ipv4-acl-type", &[accept("out", CLOUD_443_OUT)], &[said_in]));
    assert_eq!(profile.from_device[0].initiated, Some(Initiated::FromDevice));
}

#[test]
fn trap_08_only_true_mirrors_that_agree() {
    let out = |name: &str, by: &str| accept(name, &opened(CLOUD_443_OUT, by));
    let initiated = |from: &[String], to: &str| {
        let (profile, _) = compile(&file("ipv4-acl-type", from, &[to.to_owned()]));
        profile.to_device[0].initiated
    };
    let other_peer = accept("in", &CLOUD_443_IN.replace("c.example", "d.example"));
    let other_port = accept("in", &CLOUD_443_IN.replace("443", "80"));
    let udp = accept("in", &CLOUD_443_IN.replace("tcp", "udp"));
    let one = [out("out", "from-device")];
    assert_eq!(initiated(&one, &other_peer), None);
    assert_eq!(initiated(&one, &other_port), None);
    assert_eq!(initiated(&one, &udp), None);
    let both = [out("out", "from-device"), out("also", "to-device")];
    assert_eq!(initiated(&both, &accept("in", CLOUD_443_IN)), None);
    let free = [out("out", "from-device"), accept("also", CLOUD_443_OUT)];
    assert_eq!(initiated(&free, &accept("in", CLOUD_443_IN)), None);
    // A demand more on a dropping entry would let more pass.
    assert_eq!(initiated(&one, &entry("in", CLOUD_443_IN, "drop")), None);
}

#[test]
fn trap_09_direction_initiated_on_udp_is_ignored() {
    let matches = r#""ietf-mud:mud":{"local-networks":[null]},"udp":{"ietf-mud:direction-initiated":"from-device","destination-port":{"port":5353}}"#;
    let (ace, lints) = from_device("ipv4-acl-type", matches);
    assert_eq!(ace.initiated, None);
    assert!(ace.unsupported.is_empty());
    assert!(has(&lints, code::DIRECTION));
}

#[test]
fn trap_27_lateral_ports_are_not_installed_both_ways() {
    let matches = r#""ietf-mud:mud":{"same-manufacturer":[null]},"tcp":{"destination-port":{"port":502}}"#;
    let text = file("ipv4-acl-type", &[accept("peer", matches)], &[accept("peer", matches)]);
    let (profile, _) = compile(&text);
    for ace in [&profile.from_device[0], &profile.to_device[0]] {
        assert_eq!(ace.peer, [PeerMatch::SameManufacturer]);
        assert_eq!(ace.transport.source_ports, []);
        assert_eq!(ace.transport.destination_ports, [(502, 502)]);
    }
}
