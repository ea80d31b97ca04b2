//! Tables of lists (`[groups]`, `[services]`, `[controllers]`, `[names]`) and `[router]`.

use super::{each, named, one};
use crate::policy::raw::{Document, Named};
use crate::policy::report::Findings;
use crate::policy::source::{At, List};
use crate::policy::table::{Table, Value, strings, within};
use crate::policy::value;

pub(super) fn named_lists(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    for (name, value) in table.named("groups", findings) {
        let members = list(&name, value, findings);
        document.groups.push(named(name, members));
    }
    for (name, value) in table.named("services", findings) {
        let members = list(&name, value, findings);
        document.services.push(named(name, members));
    }
    for (name, value) in table.named("controllers", findings) {
        let written = list(&name, value, findings);
        let addresses = each(written, value::host, findings);
        one(&name, value::controller_class, findings);
        document.controllers.push(named(name, addresses));
    }
    for (name, value) in table.named("names", findings) {
        let written = list(&name, value, findings);
        let addresses = each(written, value::host, findings);
        if let Some(name) = one(&name, value::host_name, findings) {
            document.names.push(named(name, addresses));
        }
    }
}

pub(super) fn router(table: &Table<'_, '_>, document: &mut Document, findings: &mut Findings) {
    let Some((value, span)) = table.value("router") else {
        return;
    };
    let keys = ["addresses", "ignore"];
    let Some(table) = Table::read(value, span, "`[router]`", &keys, findings) else {
        return;
    };
    for (port, value) in table.named("addresses", findings) {
        let written = list(&port, value, findings);
        let networks = each(written, value::network, findings);
        if let Some(port) = one(&port, value::port, findings) {
            let entry = named_network(port, networks);
            document.router_addresses.push(entry);
        }
    }
    for interface in table.strings("ignore", findings).0 {
        if value::is_interface(&interface.value) {
            document.router_ignore.push(interface);
        } else {
            let message = format!("`{}` is no interface", interface.value);
            findings.error(interface.span, message).help("write the name of an interface, such as `docker0`");
        }
    }
}

fn named_network(port: At<crate::policy::model::Port>, networks: List<ipnet::IpNet>) -> Named<List<ipnet::IpNet>> {
    let name = At { value: port.value.name, span: port.span };
    named(name, networks)
}

/// The list behind a name.
fn list(name: &At<String>, value: &Value<'_>, findings: &mut Findings) -> List<String> {
    let span = within(name.span.file, value.span());
    strings(value, span, &name.value, findings)
}
