//! Transitions and guardrails against an evaluation of the model that is as plain as the words of it.

use std::fmt::Write as _;

use enforcer::policy::model::{DeviceId, Policy, Service, Side, ZoneId};
use enforcer_common::packet::Packet;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::site::{Site, by, packet};

const DEVICES: &str = r#"
[devices.lamp]
mac = "02:00:00:00:00:02"
addresses = ["10.30.0.12", "fd00:30::12"]
zone = "iot"

[devices.camera]
mac = "02:00:00:00:00:01"
addresses = ["10.30.0.11", "fd00:30::11"]
zone = "iot"

[devices.desk]
addresses = ["10.20.0.11", "fd00:20::11"]
zone = "office"
"#;

/// An end of a packet: its zone, its device, the port by which it sends, its MAC, its addresses.
type End = (&'static str, &'static str, &'static str, u64, [&'static str; 2]);

const ENDS: [End; 6] = [
    ("iot", "", "iot0", 9, ["10.30.0.99", "fd00:30::99"]),
    ("iot", "lamp", "iot0", 0x0200_0000_0002, ["10.30.0.12", "fd00:30::12"]),
    ("iot", "camera", "iot0", 0x0200_0000_0001, ["10.30.0.11", "fd00:30::11"]),
    ("office", "", "office0", 9, ["10.20.0.99", "fd00:20::99"]),
    ("office", "desk", "office0", 9, ["10.20.0.11", "fd00:20::11"]),
    ("internet", "", "wan0", 9, ["192.0.2.9", "2001:db8::9"]),
];

/// An end as the model has it.
#[derive(Clone, Copy)]
struct Who {
    zone: ZoneId,
    device: Option<DeviceId>,
}

fn who(policy: &Policy, end: &End) -> Who {
    let zone = policy.zones.iter().position(|zone| zone.name == end.0).unwrap();
    let device = policy.devices.iter().position(|device| device.name == end.1);
    Who { zone: ZoneId(zone), device: device.map(DeviceId) }
}

fn named(side: &Side, who: Who) -> bool {
    side.zones.contains(&who.zone) || who.device.is_some_and(|device| side.devices.contains(&device))
}

/// `*` in a transition or an exception: every declared zone, but neither `router` nor a zone with itself. None of these ends is the router.
fn written_for(from: &Side, to: &Side, ends: (Who, Who)) -> bool {
    let same_zone = ends.0.zone == ends.1.zone;
    let sender = named(from, ends.0);
    let receiver = named(to, ends.1);
    sender && receiver
        || (sender || from.star) && to.same && same_zone
        || !same_zone && (sender || from.star) && (receiver || to.star)
}

/// `*` in a guardrail: everybody.
fn guards(from: &Side, to: &Side, ends: (Who, Who)) -> bool {
    (from.star || named(from, ends.0)) && (to.star || named(to, ends.1) || to.same && ends.0.zone == ends.1.zone)
}

fn speaks(services: &[Service], packet: &Packet) -> bool {
    services.iter().any(|service| match service {
        Service::Any => true,
        Service::Protocol(protocol) => packet.protocol == *protocol,
        Service::Ports { protocol, destination, source } => {
            packet.protocol == *protocol
                && Service::range(*destination).contains(&packet.destination_port)
                && Service::range(*source).contains(&packet.source_port)
        }
        Service::Icmp { protocol, kind, code } => {
            packet.protocol == *protocol
                && packet.icmp_type == *kind
                && code.is_none_or(|code| packet.icmp_code == code)
        }
        Service::Ether { .. } => false,
    })
}

/// The verdict as [`Site::judge`] words it.
fn judge(policy: &Policy, ends: (Who, Who), packet: &Packet) -> String {
    for guardrail in &policy.guardrails {
        let excepted = guardrail.except.iter();
        let mut excepted = excepted.filter(|except| written_for(&except.from, &except.to, ends));
        if guards(&guardrail.from, &guardrail.to, ends)
            && speaks(&guardrail.deny, packet)
            && !excepted.any(|except| speaks(&except.allow, packet))
        {
            return format!("guardrail {}", guardrail.name);
        }
    }
    let allows = policy.transitions.iter().find(|transition| {
        written_for(&transition.from, &transition.to, ends)
            && speaks(&transition.allow, packet)
            && !speaks(&transition.deny, packet)
    });
    allows.map_or("no-transition".to_owned(), |transition| format!("allowed {}", transition.name))
}

/// Ports around which ranges begin and end; none begins at 0.
const EDGES: [u16; 12] = [0, 1, 2, 79, 80, 81, 82, 1023, 1024, 1025, 65534, 65535];

fn range() -> impl Strategy<Value = String> {
    (select(&EDGES[1..]), select(&EDGES[1..])).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)))
}

pub(crate) fn service() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just("any".to_owned()),
        1 => select(vec!["tcp", "udp", "icmp", "ip/47", "icmp/3.4", "icmp/8"]).prop_map(str::to_owned),
        4 => (select(vec!["tcp", "udp"]), range()).prop_map(|(protocol, ports)| format!("{protocol}/{ports}")),
        4 => (select(vec!["tcp", "udp"]), range(), range())
            .prop_map(|(protocol, to, from)| format!("{protocol}/{to}:{from}")),
    ]
}

fn services(at_least: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(service(), at_least..4).prop_map(|list| format!("{list:?}"))
}

fn side(last: &'static str) -> impl Strategy<Value = String> {
    let names = vec!["iot", "office", "internet", "lamp", "camera", "desk", "*", last];
    subsequence(names, 1..3).prop_map(|list| format!("{list:?}"))
}

fn policy() -> impl Strategy<Value = String> {
    let transition = (side("*"), side("same"), services(1), services(0));
    let except = (side("*"), side("same"), services(1));
    let guardrail = (side("*"), side("same"), services(1), proptest::collection::vec(except, 0..3));
    let transitions = proptest::collection::vec(transition, 1..5);
    (transitions, proptest::collection::vec(guardrail, 0..3)).prop_map(|(transitions, guardrails)| {
        let mut text = DEVICES.to_owned();
        // Writing to a string does not fail.
        for (i, (from, to, allow, deny)) in transitions.into_iter().enumerate() {
            let _ = write!(
                text,
                "\n[[transitions]]\nname = \"t{i}\"\nfrom = {from}\nto = {to}\nallow = {allow}\ndeny = {deny}\n"
            );
        }
        for (i, (from, to, deny, except)) in guardrails.into_iter().enumerate() {
            let except: Vec<String> = except
                .into_iter()
                .map(|(from, to, allow)| format!("{{ from = {from}, to = {to}, allow = {allow} }}"))
                .collect();
            let except = except.join(", ");
            let _ = write!(
                text,
                "\n[[guardrails]]\nname = \"g{i}\"\nfrom = {from}\nto = {to}\ndeny = {deny}\nexcept = [{except}]\n"
            );
        }
        text
    })
}

/// What a packet speaks, at the edges of the ranges.
pub(crate) fn spoken() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (select(vec!["tcp", "udp"]), select(&EDGES[..]), select(&EDGES[..]))
            .prop_map(|(protocol, to, from)| format!("{protocol}/{to}:{from}")),
        1 => select(vec!["icmp/3.4", "icmp/3.3", "icmp/8.0", "icmp/9.0", "ip/47", "ip/46"]).prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn the_image_says_what_the_model_says(
        text in policy(),
        packets in proptest::collection::vec((select(&ENDS[..]), select(&ENDS[..]), 0usize..2, spoken()), 200),
    ) {
        let site = Site::usual(&text);
        let policy = &site.loaded.policy;
        // Nobody sends to himself; that is no question of transitions.
        for (from, to, family, service) in packets.into_iter().filter(|(from, to, family, _)| from.4[*family] != to.4[*family]) {
            let packet = by(from.3, packet(from.4[family], to.4[family], &service));
            let expected = judge(policy, (who(policy, &from), who(policy, &to)), &packet);
            prop_assert_eq!(
                site.judge(from.2, &packet), expected,
                "{} {} to {} {}: {}\n{}", from.0, from.1, to.0, to.1, service, text
            );
        }
    }
}
