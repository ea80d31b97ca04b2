//! Policies, MUD files and frames of the lab, drawn at random.

use std::fmt::Write as _;
use std::net::IpAddr;

use enforcer_tests::lab::Lab;
use enforcer_tests::topology::Mac;
use etherparse::PacketBuilder;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// An end of a frame: the host whose cable it is on, its MAC, the end of its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) host: &'static str,
    pub(crate) mac: Mac,
    last: u16,
}

const fn end(host: &'static str, network: u8, last: u8) -> End {
    End { host, mac: [2, 0, 0, 0, network, last], last: last as u16 }
}

/// Hosts of the lab, listed devices, and addresses of nobody.
pub(crate) const ENDS: [End; 8] = [
    end("internet", 0x71, 0x10),
    end("internet", 0x71, 0x77),
    end("office", 0x10, 0x10),
    end("office", 0x10, 0x20),
    end("camera", 0x30, 0x11),
    end("camera", 0x30, 0x12),
    end("camera", 0x30, 0x99),
    end("ot", 0x40, 0x10),
];

impl End {
    /// Its address: 0x99 as 99 in IPv4, so that both look alike.
    pub(crate) fn address(&self, lab: &Lab, v6: bool) -> IpAddr {
        let host = lab.host(self.host).expect("a host of the lab");
        if v6 {
            let mut segments = host.v6.segments();
            segments[7] = self.last;
            return segments.into();
        }
        let [a, b, c, _] = host.v4.octets();
        [a, b, c, format!("{:x}", self.last).parse().expect("an address")].into()
    }
}

const HEAD: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.quarantine]
ports = []
[devices.desk]
addresses = ["10.10.0.20", "fd00:10::20"]
zone = "office"
[devices.camera]
mac = "02:00:00:00:30:11"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"
mud = ["a.json"]
my-controllers = ["10.10.0.10", "fd00:10::20"]
[devices.lamp]
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"
[devices.gauge]
addresses = ["10.40.0.10", "fd00:40::10"]
zone = "ot"
mud = ["b.json"]
[names]
"cloud.example" = ["203.0.113.10", "2001:db8:113::10"]
[controllers]
"https://site.example/light" = ["10.30.0.99", "fd00:10::20", "203.0.113.77"]
[router]
addresses = { wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"], office0 = ["10.10.0.1/24", "fd00:10::1/64"], iot0 = ["10.30.0.1/24", "fd00:30::1/64"], ot0 = ["10.40.0.1/24", "fd00:40::1/64"] }
"#;

/// Ports around which ranges begin and end.
const EDGES: [u16; 9] = [1, 2, 79, 80, 81, 1023, 1024, 65534, 65535];

fn range() -> impl Strategy<Value = String> {
    (select(&EDGES[..]), select(&EDGES[..])).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)))
}

fn service() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just("any".to_owned()),
        2 => select(vec!["tcp", "udp", "icmp", "icmpv6", "ip/50", "icmp/echo-request", "icmpv6/echo-request", "eth/0x88b8"])
            .prop_map(str::to_owned),
        4 => (select(vec!["tcp", "udp"]), range()).prop_map(|(protocol, ports)| format!("{protocol}/{ports}")),
        3 => (select(vec!["tcp", "udp"]), range(), range())
            .prop_map(|(protocol, to, from)| format!("{protocol}/{to}:{from}")),
    ]
}

fn services(at_least: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(service(), at_least..4)
}

fn side(last: &'static str) -> impl Strategy<Value = String> {
    let names = vec!["iot", "office", "internet", "ot", "quarantine", "lamp", "camera", "desk", "gauge", "*", last];
    subsequence(names, 1..4).prop_map(|list| format!("{list:?}"))
}

/// Mostly enforced.
fn mode() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(""), 1 => Just("mode = \"audit\"\n")]
}

fn zone() -> impl Strategy<Value = String> {
    let unknown = select(vec!["", "unknown = \"deny\"\n", "unknown = \"quarantine\"\n"]);
    (unknown, mode()).prop_map(|(unknown, mode)| format!("{unknown}{mode}"))
}

pub(crate) fn policy() -> impl Strategy<Value = String> {
    let transition = (side("*"), side("same"), services(1), any::<bool>(), services(0), mode());
    let except = (side("*"), side("same"), services(1));
    let guardrail = (side("*"), side("same"), services(1), proptest::collection::vec(except, 0..3), mode());
    let zones = [zone(), zone(), zone()];
    (zones, proptest::collection::vec(transition, 3..7), proptest::collection::vec(guardrail, 0..3)).prop_map(
        |(zones, transitions, guardrails)| {
            let mut text = HEAD.to_owned();
            // Writing to a string does not fail.
            for (name, more) in ["office", "iot", "ot"].into_iter().zip(zones) {
                let _ = write!(text, "[zones.{name}]\nports = [\"{name}0\"]\n{more}");
            }
            for (i, (from, to, mut allow, mud, deny, mode)) in transitions.into_iter().enumerate() {
                allow.extend(mud.then(|| "mud".to_owned()));
                let _ = write!(
                    text,
                    "[[transitions]]\nname = \"t{i}\"\nfrom = {from}\nto = {to}\nallow = {allow:?}\ndeny = {deny:?}\n{mode}"
                );
            }
            for (i, (from, to, deny, except, mode)) in guardrails.into_iter().enumerate() {
                let except = except.into_iter().map(|(from, to, allow)| {
                    format!("{{ from = {from}, to = {to}, allow = {allow:?} }}")
                });
                let except = except.collect::<Vec<_>>().join(", ");
                let _ = write!(
                    text,
                    "[[guardrails]]\nname = \"g{i}\"\nfrom = {from}\nto = {to}\ndeny = {deny:?}\nexcept = [{except}]\n{mode}"
                );
            }
            text
        },
    )
}

/// A match on the other end, where `NAME` and `NET` stand for the fields of its direction.
fn peer() -> impl Strategy<Value = &'static str> {
    select(vec![
        r#""ietf-mud:mud":{"local-networks":[null]}"#,
        r#""ietf-mud:mud":{"my-controller":[null]}"#,
        r#""ietf-mud:mud":{"controller":"https://site.example/light"}"#,
        r#""ietf-mud:mud":{"manufacturer":"b.example"}"#,
        r#""ietf-mud:mud":{"model":"https://a.example/a.json"}"#,
        r#""ipvV":{"NAME":"cloud.example"}"#,
        r#""ipvV":{"NET":"WIDE"}"#,
        "",
    ])
}

/// Entries of one list: peer, protocol, its ports, and whether it accepts.
fn aces() -> impl Strategy<Value = Vec<(&'static str, &'static str, String, bool)>> {
    let ports = prop_oneof![
        Just(String::new()),
        (select(vec!["source", "destination"]), select(&EDGES[..]), select(&EDGES[..])).prop_map(|(side, a, b)| {
            format!(r#""{side}-port":{{"lower-port":{},"upper-port":{}}}"#, a.min(b), a.max(b))
        }),
    ];
    let accepts = prop_oneof![3 => Just(true), 1 => Just(false)];
    proptest::collection::vec((peer(), select(vec!["tcp", "udp", "", "icmp"]), ports, accepts), 0..6)
}

/// A MUD file: lists for both directions and families with the same entries.
pub(crate) fn mud(maker: &'static str) -> impl Strategy<Value = String> {
    (aces(), aces()).prop_map(move |(from, to)| {
        let list = |direction: &str, version: u8, aces: &[(&str, &str, String, bool)]| {
            let (name, net) = match direction {
                "from" => ("ietf-acldns:dst-dnsname", format!("destination-ipv{version}-network")),
                _ => ("ietf-acldns:src-dnsname", format!("source-ipv{version}-network")),
            };
            let wide = if version == 4 { "10.0.0.0/12" } else { "fd00::/27" };
            let entries = aces.iter().enumerate().map(|(i, (peer, protocol, ports, accept))| {
                let peer = peer.replace("ipvV", &format!("ipv{version}")).replace("NAME", name);
                let peer = peer.replace("NET", &net).replace("WIDE", wide);
                let transport = match *protocol {
                    "" => String::new(),
                    "icmp" => format!(r#""icmp":{{"type":{}}}"#, if version == 4 { 8 } else { 128 }),
                    protocol => format!(r#""{protocol}":{{{ports}}}"#),
                };
                let matches: Vec<String> = [peer, transport].into_iter().filter(|part| !part.is_empty()).collect();
                let forwarding = if *accept { "accept" } else { "drop" };
                format!(
                    r#"{{"name":"e{i}","matches":{{{}}},"actions":{{"forwarding":"{forwarding}"}}}}"#,
                    matches.join(",")
                )
            });
            let entries = entries.collect::<Vec<_>>().join(",");
            format!(r#"{{"name":"{direction}{version}","type":"ipv{version}-acl-type","aces":{{"ace":[{entries}]}}}}"#)
        };
        let lists = [list("from", 4, &from), list("from", 6, &from), list("to", 4, &to), list("to", 6, &to)].join(",");
        let named =
            |side: &str| format!(r#"{{"access-lists":{{"access-list":[{{"name":"{side}4"}},{{"name":"{side}6"}}]}}}}"#);
        format!(
            r#"{{"ietf-mud:mud":{{"mud-version":1,"mud-url":"https://{maker}.example/{maker}.json",
            "last-update":"2026-03-01T12:00:00Z","is-supported":true,"from-device-policy":{},"to-device-policy":{}}},
            "ietf-access-control-list:acls":{{"acl":[{lists}]}}}}"#,
            named("from"),
            named("to"),
        )
    })
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
enum Spoken {
    Tcp(u16, u16),
    Udp(u16, u16),
    Echo(u16),
    Esp,
}

fn spoken() -> impl Strategy<Value = Spoken> {
    let ports = || (select(&EDGES[..]), select(&EDGES[..]));
    prop_oneof![
        5 => ports().prop_map(|(to, from)| Spoken::Tcp(to, from)),
        5 => ports().prop_map(|(to, from)| Spoken::Udp(to, from)),
        2 => (1u16..1000).prop_map(Spoken::Echo),
        1 => Just(Spoken::Esp),
    ]
}

/// A frame: who sends it, whose address and whose MAC it claims, who is to get it, in which family, what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) by: End,
    pub(crate) address: End,
    pub(crate) mac: End,
    pub(crate) to: End,
    v6: bool,
    spoken: Spoken,
}

pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    // One in eight claims to be somebody else.
    let claims = (select(&ENDS[..]), select(&ENDS[..]), 0u8..16);
    (select(&ENDS[..]), claims, select(&ENDS[..]), any::<bool>(), spoken()).prop_map(
        |(by, (address, mac, claims), to, v6, spoken)| Sent {
            by,
            address: if claims == 0 { address } else { by },
            mac: if claims == 1 { mac } else { by },
            to,
            v6,
            spoken,
        },
    )
}

impl Sent {
    pub(crate) fn frame(&self, lab: &Lab, marker: &[u8]) -> Vec<u8> {
        let router = lab.host(self.by.host).expect("a host of the lab").network.mac;
        let ethernet = PacketBuilder::ethernet2(self.mac.mac, router);
        let ip = match (self.address.address(lab, self.v6), self.to.address(lab, self.v6)) {
            (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
            _ => unreachable!("both are of one family"),
        };
        let mut frame = Vec::new();
        match self.spoken {
            Spoken::Tcp(to, from) => ip.tcp(from, to, 1, 64_240).syn().write(&mut frame, marker),
            Spoken::Udp(to, from) => ip.udp(from, to).write(&mut frame, marker),
            Spoken::Echo(id) if self.v6 => ip.icmpv6_echo_request(id, 1).write(&mut frame, marker),
            Spoken::Echo(id) => ip.icmpv4_echo_request(id, 1).write(&mut frame, marker),
            Spoken::Esp => ip.write(&mut frame, 50.into(), marker),
        }
        .expect("a frame");
        frame
    }

    /// What a connection would be known by, whichever way it goes: no two frames are of one.
    pub(crate) fn connection(&self, lab: &Lab) -> String {
        let (from, to) = (self.address.address(lab, self.v6), self.to.address(lab, self.v6));
        let (protocol, here, there) = match self.spoken {
            Spoken::Tcp(to, from) => ("tcp", from, to),
            Spoken::Udp(to, from) => ("udp", from, to),
            Spoken::Echo(id) => ("echo", id, id),
            Spoken::Esp => ("esp", 0, 0),
        };
        let mut ends = [(from, here), (to, there)];
        ends.sort();
        format!("{protocol} {ends:?}")
    }
}
