//! The `ipv4` and `ipv6` containers (RFC 8519, section 4.2) with the names of `ietf-acldns` (RFC 8520, section 8.1).

use ipnet::IpNet;
use jsonc_parser::ast::ObjectProp;

use super::draft::{Direction, Draft, Layer3};
use super::json::{self, span};
use super::profile::PeerMatch;
use super::report::{Report, code};
use super::{address, host};

/// Next-header numbers of IPv6 extension headers; `protocol` means the upper layer behind them.
const EXTENSION_HEADERS: [u8; 4] = [0, 43, 44, 60];

/// Which end of the packet a node speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Destination,
}

pub(super) fn read(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let name = property.name.as_str();
    let layer3 = if name == "ipv4" { Layer3::Ipv4 } else { Layer3::Ipv6 };
    if draft.layer3.is_some_and(|other| other != layer3) {
        let message = "no packet is both IPv4 and IPv6";
        draft.give_up(code::CONTRADICTION, span(&property.name), name, message, report);
        return;
    }
    draft.layer3 = Some(layer3);
    let Some(container) = json::object(&property.value, name, report) else {
        return;
    };
    for node in &container.properties {
        match (node.name.as_str(), layer3) {
            ("protocol", _) => read_protocol(node, layer3, draft, report),
            ("source-ipv4-network", Layer3::Ipv4) | ("source-ipv6-network", Layer3::Ipv6) => {
                read_network(node, End::Source, layer3, draft, report);
            }
            ("destination-ipv4-network", Layer3::Ipv4) | ("destination-ipv6-network", Layer3::Ipv6) => {
                read_network(node, End::Destination, layer3, draft, report);
            }
            ("ietf-acldns:src-dnsname", _) => read_name(node, End::Source, layer3, draft, report),
            ("ietf-acldns:dst-dnsname", _) => read_name(node, End::Destination, layer3, draft, report),
            (other, _) => {
                let message = format!("the match `{other}` on {name} packets is not evaluated");
                draft.give_up(code::UNSUPPORTED, span(&node.name), format!("{name}/{other}"), message, report);
            }
        }
    }
}

fn read_protocol(node: &ObjectProp<'_>, layer3: Layer3, draft: &mut Draft, report: &mut Report) {
    let Some(protocol) = json::byte(&node.value, "protocol", report) else {
        return;
    };
    if layer3 == Layer3::Ipv6 && EXTENSION_HEADERS.contains(&protocol) {
        let message = format!("{protocol} is an extension header of IPv6; `protocol` means what comes behind those");
        draft.give_up(code::EXTENSION_HEADER, span(&node.value), format!("protocol {protocol}"), message, report);
    } else {
        draft.transport.protocol = Some(protocol);
    }
}

fn read_network(node: &ObjectProp<'_>, end: End, layer3: Layer3, draft: &mut Draft, report: &mut Report) {
    let Some(text) = json::string(&node.value, node.name.as_str(), report) else {
        return;
    };
    let Some(network) = address::network(text, span(&node.value), report) else {
        return;
    };
    if family_of(network) != layer3 {
        return other_family(text, node, draft, report);
    }
    address::tell_private(network, span(&node.value), report);
    if end == own_end(draft.direction) {
        draft.own.push(network);
    } else {
        draft.peer.push(PeerMatch::Network(network));
    }
}

fn read_name(node: &ObjectProp<'_>, end: End, layer3: Layer3, draft: &mut Draft, report: &mut Report) {
    let key = node.name.as_str();
    let Some(text) = json::string(&node.value, key, report) else {
        return;
    };
    if end == own_end(draft.direction) {
        let message =
            format!("`{key}` in `{}` names the device itself, which has no name of its own", draft.direction.policy());
        return draft.give_up(code::OWN_NAME, span(&node.name), key, message, report);
    }
    match host::read(text) {
        Ok(PeerMatch::Network(network)) if family_of(network) != layer3 => other_family(text, node, draft, report),
        Ok(matched) => {
            if let PeerMatch::Network(network) = &matched {
                address::tell_private(*network, span(&node.value), report);
            }
            draft.peer.push(matched);
        }
        Err(reason) => {
            draft.give_up(code::HOST, span(&node.value), key, format!("`{text}`: {reason}"), report);
        }
    }
}

fn other_family(text: &str, node: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let message = format!("`{text}` is an address of the other family");
    draft.give_up(code::CONTRADICTION, span(&node.value), node.name.as_str(), message, report);
}

fn own_end(direction: Direction) -> End {
    match direction {
        Direction::FromDevice => End::Source,
        Direction::ToDevice => End::Destination,
    }
}

fn family_of(network: IpNet) -> Layer3 {
    match network {
        IpNet::V4(_) => Layer3::Ipv4,
        IpNet::V6(_) => Layer3::Ipv6,
    }
}
