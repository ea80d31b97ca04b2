//! `[zones]` and `[devices]`.

use super::{choice, each, key_or_table, mode, named, note, one, replies};
use crate::policy::raw::{Device, Document, Unknown, Zone};
use crate::policy::report::Findings;
use crate::policy::source::{At, List};
use crate::policy::table::Table;
use crate::policy::value;

const ZONE: &[&str] = &["ports", "prefixes", "unknown", "mode", "essentials", "owner", "why"];

pub(super) fn zones(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    for (name, value) in table.named("zones", findings) {
        let Some(zone) = Table::read(value, name.span, "a zone", ZONE, findings) else {
            continue;
        };
        let entry = self::zone(&zone, findings);
        document.zones.push(named(name, entry));
    }
}

fn zone(table: &Table<'_, '_>, findings: &mut Findings) -> Zone {
    let ports = each(table.strings("ports", findings), value::port, findings);
    let (connected, prefixes) = prefixes(table, findings);
    let choices = [("allow", Unknown::Allow), ("deny", Unknown::Deny), ("quarantine", Unknown::Quarantine)];
    let unknown = choice(table, "unknown", &choices, findings)
        .unwrap_or(At { value: Unknown::Allow, span: key_or_table(table, "unknown") });
    Zone {
        ports,
        connected,
        prefixes,
        unknown,
        mode: mode(table, findings).map(|at| at.value),
        essentials: table.boolean("essentials", findings).unwrap_or(true),
        note: note(table, findings),
    }
}

/// Whether `connected` stands among the prefixes (it does when none are written), and the others.
fn prefixes(table: &Table<'_, '_>, findings: &mut Findings) -> (bool, List<ipnet::IpNet>) {
    if table.value("prefixes").is_none() {
        return (true, List::default());
    }
    let mut written = table.strings("prefixes", findings);
    let all = written.0.len();
    written.0.retain(|item| item.value != "connected");
    let connected = written.0.len() < all;
    (connected, each(written, value::prefix, findings))
}

const DEVICE: &[&str] = &["mac", "addresses", "zone", "mud", "my-controllers", "replies", "mode", "owner", "why"];

pub(super) fn devices(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    for (name, value) in table.named("devices", findings) {
        let Some(device) = Table::read(value, name.span, "a device", DEVICE, findings) else {
            continue;
        };
        let entry = self::device(&device, findings);
        document.devices.push(named(name, entry));
    }
}

fn device(table: &Table<'_, '_>, findings: &mut Findings) -> Device {
    if table.value("mac").is_none() && table.value("addresses").is_none() {
        findings
            .error(table.span, "a device needs a MAC address or addresses")
            .help("write `mac = \"02:00:00:00:30:11\"` or `addresses = [\"10.30.0.11\"]`, or both");
    }
    table.demand("zone", "\"the zone that it stands in\"", findings);
    let mac = table.string("mac", findings).and_then(|mac| one(&mac, value::mac, findings));
    Device {
        mac,
        addresses: each(table.strings("addresses", findings), value::host, findings),
        zone: table.string("zone", findings),
        mud: table.strings("mud", findings),
        my_controllers: each(table.strings("my-controllers", findings), value::host, findings),
        replies_listed: replies(table, findings),
        mode: mode(table, findings).map(|at| at.value),
        note: note(table, findings),
    }
}
