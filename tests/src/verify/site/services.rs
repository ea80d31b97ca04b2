//! Services in every form, over so few numbers that they nest, overlap and lie side by side.

use std::collections::BTreeMap;

use super::Draft;
use crate::verify::dice::Dice;

/// Ports that policies mention.
pub(crate) const PORTS: [u16; 19] =
    [1, 2, 22, 53, 67, 68, 79, 80, 81, 123, 443, 502, 546, 547, 1023, 1024, 5353, 65534, 65535];
pub(crate) const ETHERTYPES: [u16; 10] =
    [0x0600, 0x0806, 0x8863, 0x8864, 0x8892, 0x88b8, 0x88b9, 0x88ba, 0x88cc, 0xffff];
pub(crate) const SECONDS: [u16; 7] = [0, 1, 2, 0x00ff, 0x0100, 0x8000, 0xffff];
const PROTOCOLS: [u8; 14] = [0, 1, 2, 4, 6, 17, 41, 47, 50, 58, 89, 132, 254, 255];
const ICMP: [&str; 12] = [
    "icmp/echo-request",
    "icmp/echo-reply",
    "icmp/0.0",
    "icmp/3",
    "icmp/3.4",
    "icmp/port-unreachable",
    "icmp/8.0",
    "icmp/8.1",
    "icmp/11",
    "icmp/13",
    "icmp/255",
    "icmp/255.255",
];
const ICMPV6: [&str; 12] = [
    "icmpv6/echo-request",
    "icmpv6/echo-reply",
    "icmpv6/1",
    "icmpv6/1.4",
    "icmpv6/packet-too-big",
    "icmpv6/time-exceeded",
    "icmpv6/133",
    "icmpv6/router-advertisement",
    "icmpv6/neighbour-solicitation",
    "icmpv6/136.0",
    "icmpv6/143",
    "icmpv6/255.255",
];

/// A few named sets, of services and of sets before them.
pub(super) fn sets(draft: &mut Draft, dice: &mut Dice) {
    for name in dice.some(&["web", "plant", "tools"], 0, 3) {
        let list = list(&draft.sets, 1, 3, dice);
        draft.sets.insert(name.to_owned(), list);
    }
}

/// Some services; names of `sets` may be among them.
pub(super) fn list(sets: &BTreeMap<String, Vec<String>>, fewest: usize, most: usize, dice: &mut Dice) -> Vec<String> {
    let names: Vec<&String> = sets.keys().collect();
    let mut list = Vec::new();
    for _ in 0..dice.between(fewest, most) {
        let service = match dice.maybe(&names) {
            Some(name) if dice.percent(20) => (*name).clone(),
            _ => service(dice),
        };
        if !list.contains(&service) {
            list.push(service);
        }
    }
    list
}

/// One service.
pub(super) fn service(dice: &mut Dice) -> String {
    match dice.below(24) {
        0 | 20 => "any".to_owned(),
        1 | 2 | 21 | 22 => (*dice.pick(&["tcp", "udp", "sctp", "icmp", "icmpv6"])).to_owned(),
        3 => format!("ip/{}", dice.pick(&PROTOCOLS)),
        4 => (*dice.pick(&ICMP)).to_owned(),
        5 => (*dice.pick(&ICMPV6)).to_owned(),
        6 | 7 => match dice.below(3) {
            0 => format!("eth/{:#06x}", dice.pick(&ETHERTYPES)),
            1 => format!("eth/{:#06x}/{:#06x}", dice.pick(&ETHERTYPES), dice.pick(&SECONDS)),
            _ => {
                let (first, last) = ordered(*dice.pick(&SECONDS), *dice.pick(&SECONDS));
                format!("eth/{:#06x}/{first:#06x}-{last:#06x}", dice.pick(&ETHERTYPES))
            }
        },
        _ => {
            let protocol = dice.weighted(&[(6, "tcp"), (5, "udp"), (2, "sctp")]);
            let destination = ports(dice);
            match dice.below(5) {
                0 => format!("{protocol}/{destination}:{}", ports(dice)),
                _ => format!("{protocol}/{destination}"),
            }
        }
    }
}

fn ports(dice: &mut Dice) -> String {
    if dice.percent(55) {
        return dice.pick(&PORTS).to_string();
    }
    let (first, last) = ordered(*dice.pick(&PORTS), *dice.pick(&PORTS));
    format!("{first}-{last}")
}

fn ordered(a: u16, b: u16) -> (u16, u16) {
    (a.min(b), a.max(b))
}
