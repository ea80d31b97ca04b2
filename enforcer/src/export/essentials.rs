//! Essentials: what a network needs before anybody may talk, checked against its direction.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use enforcer_common::reason::Reason;

use super::entrances::Entrance;
use super::space::{Family, Place, elements};
use super::text::{Chain, among};
use super::{Export, Hook, line};
use crate::policy::model::ZoneId;

/// All DHCP servers (RFC 8415, 7.1).
const SERVERS: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2));

/// What hosts say to find each other and a router; who may claim which address is asked before.
const NEIGHBOURS: &str = "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert";

/// What multicast listeners say (RFC 2710, RFC 3810).
const LISTENERS: &str = "icmpv6 type { 130, 131, 132, 143 } ip6 hoplimit 1 ip6 daddr ff00::/8";

impl Export<'_> {
    /// The chain that lets essentials of hosts through and refuses false ones; nothing where no zone has any.
    pub(super) fn essentials(&mut self) -> Option<String> {
        let entrances = self.with_essentials();
        if entrances.is_empty() {
            return None;
        }
        let accept = self.accept(Reason::Essential);
        let mut chain = Chain::new(self.names.unique("essentials"));
        if entrances.len() < self.entrances.len() {
            let names: Vec<String> = entrances.iter().map(|entrance| entrance.quoted.clone()).collect();
            chain.rule(format!("iifname != {} return", among(&names)));
        }
        let from_uplink = self.uplinks_only();
        let no_server = self.no_server();
        let (stays4, stays6) = (self.stays(Family::V4), self.stays(Family::V6));
        chain.rule(format!("icmpv6 type {{ {NEIGHBOURS} }} ip6 hoplimit 255 {accept}"));
        chain.rule(line(&["icmpv6 type nd-router-advert ip6 hoplimit 255", &stays6, "goto", &from_uplink]));
        chain.rule(format!("{LISTENERS} ip6 saddr {{ ::, fe80::/10 }} {accept}"));
        chain.rule(format!("ip protocol igmp ip daddr 224.0.0.0/4 {accept}"));
        for (family, client, server, stays) in [(Family::V4, 68, 67, stays4), (Family::V6, 546, 547, stays6)] {
            let dhcp = self.is_family(family);
            for to in self.to_servers(family) {
                chain.rule(format!("{dhcp} udp sport {client} udp dport {server} {to} {accept}"));
            }
            chain.rule(line(&[&dhcp, &format!("udp sport {server} udp dport {client}"), &stays, "goto", &from_uplink]));
            chain.rule(line(&[&dhcp, &format!("udp dport {client}"), &stays, "goto", &no_server]));
        }
        let name = chain.name.clone();
        self.table.chain(chain);
        Some(name)
    }

    /// DHCP clients listen to whatever comes to their port: only from an uplink it is a packet like others.
    fn no_server(&mut self) -> String {
        let mut chain = Chain::new(self.names.unique("no_dhcp_server"));
        let uplinks = self.uplinks();
        if !uplinks.is_empty() {
            chain.rule(format!("iifname {} return", among(&uplinks)));
        }
        chain.rules(self.refused_by_port(Reason::SpoofedSource));
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// Answers to DHCP clients that a router sends on within a zone come from nobody who may give them.
    pub(super) fn false_servers(&mut self, entrance: &Entrance) -> Vec<String> {
        let zones = &self.policy.zones;
        let inside: Vec<ZoneId> = entrance.zones.iter().copied().filter(|zone| !zones[zone.0].is_uplink()).collect();
        let refused = self.refuse(Reason::SpoofedSource, entrance.audit).call();
        let mut rules = Vec::new();
        for (family, client) in [(Family::V4, 68), (Family::V6, 546)] {
            let here = |place| matches!(place, Place::Zone(zone) if inside.contains(&zone));
            let here = elements(&self.space.ranges(family, here));
            if !here.is_empty() {
                let to = format!("{} daddr {} udp dport {client}", family.header(), among(&here));
                rules.push(format!("iifname {} {to} {refused}", entrance.quoted));
            }
        }
        rules
    }

    /// Entrances whose zones all are uplinks.
    fn uplinks(&self) -> Vec<String> {
        let zones = &self.policy.zones;
        let uplinks =
            self.entrances.iter().filter(|entrance| entrance.zones.iter().all(|zone| zones[zone.0].is_uplink()));
        uplinks.map(|entrance| entrance.quoted.clone()).collect()
    }

    /// Router advertisements and answers of DHCP servers come from an uplink only.
    fn uplinks_only(&mut self) -> String {
        let mut chain = Chain::new(self.names.unique("from_uplink_only"));
        let uplinks = self.uplinks();
        if !uplinks.is_empty() {
            let accept = self.accept(Reason::Essential);
            chain.rule(format!("iifname {} {accept}", among(&uplinks)));
        }
        chain.rules(self.refused_by_port(Reason::SpoofedSource));
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// Matches on receivers that ask or are asked without leaving the network: behind routing all are.
    fn stays(&self, family: Family) -> String {
        if self.hook == Hook::Forward {
            return String::new();
        }
        let here = |place| matches!(place, Place::Own | Place::Group | Place::LinkLocal);
        let here = elements(&self.space.ranges(family, here));
        format!("{} daddr {}", family.header(), among(&here))
    }

    /// Matches on the receivers of requests to DHCP servers: the router, and the address of all of them.
    fn to_servers(&self, family: Family) -> Vec<String> {
        let all = if family == Family::V4 { IpAddr::V4(Ipv4Addr::BROADCAST) } else { SERVERS };
        if self.hook == Hook::Forward {
            return vec!["fib daddr type local".to_owned(), format!("{} daddr {all}", family.header())];
        }
        let own = self.space.ranges(family, |place| matches!(place, Place::Own | Place::LinkLocal));
        let mut there = elements(&own);
        there.push(all.to_string());
        vec![format!("{} daddr {}", family.header(), among(&there))]
    }

    /// The chain that lets through what the router itself must say to its networks.
    pub(super) fn own_essentials(&mut self) -> String {
        let accept = self.accept(Reason::Essential);
        let mut chain = Chain::new(self.names.unique("own_essentials"));
        let neighbours = "nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert";
        chain.rule(format!("icmpv6 type {{ {neighbours} }} ip6 hoplimit 255 {accept}"));
        chain.rule(format!("{LISTENERS} {accept}"));
        chain.rule(format!("ip protocol igmp ip daddr 224.0.0.0/4 {accept}"));
        for (family, ports) in [(Family::V4, "67 . 68, 68 . 67"), (Family::V6, "547 . 546, 546 . 547")] {
            let near = |place| matches!(place, Place::Group | Place::LinkLocal);
            let near = elements(&self.space.ranges(family, near));
            chain.rule(format!(
                "udp sport . udp dport {{ {ports} }} {} daddr {} {accept}",
                family.header(),
                among(&near)
            ));
        }
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }
}
