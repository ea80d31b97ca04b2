//! MUD files for tests, written short.

use serde_json::{Value, json};

/// A MUD file: its URL, and the entries of each direction.
pub(crate) fn file(url: &str, from: &[Value], to: &[Value]) -> String {
    let list = |name: &str| json!({ "access-lists": { "access-list": [{ "name": name }] } });
    let acl = |name: &str, aces: &[Value]| json!({ "name": name, "aces": { "ace": aces } });
    let file = json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url,
            "last-update": "2026-01-15T09:00:00+00:00",
            "is-supported": true,
            "systeminfo": "a thing",
            "from-device-policy": list("from"),
            "to-device-policy": list("to"),
        },
        "ietf-access-control-list:acls": { "acl": [acl("from", from), acl("to", to)] },
    });
    file.to_string()
}

/// An entry: its name, its matches, and whether it accepts.
pub(crate) fn ace(name: &str, matches: Value, accept: bool) -> Value {
    let forwarding = if accept { "accept" } else { "drop" };
    json!({ "name": name, "matches": matches, "actions": { "forwarding": forwarding } })
}

/// An entry that accepts.
pub(crate) fn accept(name: &str, matches: Value) -> Value {
    ace(name, matches, true)
}

/// An entry that drops.
pub(crate) fn drop(name: &str, matches: Value) -> Value {
    ace(name, matches, false)
}

/// `tcp` or `udp` with a range of one end's ports.
pub(crate) fn ports(which: &str, first: u16, last: u16) -> Value {
    json!({ which: { "lower-port": first, "upper-port": last } })
}
