//! The `tcp`, `udp` and `icmp` containers (RFC 8519, section 4.2) with `direction-initiated` (RFC 8520, section 4.8).

use jsonc_parser::ast::ObjectProp;

use super::draft::{Draft, Layer3};
use super::json::{self, span};
use super::ports;
use super::profile::Initiated;
use super::report::{Report, code};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

pub(super) fn read(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let name = property.name.as_str();
    if !settle_protocol(property, draft, report) {
        return;
    }
    let Some(container) = json::object(&property.value, name, report) else {
        return;
    };
    for node in &container.properties {
        match (name, node.name.as_str()) {
            ("tcp" | "udp", "source-port") => {
                if let Some(ports) = ports::read(node, draft, report) {
                    draft.transport.source_ports = ports;
                }
            }
            ("tcp" | "udp", "destination-port") => {
                if let Some(ports) = ports::read(node, draft, report) {
                    draft.transport.destination_ports = ports;
                }
            }
            ("icmp", "type") => draft.transport.icmp_type = json::byte(&node.value, "type", report),
            ("icmp", "code") => draft.transport.icmp_code = json::byte(&node.value, "code", report),
            ("tcp", "ietf-mud:direction-initiated") => read_direction(node, draft, report),
            ("udp" | "icmp", "ietf-mud:direction-initiated") => {
                report
                    .lint(
                        code::DIRECTION,
                        span(&node.name),
                        format!("`direction-initiated` means nothing in `{name}`; it is ignored"),
                    )
                    .help("it is for TCP only");
            }
            (_, other) => {
                let message = format!("the match `{other}` on {name} is not evaluated");
                draft.give_up(code::UNSUPPORTED, span(&node.name), format!("{name}/{other}"), message, report);
            }
        }
    }
}

/// The container implies a protocol, which must agree with `protocol` and with any container before it.
fn settle_protocol(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) -> bool {
    let name = property.name.as_str();
    let implied = match (name, draft.layer3) {
        ("tcp", _) => Some(TCP),
        ("udp", _) => Some(UDP),
        (_, Some(Layer3::Ipv4)) => Some(ICMP),
        (_, Some(Layer3::Ipv6)) => Some(ICMPV6),
        (_, None) => None,
    };
    let other = draft.transport.protocol;
    if draft.icmp || other.is_some_and(|written| implied != Some(written)) {
        let message = match other {
            Some(written) => format!("`{name}` contradicts protocol {written}"),
            None => format!("`{name}` contradicts `icmp`"),
        };
        draft.give_up(code::CONTRADICTION, span(&property.name), name, message, report);
        return false;
    }
    draft.icmp = name == "icmp";
    draft.transport.protocol = implied;
    true
}

fn read_direction(node: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(text) = json::string(&node.value, "ietf-mud:direction-initiated", report) else {
        return;
    };
    match text {
        "from-device" => draft.initiated = Some(Initiated::FromDevice),
        "to-device" => draft.initiated = Some(Initiated::ToDevice),
        other => {
            report
                .problem(code::VALUE, span(&node.value), format!("`{other}` is no direction"))
                .help("`from-device` or `to-device`");
        }
    }
}
