//! Behind routing, with connections: a whole firewall in the tables `inet`, `arp` and `bridge`.

use enforcer_common::reason::Reason;

use super::Export;
use super::entrances::{Entrance, left_alone};
use super::reasons::Target;
use super::space::{Family, Place, elements};
use super::text::{Chain, Table, among, verdict_map};
use super::who::{Kind, Subject};
use crate::policy::model::{Service, Unknown};

/// Chains and rules that the chains of hooks share.
struct Steps {
    /// What becomes of a packet by the state of its connection.
    connection: String,
    /// The same for what the router sends.
    own_connection: String,
    /// Profiles of the sender and of the receiver.
    mud: Option<[String; 2]>,
    /// What counts as sent by the router.
    as_router: String,
}

impl Export<'_> {
    /// The tables.
    pub(super) fn forward(&mut self) -> Vec<Table> {
        self.source_hook();
        let [connection, own_connection] = self.connection();
        let mud = self.mud();
        let as_router = self.as_router(mud.as_ref());
        let steps = Steps { connection, own_connection, mud, as_router };
        self.forward_hook(&steps);
        self.input_hook(&steps);
        self.output_hook(&steps);
        let arp = self.arp();
        let bridge = self.bridge();
        let inet = std::mem::replace(&mut self.table, Table::new(""));
        vec![inet, arp, bridge]
    }

    /// Before connections are looked up: a packet that lies about its sender belongs to none.
    fn source_hook(&mut self) {
        let (targets, _) = self.source_chains();
        let mut chain =
            Chain::on_hook(self.names.unique("source"), "type filter hook prerouting priority raw; policy accept;");
        let mut by_interface: Vec<(String, String)> =
            left_alone(self.policy).into_iter().map(|name| (name, "accept".to_owned())).collect();
        by_interface.extend(
            self.entrances
                .iter()
                .zip(&targets)
                .map(|(entrance, chain)| (entrance.quoted.clone(), format!("goto {chain}"))),
        );
        chain.rule(verdict_map("iifname", &by_interface));
        let nobody = self.refuse(Reason::UnknownZone, false).verdict();
        chain.note("An interface that no zone names");
        chain.rule(nobody);
        self.table.chain(chain);
    }

    /// The rules that look at connections, of what enters and of what the router sends: it may go on with what it began.
    fn connection(&mut self) -> [String; 2] {
        let accept = self.accept(Reason::Established);
        let mut established = Chain::new(self.names.unique("established"));
        if let Some(answers) = self.answers() {
            established.rule(format!("ct direction reply jump {answers}"));
        }
        established.note("A SYN of the end that was asked opens something new");
        established.rule("ct direction reply tcp flags & (syn | ack) == syn return");
        established.rule(format!("meta l4proto != {{ icmp, ipv6-icmp }} {accept}"));
        established.note("Of ICMP, echo is a conversation; the rest is judged packet by packet");
        established.rule(format!("icmp type {{ echo-request, echo-reply }} {accept}"));
        established.rule(format!("icmpv6 type {{ echo-request, echo-reply }} {accept}"));
        let mut related = Chain::new(self.names.unique("related"));
        related.note("Errors that quote a packet of a connection; no redirects, and nothing that a helper expects");
        related.rules(self.errors_of_strangers());
        related.rule(format!("icmp type {{ 3, 4, 11, 12 }} {accept}"));
        related.rule(format!("icmpv6 type {{ 1, 2, 3, 4 }} {accept}"));
        let mut invalid = Chain::new(self.names.unique("invalid"));
        let refused = self.refuse(Reason::InvalidState, false).verdict();
        let malformed = self.refuse(Reason::Malformed, false).verdict();
        invalid.rule(format!("meta l4proto {{ tcp, sctp }} {refused}"));
        invalid.rule(format!("meta l4proto udp {malformed}"));
        let elements = [("established", &established), ("related", &related), ("invalid", &invalid)]
            .map(|(state, chain)| (state.to_owned(), format!("jump {}", chain.name)));
        for chain in [established, related, invalid] {
            self.table.chain(chain);
        }
        [verdict_map("ct state", &elements), verdict_map("ct state", &elements[..2])]
    }

    /// Where a zone demands listed devices, who sends is asked before what it belongs to.
    fn errors_of_strangers(&mut self) -> Option<String> {
        let zones = &self.policy.zones;
        let demands = |entrance: &&Entrance| entrance.zones.iter().any(|zone| zones[zone.0].unknown == Unknown::Deny);
        let demanding = self.entrances.iter().filter(demands).map(|entrance| entrance.quoted.clone());
        let demanding: Vec<String> = demanding.collect();
        if demanding.is_empty() {
            return None;
        }
        let listed = self.senders("listed", &mut |_, _| Target::Agree);
        Some(format!("iifname {} jump {listed}", among(&demanding)))
    }

    fn forward_hook(&mut self, steps: &Steps) {
        let senders = self.senders("sender", &mut |export, who| export.receivers(who));
        let mut chain = Chain::on_hook(
            self.names.unique("forward"),
            format!("type filter hook forward priority filter; {};", self.policy()),
        );
        chain.rule(&steps.connection);
        chain.note("Interfaces left alone on purpose count as the router itself");
        chain.rule(format!("iifname {} goto {}", among(&left_alone(self.policy)), steps.as_router));
        chain.rules(self.malformed());
        chain.note("Link-local addresses never leave their link");
        let near = |place| matches!(place, Place::LinkLocal | Place::Unspecified);
        for family in Family::BOTH {
            let near = elements(&self.space.by_prefix(family, near));
            let refused = self.refuse(Reason::SpoofedSource, false).verdict();
            chain.rule(format!("{} saddr {} {refused}", family.header(), among(&near)));
        }
        for entrance in self.with_essentials() {
            chain.rules(self.false_servers(&entrance));
        }
        if let Some(forwards) = self.forwards() {
            chain.rule(format!("ct status dnat jump {forwards}"));
        } else {
            let undeclared = self.refuse(Reason::NoTransition, false).verdict();
            chain.note("The policy declares no forward");
            chain.rule(format!("ct status dnat {undeclared}"));
        }
        chain.rules(self.receiver_known());
        chain.rule(format!("jump {senders}"));
        let accept = self.accept(Reason::Allowed);
        for mud in steps.mud.iter().flatten() {
            chain.rule(format!("jump {mud}"));
        }
        chain.rule(accept);
        self.table.chain(chain);
    }

    /// What the kernel forwards and the policy takes for malformed; what cannot be parsed the kernel drops by itself.
    fn malformed(&mut self) -> Vec<String> {
        let refused = self.refuse(Reason::Malformed, false).verdict();
        vec![
            format!("ip option lsrr exists {refused}"),
            format!("ip option ssrr exists {refused}"),
            format!("rt seg-left != 0 {refused}"),
            format!("meta nfproto ipv4 meta l4proto ipv6-icmp {refused}"),
            format!("meta nfproto ipv6 meta l4proto icmp {refused}"),
        ]
    }

    /// Receivers in no zone are refused.
    pub(super) fn receiver_known(&mut self) -> Vec<String> {
        let refused = self.refuse(Reason::UnknownZone, false).verdict();
        let mut rules = Vec::new();
        for family in Family::BOTH {
            let header = family.header();
            let here = self.hook == super::Hook::Ingress;
            let known = |place| match place {
                Place::Zone(_) => true,
                Place::Own | Place::Group | Place::LinkLocal => here,
                Place::Unspecified | Place::Nowhere => false,
            };
            let ranges = elements(&self.space.ranges(family, known));
            if ranges.is_empty() {
                rules.push(format!("{} {refused}", self.is_family(family)));
            } else {
                let of = family.of_set();
                let set = self.shared_set(&format!("zoned{}", family.digit()), of, &["flags interval"], ranges);
                rules.push(format!("{header} daddr != {set} {refused}"));
            }
        }
        rules
    }

    /// The chain for what counts as sent by the router: guardrails, and the profile of the receiver.
    fn as_router(&mut self, mud: Option<&[String; 2]>) -> String {
        let router = self.receivers(Subject::anyone(self.policy.router_zone));
        let by_port = self.router_by_port();
        let mut chain = Chain::new(self.names.unique("as_router"));
        let near = |place| matches!(place, Place::Group | Place::LinkLocal);
        for family in Family::BOTH {
            let near = elements(&self.space.ranges(family, near));
            chain.rule(format!("{} daddr {} goto {}", family.header(), among(&near), by_port));
        }
        chain.rules(self.receiver_known());
        if let Target::Chain(router) = router {
            chain.rule(format!("jump {router}"));
        }
        if let Some([_, to]) = mud {
            chain.rule(format!("jump {to}"));
        }
        let accept = self.accept(Reason::Allowed);
        chain.rule(accept);
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// What the router sends to groups and link-local addresses is for the zone of the port by which it leaves.
    fn router_by_port(&mut self) -> String {
        let router = Subject::anyone(self.policy.router_zone);
        let mut elements = Vec::new();
        for entrance in self.entrances.clone() {
            let verdict = match entrance.zones.as_slice() {
                [zone] => match self.pair(router, Subject::anyone(*zone)) {
                    Target::Agree => "return".to_owned(),
                    chain @ Target::Chain(_) => chain.call(),
                },
                // Which of them it is for cannot be said.
                _ => self.refuse(Reason::UnknownZone, false).verdict(),
            };
            elements.push((entrance.quoted, verdict));
        }
        let mut guarded = Chain::new(self.names.unique("router_to_port"));
        if !elements.is_empty() {
            guarded.rule(verdict_map("oifname", &elements));
        }
        let mut chain = Chain::new(self.names.unique("router_by_port"));
        chain.rule(format!("jump {}", guarded.name));
        chain.rules(self.unknown_neighbours());
        let accept = self.accept(Reason::Allowed);
        chain.rule(accept);
        let name = chain.name.clone();
        self.table.chain(guarded);
        self.table.chain(chain);
        name
    }

    /// A link-local address of a device with a profile is known by its MAC, which is not there yet when the router sends.
    fn unknown_neighbours(&mut self) -> Vec<String> {
        let router = Subject::anyone(self.policy.router_zone);
        let mut zones = Vec::new();
        for i in 0..self.population.groups.len() {
            let (subject, audit) = (self.population.groups[i].subject, self.population.groups[i].audit);
            let zone = Subject::anyone(subject.zone);
            let particular =
                subject.kind == Kind::Profiled && !audit || self.pair(router, subject) != self.pair(router, zone);
            let devices = &self.population.groups[i].devices;
            if particular && devices.iter().any(|id| self.policy.devices[id.0].mac.is_some()) {
                zones.push(subject.zone);
            }
        }
        let ports = self.entrances.iter().filter(|entrance| entrance.zones.iter().any(|zone| zones.contains(zone)));
        let ports: Vec<String> = ports.map(|entrance| entrance.quoted.clone()).collect();
        if ports.is_empty() {
            return Vec::new();
        }
        self.notes.link_local();
        let refused = self.refuse(Reason::MudToDevice, false).verdict();
        Family::BOTH
            .map(|family| {
                let near = elements(&self.space.ranges(family, |place| place == Place::LinkLocal));
                format!("oifname {} {} daddr {} {refused}", among(&ports), family.header(), among(&near))
            })
            .into()
    }

    /// Connections that the router's own DNAT sends inside, where the policy declares them; nothing where it declares none.
    fn forwards(&mut self) -> Option<String> {
        if self.policy.forwards.is_empty() {
            return None;
        }
        let mut chain = Chain::new(self.names.unique("forwards"));
        for forward in &self.policy.forwards {
            let Service::Ports { protocol, destination, .. } = forward.service else { continue };
            let at = self.entrances.iter().filter(|entrance| entrance.zones.contains(&forward.at));
            let at: Vec<String> = at.map(|entrance| entrance.quoted.clone()).collect();
            if at.is_empty() {
                continue;
            }
            let device = &self.policy.devices[forward.to.0];
            chain.note(&format!("forward to {} ({})", device.name, forward.place));
            let protocol = super::matches::protocol_name(protocol);
            for address in &device.addresses {
                let header = Family::of(*address).header();
                let outside = super::matches::range(destination);
                chain.rule(format!(
                    "iifname {} meta l4proto {protocol} ct original proto-dst {outside} {header} daddr {address} \
                     th dport {} counter return",
                    among(&at),
                    forward.port
                ));
            }
        }
        let undeclared = self.refuse(Reason::NoTransition, false).verdict();
        chain.rule(undeclared);
        let name = chain.name.clone();
        self.table.chain(chain);
        Some(name)
    }

    fn input_hook(&mut self, steps: &Steps) {
        let router = Subject::anyone(self.policy.router_zone);
        let to_router = self.senders("to_router", &mut |export, who| export.pair(who, router));
        let to_group = self.senders("to_group", &mut |export, who| export.pair(who, Subject::anyone(who.zone)));
        let mut chain = Chain::on_hook(
            self.names.unique("input"),
            format!("type filter hook input priority filter; {};", self.policy()),
        );
        chain.rule(format!("iifname {} accept", among(&left_alone(self.policy))));
        if let Some(essentials) = self.essentials() {
            chain.rule(format!("jump {essentials}"));
        }
        chain.rule(&steps.connection);
        chain.rules(self.malformed());
        let to_network = self.senders("to_network", &mut |export, who| export.receivers(who));
        let known = self.receiver_known();
        let mut by_type = Vec::new();
        let mut group = String::new();
        for (kind, senders) in [("local", to_router), ("multicast", to_group), ("broadcast", to_network)] {
            let mut judged = Chain::new(self.names.unique(&format!("input_{senders}")));
            if kind == "broadcast" {
                judged.note("The broadcast address of another zone's network is that zone's");
                judged.rule(format!("ip daddr 255.255.255.255 goto {group}"));
                judged.rules(known.iter().cloned());
            }
            judged.rule(format!("jump {senders}"));
            if let Some([from, _]) = &steps.mud {
                judged.rule(format!("jump {from}"));
            }
            let accept = self.accept(Reason::Allowed);
            judged.rule(accept);
            if kind == "multicast" {
                group.clone_from(&judged.name);
            }
            by_type.push((kind.to_owned(), format!("goto {}", judged.name)));
            self.table.chain(judged);
        }
        chain.rule(verdict_map("fib daddr type", &by_type));
        let nobody = self.refuse(Reason::UnknownZone, false).verdict();
        chain.rule(nobody);
        self.table.chain(chain);
    }

    fn output_hook(&mut self, steps: &Steps) {
        let mut chain = Chain::on_hook(
            self.names.unique("output"),
            format!("type filter hook output priority filter; {};", self.policy()),
        );
        chain.rule(format!("oifname {} accept", among(&left_alone(self.policy))));
        let essentials = self.own_essentials();
        chain.rule(format!("jump {essentials}"));
        chain.rule(&steps.own_connection);
        chain.rule(format!("goto {}", steps.as_router));
        self.table.chain(chain);

        // What the router sends in its own name for somebody inside.
        let mut translated = Chain::on_hook(
            self.names.unique("translated"),
            "type filter hook postrouting priority srcnat + 10; policy accept;",
        );
        translated.rule(format!("ct state new ct status snat goto {}", steps.as_router));
        self.table.chain(translated);
    }

    /// Frames that a bridge would switch are not seen by the other tables.
    fn bridge(&mut self) -> Table {
        let devices = self.policy.zones.iter().flat_map(|zone| &zone.ports);
        let devices = devices.flat_map(|port| [port.interface.clone(), port.name.clone()]);
        let own = self.entrances.iter().map(|entrance| entrance.device.clone());
        let mut names: Vec<String> = devices.chain(own).collect();
        names.sort();
        names.dedup();
        let names: Vec<String> = names.iter().filter_map(|name| super::text::interface(name)).collect();
        let audit = self.audit_all;
        self.aside("bridge enforcer", |export| {
            let mut chain = Chain::on_hook("forward", "type filter hook forward priority filter; policy accept;");
            if !names.is_empty() && !audit {
                let ports = export.table.set("ports", "ifname", &[], names);
                let count = export.table.count("bridged");
                chain.rule(format!("iifname {ports} {count} drop"));
                chain.rule(format!("oifname {ports} {count} drop"));
            }
            export.table.chain(chain);
        })
    }
}
