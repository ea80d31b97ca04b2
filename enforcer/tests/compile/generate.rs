//! Policies of every kind, and packets at the edges of what they speak of.

use enforcer_common::packet::Packet;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::draft::{Draft, Key, Table, Value};
use crate::naive::{service, spoken};
use crate::naive_mud::mud_file;
use crate::site::{by, frame, packet};

/// So many cases, or as many as `PROPTEST_CASES` asks for.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if asked { config.cases } else { usual }, ..config }
}

/// A zone: its name, its ports, prefixes that it always has, and some that it may have. They nest four deep, and meet.
type Area = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const ZONES: [Area; 7] = [
    ("internet", &["wan0"], &["0.0.0.0/0", "::/0"], &[]),
    ("plant", &["ot0"], &["10.0.0.0/8", "fd00::/16"], &["9.255.255.0/24"]),
    ("cell", &["ot0", "cell0"], &["10.1.0.0/16", "fd00:1::/32"], &["10.2.0.0/15", "10.1.128.8/29"]),
    ("inner", &["ot0"], &["10.1.128.0/17"], &["10.1.0.0/30", "fd00:1:8000::/33", "fd00:1::/126"]),
    ("iot", &["iot0"], &["10.30.0.0/16", "fd00:30::/64"], &[]),
    ("office", &["lan0.20"], &["10.20.0.0/16", "fd00:20::/64"], &["198.51.100.0/24"]),
    ("quarantine", &[], &[], &[]),
];

/// A device: its name, its zone, its MAC, its addresses.
type Thing = (&'static str, &'static str, Option<&'static str>, &'static [&'static str]);

const DEVICES: [Thing; 5] = [
    ("camera", "iot", Some("02:00:00:00:00:01"), &["10.30.0.11", "fd00:30::11"]),
    ("lamp", "iot", None, &["10.30.0.12", "fd00:30::12"]),
    ("meter", "iot", Some("02:00:00:00:00:03"), &[]),
    ("desk", "office", None, &["10.20.0.5", "fd00:20::5"]),
    ("plc", "cell", Some("02:00:00:00:00:05"), &["10.1.0.9", "fd00:1::9"]),
];

const NAMES: [&str; 15] = [
    "internet",
    "plant",
    "cell",
    "inner",
    "iot",
    "office",
    "quarantine",
    "camera",
    "lamp",
    "meter",
    "desk",
    "plc",
    "things",
    "all",
    "*",
];

const REST: [(&str, &str, &[&str]); 9] = [
    ("[router.addresses]", "iot0", &["10.30.0.1/16", "fd00:30::1/64", "fe80::1/64"]),
    ("[router.addresses]", "ot0", &["10.0.0.1/8", "fd00::1/16"]),
    ("[router.addresses]", "wan0", &["192.0.2.1/24", "2001:db8::1/64"]),
    ("[services]", "web", &["tcp/80", "tcp/81"]),
    ("[services]", "deep", &["web", "udp/1-80"]),
    ("[names]", "\"cloud.example\"", &["192.0.2.10", "2001:db8::10"]),
    ("[names]", "\"camera.example\"", &["10.30.0.11", "fd00:30::11"]),
    ("[controllers]", "\"https://site.example/light\"", &["10.20.0.5", "fd00:20::8", "10.30.0.1"]),
    ("[controllers]", "\"https://site.example/unused\"", &["10.20.0.7"]),
];

fn optional(table: Table, key: &str, value: Option<&str>) -> Table {
    match value {
        Some(value) => table.word(key, value),
        None => table,
    }
}

fn mode() -> impl Strategy<Value = Option<&'static str>> {
    weighted(0.4, select(vec!["audit", "enforce"]))
}

fn top() -> impl Strategy<Value = Table> {
    (weighted(0.1, Just("audit")), weighted(0.1, Just("listed"))).prop_map(|(mode, replies)| {
        let table = optional(Table::new(""), "mode", mode);
        optional(table, "replies", replies)
    })
}

fn zone(area: Area) -> impl Strategy<Value = Table> {
    let (name, ports, always, perhaps) = area;
    let unknown = if name == "quarantine" { vec!["allow", "deny"] } else { vec!["allow", "deny", "quarantine"] };
    (subsequence(perhaps, 0..=perhaps.len()), mode(), weighted(0.3, select(unknown)), any::<bool>()).prop_map(
        move |(more, mode, unknown, essentials)| {
            let table = Table::new(&format!("[zones.{name}]"))
                .list("ports", ports)
                .list("prefixes", &[always, &more].concat())
                .with("essentials", Value::Plain(essentials.to_string()));
            optional(optional(table, "mode", mode), "unknown", unknown)
        },
    )
}

fn device(thing: Thing) -> impl Strategy<Value = Table> {
    let (name, zone, mac, addresses) = thing;
    let profiles = prop_oneof![1 => Just(Vec::new()), 1 => subsequence(vec!["a.json", "b.json", "c.json"], 1..3)];
    let mine = subsequence(vec!["10.20.0.5", "fd00:20::5", "192.0.2.10"], 0..3);
    (profiles, mine, mode(), weighted(0.2, Just("listed"))).prop_map(move |(profiles, mine, mode, replies)| {
        let mut table = optional(Table::new(&format!("[devices.{name}]")).word("zone", zone), "mac", mac);
        if !addresses.is_empty() {
            table = table.list("addresses", addresses);
        }
        if !profiles.is_empty() {
            table = table.list("mud", &profiles).list("my-controllers", &mine);
        }
        optional(optional(table, "mode", mode), "replies", replies)
    })
}

fn groups() -> impl Strategy<Value = Vec<Table>> {
    let members = |names: &[&'static str]| subsequence(names.to_vec(), 1..4);
    (members(&NAMES[..12]), members(&NAMES[..13])).prop_map(|(things, all)| {
        vec![Table::new("[groups]").list("things", &things), Table::new("[groups]").list("all", &all)]
    })
}

fn services(with_mud: bool, at_least: usize) -> impl Strategy<Value = Vec<String>> {
    let named = select(vec!["web".to_owned(), "deep".to_owned()]);
    let frames = select(vec!["eth/0x88b8", "eth/0x88b8/0x0001-0x00ff"]).prop_map(str::to_owned);
    let mud = if with_mud { 2 } else { 0 };
    let other = Just("mud".to_owned());
    let wide = select(vec!["any".to_owned(), "tcp".to_owned(), "udp".to_owned()]);
    let one = prop_oneof![5 => service(), 4 => wide, 2 => named, 1 => frames, mud => other];
    vec(one, at_least..4)
}

fn from(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(NAMES.to_vec(), 1..=most)
}

fn to(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence([&NAMES[..], &["same", "router"]].concat(), 1..=most)
}

/// A transition; `mud` may stand in its `allow` only `with_mud`.
pub(crate) fn transition(with_mud: bool) -> impl Strategy<Value = Table> {
    let lists = (services(with_mud, 1), services(false, 0));
    (from(10), to(10), lists, mode(), weighted(0.2, Just("true"))).prop_map(|(from, to, (allow, deny), mode, log)| {
        let mut table = Table::new("[[transitions]]").list("from", &from).list("to", &to).list("allow", &allow);
        if !deny.is_empty() {
            table = table.list("deny", &deny);
        }
        if let Some(log) = log {
            table = table.with("log", Value::Plain(log.to_owned()));
        }
        optional(table, "mode", mode)
    })
}

/// A guardrail with exceptions.
pub(crate) fn guardrail() -> impl Strategy<Value = Table> {
    let except = (from(4), to(4), services(false, 0)).prop_map(|(from, to, allow)| -> Vec<Key> {
        let mut table = Table::new("").list("from", &from).list("to", &to);
        if !allow.is_empty() {
            table = table.list("allow", &allow);
        }
        table.keys
    });
    (from(4), to(4), services(false, 1), vec(except, 0..3), mode()).prop_map(|(from, to, deny, except, mode)| {
        let mut table = Table::new("[[guardrails]]").list("from", &from).list("to", &to).list("deny", &deny);
        if !except.is_empty() {
            table = table.with("except", Value::Tables(except));
        }
        optional(table, "mode", mode)
    })
}

/// The same rules with names that no other has; the first may go without.
fn named(rules: Vec<Table>, letter: char, all: bool) -> impl Iterator<Item = Table> {
    rules.into_iter().enumerate().map(move |(number, rule)| {
        if number == 0 && !all { rule } else { rule.word("name", &format!("{letter}{number}")) }
    })
}

/// A policy; `mud` may stand in its transitions only `with_mud`.
pub(crate) fn draft(with_mud: bool) -> impl Strategy<Value = Draft> {
    let rules = (vec(transition(with_mud), 1..6), vec(guardrail(), 0..3));
    let places = (top(), ZONES.map(zone), DEVICES.map(device), groups());
    let profiles =
        (mud_file("https://one.example/a"), mud_file("https://two.example/b"), mud_file("https://two.example/c"));
    (places, rules, profiles, any::<bool>()).prop_map(|(places, (transitions, guardrails), (a, b, c), all)| {
        let (top, zones, devices, groups) = places;
        let rest = REST.map(|(head, key, list)| Table::new(head).list(key, list));
        let tables = [top].into_iter().chain(zones).chain(devices).chain(groups).chain(rest);
        let tables = tables.chain(named(transitions, 't', all)).chain(named(guardrails, 'g', all));
        let profiles = [("a.json", a), ("b.json", b), ("c.json", c)];
        Draft { tables: tables.collect(), profiles: profiles.map(|(name, text)| (name.to_owned(), text)).to_vec() }
    })
}

/// Where somebody is: the port by which he sends, his MAC, his addresses.
type Spot = (&'static str, u64, [&'static str; 2]);

const MAC: u64 = 0x0200_0000_0000;

/// The devices, each where it belongs, and then everybody else.
const SENDERS: [Spot; 21] = [
    ("iot0", MAC + 1, ["10.30.0.11", "fd00:30::11"]),
    ("iot0", 9, ["10.30.0.12", "fd00:30::12"]),
    ("iot0", MAC + 3, ["10.30.0.13", "fd00:30::13"]),
    ("lan0.20", 9, ["10.20.0.5", "fd00:20::5"]),
    ("cell0", MAC + 5, ["10.1.0.9", "fd00:1::9"]),
    ("iot0", 9, ["10.30.0.99", "fd00:30::99"]),
    ("iot0", MAC + 2, ["10.30.0.11", "fd00:30::11"]),
    ("iot0", MAC + 1, ["169.254.1.1", "fe80::11"]),
    ("lan0.20", 9, ["10.20.0.8", "fd00:20::8"]),
    ("lan0.20", 9, ["198.51.100.1", "fd00:20::ffff"]),
    ("wan0", 9, ["192.0.2.10", "2001:db8::10"]),
    ("wan0", 9, ["192.0.2.200", "2001:db8:1::9"]),
    ("wan0", 9, ["11.0.0.0", "fd01::"]),
    ("ot0", 9, ["9.255.255.255", "fcff:ffff::1"]),
    ("ot0", 9, ["10.0.255.255", "fd00:0:ffff::1"]),
    ("ot0", 9, ["10.1.0.3", "fd00:1::3"]),
    ("ot0", 9, ["10.1.0.4", "fd00:1::4"]),
    ("cell0", 9, ["10.1.127.255", "fd00:1:7fff::ffff"]),
    ("ot0", 9, ["10.1.128.0", "fd00:1:8000::"]),
    ("ot0", 9, ["10.1.128.15", "fd00:1:ffff::1"]),
    ("ot0", 9, ["10.3.0.1", "fd00:2::"]),
];

const DEVICE_COUNT: usize = 5;

const OTHERS: [[&str; 2]; 5] = [
    ["10.30.0.1", "fd00:30::1"],
    ["10.0.0.1", "fd00::1"],
    ["239.1.2.3", "ff05::3"],
    ["255.255.255.255", "ff02::1"],
    ["127.0.0.1", "::1"],
];

/// A packet and the port by which it enters; with words for those who look for a failure.
pub(crate) type Sent = (&'static str, Packet, String);

/// Packets between all kinds of ends, in both families, and frames without IP.
pub(crate) fn packets() -> impl Strategy<Value = Vec<Sent>> {
    let addresses = |spots: &[Spot]| spots.iter().map(|(_, _, addresses)| *addresses).collect::<Vec<_>>();
    let devices = &SENDERS[..DEVICE_COUNT];
    let from = prop_oneof![select(devices), select(&SENDERS[..])];
    let to = prop_oneof![select(addresses(devices)), select([addresses(&SENDERS), OTHERS.to_vec()].concat())];
    let ip = (from, to, 0usize..2, spoken()).prop_map(|((port, mac, from), to, family, service)| {
        let words = format!("{} by {port} to {}: {service}", from[family], to[family]);
        (port, by(mac, packet(from[family], to[family], &service)), words)
    });
    let macs = select(vec![9, MAC + 1, MAC + 3, MAC + 5, 0xffff_ffff_ffff]);
    let bare = (select(vec!["iot0", "lan0.20", "cell0"]), macs.clone(), macs, select(vec![0, 1, 0x100])).prop_map(
        |(port, from, to, second)| {
            let words = format!("{from:x} by {port} to {to:x}: {second:#x} behind 0x88b8");
            (port, frame(from, to, 0x88b8, second), words)
        },
    );
    vec(prop_oneof![12 => ip, 1 => bare], 150)
}
