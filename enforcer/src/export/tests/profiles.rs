//! MUD files: lists as chains.

use super::*;

const RULES: &str = r#"
[[transitions]]
name = "profiles"
from = ["iot", "office"]
to = ["internet", "iot", "router", "office"]
allow = ["mud", "tcp/8883"]
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["a.json"]
my-controllers = ["10.10.0.10", "fd00:10::10"]
[names]
"cloud.example" = ["203.0.113.10", "203.0.113.11", "2001:db8::10"]
"#;

/// A MUD file with one list for each direction: entries of name, matches and forwarding.
fn file(from: &[(&str, &str, &str)], to: &[(&str, &str, &str)]) -> String {
    let list = |name: &str, aces: &[(&str, &str, &str)]| {
        let aces = aces.iter().map(|(name, matches, forwarding)| {
            format!(r#"{{"name":"{name}","matches":{{{matches}}},"actions":{{"forwarding":"{forwarding}"}}}}"#)
        });
        let aces = aces.collect::<Vec<_>>().join(",");
        format!(r#"{{"name":"{name}","type":"ipv4-acl-type","aces":{{"ace":[{aces}]}}}}"#)
    };
    let named = |name: &str| format!(r#"{{"access-lists":{{"access-list":[{{"name":"{name}"}}]}}}}"#);
    format!(
        r#"{{"ietf-mud:mud":{{"mud-version":1,"mud-url":"https://maker.example/a.json","last-update":"2026-03-01T12:00:00Z",
        "is-supported":true,"from-device-policy":{},"to-device-policy":{}}},
        "ietf-access-control-list:acls":{{"acl":[{},{}]}}}}"#,
        named("from"),
        named("to"),
        list("from", from),
        list("to", to),
    )
}

fn rules(policy: &str, files: &[(&str, &str)]) -> Rules {
    let policy = format!("{ZONES}{policy}");
    let mut all = vec![("policy.toml", policy.as_str())];
    all.extend(files);
    Rules::with(&all, Hook::Forward)
}

const CLOUD: (&str, &str, &str) = (
    "cloud",
    r#""ipv4":{"ietf-acldns:dst-dnsname":"cloud.example"},"tcp":{"destination-port":{"port":443}}"#,
    "accept",
);

#[test]
fn entries_keep_their_order_and_their_names() {
    let text = file(
        &[
            ("not", r#""ipv4":{"destination-ipv4-network":"203.0.113.11/32"}"#, "drop"),
            CLOUD,
            (
                "mine",
                r#""ietf-mud:mud":{"my-controller":[null]},"udp":{"source-port":{"lower-port":10,"upper-port":20}}"#,
                "accept",
            ),
            ("ping", r#""ietf-mud:mud":{"local-networks":[null]},"icmp":{"type":8}"#, "accept"),
        ],
        &[],
    );
    let rules = rules(RULES, &[("a.json", &text)]);
    assert_eq!(
        rules.chain("camera_from4"),
        [
            "ip daddr 203.0.113.11/32 counter goto mud-from-device comment \"a.json#from/not\"",
            "ip daddr { 203.0.113.10, 203.0.113.11 } meta l4proto tcp th dport 443 counter return comment \"a.json#from/cloud\"",
            "ip daddr 10.10.0.10 meta l4proto udp th sport 10-20 counter return comment \"a.json#from/mine\"",
            "ip daddr @local4 meta l4proto icmp icmp type 8 counter return comment \"a.json#from/ping\"",
            "ip daddr 10.10.0.1 meta l4proto udp th dport 53 counter return comment \"a.json#default/dns\"",
            "ip daddr 10.10.0.1 meta l4proto udp th dport 123 counter return comment \"a.json#default/ntp\"",
            "goto mud-from-device",
        ]
    );
    assert_eq!(rules.set("mud_from4"), "10.30.0.11 : goto camera_from4");
    assert_eq!(rules.set("mud_to6"), "fd00:30::11 : goto camera_to6");
    assert!(rules.set("mud_from_macs").contains("ipv6 . 02:00:00:00:30:11 : goto camera_from6"), "{}", rules.0);
    let forward = rules.chain("forward");
    let at = |rule: &str| forward.iter().position(|line| *line == rule).unwrap_or_else(|| panic!("{forward:#?}"));
    assert!(at("jump sender") < at("jump mud_from") && at("jump mud_from") < at("jump mud_to"));
}

#[test]
fn one_of_several_files_that_accepts_is_enough() {
    let first = file(&[("no", r#""ipv4":{"protocol":6},"tcp":{"destination-port":{"port":80}}"#, "drop")], &[]);
    let second = file(&[("yes", r#""ipv4":{"protocol":6},"tcp":{"destination-port":{"port":80}}"#, "accept")], &[]);
    let policy = RULES.replace("mud = [\"a.json\"]", "mud = [\"a.json\", \"b.json\"]");
    let rules = rules(&policy, &[("a.json", &first), ("b.json", &second)]);
    let (one, two) = (rules.chain("camera_from4"), rules.chain("camera_from4.2"));
    assert_eq!(one[0], "meta l4proto tcp th dport 80 counter goto camera_from4.2 comment \"a.json#from/no\"");
    assert_eq!(one.last(), Some(&"goto camera_from4.2"));
    assert_eq!(two[0], "meta l4proto tcp th dport 80 counter return comment \"b.json#from/yes\"");
    assert_eq!(two.last(), Some(&"goto mud-from-device"));
    assert_eq!(rules.set("mud_from4"), "10.30.0.11 : goto camera_from4");
}

#[test]
fn what_cannot_be_evaluated_accepts_nothing_and_drops_all() {
    let odd = r#""ipv4":{"protocol":6,"dscp":10},"tcp":{"destination-port":{"port":80}}"#;
    let accepting = rules(RULES, &[("a.json", &file(&[("odd", odd, "accept")], &[]))]);
    assert!(!accepting.0.contains("#from/odd"), "{}", accepting.0);
    let dropping = rules(RULES, &[("a.json", &file(&[("odd", odd, "drop")], &[]))]);
    assert_eq!(
        dropping.chain("camera_from4")[0],
        "meta l4proto tcp th dport 80 counter goto mud-from-device comment \"a.json#from/odd\""
    );
}

#[test]
fn answers_pass_unless_they_are_dropped_or_must_be_listed() {
    let plain = file(&[CLOUD], &[]);
    assert!(!rules(RULES, &[("a.json", &plain)]).0.contains("chain answers"));

    let dropping = file(&[CLOUD, ("no", r#""ipv4":{"protocol":6},"tcp":{"source-port":{"port":23}}"#, "drop")], &[]);
    let settled = rules(RULES, &[("a.json", &dropping)]);
    assert_eq!(settled.chain("established")[0], "ct direction reply jump answers");
    let answers = settled.chain("camera_answers_from4");
    assert!(
        answers.iter().any(|rule| rule.ends_with("counter goto mud-from-device comment \"a.json#from/no\"")),
        "{answers:#?}"
    );
    assert!(!answers.contains(&"goto mud-from-device"), "the others pass");

    let listed = RULES.replace("mud = [", "replies = \"listed\"\nmud = [");
    let listed = rules(&listed, &[("a.json", &plain)]);
    assert_eq!(listed.chain("camera_answers_from4").last(), Some(&"goto mud-from-device"));
    assert_eq!(listed.chain("camera_answers_to4").last(), Some(&"goto mud-to-device"));
}

#[test]
fn mud_stands_for_every_service_where_profiles_decide() {
    let plain = "[devices.lamp]\naddresses = [\"10.30.0.12\"]\nzone = \"iot\"\n";
    let rules = rules(&format!("{RULES}{plain}"), &[("a.json", &file(&[CLOUD], &[]))]);
    let everything = "counter return comment \"profiles\"";
    let service = "meta l4proto . th dport { tcp . 8883 } counter return comment \"profiles\"";
    assert!(rules.chain("sender_in_iot").contains(&"ip saddr @iot_profiled4 goto from_iot_profiled"), "{}", rules.0);
    let served = rules.0.lines().filter(|line| line.trim() == everything).count();
    let not = rules.0.lines().filter(|line| line.trim() == service).count();
    assert_eq!((served, not), (1, 1), "one chain for each: {}", rules.0);
    // From the office: profiled ones by their files, the lamp and unlisted ones by the service.
    let to_iot = rules.chain("office_to_all_of_iot");
    let profiled = to_iot[0].strip_prefix("ip daddr @iot_profiled4 goto ").unwrap();
    assert_eq!(rules.chain(profiled)[0], everything);
    let others = to_iot.last().unwrap().strip_prefix("goto ").unwrap();
    assert_eq!(rules.chain(others)[0], service);
    assert!(
        !to_iot.iter().any(|rule| rule.contains("@iot_listed4")),
        "the lamp is like unlisted ones here: {to_iot:#?}"
    );
}

#[test]
fn kin_is_found_by_address_by_mac_and_where_it_was_last_seen() {
    let kin = r#""ietf-mud:mud":{"same-manufacturer":[null]},"tcp":{"destination-port":{"port":1}}"#;
    let text = file(&[("kin", kin, "accept")], &[("kin", kin, "accept")]);
    let lamp = "[devices.lamp]\nmac = \"02:00:00:00:30:52\"\nzone = \"iot\"\nmud = [\"a.json\"]\n";
    let rules = rules(&format!("{RULES}{lamp}"), &[("a.json", &text)]);
    let about = |chain: &str| -> Vec<String> {
        let kin = rules.chain(chain).into_iter().filter(|rule| rule.contains("/kin"));
        kin.map(|rule| rule.split(" meta l4proto").next().unwrap().to_owned()).collect()
    };
    assert_eq!(about("camera_from4"), ["ip daddr 10.30.0.11", "ip daddr @learnt_lamp4"]);
    assert_eq!(about("camera_to4"), ["ip saddr 10.30.0.11", "meta nfproto ipv4 ether saddr @maker.example_macs"]);
    assert_eq!(rules.set("maker.example_macs"), "02:00:00:00:30:11, 02:00:00:00:30:52");
}
