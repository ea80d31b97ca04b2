//! A profile as a table for people, in the order in which its entries are judged.

use comfy_table::{Table, presets};

use super::profile::{Ace, Family, Initiated, PeerMatch, Profile, Transport};

/// One row for each entry, from-device before to-device.
pub fn table(profile: &Profile) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["DIRECTION", "RULE", "ACTION", "FAMILY", "PEER", "OWN", "PROTOCOL", "OPENED BY", "LINE"]);
    let from = profile.from_device.iter().map(|ace| ("from-device", ace));
    let to = profile.to_device.iter().map(|ace| ("to-device", ace));
    for (direction, ace) in from.chain(to) {
        table.add_row([
            direction.to_owned(),
            ace.rule.clone(),
            action(ace),
            family(ace.family),
            joined(ace.peer.iter().map(peer), "any host"),
            joined(ace.own.iter().map(ToString::to_string), ""),
            transport(&ace.transport),
            opener(ace.initiated).to_owned(),
            ace.place.line.to_string(),
        ]);
    }
    table
}

fn action(ace: &Ace) -> String {
    match (ace.accept, ace.unsupported.is_empty()) {
        (true, true) => "accept".to_owned(),
        (true, false) => format!("dead: {}", ace.unsupported.join(", ")),
        (false, true) => "drop".to_owned(),
        (false, false) => format!("drop, whatever {}", ace.unsupported.join(", ")),
    }
}

fn family(family: Family) -> String {
    match family {
        Family::Ipv4 => "ipv4".to_owned(),
        Family::Ipv6 => "ipv6".to_owned(),
        Family::Ip => "ip".to_owned(),
        Family::Ethernet(None) => "any frame".to_owned(),
        Family::Ethernet(Some(ethertype)) => format!("eth/{ethertype:#06x}"),
    }
}

fn peer(matched: &PeerMatch) -> String {
    match matched {
        PeerMatch::Network(network) => network.to_string(),
        PeerMatch::Name(name) => name.clone(),
        PeerMatch::LocalNetworks => "local-networks".to_owned(),
        PeerMatch::Controller(class) => format!("controller {class}"),
        PeerMatch::MyController => "my-controller".to_owned(),
        PeerMatch::SameManufacturer => "same-manufacturer".to_owned(),
        PeerMatch::Manufacturer(name) => format!("manufacturer {name}"),
        PeerMatch::Model(url) => format!("model {url}"),
    }
}

/// In the form of a service, source ports behind a colon.
fn transport(transport: &Transport) -> String {
    let protocol = match transport.protocol {
        None => return "any".to_owned(),
        Some(1) => "icmp".to_owned(),
        Some(6) => "tcp".to_owned(),
        Some(17) => "udp".to_owned(),
        Some(58) => "icmpv6".to_owned(),
        Some(number) => format!("ip/{number}"),
    };
    let icmp = match (transport.icmp_type, transport.icmp_code) {
        (None, None) => String::new(),
        (Some(kind), None) => format!("/{kind}"),
        (kind, Some(code)) => format!("/{}.{code}", kind.map_or("*".to_owned(), |kind| kind.to_string())),
    };
    match (&transport.destination_ports[..], &transport.source_ports[..]) {
        ([], []) => format!("{protocol}{icmp}"),
        (destination, []) => format!("{protocol}/{}", ranges(destination)),
        (destination, source) => format!("{protocol}/{}:{}", ranges(destination), ranges(source)),
    }
}

fn ranges(ports: &[(u16, u16)]) -> String {
    let range = |&(first, last): &(u16, u16)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    joined(ports.iter().map(range), "*")
}

fn opener(initiated: Option<Initiated>) -> &'static str {
    match initiated {
        None => "",
        Some(Initiated::FromDevice) => "the device",
        Some(Initiated::ToDevice) => "the peer",
    }
}

fn joined(items: impl Iterator<Item = String>, none: &str) -> String {
    let joined = items.collect::<Vec<_>>().join(", ");
    if joined.is_empty() { none.to_owned() } else { joined }
}
