//! Who may claim which address: ARP, and neighbour advertisements.

use std::net::IpAddr;
use std::rc::Rc;

use enforcer_common::reason::Reason;

use super::Export;
use super::entrances::Entrance;
use super::space::{Family, Place, Range, elements};
use super::text::{Chain, among, verdict_map};
use super::who::{addresses, mac};

/// The target of a neighbour solicitation or advertisement: behind type, code, checksum and flags.
const TARGET: &str = "@th,64,128";

impl Export<'_> {
    /// Entrances whose zones all have essentials.
    pub(super) fn with_essentials(&self) -> Vec<Entrance> {
        let zones = &self.policy.zones;
        let all = |entrance: &&Entrance| entrance.zones.iter().all(|zone| zones[zone.0].essentials);
        self.entrances.iter().filter(all).cloned().collect()
    }

    /// The table of ARP, which the others do not see.
    pub(super) fn arp(&mut self) -> super::text::Table {
        self.aside("arp enforcer", |export| {
            export.bindings = Some(Rc::new(export.new_bindings(&[Family::V4])));
            let mut chain = Chain::on_hook(
                export.names.unique("input"),
                format!("type filter hook input priority filter; {};", export.policy()),
            );
            let alone = super::entrances::left_alone(export.policy);
            chain.rule(format!("iifname {} accept", among(&alone)));
            let targets = export.arp_chains();
            if !targets.is_empty() {
                chain.rule(verdict_map("iifname", &targets));
            }
            let nobody = export.refuse(Reason::UnknownZone, false).verdict();
            chain.rule(nobody);
            export.table.chain(chain);
        })
    }

    /// Where ARP that enters is decided, by entrance.
    pub(super) fn arp_chains(&mut self) -> Vec<(String, String)> {
        let (linked, bound) = self.arp_bound();
        let entrances = self.entrances.clone();
        let essential = self.with_essentials();
        let targets = entrances.iter().map(|entrance| {
            let verdict = if entrance.audit {
                // Nobody is told apart there: what is let through needs no looking at.
                "accept".to_owned()
            } else if essential.contains(entrance) {
                self.arp_chain(entrance, &linked, &bound)
            } else {
                self.refuse(Reason::NoTransition, false).verdict()
            };
            (entrance.quoted.clone(), verdict)
        });
        targets.collect()
    }

    fn arp_chain(&mut self, entrance: &Entrance, linked: &str, bound: &str) -> String {
        let spoofed = self.refuse(Reason::SpoofedSource, false).verdict();
        let mut chain = Chain::new(self.names.unique(&format!("arp_{}", entrance.device)));
        let own = self.space.own.union(&self.space.broadcasts).filter(|address| address.is_ipv4());
        let own: Vec<String> = own.map(ToString::to_string).collect();
        if !own.is_empty() {
            chain.rule(format!("arp saddr ip {} {spoofed}", among(&own)));
        }
        let no_address = |place| matches!(place, Place::LinkLocal | Place::Unspecified);
        let no_address = elements(&self.space.by_prefix(Family::V4, no_address));
        chain.rule(format!("arp saddr ip {} goto {linked}", among(&no_address)));
        let here = |place| matches!(place, Place::Zone(zone) if entrance.zones.contains(&zone));
        let ranges = elements(&self.space.by_prefix(Family::V4, here));
        if ranges.is_empty() {
            chain.rule(spoofed);
        } else {
            chain.rule(format!("arp saddr ip != {} {spoofed}", among(&ranges)));
            chain.rule(format!("goto {bound}"));
        }
        let verdict = format!("goto {}", chain.name);
        self.table.chain(chain);
        verdict
    }

    /// The chains for ARP of hosts without address, and with one of the port.
    fn arp_bound(&mut self) -> (String, String) {
        let bindings = self.bindings();
        let spoofed = self.device_spoofed();
        let accept = self.accept(Reason::Essential);
        let mut linked = Chain::new(self.names.unique("arp_linked"));
        if let (Some(macs), Some(at_home)) = (&bindings.macs, &bindings.at_home) {
            linked.rule(format!("arp saddr ether {macs} iifname . arp saddr ether != {at_home} {spoofed}"));
        }
        linked.rule(&accept);
        let mut bound = Chain::new(self.names.unique("arp_bound"));
        let v4 = Family::V4 as usize;
        if let (Some(owned), Some(pairs)) = (&bindings.owned[v4], &bindings.pairs[v4]) {
            bound.rule(format!("arp saddr ip {owned} arp saddr ip . arp saddr ether != {pairs} {spoofed}"));
            if let Some(fenced) = &bindings.fenced[v4] {
                bound.rule(format!("arp saddr ether {fenced} arp saddr ip . arp saddr ether != {pairs} {spoofed}"));
            }
        }
        if let (Some(roaming), Some(roams)) = (&bindings.roaming[v4], &bindings.roams[v4]) {
            bound.rule(format!("arp saddr ether {roaming} arp saddr ether . arp saddr ip != {roams} {spoofed}"));
            if let Some(listed) = &bindings.listed[v4] {
                bound.rule(format!("arp saddr ether {roaming} arp saddr ip {listed} {spoofed}"));
            }
        }
        bound.rule(&accept);
        let names = (linked.name.clone(), bound.name.clone());
        self.table.chain(linked);
        self.table.chain(bound);
        names
    }

    /// The chain that neighbour advertisements go to, wherever they are let through: an address is claimed by its owner only.
    pub(super) fn advertisement(&mut self) -> String {
        let device_spoofed = self.device_spoofed();
        let mut chain = Chain::new(self.names.unique("advertisement"));
        let own = self.space.own.iter().filter(|address| address.is_ipv6()).copied();
        if let Some(own) = numbers(own) {
            chain.rules(
                self.refused_by_port(Reason::SpoofedSource).iter().map(|refused| format!("{TARGET} {own} {refused}")),
            );
        }
        let (mut by_mac, mut by_address, mut fenced) = (Vec::new(), Vec::new(), Vec::new());
        let (mut with_mac, mut without) = (Vec::new(), Vec::new());
        for device in &self.policy.devices {
            let listed: Vec<IpAddr> = addresses(&self.space, device, Family::V6).collect();
            let targets: Vec<String> = listed.iter().map(|address| Range::one(*address).numbers()).collect();
            match device.mac.map(mac) {
                Some(mac) => {
                    by_mac.extend(targets.iter().map(|target| format!("{mac} . {target}")));
                    fenced.extend((!listed.is_empty()).then_some(mac));
                    with_mac.extend(listed);
                }
                None => {
                    let each =
                        listed.iter().flat_map(|own| targets.iter().map(move |target| format!("{own} . {target}")));
                    by_address.extend(each);
                    without.extend(listed);
                }
            }
        }
        let link_local = self.space.by_prefix(Family::V6, |place| place == Place::LinkLocal);
        let link_local: Vec<String> = link_local.iter().map(Range::numbers).collect();
        if !by_mac.is_empty() {
            chain.rule(format!("ether saddr . {TARGET} {} return", in_braces(&by_mac)));
            let others = format!("{TARGET} != {}", in_braces(&link_local));
            chain.rule(format!("ether saddr {} {others} {device_spoofed}", in_braces(&fenced)));
        }
        if !by_address.is_empty() {
            chain.rule(format!("ip6 saddr . {TARGET} {} return", in_braces(&by_address)));
            let own: Vec<String> = without.iter().map(ToString::to_string).collect();
            chain.rule(format!("ip6 saddr {} {device_spoofed}", in_braces(&own)));
        }
        if let Some(listed) = numbers(with_mac.into_iter().chain(without)) {
            chain.rule(format!("{TARGET} {listed} {device_spoofed}"));
        }
        for entrance in self.entrances.clone() {
            let on_link = self.space.link_local_at(&entrance.ports);
            if let Some(own) = numbers(on_link.into_iter()) {
                let refused = self.refuse(Reason::SpoofedSource, entrance.audit).verdict();
                chain.rule(format!("iifname {} {TARGET} {own} {refused}", entrance.quoted));
            }
            let here = |place| match place {
                Place::Zone(zone) => entrance.zones.contains(&zone),
                Place::LinkLocal => true,
                Place::Group | Place::Unspecified | Place::Own | Place::Nowhere => false,
            };
            let ranges: Vec<String> = self.space.by_prefix(Family::V6, here).iter().map(Range::numbers).collect();
            chain.rule(format!("iifname {} {TARGET} {} return", entrance.quoted, in_braces(&ranges)));
        }
        chain.rules(self.refused_by_port(Reason::SpoofedSource));
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// A refusal that rests on the port: rules, of which the last one is for all that are not in audit. In audit nothing more
    /// of the chain is asked.
    pub(super) fn refused_by_port(&mut self, reason: Reason) -> Vec<String> {
        let audited = self.entrances.iter().filter(|entrance| entrance.audit);
        let audited: Vec<String> = audited.map(|entrance| entrance.quoted.clone()).collect();
        let mut rules = Vec::new();
        if !audited.is_empty() {
            let verdict = self.refuse(reason, true).verdict();
            rules.push(format!("iifname {} {verdict}", among(&audited)));
        }
        rules.push(self.refuse(reason, false).verdict());
        rules
    }
}

/// IPv6 addresses as numbers, as the right side of a match; nothing for none.
fn numbers(addresses: impl Iterator<Item = IpAddr>) -> Option<String> {
    let numbers: Vec<String> = addresses.map(|address| Range::one(address).numbers()).collect();
    (!numbers.is_empty()).then(|| in_braces(&numbers))
}

/// A set, also of one element.
fn in_braces(elements: &[String]) -> String {
    format!("{{ {} }}", elements.join(", "))
}
