//! The policy beside the interfaces of this machine.

use super::Checked;
use crate::policy::report::{Findings, Severity};

pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    let Some(live) = checked.live else {
        return;
    };
    let ports = || checked.document.zones.iter().flat_map(|zone| zone.entry.ports.iter());
    // A policy of another machine says nothing about this one.
    if !ports().any(|port| live.interface(&port.value.interface).is_some()) {
        return;
    }
    for port in ports().filter(|port| live.interface(&port.value.interface).is_none()) {
        findings.warning(port.span, format!("there is no interface `{}` here yet", port.value.interface));
    }
    for interface in live.unnamed(checked.policy) {
        let name = &interface.name;
        findings
            .general(
                Severity::Warning,
                format!("interface `{name}` is in no zone: what enters by it does not leave by a named port"),
            )
            .help(format!(
                "write it as a port of a zone, or leave it alone on purpose: `[router]`, `ignore = [\"{name}\"]`"
            ));
    }
}
