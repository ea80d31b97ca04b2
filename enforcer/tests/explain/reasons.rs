//! Every reason over IPv4 and IPv6: what is said, which line decided, and the change that is shown.

use super::site::{explained, pasted, site, text, verdict, written};

/// Words, what becomes of the packet, the step and the line that decided, and what the smallest change writes.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const ROWS: &[Row] = &[
    ("--src office --dst internet --service tcp/443", "pass allowed office>internet", "transition policy.toml:22", &[]),
    ("--src router --dst internet --service udp/53", "pass allowed", "transition", &[]),
    ("--src office --dst router --service tcp/22 --reply", "pass established", "connection", &[]),
    (
        "--src camera --dst cloud.example --service tcp/443",
        "pass allowed iot>internet+office",
        "mud-from-device camera.json",
        &[],
    ),
    // The entry for just this pair takes one more service.
    (
        "--src office --dst internet --service tcp/25",
        "drop no-transition",
        "transition",
        &["allow = [\"web\", \"tcp/25\"]\n"],
    ),
    (
        "--src iot --dst plc --service udp/99",
        "drop no-transition",
        "transition",
        &["[[transitions]]\nfrom = \"iot\"\nto = \"plc\"\nallow = [\"udp/99\"]\n"],
    ),
    // What an entry denies of itself, another one allows.
    (
        "--src office --dst plc --service tcp/502:700",
        "drop no-transition",
        "transition",
        &["[[transitions]]\nfrom = \"office\"\nto = \"plc\"\nallow = [\"tcp/502\"]\n"],
    ),
    // One enforced entry would end the audit of the pair.
    (
        "--src lab --dst lab --service tcp/80",
        "audit no-transition",
        "transition",
        &["[[transitions]]\nfrom = \"lab\"\nto = \"lab\"\nallow = [\"tcp/80\"]\nmode = \"audit\"\n"],
    ),
    (
        "--src office --dst router --service tcp/23",
        "drop guardrail no telnet",
        "guardrail policy.toml:40",
        &["except = [{ from = \"office\", to = \"router\", allow = [\"tcp/23\"] }]\n", "allow = [\"tcp/23\"]\n"],
    ),
    (
        "--src plant --dst internet --service tcp/443",
        "drop unknown-device",
        "source",
        &["[devices.host-", "zone = \"plant\"\n", "[[transitions]]\nfrom = \"host-"],
    ),
    ("--src office --dst plant --service tcp/502", "drop unknown-device", "source", &["[devices.host-"]),
    (
        "--src camera --dst internet --service tcp/443",
        "drop mud-from-device",
        "mud-from-device",
        &["\"cloud.example\" = ["],
    ),
    (
        "--src camera --dst cloud.example --service tcp/8443",
        "drop mud-from-device",
        "mud-from-device",
        &["\"port\": 8443", "\"protocol\": 6", "mud = [\"camera.json\", \"camera-site.json\"]\n"],
    ),
    (
        "--src office --dst camera --service tcp/81",
        "drop mud-to-device",
        "mud-to-device",
        &["\"to-device-policy\"", "\"port\": 81", "\"ietf-mud:direction-initiated\": \"to-device\""],
    ),
    // A device that lists no address has the one that it was seen with.
    ("--src office --dst roaming --service tcp/81", "drop mud-to-device", "mud-to-device", &["roaming-site.json"]),
    // A reply that its list drops.
    (
        "--src office --dst camera --service udp/161 --reply",
        "drop mud-from-device camera.json#from",
        "mud-from-device camera.json",
        &["\"source-port\"", "\"port\": 161"],
    ),
    (
        "--src camera --dst cloud.example --service tcp/443 --src-mac 02:00:00:00:30:99",
        "drop spoofed-source",
        "source",
        &["mac = \"02:00:00:00:30:99\"\n"],
    ),
    (
        "--src office --dst internet --service tcp/443 --in lan0.30",
        "drop spoofed-source",
        "source",
        &["prefixes = [\"connected\", \""],
    ),
    (
        "--src iot --dst internet --service tcp/443 --src-mac 02:00:00:00:30:11",
        "drop spoofed-source",
        "source",
        &["addresses = [\"10.30.0.11\", \"fd00:30::11\", \""],
    ),
];

#[test]
fn each_reason_is_explained_and_its_change_lets_the_packet_pass() {
    let site = site();
    for (words, expected, decided, change) in ROWS {
        for family in ["-4", "-6"] {
            let asked = format!("{words} {family}");
            let found = explained(site.path(), &asked);
            let [object] = found.as_slice() else { panic!("{asked}: {} packets", found.len()) };
            assert!(verdict(object).starts_with(expected), "{asked}: {}", verdict(object));
            assert_eq!(text(&object["packet"], "source").contains(':'), family == "-6", "{asked}");
            decides(object, decided, &asked);
            if change.is_empty() {
                assert!(
                    object["changes"].as_array().expect("a list").is_empty() && object["no_change"].is_null(),
                    "{asked}"
                );
                continue;
            }
            let first = &object["changes"][0];
            let text_of_it = written(first);
            let whole = text_of_it.clone() + &first["edits"].to_string();
            for part in *change {
                assert!(text_of_it.contains(part) || whole.contains(part), "{asked}: {part:?} is not in\n{text_of_it}");
            }
            for change in object["changes"].as_array().expect("a list") {
                passes_with(site.path(), change, object, &asked);
            }
        }
    }
}

/// The last step that was asked is the one that decided, by that line.
fn decides(object: &serde_json::Value, decided: &str, asked: &str) {
    let (step, at) = decided.split_once(' ').unwrap_or((decided, ""));
    let steps = object["steps"].as_array().expect("steps");
    let row = steps.iter().find(|row| text(row, "step") == step).unwrap_or_else(|| panic!("{asked}: no {step}"));
    assert!(text(row, "at").starts_with(at), "{asked}: {row}");
    let word = match text(object, "verdict") {
        "drop" => "refuses",
        "audit" => "audit",
        _ => "agrees",
    };
    assert_eq!(text(row, "decided"), word, "{asked}: {row}");
    if word == "refuses" {
        let behind = steps.iter().skip_while(|row| text(row, "step") != step).skip(1);
        assert!(behind.into_iter().all(|row| text(row, "decided") == "not asked"), "{asked}: {steps:?}");
    }
}

/// Pasted and read again, the policy lets the very same packet pass.
fn passes_with(folder: &std::path::Path, change: &serde_json::Value, object: &serde_json::Value, asked: &str) {
    let changed = pasted(folder, change);
    let packet = &object["packet"];
    // The ends by their addresses: a zone might stand for somebody else by now.
    let words: Vec<&str> = asked.split_whitespace().collect();
    let position = |word: &str| words.iter().position(|found| *found == word).expect("the word is there") + 1;
    let reply = words.contains(&"--reply");
    let (source, destination) = if reply { ("destination", "source") } else { ("source", "destination") };
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let roaming = words[position("--dst")] == "roaming";
    words[position("--src")] = text(packet, source).to_owned();
    if !roaming {
        words[position("--dst")] = text(packet, destination).to_owned();
    }
    let again = explained(changed.path(), &words.join(" "));
    assert_eq!(text(&again[0], "verdict"), "pass", "{asked}: {}\n{}", again[0], written(change));
}
