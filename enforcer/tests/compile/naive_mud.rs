//! MUD lists against an evaluation of the parsed entries one by one.

use std::net::IpAddr;

use enforcer::mud::profile::{Ace, Family, Initiated, PeerMatch, Profile, Transport};
use enforcer::policy::model::{Device, Policy};
use enforcer_common::packet::{Packet, protocol};
use ipnet::IpNet;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::mud::{ace, file};
use crate::site::{Site, ZONES, by, packet};

const RULES: &str = r#"
[[transitions]]
name = "all"
from = ["iot", "office", "internet"]
to = ["iot", "office", "internet", "router"]
allow = ["any", "mud"]

[devices.camera]
mac = "02:00:00:00:00:01"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["a.json", "b.json"]
my-controllers = ["10.20.0.5", "fd00:20::5"]

[devices.lamp]
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"
mud = ["c.json"]
my-controllers = ["10.30.0.11", "fd00:20::5"]
replies = "listed"

[names]
"cloud.example" = ["192.0.2.10", "2001:db8::10"]
"camera.example" = ["10.30.0.11", "fd00:30::11"]

[controllers]
"https://site.example/light" = ["10.20.0.5", "fd00:20::8", "10.30.0.1"]
"#;

/// The port by which it sends, its MAC, its addresses, the device that it is, whether it is local.
type End = (&'static str, u64, [&'static str; 2], &'static str, bool);

const ENDS: [End; 6] = [
    ("iot0", 0x0200_0000_0001, ["10.30.0.11", "fd00:30::11"], "camera", true),
    ("iot0", 9, ["10.30.0.12", "fd00:30::12"], "lamp", true),
    ("office0", 9, ["10.20.0.5", "fd00:20::5"], "", true),
    ("wan0", 9, ["192.0.2.10", "2001:db8::10"], "", false),
    ("wan0", 9, ["192.0.2.200", "2001:db8:1::9"], "", false),
    ("", 9, ["10.30.0.1", "fd00:30::1"], "", true),
];

/// One packet as one list sees it.
struct View<'a> {
    policy: &'a Policy,
    device: &'a Device,
    /// The file in question.
    profile: &'a Profile,
    peer: Option<&'a Device>,
    own: IpAddr,
    other: IpAddr,
    local: bool,
    device_opened: bool,
    protocol: u8,
    source_port: u16,
    destination_port: u16,
}

impl View<'_> {
    fn is(&self, matched: &PeerMatch) -> bool {
        let theirs = || self.peer.into_iter().flat_map(|peer| &peer.profiles).map(|id| &self.policy.profiles[id.0]);
        let one_of = |list: Option<&Vec<IpAddr>>| list.is_some_and(|list| list.contains(&self.other));
        match matched {
            PeerMatch::Network(net) => net.contains(&self.other),
            PeerMatch::Name(name) => one_of(self.policy.names.get(name)),
            PeerMatch::LocalNetworks => self.local,
            PeerMatch::Controller(class) if class.starts_with("urn:") => {
                self.policy.router.addresses.values().flatten().map(IpNet::addr).any(|own| own == self.other)
            }
            PeerMatch::Controller(class) => one_of(self.policy.controllers.get(class)),
            PeerMatch::MyController => one_of(Some(&self.device.my_controllers)),
            PeerMatch::SameManufacturer => theirs().any(|profile| profile.authority == self.profile.authority),
            PeerMatch::Manufacturer(name) => theirs().any(|profile| profile.authority == *name),
            PeerMatch::Model(url) => theirs().any(|profile| profile.url == *url),
        }
    }

    fn matches(&self, ace: &Ace) -> bool {
        let family = match ace.family {
            Family::Ipv4 => self.own.is_ipv4(),
            Family::Ipv6 => self.own.is_ipv6(),
            Family::Ip | Family::Ethernet(_) => true,
        };
        let among = |ports: &[(u16, u16)], port: u16| {
            ports.is_empty() || ports.iter().any(|range| (range.0..=range.1).contains(&port))
        };
        let Transport { protocol, source_ports, destination_ports, .. } = &ace.transport;
        let initiated = ace.initiated.is_none_or(|who| (who == Initiated::FromDevice) == self.device_opened);
        family
            && initiated
            && protocol.is_none_or(|protocol| protocol == self.protocol)
            && among(source_ports, self.source_port)
            && among(destination_ports, self.destination_port)
            && ace.own.iter().all(|net| net.contains(&self.own))
            && ace.peer.iter().all(|peer| self.is(peer))
    }
}

/// What the files of a device make of a packet: whether any accepts, and the rule of the first one that drops.
fn ask<'a>(
    policy: &'a Policy,
    (device, own): (&'a Device, &End),
    other: &End,
    (family, sends, device_opened): (usize, bool, bool),
    (protocol, source_port, destination_port): (u8, u16, u16),
) -> (bool, Option<&'a str>) {
    let mut outcome = (false, None);
    for id in &device.profiles {
        let profile = &policy.profiles[id.0];
        let view = View {
            policy,
            device,
            profile,
            peer: policy.devices.iter().find(|device| device.name == other.3),
            own: own.2[family].parse().unwrap(),
            other: other.2[family].parse().unwrap(),
            local: other.4,
            device_opened,
            protocol,
            source_port,
            destination_port,
        };
        let list = if sends { &profile.from_device } else { &profile.to_device };
        match list.iter().find(|ace| view.matches(ace)) {
            Some(ace) if ace.accept => outcome.0 = true,
            Some(ace) => outcome.1 = outcome.1.or(Some(ace.rule.as_str())),
            None => {}
        }
    }
    outcome
}

/// The verdict, and why answers do not pass, as [`Site`] words them.
fn judge(policy: &Policy, from: &End, to: &End, family: usize, packet: &Packet) -> (String, Option<String>) {
    let device = |end: &End| policy.devices.iter().find(|device| device.name == end.3);
    let there = (packet.protocol, packet.source_port, packet.destination_port);
    let back = (packet.protocol, packet.destination_port, packet.source_port);
    let words = |reason: &str, rule: Option<&str>| format!("{reason} {}", rule.unwrap_or_default());
    if let Some(sender) = device(from) {
        let (accepts, rule) = ask(policy, (sender, from), to, (family, true, true), there);
        if !accepts {
            return (words("mud-from-device", rule).trim().to_owned(), None);
        }
    }
    if let Some(receiver) = device(to) {
        let (accepts, rule) = ask(policy, (receiver, to), from, (family, false, false), there);
        if !accepts {
            return (words("mud-to-device", rule).trim().to_owned(), None);
        }
    }
    let refuses =
        |device: &Device, (accepts, rule): (bool, Option<_>)| !accepts && (rule.is_some() || device.replies_listed);
    if let Some(receiver) = device(to) {
        let asked = ask(policy, (receiver, to), from, (family, true, false), back);
        if refuses(receiver, asked) {
            return ("allowed all".to_owned(), Some(words("mud-from-device", asked.1)));
        }
    }
    if let Some(sender) = device(from) {
        let asked = ask(policy, (sender, from), to, (family, false, true), back);
        if refuses(sender, asked) {
            return ("allowed all".to_owned(), Some(words("mud-to-device", asked.1)));
        }
    }
    ("allowed all".to_owned(), None)
}

const EDGES: [u16; 6] = [1, 53, 80, 81, 443, 65535];

/// Matches of an entry about what is sent to the device, or by it.
fn matches(sends: bool) -> impl Strategy<Value = Value> {
    let words = vec!["name", "network", "local", "light", "dns", "mine", "kin", "maker", "model", "own", "initiated"];
    let ports = (select(&EDGES[..]), select(&EDGES[..]), any::<bool>());
    (subsequence(words, 0..3), 0usize..4, ports, select(vec!["tcp", "udp"]), 0usize..3).prop_map(
        move |(words, ports, (a, b, source), protocol, version)| {
            let (own, far) = if sends { ("source", "destination") } else { ("destination", "source") };
            let (mut mud, mut ip, mut transport) = (json!({}), json!({}), json!({}));
            // Half of the entries speak of one family; some of what they say needs one.
            let version = if version == 2 { 4 } else { 6 };
            let net = |word: &str| match (word, version) {
                ("own", 4) => "10.30.0.8/30",
                ("own", _) => "fd00:30::10/125",
                (_, 4) => "192.0.2.0/25",
                (_, _) => "2001:db8::/64",
            };
            for word in &words {
                match *word {
                    "name" => {
                        let name = if a > b { "cloud.example" } else { "camera.example" };
                        let short = if sends { "dst" } else { "src" };
                        ip[format!("ietf-acldns:{short}-dnsname")] = json!(name);
                    }
                    "network" => ip[format!("{far}-ipv{version}-network")] = json!(net("far")),
                    "own" => ip[format!("{own}-ipv{version}-network")] = json!(net("own")),
                    "local" => mud["local-networks"] = json!([null]),
                    "light" => mud["controller"] = json!("https://site.example/light"),
                    "dns" => mud["controller"] = json!("urn:ietf:params:mud:dns"),
                    "mine" => mud["my-controller"] = json!([null]),
                    "kin" => mud["same-manufacturer"] = json!([null]),
                    "maker" => mud["manufacturer"] = json!("two.example"),
                    "model" => mud["model"] = json!("https://one.example/a"),
                    _ if protocol == "tcp" => {
                        let who = if a > b { "from-device" } else { "to-device" };
                        transport["ietf-mud:direction-initiated"] = json!(who);
                    }
                    _ => {}
                }
            }
            if ports > 0 {
                let which = if source { "source-port" } else { "destination-port" };
                transport[which] = json!({ "lower-port": a.min(b), "upper-port": a.max(b) });
            }
            let mut all = json!({});
            let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
            if !empty(&mud) {
                all["ietf-mud:mud"] = mud;
            }
            if !empty(&ip) {
                all[format!("ipv{version}")] = ip;
            }
            if !empty(&transport) {
                all[protocol] = transport;
            }
            all
        },
    )
}

pub(crate) fn entries(sends: bool) -> impl Strategy<Value = Vec<Value>> {
    let entry = (matches(sends), prop::bool::weighted(0.7));
    proptest::collection::vec(entry, 0..6).prop_map(|entries| {
        let numbered = entries.into_iter().enumerate();
        numbered.map(|(i, (matches, accepts))| ace(&format!("e{i}"), matches, accepts)).collect()
    })
}

pub(crate) fn mud_file(url: &'static str) -> impl Strategy<Value = String> {
    (entries(true), entries(false)).prop_map(move |(from, to)| file(url, &from, &to))
}

fn packets() -> impl Strategy<Value = Vec<(End, End, usize, &'static str, u16, u16)>> {
    let one = (
        select(&ENDS[..5]),
        select(&ENDS[..]),
        0usize..2,
        select(vec!["tcp", "udp"]),
        select(&EDGES[..]),
        select(&EDGES[..]),
    );
    proptest::collection::vec(one, 200)
}

proptest! {
    #[test]
    fn the_image_says_what_the_files_say(
        a in mud_file("https://one.example/a"),
        b in mud_file("https://two.example/b"),
        c in mud_file("https://two.example/c"),
        packets in packets(),
    ) {
        let site = Site::with(&[
            ("zones.toml", ZONES), ("rules.toml", RULES), ("a.json", &a), ("b.json", &b), ("c.json", &c),
        ]);
        // Nobody sends to himself; that is no question of MUD files.
        for (from, to, family, name, destination, source) in packets.into_iter().filter(|(from, to, family, ..)| from.2[*family] != to.2[*family]) {
            let packet = by(from.1, packet(from.2[family], to.2[family], &format!("{name}/{destination}:{source}")));
            assert!(packet.protocol == protocol::TCP || packet.protocol == protocol::UDP);
            let (verdict, answer) = judge(&site.loaded.policy, &from, &to, family, &packet);
            let context = format!("{} to {} {name}/{destination}:{source}\n{a}\n{b}\n{c}", from.2[family], to.2[family]);
            prop_assert_eq!(site.judge(from.0, &packet), verdict.clone(), "{}", context);
            if verdict == "allowed all" {
                prop_assert_eq!(site.answer(from.0, &packet), answer, "{}", context);
            }
        }
    }
}
