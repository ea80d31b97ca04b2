//! Ways of writing.

use super::*;
use crate::mud::profile::PeerMatch;

const LOCAL: &str = r#""ietf-mud:mud":{"local-networks":[null]}"#;

#[test]
fn trap_16_both_root_keys_are_read() {
    let text = file("ipv4-acl-type", &[accept("a", LOCAL)], &[accept("a", LOCAL)]);
    let (_, lints) = compile(&text);
    assert_eq!(lints, []);
    let (profile, lints) =
        compile(&text.replace("ietf-access-control-list:acls", "ietf-access-control-list:access-lists"));
    assert_eq!(profile.from_device.len(), 1 + DEFAULTS);
    assert!(has(&lints, code::DIALECT));
}

#[test]
fn trap_17_empty_leaves_are_set_by_null_and_empty_lists() {
    for (written, dialect) in [("[null]", false), ("null", true), ("[]", true)] {
        for (node, matched) in [
            ("local-networks", PeerMatch::LocalNetworks),
            ("my-controller", PeerMatch::MyController),
            ("same-manufacturer", PeerMatch::SameManufacturer),
        ] {
            let (ace, lints) = from_device("ipv4-acl-type", &format!(r#""ietf-mud:mud":{{"{node}":{written}}}"#));
            assert_eq!(ace.peer, [matched]);
            assert_eq!(has(&lints, code::DIALECT), dialect);
        }
    }
    let no = from_device("ipv4-acl-type", r#""ietf-mud:mud":{"local-networks":false}"#);
    assert_dead(&no, "local-networks", code::UNSUPPORTED);
}

#[test]
fn trap_18_an_address_without_length_is_a_host() {
    for (family, written, read) in [
        ("4", "192.0.2.1", "192.0.2.1/32"),
        ("6", "ff05:0:0:0:0:0:0:c", "ff05::c/128"),
        ("4", "192.0.2.1/24", "192.0.2.0/24"),
    ] {
        let matches = format!(r#""ipv{family}":{{"destination-ipv{family}-network":"{written}"}}"#);
        let (ace, lints) = from_device(&format!("ipv{family}-acl-type"), &matches);
        assert_eq!(ace.peer, [PeerMatch::Network(read.parse().unwrap())]);
        assert!(has(&lints, code::PREFIX));
    }
    let other = from_device("ipv6-acl-type", r#""ipv6":{"destination-ipv6-network":"192.168.1.1"}"#);
    assert_dead(&other, "destination-ipv6-network", code::CONTRADICTION);
}

#[test]
fn trap_19_forwarding_in_other_words() {
    for (written, accepts) in [("ACCEPT", true), ("Drop", false), ("deny", false)] {
        let (profile, lints) = compile(&file("ipv4-acl-type", &[entry("a", LOCAL, written)], &[]));
        assert_eq!(profile.from_device[0].accept, accepts);
        assert!(has(&lints, code::DIALECT), "{written}");
    }
    let (profile, lints) = compile(&file("ipv4-acl-type", &[entry("a", LOCAL, "reject")], &[]));
    assert!(!profile.from_device[0].accept && !has(&lints, code::DIALECT));
    let nested = format!(r#"{{"name":"a","matches":{{{LOCAL},"actions":{{"forwarding":"accept"}}}}}}"#);
    let (profile, lints) = compile(&file("ipv4-acl-type", &[nested], &[]));
    assert!(profile.from_device[0].accept && profile.from_device[0].unsupported.is_empty());
    assert!(has(&lints, code::DIALECT));
}

#[test]
fn trap_20_identities_may_have_their_prefix() {
    let text = file(
        "ietf-access-control-list:ipv4-acl-type",
        &[entry("a", LOCAL, "ietf-access-control-list:accept")],
        &[entry("a", LOCAL, "ietf-access-control-list:drop")],
    );
    let (profile, lints) = compile(&text);
    assert!(profile.from_device[0].accept && !profile.to_device[0].accept);
    assert_eq!(lints, []);
}

#[test]
fn trap_23_dangling_references_do_not_stop_the_others() {
    let text = file("ipv4-acl-type", &[accept("a", LOCAL)], &[accept("b", LOCAL)])
        .replacen(r#"[{"name":"f"}]"#, r#"[{"name":"gone"},{"name":"f"}]"#, 1)
        .replacen(r#"[{"name":"t"}]"#, r#"[{"name":"also-gone"}]"#, 1);
    let (profile, lints) = compile(&text);
    assert_eq!(profile.from_device.len(), 1 + DEFAULTS);
    assert_eq!(profile.to_device.len(), DEFAULTS);
    assert_eq!(lints.iter().filter(|lint| lint.code == code::DANGLING).count(), 2);
    assert_eq!(lints.iter().filter(|lint| lint.code == code::UNREFERENCED).count(), 1);
}
