//! Guardrails and transitions.

use super::*;

/// A transition or guardrail of the office.
fn rule(kind: &str, name: &str, more: &str) -> String {
    format!("[[{kind}]]\nname = \"{name}\"\nfrom = \"office\"\nto = \"ot\"\n{more}\n")
}

/// The chains that decide between the office and the plant.
fn between(text: &str) -> Vec<Vec<String>> {
    let rules = Rules::of(&format!("{ZONES}{text}"));
    let mut chains = Vec::new();
    let mut name = "office_to_ot".to_owned();
    while rules.0.contains(&format!("    chain {name} {{")) {
        chains.push(rules.chain(&name).into_iter().map(str::to_owned).collect());
        name = format!("office_to_ot.{}", chains.len() + 1);
    }
    chains
}

#[test]
fn a_transition_allows_and_silence_does_not() {
    let text = rule(
        "transitions",
        "engineering",
        r#"allow = ["tcp/502", "tcp/80", "udp/5000-5010", "icmp/echo-request", "ip/50", "tcp/22:1024-65535"]"#,
    );
    assert_eq!(
        between(&text),
        [[
            "meta l4proto 50 counter return comment \"engineering\"",
            "meta l4proto . th dport { tcp . 80, tcp . 502, udp . 5000-5010 } counter return comment \"engineering\"",
            "meta l4proto . th sport . th dport { tcp . 1024-65535 . 22 } counter return comment \"engineering\"",
            "icmp type 8 counter return comment \"engineering\"",
            "goto no-transition",
        ]]
    );
}

#[test]
fn an_entry_denies_of_its_own_only() {
    let first = rule("transitions", "a", "allow = [\"tcp\"]\ndeny = [\"tcp/22\"]");
    let second = rule("transitions", "b", "allow = [\"tcp/22\"]");
    let denied = "meta l4proto . th dport { tcp . 22 }";
    assert_eq!(
        between(&(second + &first)),
        [
            vec![
                format!("{denied} goto office_to_ot.2"),
                "meta l4proto tcp counter return comment \"a\"".to_owned(),
                "goto office_to_ot.2".to_owned(),
            ],
            vec![format!("{denied} counter return comment \"b\""), "goto no-transition".to_owned()],
        ]
    );
}

#[test]
fn guardrails_come_first_and_leave_alone_what_they_except() {
    let transition = rule("transitions", "a", "allow = [\"any\"]");
    let guardrail = rule(
        "guardrails",
        "z",
        "deny = [\"tcp\"]\nexcept = [{ from = \"office\", to = \"ot\", allow = [\"tcp/443\"] }]",
    );
    let other =
        rule("guardrails", "y", "deny = [\"any\"]\nexcept = [{ from = \"iot\", to = \"ot\" }]\nmode = \"audit\"");
    assert_eq!(
        between(&(transition + &guardrail + &other)),
        [
            vec![
                "meta l4proto . th dport { tcp . 443 } goto office_to_ot.2",
                "meta l4proto tcp counter goto guardrail comment \"z\"",
                "goto office_to_ot.2",
            ],
            vec!["counter jump audit_guardrail comment \"y\"", "counter return comment \"a\"", "goto no-transition",],
        ]
    );
}

#[test]
fn a_guardrail_alone_is_told_from_silence() {
    let text = rule("guardrails", "g", "deny = [\"tcp/23\"]");
    let refused = "meta l4proto . th dport { tcp . 23 } counter goto guardrail comment \"g\"";
    assert_eq!(between(&text), [[refused, "goto no-transition"]]);
    // The router itself needs no transition.
    let text = text.replace("\"office\"", "\"router\"");
    let rules = Rules::of(&format!("{ZONES}{text}"));
    assert_eq!(rules.chain("router_to_ot"), [refused]);
}

#[test]
fn audit_needs_all_that_a_drop_rests_on() {
    let audit = "mode = \"audit\"";
    let ends = |text: &str| {
        let rules = Rules::of(text);
        rules.chain("office_to_ot").last().map(|rule| (*rule).to_owned()).unwrap()
    };
    let one = rule("transitions", "a", &format!("allow = [\"tcp/1\"]\n{audit}"));
    let two = rule("transitions", "b", "allow = [\"tcp/2\"]");
    assert_eq!(ends(&format!("{ZONES}{one}")), "goto audit_no-transition");
    assert_eq!(ends(&format!("{ZONES}{one}{two}")), "goto no-transition");
    // With an entry, the zones' modes do not matter; without one, both must be in audit.
    assert_eq!(ends(&zones("office", audit, &two)), "goto no-transition");
    let guardrail = rule("guardrails", "g", "deny = [\"tcp/1\"]");
    assert_eq!(ends(&zones("office", audit, &guardrail)), "goto no-transition");
    let both = zones("office", audit, &guardrail).replacen("[zones.ot]\n", &format!("[zones.ot]\n{audit}\n"), 1);
    assert_eq!(ends(&both), "goto audit_no-transition");
}

#[test]
fn in_audit_nothing_is_dropped() {
    let text = format!("mode = \"audit\"\n{ZONES}{}", rule("guardrails", "g", "deny = [\"any\"]"));
    let rules = Rules::of(&text);
    let dropping: Vec<&str> =
        rules.0.lines().filter(|line| line.contains(" drop") && !line.trim().starts_with('#')).collect();
    assert!(dropping.is_empty(), "{dropping:#?}");
    assert!(rules.chain("audit_guardrail")[1].contains("log prefix \"enforcer audit guardrail: \""));
}

#[test]
fn what_is_in_audit_counts_and_goes_on() {
    let rules = Rules::of(&zones("iot", "mode = \"audit\"", ""));
    assert_eq!(
        rules.chain("audit_spoofed-source"),
        [
            "counter name \"audit_spoofed-source\"",
            "limit rate 10/second burst 20 packets log prefix \"enforcer audit spoofed-source: \"",
        ]
    );
    assert_eq!(rules.chain("spoofed-source"), ["counter name \"spoofed-source\" drop"]);
    assert_eq!(rules.chain("stray_iot0").last(), Some(&"goto audit_spoofed-source"));
    assert_eq!(rules.chain("stray_office0").last(), Some(&"goto spoofed-source"));
}

#[test]
fn an_entry_that_ends_or_logs_says_so() {
    let text = rule("transitions", "a", "allow = [\"tcp/1\"]\nuntil = 2026-12-01T17:00:00Z\nlog = true");
    assert_eq!(
        between(&text)[0][0],
        "meta time < 1796144400 meta l4proto . th dport { tcp . 1 } counter log prefix \"enforcer a: \" return comment \"a\""
    );
}

#[test]
fn pairs_of_whom_the_same_holds_share_a_chain() {
    let text = "[[transitions]]\nname = \"t\"\nfrom = [\"office\", \"iot\"]\nto = \"ot\"\nallow = [\"tcp/1\"]\n";
    let rules = Rules::of(&format!("{ZONES}{text}"));
    let to_ot = |name: &str| rules.chain(name)[0].matches("_to_ot").count();
    assert!(to_ot("from_iot") == 1 && to_ot("from_office") == 1, "{}", rules.0);
    let shared = rules.0.matches("comment \"t\"").count();
    assert_eq!(shared, 1, "{}", rules.0);
}

#[test]
fn a_name_stays_within_its_quotes() {
    let name = r#"x\" accept } flush ruleset #"#;
    let rules = Rules::of(&format!("{ZONES}{}", rule("transitions", name, "allow = [\"tcp/1\"]\nlog = true")));
    assert!(rules.0.lines().all(|line| !line.trim_start().starts_with("flush")), "{}", rules.0);
    assert!(rules.chain("office_to_ot")[0].ends_with("return comment \"x' accept } flush ruleset #\""), "{}", rules.0);
}

#[test]
fn a_star_in_an_exception_is_neither_the_router_nor_the_zone_itself() {
    let guardrail = r#"
[[guardrails]]
name = "g"
from = "*"
to = "*"
deny = ["tcp/23"]
except = [{ from = "*", to = "*", allow = ["tcp/23"] }]
[[transitions]]
name = "t"
from = "office"
to = ["office", "ot", "router"]
allow = ["any"]
"#;
    let rules = Rules::of(&format!("{ZONES}{guardrail}"));
    assert!(rules.chain("office_to_ot")[0].contains("goto office_to_ot.2"), "{}", rules.0);
    assert!(rules.chain("office_to_office")[0].ends_with("goto guardrail comment \"g\""), "{}", rules.0);
    // Of the router the same holds.
    assert!(rules.chain("to_router")[0].contains("\"office0\" : goto office_to_office,"), "{}", rules.0);
}
