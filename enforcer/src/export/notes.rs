//! What nftables says otherwise than enforcer, or not at all: the comment at the top of the output.

use std::collections::BTreeMap;

use super::Hook;
use super::text::remark;
use crate::mud::profile::Family;
use crate::policy::model::Policy;

/// What was found while the rules were written: a text, and the entries of the policy that it is about.
#[derive(Debug, Default)]
pub(super) struct Notes {
    found: BTreeMap<&'static str, Vec<String>>,
}

/// What holds for every policy behind routing.
const FORWARD: &[&str] = &[
    "Connections that are under way when rules are loaded go on under them, also where the rules have changed: \
     `conntrack -F` ends them all. enforcer judges each again at its next packet.",
    "Networks, addresses of the router and of names are those of the moment when this was written. Write it again when they \
     change. Ports are the interfaces with these names.",
    "An interface that no zone names and that is not listed in `[router] ignore` is cut off from the router as well.",
    "Members of one bridge cannot be told apart here: frames that a bridge would switch from or to a port are dropped.",
    "Multicast and broadcast reach the router itself where the zone may speak to itself, and are not forwarded.",
    "Connections are the kernel's: a TCP packet that does not fit its connection is dropped (`ct state invalid`), fragments are \
     put together first, and what cannot be parsed never comes so far.",
    SELF,
    "Counters are by reason and by rule, not by pair of zones. Drops are not sampled. Audit logs at most 10 packets a second.",
];

/// What holds for every policy at the entrance.
const INGRESS: &[&str] = &[
    "There are no connections: every packet is judged like one that opens. Answers pass only where the policy lets the other \
     side open, so this is no firewall for conversations: `--hook forward` is.",
    "Only what enters is judged, not what the router itself sends.",
    "Fragments are dropped. So are frames without IP, but for ARP and what bridges and links say of themselves.",
    SELF,
    "Networks, addresses of the router and of names are those of the moment when this was written. The interfaces must be there \
     when the rules are loaded, and rules must be loaded again when an interface comes back.",
    "Translated addresses cannot be told apart from others: forwards are not admitted.",
    "Counters are by reason and by rule, not by pair of zones. Drops are not sampled. Audit logs at most 10 packets a second.",
];

/// Where nothing can be said, and nothing dropped either.
const SELF: &str = "Two fields of a packet cannot be compared: one to its own source address, and a neighbour advertisement of \
                    the very address that it is sent to, are judged like others of the zone.";

const WITHOUT_IP: &str = "Frames without IP are not seen here: services by EtherType allow and deny nothing";
const UNTIL: &str = "An entry with `until` ends at its time for new connections; those under way go on";
const ENTRIES: &str = "Entries of MUD files about frames without IP have no effect";
const UNNAMEABLE: &str = "No interface has such a name, or nft cannot write it: nothing gets in by it";
const MIXED: &str =
    "Ports in different zones are behind one bridge, and cannot be told apart here: nothing gets in by it";
const LEARNT: &str = "Devices without listed addresses are known by their MAC as senders, and as receivers by the address that \
                      they last sent from, for a day: learnt addresses are lost when rules are loaded";
const LINK_LOCAL: &str = "The router's own packets to link-local addresses cannot be judged by the profile of a device: they are \
                          dropped on ports of zones with such devices, neighbour discovery and DHCP excepted";
const QUIET: &str = "Zones with `essentials = false` have no ARP here, whatever their transitions say";
const DEVICES: &str = "A device's MAC with another's address is audited only where all devices with a MAC are in audit";
const FORGED: &str =
    "A false sender that audit lets through reaches no device with a MUD file, unless the device is in audit too";

impl Notes {
    fn add(&mut self, what: &'static str, entry: impl Into<String>) {
        let entries = self.found.entry(what).or_default();
        let entry = entry.into();
        if !entry.is_empty() && !entries.contains(&entry) {
            entries.push(entry);
        }
    }

    /// An entry has services by EtherType.
    pub(super) fn without_ip(&mut self, entry: &str) {
        self.add(WITHOUT_IP, entry);
    }

    /// An entry ends by itself.
    pub(super) fn until(&mut self, entry: &str) {
        self.add(UNTIL, entry);
    }

    /// A port has a name that cannot be written.
    pub(super) fn unnameable(&mut self, port: &str) {
        self.add(UNNAMEABLE, port);
    }

    /// A bridge has ports of different zones.
    pub(super) fn mixed_bridge(&mut self, bridge: &str, ports: &str) {
        self.add(MIXED, format!("{bridge} ({ports})"));
    }

    /// Some device's addresses are learnt.
    pub(super) fn learns(&mut self) {
        self.add(LEARNT, "");
    }

    /// Some device is known by its MAC alone where the router sends to its link-local address.
    pub(super) fn link_local(&mut self) {
        self.add(LINK_LOCAL, "");
    }

    /// Entries of MUD files that no rule here can stand for.
    pub(super) fn dead_entries(&mut self, policy: &Policy) {
        for profile in &policy.profiles {
            for ace in profile.from_device.iter().chain(&profile.to_device) {
                if matches!(ace.family, Family::Ethernet(Some(kind)) if kind != 0x0800 && kind != 0x86dd) {
                    self.add(ENTRIES, format!("{} ({})", ace.rule, ace.place));
                }
            }
        }
    }

    /// The comment at the top.
    pub(super) fn heading(&mut self, policy: &Policy, hook: Hook) -> String {
        self.of_policy(policy);
        let digest: String = crate::policy::digest(policy).iter().map(|byte| format!("{byte:02x}")).collect();
        let (general, tables) = match hook {
            Hook::Forward => (FORWARD, &["inet", "arp", "bridge"][..]),
            Hook::Ingress => (INGRESS, &["netdev"][..]),
        };
        let mut lines = vec![
            format!("nftables rules of the policy {digest}, written by `enforcer export nft`."),
            "To look at them: nft -c -f FILE. To put them in force, in place of those before: nft -f FILE.".to_owned(),
            format!(
                "To take them off: {}.",
                tables
                    .iter()
                    .map(|family| format!("nft delete table {family} enforcer"))
                    .collect::<Vec<_>>()
                    .join("; ")
            ),
            String::new(),
            "What they say otherwise than enforcer. What they cannot say is dropped, unless it says so here."
                .to_owned(),
        ];
        lines.extend(general.iter().map(|text| format!("* {text}")));
        for (what, entries) in &self.found {
            let colon = if entries.is_empty() { "." } else { ":" };
            lines.push(format!("* {what}{colon}"));
            lines.extend(entries.iter().map(|entry| format!("  - {entry}")));
        }
        lines.iter().map(|line| remark(line) + "\n").collect()
    }

    fn of_policy(&mut self, policy: &Policy) {
        for zone in policy.zones.iter().filter(|zone| !zone.essentials) {
            self.add(QUIET, zone.name.clone());
        }
        let with_mac = || policy.devices.iter().filter(|device| device.mac.is_some());
        if with_mac().any(|device| device.audit) && with_mac().any(|device| !device.audit) {
            self.add(DEVICES, "");
        }
        if policy.zones.iter().any(|zone| zone.audit) {
            self.add(FORGED, "");
        }
    }
}
