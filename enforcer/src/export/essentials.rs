//! Essentials: what a network needs before anybody may talk, checked against its direction.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use enforcer_common::reason::Reason;

use super::space::{Family, Place, elements};
use super::text::{Chain, among};
use super::{Export, Hook, line};

/// All DHCP servers (RFC 8415, 7.1).
const SERVERS: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2));

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
        let from_uplink = self.from_uplink();
        let advertisement = self.advertisement();
        let (stays4, stays6) = (self.stays(Family::V4), self.stays(Family::V6));
        chain.rule(format!("icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit }} ip6 hoplimit 255 {accept}"));
        chain.rule(format!("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 goto {advertisement}"));
        chain.rule(line(&["icmpv6 type nd-router-advert ip6 hoplimit 255", &stays6, "goto", &from_uplink]));
        chain.rule(format!("{LISTENERS} ip6 saddr {{ ::, fe80::/10 }} {accept}"));
        chain.rule(format!("ip protocol igmp ip daddr 224.0.0.0/4 {accept}"));
        for (family, client, server, stays) in [(Family::V4, 68, 67, stays4), (Family::V6, 546, 547, stays6)] {
            let dhcp = self.is_family(family);
            for to in self.to_servers(family) {
                chain.rule(format!("{dhcp} udp sport {client} udp dport {server} {to} {accept}"));
            }
            chain.rule(line(&[&dhcp, &format!("udp sport {server} udp dport {client}"), &stays, "goto", &from_uplink]));
        }
        let name = chain.name.clone();
        self.table.chain(chain);
        Some(name)
    }

    /// Router advertisements and answers of DHCP servers come from an uplink only.
    fn from_uplink(&mut self) -> String {
        let mut chain = Chain::new(self.names.unique("from_uplink_only"));
        let zones = &self.policy.zones;
        let uplinks =
            self.entrances.iter().filter(|entrance| entrance.zones.iter().all(|zone| zones[zone.0].is_uplink()));
        let uplinks: Vec<String> = uplinks.map(|entrance| entrance.quoted.clone()).collect();
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
