//! What this machine may forward past enforcer.

use std::collections::BTreeMap;

use super::Checked;
use crate::policy::facts::Interface;
use crate::policy::report::Findings;
use crate::policy::source::Span;

pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    let mut chips: BTreeMap<&str, Vec<(&Interface, Span)>> = BTreeMap::new();
    for (interface, span, uplink) in ports(checked) {
        let name = &interface.name;
        if interface.bypass.flowtable {
            findings
                .warning(span, format!("a flowtable with `flags offload` has `{name}` among its devices: what the card forwards by itself does not reach enforcer"))
                .help("take `flags offload` out of the flowtable; without it flows stay on the CPU");
        }
        if interface.bypass.tc {
            findings
                .warning(
                    span,
                    format!(
                        "`hw-tc-offload` of `{name}` is on: what the card forwards by itself does not reach enforcer"
                    ),
                )
                .help(format!("`ethtool -K {name} hw-tc-offload off`"));
        }
        // On an uplink the router is a client of somebody else's network.
        if interface.bypass.wifi && !uplink {
            findings
                .warning(
                    span,
                    format!("`{name}` is a Wi-Fi network: its stations may reach each other without enforcer"),
                )
                .help("turn on client isolation; in hostapd that is `ap_isolate=1`");
        }
        if let Some(chip) = &interface.bypass.switch {
            chips.entry(chip).or_default().push((interface, span));
        }
    }
    for ports in chips.values() {
        if let [(_, span), _, ..] = ports[..] {
            let names: Vec<String> = ports.iter().map(|(interface, _)| format!("`{}`", interface.name)).collect();
            findings
                .warning(span, format!("{} are ports of one switch chip: what it forwards by itself does not reach enforcer", names.join(", ")))
                .help("a chip forwards between ports that share a bridge: take them out of it, or give each port a VLAN of its own; one that routes too must be told not to");
        }
    }
}

/// The live interfaces that the policy names, each once, in order of their names: where, and whether an uplink is on it.
fn ports<'a>(checked: &Checked<'a>) -> impl Iterator<Item = (&'a Interface, Span, bool)> {
    let mut ports: BTreeMap<&str, (&Interface, Span, bool)> = BTreeMap::new();
    for (id, zone) in checked.zones() {
        let uplink = checked.policy.zones[id.0].is_uplink();
        for port in zone.entry.ports.iter() {
            let live = checked.live.and_then(|live| live.interface(&port.value.interface));
            if let Some(interface) = live {
                let known = ports.entry(&interface.name).or_insert((interface, port.span, uplink));
                known.2 |= uplink;
            }
        }
    }
    ports.into_values()
}
