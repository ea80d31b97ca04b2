//! Generated MUD files: every kind of match, accepting and dropping entries in any order, several lists a direction.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{devices, networks, services};
use crate::verify::dice::Dice;

const VENDORS: [&str; 3] = ["lamps.example", "plc.example", "Camera.Example"];
const TYPES: [&str; 6] = [
    "ipv4-acl-type",
    "ipv6-acl-type",
    "eth-acl-type",
    "mixed-eth-ipv4-acl-type",
    "mixed-eth-ipv6-acl-type",
    "mixed-eth-ipv4-ipv6-acl-type",
];

/// None to four files.
pub(super) fn files(dice: &mut Dice) -> BTreeMap<String, Value> {
    let count = dice.weighted(&[(1, 0), (3, 1), (4, 2), (2, 3), (1, 4)]);
    // Files of one name in two folders are told apart by their whole paths.
    let folder = |number| if number == 1 { "mud/model0.json".to_owned() } else { format!("model{number}.json") };
    let alike = dice.percent(25);
    let name = |number| if alike { folder(number) } else { format!("model{number}.json") };
    (0..count).map(|number| (name(number), file(dice))).collect()
}

fn url(dice: &mut Dice) -> String {
    format!("https://{}/m{}.json", dice.pick(&VENDORS), dice.below(2))
}

fn file(dice: &mut Dice) -> Value {
    let mut lists = Vec::new();
    let mut policies = Vec::new();
    for from_device in [true, false] {
        let direction = if from_device { "f" } else { "t" };
        let mut names = Vec::new();
        let fewest = usize::from(!from_device && lists.is_empty());
        for number in 0..dice.weighted(&[(1, fewest), (5, 1), (3, 2), (1, 3)]) {
            let name = format!("{direction}{number}");
            lists.push(list(&name, from_device, dice));
            names.push(json!({ "name": name }));
        }
        policies.push(json!({ "access-lists": { "access-list": names } }));
    }
    if dice.percent(40) {
        mirror(&mut lists, dice);
    }
    json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url(dice),
            "last-update": "2026-03-01T12:00:00Z",
            "is-supported": true,
            "from-device-policy": policies[0],
            "to-device-policy": policies[1],
        },
        "ietf-access-control-list:acls": { "acl": lists },
    })
}

fn list(name: &str, from_device: bool, dice: &mut Dice) -> Value {
    let kind = *dice.pick(&TYPES);
    let count = dice.weighted(&[(1, 0), (2, 1), (3, 2), (3, 4), (2, 6), (1, 9)]);
    let entries: Vec<Value> = (0..count).map(|number| entry(number, kind, from_device, dice)).collect();
    let mut list = json!({ "name": name, "aces": { "ace": entries } });
    if dice.percent(90) {
        list["type"] = json!(kind);
    }
    list
}

fn entry(number: usize, kind: &str, from_device: bool, dice: &mut Dice) -> Value {
    let forwarding = dice.weighted(&[(12, "accept"), (5, "drop"), (1, "reject")]);
    json!({
        "name": format!("e{number}"),
        "matches": matches(kind, from_device, dice),
        "actions": { "forwarding": forwarding },
    })
}

fn matches(kind: &str, from_device: bool, dice: &mut Dice) -> Value {
    let mut matches = Map::new();
    let frames = kind == "eth-acl-type" || kind.starts_with("mixed") && dice.percent(30);
    if frames {
        let mut eth = Map::new();
        if dice.percent(80) {
            let ethertype =
                if dice.percent(15) { *dice.pick(&[0x0800, 0x86dd]) } else { *dice.pick(&services::ETHERTYPES) };
            eth.insert("ethertype".into(), json!(ethertype));
        }
        matches.insert("eth".into(), Value::Object(eth));
        if dice.percent(20) {
            matches.insert("ietf-mud:mud".into(), json!({ "local-networks": [null] }));
        }
        if dice.percent(80) {
            return Value::Object(matches);
        }
    }
    let six = match kind {
        "ipv4-acl-type" | "mixed-eth-ipv4-acl-type" => false,
        "ipv6-acl-type" | "mixed-eth-ipv6-acl-type" => true,
        _ => dice.percent(50),
    };
    let transport = transport(from_device, dice);
    if dice.percent(65) {
        let name = if six { "ipv6" } else { "ipv4" };
        matches.insert(name.into(), ip(six, from_device, transport.as_ref().map(|(number, ..)| *number), dice));
    }
    if let Some((_, name, container)) = transport {
        matches.insert(name.into(), container);
    }
    if dice.percent(50) && !matches.contains_key("ietf-mud:mud") {
        matches.insert("ietf-mud:mud".into(), peer(dice));
    }
    Value::Object(matches)
}

/// The IP container; `protocol` agrees with the transport that follows, mostly.
fn ip(six: bool, from_device: bool, protocol: Option<u8>, dice: &mut Dice) -> Value {
    let mut ip = Map::new();
    let version = if six { "ipv6" } else { "ipv4" };
    if let Some(protocol) = protocol {
        let protocol = if protocol == 1 && six { 58 } else { protocol };
        if dice.percent(70) {
            ip.insert("protocol".into(), json!(protocol));
        }
    } else if dice.percent(60) {
        ip.insert("protocol".into(), json!(dice.pick(&[1u8, 2, 6, 17, 47, 50, 58, 132, 43])));
    }
    if dice.percent(20) {
        let (peer, own) = if from_device { ("dst", "src") } else { ("src", "dst") };
        let end = if dice.one_in(12) { own } else { peer };
        let host = if dice.one_in(10) { "203.0.113.9" } else { *dice.pick(&devices::HOSTS) };
        ip.insert(format!("ietf-acldns:{end}-dnsname"), json!(host));
    }
    for end in ["source", "destination"] {
        if dice.percent(15) {
            let net = loop {
                let net = networks::network(dice);
                if net.addr().is_ipv6() == six {
                    break net;
                }
            };
            ip.insert(format!("{end}-{version}-network"), json!(net));
        }
    }
    if dice.one_in(25) {
        ip.insert("dscp".into(), json!(10));
    }
    Value::Object(ip)
}

/// Protocol number, container and its content.
fn transport(from_device: bool, dice: &mut Dice) -> Option<(u8, &'static str, Value)> {
    let mut container = Map::new();
    let (number, name) = dice.weighted(&[(6, (6, "tcp")), (5, (17, "udp")), (2, (1, "icmp")), (3, (0, ""))]);
    match name {
        "tcp" | "udp" => {
            // The well-known port is mostly that of the other end.
            let well_known = if from_device { "destination-port" } else { "source-port" };
            for end in ["source-port", "destination-port"] {
                if dice.percent(if end == well_known { 70 } else { 15 }) {
                    container.insert(end.into(), port(dice));
                }
            }
            if dice.percent(30) {
                let direction = *dice.pick(&["from-device", "to-device"]);
                container.insert("ietf-mud:direction-initiated".into(), json!(direction));
            }
            if dice.one_in(30) {
                container.insert(
                    if name == "tcp" { "flags" } else { "length" }.into(),
                    json!(if name == "tcp" { json!("syn") } else { json!(8) }),
                );
            }
        }
        "icmp" => {
            if dice.percent(80) {
                container.insert("type".into(), json!(dice.pick(&[0u8, 3, 8, 1, 128, 129, 135, 255])));
            }
            if dice.percent(30) {
                container.insert("code".into(), json!(dice.pick(&[0u8, 1, 4, 255])));
            }
        }
        _ => return None,
    }
    Some((number, name, Value::Object(container)))
}

fn port(dice: &mut Dice) -> Value {
    let (a, b) = (*dice.pick(&services::PORTS), *dice.pick(&services::PORTS));
    match dice.below(8) {
        0 => json!({ "operator": "lte", "port": a }),
        1 => json!({ "operator": "gte", "port": a }),
        2 => json!({ "operator": "neq", "port": a }),
        3 => json!({ "lower-port": a.min(b), "upper-port": a.max(b) }),
        4 => json!({ "port": a }),
        5 => json!({ "operator": "neq", "port": dice.pick(&[0u16, 65535]) }),
        _ => json!({ "operator": "eq", "port": a }),
    }
}

fn peer(dice: &mut Dice) -> Value {
    let mut peer = Map::new();
    for _ in 0..dice.weighted(&[(8, 1), (2, 2)]) {
        match dice.below(8) {
            0..=2 => peer.insert("local-networks".into(), json!([null])),
            3 => peer.insert("same-manufacturer".into(), json!([null])),
            4 => peer.insert("my-controller".into(), json!([null])),
            5 => peer.insert("controller".into(), json!(devices::class(dice))),
            6 => peer.insert("manufacturer".into(), json!(dice.pick(&VENDORS))),
            _ => peer.insert("model".into(), json!(url(dice))),
        };
    }
    Value::Object(peer)
}

/// Makes the first lists of both directions mirror each other: what real files look like.
fn mirror(lists: &mut [Value], dice: &mut Dice) {
    let index = |lists: &[Value], name: &str| lists.iter().position(|list| list["name"] == name);
    let (Some(from), Some(to)) = (index(lists, "f0"), index(lists, "t0")) else { return };
    let text = lists[from]["aces"].to_string();
    let swapped = text
        .replace("source-", "\u{1}")
        .replace("destination-", "source-")
        .replace('\u{1}', "destination-")
        .replace("src-dnsname", "\u{1}")
        .replace("dst-dnsname", "src-dnsname")
        .replace('\u{1}', "dst-dnsname");
    let swapped = if dice.percent(50) { without_direction(&swapped) } else { swapped };
    if let Ok(aces) = serde_json::from_str::<Value>(&swapped) {
        lists[to]["aces"] = aces;
        lists[to]["type"] = lists[from]["type"].clone();
        if lists[to]["type"].is_null()
            && let Some(list) = lists[to].as_object_mut()
        {
            list.remove("type");
        }
    }
}

/// One of two mirrored entries that says nothing of who opens the connection.
fn without_direction(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap_or_default();
    for entry in value["ace"].as_array_mut().into_iter().flatten() {
        if let Some(tcp) = entry.pointer_mut("/matches/tcp").and_then(Value::as_object_mut) {
            tcp.remove("ietf-mud:direction-initiated");
        }
    }
    value.to_string()
}

/// Takes an entry out, or turns one around.
pub(super) fn change(file: &mut Value, dice: &mut Dice) {
    let lists = file.pointer_mut("/ietf-access-control-list:acls/acl").and_then(Value::as_array_mut);
    let Some(lists) = lists.filter(|lists| !lists.is_empty()) else { return };
    let index = dice.below(lists.len());
    let entries = lists[index].pointer_mut("/aces/ace").and_then(Value::as_array_mut);
    let Some(entries) = entries.filter(|entries| !entries.is_empty()) else { return };
    let index = dice.below(entries.len());
    if dice.percent(50) {
        entries.remove(index);
    } else {
        let accepts = entries[index]["actions"]["forwarding"] == "accept";
        entries[index]["actions"]["forwarding"] = json!(if accepts { "drop" } else { "accept" });
    }
}
