//! Words: what they leave open is explained for each family, what means no packet is refused with a sentence.

use super::site::{ended, explained, site, text};

#[test]
fn words_that_mean_no_packet_are_wrong_usage() {
    let site = site();
    for (words, told) in [
        (
            "--src ofice --dst internet --service tcp/443",
            "`ofice` is no zone, device, address, or name of `[names]`: did you mean `office`?",
        ),
        ("--src inside --dst internet --service tcp/443", "`inside` is a group: name one of its zones or devices"),
        ("--src office --dst internet --service tcp/99999", "the highest is 65535"),
        ("--src office --dst internet --service tcp", "many ports, and a packet has one"),
        ("--src office --dst internet --service icmp", "many types"),
        ("--src office --dst internet --service any", "`any` is no service of one packet"),
        ("--src office --dst internet --service mud", "`mud` is no service of one packet"),
        ("--src office --dst internet --service web", "name one of tcp/80, tcp/443"),
        ("--src office --dst internet --service wep", "did you mean `web`?"),
        ("--src router --dst router --service tcp/22", "the router does not send to itself"),
        ("--src 10.10.0.5 --dst fd00:40::10 --service tcp/502", "no family of addresses in common"),
        ("--src office --dst plc --service icmp/echo-request -6", "no family of addresses in common"),
        ("--src lab --dst router --service icmpv6/echo-request -4", "no family of addresses in common"),
        ("--src fe80::1 --dst office --service tcp/22", "name the port with --in"),
        ("--src office --dst internet --service tcp/443 --in lan9", "the policy has no port `lan9`; it has lab0"),
        ("--src office --dst internet --service eth/0x88b8", "stay within the zone"),
        ("--src office --dst internet --service icmp/3 --reply", "nothing answers `icmp/3`"),
        ("--src office --dst internet --service tcp/443 --src-mac 1:2", "is no MAC address"),
        ("--src office --dst internet", "--service"),
        ("--pcap a.pcap", "--frame"),
        ("--pcap a.pcap --frame 0", "0 is not in"),
        ("", "--src"),
    ] {
        let (code, out, err) = ended(site.path(), words);
        assert_eq!((code, out.as_str()), (2, ""), "{words}: {err}");
        assert!(err.contains(told), "{words}: {err}");
    }
}

#[test]
fn what_words_leave_open_is_explained_for_each_family() {
    let site = site();
    for (words, packets) in [
        ("--src office --dst internet --service names", 2),
        ("--src office --dst internet --service udp/53-60", 2),
        ("--src office --dst 203.0.113.77 --service udp/53", 1),
        ("--src office --dst internet --service icmp/echo-request", 1),
        ("--src office --dst internet --service icmpv6/echo-request", 1),
        ("--src office --dst office --service eth/0x88b8/0x0001", 1),
        ("--src office --dst 224.0.0.251 --service udp/5353", 1),
        ("--src office --dst internet --service ip/50", 2),
        ("--src office --dst internet --service sctp/2905", 2),
        ("--src camera --dst camera --service tcp/80", 2),
        ("--src fe80::1 --dst fe80::2 --service tcp/22 --in lan0.10", 1),
        ("--src office --dst internet --service tcp/443 --in lan0", 2),
    ] {
        let found = explained(site.path(), words);
        assert_eq!(found.len(), packets, "{words}: {found:?}");
        for object in &found {
            assert_ne!(text(object, "reason"), "malformed", "{words}: {object}");
            assert_ne!(text(object, "reason"), "spoofed-source", "{words}: {object}");
        }
    }
}

#[test]
fn what_was_chosen_is_said() {
    let site = site();
    let (_, out, _) = ended(site.path(), "--src office --dst router --service udp/53-60 -4");
    for said in [
        "10.10.0.100 stands for somebody in office",
        "10.10.0.1 is the router's",
        "port 53 is taken",
        "enter by lan0.10",
    ] {
        assert!(out.contains(said), "{said} is not in\n{out}");
    }
}

#[test]
fn nothing_answers_what_does_not_pass() {
    let site = site();
    let found = explained(site.path(), "--src office --dst internet --service tcp/25 --reply -6");
    assert_eq!(text(&found[0], "reason"), "no-transition");
    assert!(found[0]["notes"].to_string().contains("nothing answers it"), "{}", found[0]);
}

#[test]
fn the_text_marks_the_step_that_refused_and_shows_what_to_paste() {
    let site = site();
    let (code, out, _) = ended(site.path(), "--src office --dst internet --service tcp/25 -4");
    assert_eq!(code, 0);
    let marked: Vec<&str> = out.lines().filter(|line| line.starts_with('>')).collect();
    assert!(matches!(marked.as_slice(), [line] if line.contains("transition") && line.contains("refuses")), "{out}");
    let paste =
        "in policy.toml, line 25, in the place of\n\nallow = [\"web\"]\n\n  write\n\nallow = [\"web\", \"tcp/25\"]\n";
    assert!(out.contains("\ndrop no-transition\n") && out.contains(paste), "{out}");
    let (_, out, _) = ended(site.path(), "--src office --dst internet --service tcp/23 -4");
    assert!(out.contains("somebody denied this on purpose. Ask security first."), "{out}");
}

#[test]
fn the_json_has_these_keys_in_this_order() {
    let site = site();
    let found = explained(site.path(), "--src office --dst internet --service tcp/25 -4");
    let keys =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    let object = &found[0];
    for (value, expected) in [
        (
            object,
            "frame asked notes packet port from to device peer verdict reason layer rule at steps changes no_change",
        ),
        (&object["packet"], "source_mac destination_mac source destination source_port destination_port service"),
        (&object["steps"][0], "step decided why rule at"),
        (&object["changes"][0], "notes edits"),
        (&object["changes"][0]["edits"][0], "file how line old text"),
    ] {
        assert_eq!(keys(value), expected);
    }
    let steps: Vec<&str> = object["steps"].as_array().expect("a list").iter().map(|row| text(row, "step")).collect();
    let order =
        ["parse", "source", "essential", "connection", "guardrail", "transition", "mud-from-device", "mud-to-device"];
    assert_eq!(steps, order);
}
