//! MUD files beside the tables that say what their names mean here.

use std::collections::{BTreeSet, HashMap};

use super::Checked;
use crate::mud::REGISTERED;
use crate::mud::profile::{PeerMatch, Profile};
use crate::policy::profiles::normal;
use crate::policy::report::Findings;
use crate::policy::source::Span;

/// Names that one warning lists.
const LISTED: usize = 5;

/// One warning a file, however many devices have it.
pub(super) fn warnings(checked: &Checked<'_>, findings: &mut Findings) {
    let mut written: HashMap<&str, Span> = HashMap::new();
    for path in checked.document.devices.iter().flat_map(|device| device.entry.mud.iter()) {
        let first = written.entry(&path.value).or_insert(path.span);
        *first = path.span.min(*first);
    }
    let mut named: HashMap<String, Span> = HashMap::new();
    for (path, span) in written {
        let first = named.entry(normal(path)).or_insert(span);
        *first = span.min(*first);
    }
    for profile in &checked.policy.profiles {
        let file = profile.from_device.first().map(|ace| &*ace.place.file);
        let Some((file, span)) = file.and_then(|file| Some((file, *named.get(file)?))) else {
            continue;
        };
        let unknown = Unknown::of(checked, profile);
        if !unknown.is_empty() {
            findings
                .warning(span, format!("{file}: {} no addresses, and nobody matches", unknown.listed()))
                .help(unknown.help());
        }
    }
}

/// What a file asks for and the policy has no addresses of.
struct Unknown<'a> {
    names: BTreeSet<&'a str>,
    classes: BTreeSet<&'a str>,
}

impl<'a> Unknown<'a> {
    fn of(checked: &Checked<'_>, profile: &'a Profile) -> Unknown<'a> {
        let policy = checked.policy;
        let mut unknown = Unknown { names: BTreeSet::new(), classes: BTreeSet::new() };
        let aces = profile.from_device.iter().chain(&profile.to_device);
        // An entry that accepts nothing anyway has been told of.
        for peer in aces.filter(|ace| !ace.accept || ace.unsupported.is_empty()).flat_map(|ace| &ace.peer) {
            if let PeerMatch::Name(name) = peer
                && policy.names.get(name).is_none_or(Vec::is_empty)
            {
                unknown.names.insert(name);
            } else if let PeerMatch::Controller(class) = peer {
                let known = match policy.controllers.get(class) {
                    Some(addresses) => !addresses.is_empty(),
                    None => REGISTERED.contains(&class.as_str()),
                };
                if !known {
                    unknown.classes.insert(class);
                }
            }
        }
        unknown
    }

    fn all(&self) -> impl Iterator<Item = &&'a str> {
        self.names.iter().chain(&self.classes)
    }

    fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn listed(&self) -> String {
        let count = self.all().count();
        let first: Vec<String> = self.all().take(LISTED).map(|name| format!("`{name}`")).collect();
        let more = if count > LISTED { format!(" and {} more", count - LISTED) } else { String::new() };
        format!("{}{more} {}", first.join(", "), if count == 1 { "has" } else { "have" })
    }

    fn help(&self) -> String {
        let table = |table: &str, names: &BTreeSet<&str>| {
            names.first().map(|name| format!("[{table}] \"{name}\" = [\"ADDRESS\"]"))
        };
        let lines = [table("names", &self.names), table("controllers", &self.classes)];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        format!("say which addresses are meant: {}", lines.join(", "))
    }
}
