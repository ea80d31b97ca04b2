//! The `ietf-mud:mud` container of matches: who the other end is, in words that hold on every network (RFC 8520, section 4).

use jsonc_parser::ast::ObjectProp;

use super::draft::Draft;
use super::host;
use super::json::{self, Empty, span};
use super::profile::PeerMatch;
use super::report::{Report, code};

/// Classes that the IANA registry has (RFC 8520, section 17). They are the router where a policy sets no addresses.
pub(crate) const REGISTERED: [&str; 2] = ["urn:ietf:params:mud:dns", "urn:ietf:params:mud:ntp"];

pub(super) fn read(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(container) = json::object(&property.value, "ietf-mud:mud", report) else {
        return;
    };
    for node in &container.properties {
        match node.name.as_str() {
            "local-networks" => read_empty(node, PeerMatch::LocalNetworks, draft, report),
            "my-controller" => read_empty(node, PeerMatch::MyController, draft, report),
            "same-manufacturer" => read_empty(node, PeerMatch::SameManufacturer, draft, report),
            "manufacturer" => read_manufacturer(node, draft, report),
            "model" => {
                draft
                    .peer
                    .extend(json::string(&node.value, "model", report).map(|url| PeerMatch::Model(url.to_owned())));
            }
            "controller" => read_controller(node, draft, report),
            "direction-initiated" => {
                let message = "`direction-initiated` belongs into `tcp`, as `ietf-mud:direction-initiated`";
                draft.give_up(code::DIRECTION, span(&node.name), "direction-initiated", message, report);
            }
            other => {
                let message = format!("the match `{other}` is not understood");
                draft.give_up(code::UNSUPPORTED, span(&node.name), format!("ietf-mud:mud/{other}"), message, report);
            }
        }
    }
}

fn read_empty(node: &ObjectProp<'_>, matched: PeerMatch, draft: &mut Draft, report: &mut Report) {
    let name = node.name.as_str();
    match json::empty(&node.value) {
        Empty::Exact => {}
        Empty::Dialect => {
            report
                .lint(code::DIALECT, span(&node.value), format!("`{name}` is taken as set"))
                .help(format!("\"{name}\": [null]"));
        }
        Empty::Other => {
            let message = format!("`{name}` takes no value");
            return draft.give_up(code::UNSUPPORTED, span(&node.value), name, message, report);
        }
    }
    draft.peer.push(matched);
}

fn read_manufacturer(node: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(text) = json::string(&node.value, "manufacturer", report) else {
        return;
    };
    match host::name(text) {
        Ok(name) => draft.peer.push(PeerMatch::Manufacturer(name)),
        Err(reason) => {
            draft.give_up(code::HOST, span(&node.value), "manufacturer", format!("`{text}`: {reason}"), report)
        }
    }
}

fn read_controller(node: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) {
    let Some(class) = json::string(&node.value, "controller", report) else {
        return;
    };
    if !class.contains(':') {
        report
            .lint(code::CLASS, span(&node.value), format!("the controller class `{class}` is no URI"))
            .help(format!("it still is a name for addresses: [controllers] \"{class}\" = […]"));
    } else if class.starts_with("urn:ietf:params:mud:") && !REGISTERED.contains(&class) {
        report
            .lint(code::CLASS, span(&node.value), format!("the controller class `{class}` is not registered"))
            .help(format!("[controllers] \"{class}\" = […] says which addresses are meant"));
    }
    draft.peer.push(PeerMatch::Controller(class.to_owned()));
}
