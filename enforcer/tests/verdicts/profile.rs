//! MUD files, written for both families at once.

use super::frames::Family;

/// An entry: name, matches, `accept` or `drop`. In matches, `?` is 4 or 6 and `FAR` a network of the family.
pub(crate) type Ace<'t> = (&'t str, &'t str, &'t str);

/// A file with lists from4, from6, to4 and to6.
pub(crate) fn file(url: &str, from: &[Ace<'_>], to: &[Ace<'_>]) -> String {
    let named = |side: &str| {
        let list = |family: &str| format!(r#"{{"name":"{side}{family}"}}"#);
        format!(r#"{{"access-lists":{{"access-list":[{},{}]}}}}"#, list("4"), list("6"))
    };
    let lists = [
        list("from", from, Family::Four),
        list("from", from, Family::Six),
        list("to", to, Family::Four),
        list("to", to, Family::Six),
    ];
    format!(
        r#"{{"ietf-mud:mud":{{"mud-version":1,"mud-url":"{url}","last-update":"2026-03-01T12:00:00Z","is-supported":true,
        "from-device-policy":{},"to-device-policy":{}}},
        "ietf-access-control-list:acls":{{"acl":[{}]}}}}"#,
        named("from"),
        named("to"),
        lists.join(",\n")
    )
}

fn list(side: &str, aces: &[Ace<'_>], family: Family) -> String {
    let far = match family {
        Family::Four => "198.51.100.0/24",
        Family::Six => "2001:db8:f::/48",
    };
    let entries: Vec<String> = aces
        .iter()
        .map(|(name, matches, forwarding)| {
            let matches = family.written(matches).replace("FAR", far);
            format!(r#"{{"name":"{name}","matches":{{{matches}}},"actions":{{"forwarding":"{forwarding}"}}}}"#)
        })
        .collect();
    let name = family.written(&format!("{side}?"));
    let kind = family.written("ipv?-acl-type");
    format!(r#"{{"name":"{name}","type":"{kind}","aces":{{"ace":[{}]}}}}"#, entries.join(",\n"))
}
