//! What is said at the top, and that the same policy says the same.

use super::*;

#[test]
fn what_cannot_be_said_is_told_by_name_and_place() {
    let text = format!(
        "{ZONES}[[transitions]]\nname = \"goose\"\nfrom = \"ot\"\nto = \"same\"\nallow = [\"eth/0x88b8\"]\n\
         [[transitions]]\nname = \"visit\"\nfrom = \"ot\"\nto = \"office\"\nallow = [\"tcp/1\"]\nuntil = 2126-12-01T17:00:00Z\n"
    );
    let rules = Rules::of(&text);
    let heading = rules.heading();
    for line in [
        "services by EtherType allow and deny nothing:\n#   - transition goose (policy.toml:",
        "those under way go on:\n#   - transition visit (policy.toml:",
        "`conntrack -F` ends them all",
    ] {
        assert!(heading.contains(line), "no `{line}` in\n{heading}");
    }
    assert!(!rules.0.contains("comment \"goose\""), "an entry without effect has no rule");
    let ingress = Rules::with(&[("policy.toml", &text)], Hook::Ingress).heading();
    assert!(ingress.contains("There are no connections"), "{ingress}");
}

#[test]
fn a_zone_without_essentials_has_none() {
    let rules = Rules::of(&zones("ot", "essentials = false", ""));
    assert_eq!(rules.chain("essentials")[0], "iifname != { \"iot0\", \"office0\", \"wan0\" } return");
    assert!(
        rules.heading().contains("have no ARP here, whatever their transitions say:\n#   - ot"),
        "{}",
        rules.heading()
    );
    assert!(rules.0.contains("\"ot0\" : goto no-transition"), "no ARP:\n{}", rules.0);
}

#[test]
fn the_order_of_files_and_entries_says_nothing() {
    let (one, two) = (
        "[[transitions]]\nname = \"a\"\nfrom = \"ot\"\nto = \"office\"\nallow = [\"tcp/1\", \"udp/2\"]\n",
        "[[guardrails]]\nname = \"b\"\nfrom = \"ot\"\nto = \"*\"\ndeny = [\"tcp/9\"]\n",
    );
    let together = Rules::of(&format!("{ZONES}{one}{two}"));
    let apart = [("a.toml", two), ("b.toml", ZONES), ("c.toml", one)];
    let apart = Rules::with(&apart.map(|(name, text)| (name, text)), Hook::Forward);
    let rules = |rules: &Rules| -> Vec<String> {
        let lines = rules.0.lines().filter(|line| !line.trim().starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(rules(&together), rules(&apart));
}

#[test]
fn only_uplinks_advertise_routes() {
    let rules = Rules::of(ZONES);
    assert_eq!(
        rules.chain("from_uplink_only"),
        ["iifname \"wan0\" counter name \"essential\" accept", "goto spoofed-source"]
    );
}
