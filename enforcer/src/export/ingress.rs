//! At the entrance of each interface, packet by packet: for raw speed, where answers need no connection.

use std::collections::{BTreeMap, BTreeSet};

use enforcer_common::reason::Reason;

use super::Export;
use super::entrances::Entrance;
use super::reasons::Target;
use super::space::{Family, Place, elements};
use super::text::{Chain, Table, among, interface, verdict_map};

/// What stands at an interface.
#[derive(Debug, Default)]
struct Wire {
    /// The untagged port.
    entrance: Option<usize>,
    /// Tags of frames that interfaces above take.
    tags: BTreeSet<u16>,
}

impl Export<'_> {
    /// The table.
    pub(super) fn ingress(&mut self) -> Vec<Table> {
        let (sources, linked) = self.source_chains();
        let mud = self.mud();
        let essentials = self.essentials();
        let arp = self.arp_chains();
        let known = self.receiver_known();
        let entrances = self.entrances.clone();
        let mut judged = Vec::with_capacity(entrances.len());
        for (i, entrance) in entrances.iter().enumerate() {
            let senders = self.senders_on("sender", entrance, &mut |export, who| export.receivers(who));
            let mut chain = Chain::new(self.names.unique(&format!("ip_{}", entrance.device)));
            chain.rules(self.stateless());
            chain.rule(format!("jump {}", sources[i]));
            if let Some(essentials) = &essentials {
                chain.rule(format!("meta l4proto != tcp jump {essentials}"));
            }
            chain.rules(self.stays_on_link(entrance));
            if self.with_essentials().contains(entrance) {
                chain.rules(self.false_servers(entrance));
            }
            chain.rules(known.iter().cloned());
            if let Target::Chain(senders) = senders {
                chain.rule(format!("jump {senders}"));
            }
            for mud in mud.iter().flatten() {
                chain.rule(format!("jump {mud}"));
            }
            let accept = self.accept(Reason::Allowed);
            chain.rule(accept);
            judged.push(chain.name.clone());
            self.table.chain(chain);
        }
        for (device, wire) in self.wires() {
            let Some(quoted) = interface(&device) else { continue };
            let mut chain = Chain::on_hook(
                self.names.unique(&format!("in_{device}")),
                format!("type filter hook ingress device {quoted} priority filter; {};", self.policy()),
            );
            if !wire.tags.is_empty() {
                let tags: Vec<String> = wire.tags.iter().map(ToString::to_string).collect();
                chain.note("Judged at the interface of the VLAN");
                chain.rule(format!("vlan id {} accept", among(&tags)));
            }
            match wire.entrance {
                Some(i) => chain.rules(self.protocols(&entrances[i], &judged[i], &arp[i].1, &linked)),
                None => {
                    let nobody = self.refuse(Reason::UnknownZone, false).verdict();
                    chain.rule(nobody);
                }
            }
            self.table.chain(chain);
        }
        vec![std::mem::replace(&mut self.table, Table::new(""))]
    }

    /// What becomes of frames by what they carry.
    fn protocols(&mut self, entrance: &Entrance, judged: &str, arp: &str, linked: &str) -> Vec<String> {
        let mut rules = Vec::new();
        if self.with_essentials().contains(entrance) {
            let accept = self.accept(Reason::Essential);
            let link_control = "ether daddr 01:80:c2:00:00:00-01:80:c2:00:00:0f meta protocol != { ip, ip6, arp }";
            rules.push(format!("{link_control} jump {linked}"));
            rules.push(format!("{link_control} {accept}"));
        }
        let by_protocol =
            [("ip", format!("goto {judged}")), ("ip6", format!("goto {judged}")), ("arp", arp.to_owned())]
                .map(|(protocol, verdict)| (protocol.to_owned(), verdict));
        rules.push(verdict_map("meta protocol", &by_protocol));
        let refused = self.refuse(Reason::NoTransition, entrance.audit);
        if self.drops(entrance.audit) {
            rules.push(refused.verdict());
        } else {
            rules.extend([refused.call(), "accept".to_owned()]);
        }
        rules
    }

    /// Addresses of the link mean nothing beyond it.
    fn stays_on_link(&mut self, entrance: &Entrance) -> Vec<String> {
        let refused = self.refuse(Reason::SpoofedSource, entrance.audit).call();
        let near = |place| match place {
            Place::Zone(zone) => entrance.zones.contains(&zone),
            Place::Own | Place::Group | Place::LinkLocal => true,
            Place::Unspecified | Place::Nowhere => false,
        };
        let of_link = |place| matches!(place, Place::LinkLocal | Place::Unspecified);
        let rules = Family::BOTH.map(|family| {
            let header = family.header();
            let (from, to) = (self.space.by_prefix(family, of_link), self.space.ranges(family, near));
            format!("{header} saddr {} {header} daddr != {} {refused}", among(&elements(&from)), among(&elements(&to)))
        });
        rules.into()
    }

    /// What only connections and reassembly could let through.
    fn stateless(&mut self) -> Vec<String> {
        let malformed = self.refuse(Reason::Malformed, false).verdict();
        let fragment = self.refuse(Reason::Fragment, false).verdict();
        let invalid = self.refuse(Reason::InvalidState, false).verdict();
        let odd = ["0x0", "fin", "fin | syn", "fin | rst", "syn | rst", "fin | syn | rst", "fin | syn | ack"];
        let odd = odd.into_iter().chain(["fin | rst | ack", "syn | rst | ack", "fin | syn | rst | ack"]);
        let mut flags: Vec<(String, String)> = odd.map(|flags| (flags.to_owned(), malformed.clone())).collect();
        flags.push(("syn | ack".to_owned(), invalid));
        vec![
            verdict_map("tcp flags & (fin | syn | rst | ack)", &flags),
            // Flags and offset: a first fragment is of no use without the others.
            format!("ip frag-off & 0x3fff != 0 {fragment}"),
            format!("exthdr frag exists {fragment}"),
            format!("ip option lsrr exists {malformed}"),
            format!("ip option ssrr exists {malformed}"),
            format!("rt seg-left != 0 {malformed}"),
            format!("{} meta l4proto ipv6-icmp {malformed}", self.is_family(Family::V4)),
            format!("{} meta l4proto icmp {malformed}", self.is_family(Family::V6)),
        ]
    }

    /// Every interface that a port is on, those below VLANs among them.
    fn wires(&self) -> BTreeMap<String, Wire> {
        let mut wires: BTreeMap<String, Wire> = BTreeMap::new();
        for (i, entrance) in self.entrances.iter().enumerate() {
            wires.entry(entrance.device.clone()).or_default().entrance = Some(i);
            for port in &entrance.ports {
                // The interface that carries a tag is called like the port without it, but for the last, which is known.
                let mut carrier = port.interface.clone();
                for tag in &port.vlans {
                    wires.entry(carrier.clone()).or_default().tags.insert(*tag);
                    carrier = format!("{carrier}.{tag}");
                }
            }
        }
        wires
    }
}
