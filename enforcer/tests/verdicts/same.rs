//! Nothing has an order: a policy says the same in whatever order and in however many files it is written.

use std::fs;

use enforcer::compile::compile;
use enforcer::compile::image::Image;
use enforcer::policy;

use super::profile::file;
use super::site::{ZONES, compiled};

const ENTRIES: [&str; 12] = [
    "[services]\nweb = [\"tcp/80\", \"tcp/443\"]\nall = [\"web\", \"udp/53\"]",
    "[groups]\ncells = [\"cell1\", \"cell2\"]",
    "[[transitions]]\nfrom = [\"office\", \"camera\"]\nto = [\"cells\", \"internet\"]\nallow = [\"all\", \"mud\"]\ndeny = [\"tcp/80:22\"]",
    "[[transitions]]\nname = \"b\"\nfrom = \"*\"\nto = \"same\"\nallow = [\"icmp\", \"icmpv6\"]",
    "[[transitions]]\nname = \"a\"\nfrom = \"iot\"\nto = \"router\"\nallow = [\"mud\"]\nmode = \"audit\"",
    "[[guardrails]]\nname = \"g\"\nfrom = \"cells\"\nto = \"internet\"\ndeny = [\"any\"]\nexcept = [{ from = \"cell1\", to = \"internet\", allow = [\"tcp/443\"] }, { from = \"plc\", to = \"*\" }]",
    "[[guardrails]]\nname = \"h\"\nfrom = \"*\"\nto = \"*\"\ndeny = [\"tcp/23\"]",
    "[management]\nfrom = [\"office\"]\nallow = [\"tcp/22\"]",
    "[devices.camera]\nmac = \"02:00:00:00:1e:0b\"\naddresses = [\"10.30.0.11\", \"fd00:30::11\"]\nzone = \"iot\"\nmud = [\"m.json\"]",
    "[devices.plc]\naddresses = [\"10.41.0.20\", \"fd00:41::20\"]\nzone = \"cell1\"",
    "[controllers]\n\"urn:example:class\" = [\"10.10.0.9\", \"fd00:10::9\"]",
    "[names]\n\"c.example\" = [\"203.0.113.10\", \"2001:db8:113::10\"]",
];

fn profile() -> String {
    file(
        "https://a.example/m.json",
        &[
            (
                "c",
                r#""ietf-mud:mud":{"controller":"urn:example:class"},"tcp":{"destination-port":{"port":80}}"#,
                "accept",
            ),
            (
                "n",
                r#""ipv?":{"ietf-acldns:dst-dnsname":"c.example"},"tcp":{"destination-port":{"port":443}}"#,
                "accept",
            ),
        ],
        &[],
    )
}

fn written(entries: &[&str]) -> Image {
    let text = format!("{ZONES}\n{}", entries.join("\n"));
    compiled(&text, &[("m.json", profile())]).2
}

fn assert_same(one: &Image, other: &Image, how: &str) {
    assert_eq!(one.digest, other.digest, "{how}");
    assert!(one.cells == other.cells, "{how}: the cells differ");
    let rules = |image: &Image| image.names.rules.iter().map(|rule| rule.name.clone()).collect::<Vec<_>>();
    assert_eq!(rules(one), rules(other), "{how}");
}

#[test]
fn twice_the_same() {
    assert!(written(&ENTRIES) == written(&ENTRIES));
}

#[test]
fn in_any_order() {
    let first = written(&ENTRIES);
    let mut entries = ENTRIES;
    entries.reverse();
    assert_same(&first, &written(&entries), "reversed");
    for turn in 1..ENTRIES.len() {
        entries.rotate_left(1);
        assert_same(&first, &written(&entries), &format!("rotated by {turn}"));
    }
}

#[test]
fn in_several_files() {
    let first = written(&ENTRIES);
    for parts in [2, 5] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("m.json"), profile()).expect("a file");
        fs::write(folder.path().join("zones.toml"), ZONES).expect("a file");
        for (number, part) in ENTRIES.chunks(ENTRIES.len().div_ceil(parts)).enumerate() {
            // The later parts come first, and one entry stands twice.
            let text = format!("version = 1\n{}\n{}", part.join("\n"), ENTRIES[9]);
            let text = if part.contains(&ENTRIES[9]) { format!("version = 1\n{}", part.join("\n")) } else { text };
            fs::write(folder.path().join(format!("{}.toml", 9 - number)), text).expect("a file");
        }
        let loaded = policy::load(folder.path(), None).expect("the policy is right");
        let image = compile(&loaded.policy, &loaded.facts).expect("the policy compiles");
        assert_same(&first, &image, &format!("in {parts} files"));
    }
}

#[test]
fn words_in_any_order() {
    let mut entries = ENTRIES.map(str::to_owned);
    for (what, with) in [
        ("[\"tcp/80\", \"tcp/443\"]", "[\"tcp/443\", \"tcp/80\", \"tcp/443\"]"),
        ("[\"cell1\", \"cell2\"]", "[\"cell2\", \"cell1\"]"),
        ("[\"all\", \"mud\"]", "[\"mud\", \"all\"]"),
        ("[\"icmp\", \"icmpv6\"]", "[\"icmpv6\", \"icmp\"]"),
        ("[\"10.30.0.11\", \"fd00:30::11\"]", "[\"fd00:30::11\", \"10.30.0.11\"]"),
        ("[\"203.0.113.10\", \"2001:db8:113::10\"]", "[\"2001:db8:113::10\", \"203.0.113.10\"]"),
        (
            "[{ from = \"cell1\", to = \"internet\", allow = [\"tcp/443\"] }, { from = \"plc\", to = \"*\" }]",
            "[{ from = \"plc\", to = \"*\" }, { from = \"cell1\", to = \"internet\", allow = [\"tcp/443\"] }]",
        ),
    ] {
        let changed = entries.iter_mut().filter(|entry| entry.contains(what));
        let changed = changed.map(|entry| *entry = entry.replace(what, with)).count();
        assert_eq!(changed, 1, "{what}");
    }
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    assert_same(&written(&ENTRIES), &written(&entries), "within lists");
}
