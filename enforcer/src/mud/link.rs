//! The `eth` container (RFC 8519, section 4.2): EtherTypes. Hardware addresses are not evaluated.

use jsonc_parser::ast::{ObjectProp, Value};

use super::draft::Draft;
use super::json::{self, span};
use super::report::{Report, code};

/// Smaller numbers are lengths of IEEE 802.3 frames, not types.
const FIRST_TYPE: u16 = 0x0600;

/// Names of `eth:ethertype` (IEEE Std 802.3.2) that stand in files as text.
const NAMED: [(&str, u16); 4] = [("ipv4", 0x0800), ("arp", 0x0806), ("ipv6", 0x86dd), ("lldp", 0x88cc)];

pub(super) fn read(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(container) = json::object(&property.value, "eth", report) else {
        return;
    };
    draft.eth = true;
    for node in &container.properties {
        match node.name.as_str() {
            "ethertype" => read_ethertype(node, draft, report),
            other => {
                let message = format!("the match `{other}` on frames is not evaluated");
                draft.give_up(code::UNSUPPORTED, span(&node.name), format!("eth/{other}"), message, report);
            }
        }
    }
}

fn read_ethertype(node: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(number) = number(&node.value) else {
        report
            .problem(code::VALUE, span(&node.value), "`ethertype` must be a number from 0 to 65535")
            .help("35020 or \"0x88cc\"");
        return;
    };
    if number < FIRST_TYPE {
        let message = format!("{number:#06x} is the length of an 802.3 frame, not an EtherType");
        draft.give_up(code::UNSUPPORTED, span(&node.value), "eth/ethertype", message, report);
    } else {
        draft.ethertype = Some(number);
    }
}

fn number(value: &Value<'_>) -> Option<u16> {
    let Some(literal) = value.as_string_lit() else {
        return json::integer(value).and_then(|number| u16::try_from(number).ok());
    };
    let text = literal.value.to_ascii_lowercase();
    if let Some((_, number)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Some(*number);
    }
    match text.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
