//! Port matches (RFC 8519, section 4.2, grouping `port-range-or-operator`).

use jsonc_parser::ast::{Object, ObjectProp};

use super::draft::Draft;
use super::json::{self, span};
use super::report::{Report, code};

/// The inclusive ranges that a `source-port` or `destination-port` allows. `None` if there is a problem or the entry gave
/// it up.
pub(super) fn read(property: &ObjectProp<'_>, draft: &mut Draft, report: &mut Report) -> Option<Vec<(u16, u16)>> {
    let node = property.name.as_str();
    let container = json::object(&property.value, node, report)?;
    let known = ["operator", "port", "lower-port", "upper-port"];
    for other in container.properties.iter().filter(|other| !known.contains(&other.name.as_str())) {
        let other_name = other.name.as_str();
        let message = format!("`{other_name}` of `{node}` is not understood");
        draft.give_up(code::UNSUPPORTED, span(&other.name), format!("{node}/{other_name}"), message, report);
    }
    match (container.get("port"), container.get("lower-port"), container.get("upper-port")) {
        (Some(port), None, None) => by_operator(node, port, container, draft, report),
        (None, Some(lower), Some(upper)) => range(node, lower, upper, container, draft, report),
        (Some(_), _, _) => {
            let message = format!("`{node}` has both `port` and a range");
            draft.give_up(code::CONTRADICTION, span(&property.name), node, message, report);
            None
        }
        (None, _, _) => {
            let message = format!("`{node}` says no port: `port`, or `lower-port` and `upper-port`");
            draft.give_up(code::UNSUPPORTED, span(&property.name), node, message, report);
            None
        }
    }
}

fn by_operator(
    node: &str,
    property: &ObjectProp<'_>,
    container: &Object<'_>,
    draft: &mut Draft,
    report: &mut Report,
) -> Option<Vec<(u16, u16)>> {
    let port = json::port(&property.value, "port", report)?;
    let operator = match container.get("operator") {
        None => "eq",
        Some(operator) => json::string(&operator.value, "operator", report)?,
    };
    match operator.rsplit(':').next().unwrap_or(operator) {
        "eq" => Some(vec![(port, port)]),
        "lte" => Some(vec![(0, port)]),
        "gte" => Some(vec![(port, u16::MAX)]),
        "neq" => {
            let below = port.checked_sub(1).map(|last| (0, last));
            let above = port.checked_add(1).map(|first| (first, u16::MAX));
            Some(below.into_iter().chain(above).collect())
        }
        _ => {
            let message = format!("the operator `{operator}` is not understood");
            draft.give_up(code::UNSUPPORTED, span(&property.name), format!("{node}/operator"), message, report);
            None
        }
    }
}

fn range(
    node: &str,
    lower: &ObjectProp<'_>,
    upper: &ObjectProp<'_>,
    container: &Object<'_>,
    draft: &mut Draft,
    report: &mut Report,
) -> Option<Vec<(u16, u16)>> {
    if let Some(operator) = container.get("operator") {
        report
            .lint(code::RANGE_OPERATOR, span(&operator.name), format!("`{node}` has an `operator` beside its range"))
            .help("the range counts; leave the operator out");
    }
    let first = json::port(&lower.value, "lower-port", report)?;
    let last = json::port(&upper.value, "upper-port", report)?;
    if first > last {
        let message = format!("no port is from {first} to {last}");
        draft.give_up(code::CONTRADICTION, span(&lower.value), node, message, report);
        return None;
    }
    Some(vec![(first, last)])
}
