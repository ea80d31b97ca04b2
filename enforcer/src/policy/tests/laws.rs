//! Merging is commutative, associative and idempotent.

use proptest::prelude::*;

use super::good::{CAMERA, DEVICES, RULES, ZONES};
use super::load_files;
use crate::policy::digest;

/// The tables of the example, each a piece of text of its own; top-level keys apart.
fn tables() -> (Vec<String>, Vec<String>) {
    let mut keys = Vec::new();
    let mut tables: Vec<String> = Vec::new();
    for text in [ZONES, RULES, DEVICES] {
        let mut in_table = false;
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with('[') {
                in_table = true;
                tables.push(String::new());
            }
            match tables.last_mut() {
                Some(table) if in_table => *table += &format!("{line}\n"),
                _ => keys.push(format!("{line}\n")),
            }
        }
    }
    (keys, tables)
}

fn digest_of(files: &[String]) -> [u8; 32] {
    let names: Vec<String> = (0..files.len()).map(|i| format!("{i}.toml")).collect();
    let mut named: Vec<(&str, &str)> =
        names.iter().zip(files).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    named.push(("mud/camera.json", CAMERA));
    let loaded = load_files(&named).unwrap_or_else(|report| panic!("{report}"));
    digest(&loaded.policy)
}

/// Puts every table into one of a few files (never twice into one), in the order given.
fn spread(order: &[usize], places: &[usize], again: &[bool], count: usize) -> Vec<String> {
    let (keys, tables) = tables();
    let mut files = vec![String::new(); count];
    for (index, key) in keys.iter().enumerate() {
        files[index % count] += key;
    }
    for (table, (place, again)) in order.iter().zip(places.iter().zip(again)) {
        files[place % count] += &tables[*table];
        if *again && count > 1 {
            files[(place + 1) % count] += &tables[*table];
        }
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn files_tables_and_repetition_do_not_matter(
        order in Just((0..tables().1.len()).collect::<Vec<_>>()).prop_shuffle(),
        places in prop::collection::vec(0..4_usize, tables().1.len()),
        again in prop::collection::vec(any::<bool>(), tables().1.len()),
        count in 1..5_usize,
    ) {
        let whole = digest_of(&[ZONES.to_owned(), RULES.to_owned(), DEVICES.to_owned()]);
        prop_assert_eq!(digest_of(&spread(&order, &places, &again, count)), whole);
    }
}

#[test]
fn the_order_within_lists_does_not_matter_and_content_does() {
    let files = |zones: &str| digest_of(&[zones.to_owned(), RULES.to_owned(), DEVICES.to_owned()]);
    let whole = files(ZONES);
    let turned = ZONES.replace("\"fd00:40::/64\", \"10.40.0.0/16\"", "\"10.40.0.0/16\", \"fd00:40::/64\"");
    assert_eq!(files(&turned), whole);
    assert_ne!(files(&ZONES.replace("mode = \"audit\"", "mode = \"enforce\"")), whole);
}

/// A policy in which two files have a guardrail with its exceptions as written here, in both orders of the files; nothing
/// where that is refused.
fn guarded(exceptions: [&str; 2]) -> [Option<[u8; 32]>; 2] {
    let guardrail = |except| {
        format!(
            "[[guardrails]]\nname = \"g\"\nfrom = \"office\"\nto = \"internet\"\ndeny = \"any\"\nexcept = [{except}]\n"
        )
    };
    let [one, other] = exceptions.map(guardrail);
    [[&one, &other], [&other, &one]].map(|[one, other]| {
        let loaded = load_files(&[("a.toml", ZONES), ("b.toml", one), ("c.toml", other)]);
        loaded.ok().map(|loaded| digest(&loaded.policy))
    })
}

#[test]
fn the_order_of_exceptions_does_not_matter_and_content_does() {
    let web = "{ from = \"office\", to = \"internet\", allow = [\"tcp/80\", \"tcp/443\"] }";
    let turned = "{ allow = [\"tcp/443\", \"tcp/80\"], to = \"internet\", from = \"office\" }";
    let time = "{ from = \"office\", to = \"internet\", allow = \"udp/123\" }";
    for (one, other, same) in [
        (format!("{web}, {time}"), format!("{time}, {turned}"), true),
        (format!("{web}, {time}, {web}"), format!("{time}, {web}"), true),
        (format!("{web}, {time}"), web.to_owned(), false),
        (web.to_owned(), format!("{web}, {time}"), false),
        (web.to_owned(), web.replace("443", "444"), false),
        (web.to_owned(), String::new(), false),
    ] {
        let digests = guarded([&one, &other]);
        assert_eq!(digests[0].is_some(), same, "{one} and {other}");
        assert_eq!(digests[0], digests[1], "{one} and {other}");
    }
}
