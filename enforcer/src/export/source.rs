//! Source binding: an address belongs on its port, and a device's address to its MAC.

use std::net::IpAddr;
use std::rc::Rc;

use enforcer_common::reason::Reason;

use super::Export;
use super::entrances::Entrance;
use super::space::{Family, Place, elements};
use super::text::{Chain, among};
use super::who::{addresses, mac, roams};
use crate::policy::model::Device;

/// Sets of addresses and MACs of listed devices; absent where they would be empty.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// Listed addresses, by family, where some device may have others.
    pub(super) listed: [Option<String>; 2],
    /// Listed addresses of devices with a MAC.
    pub(super) owned: [Option<String>; 2],
    /// The same, each with its MAC.
    pub(super) pairs: [Option<String>; 2],
    /// MACs of devices whose addresses of the family are listed: they have no others.
    pub(super) fenced: [Option<String>; 2],
    /// MACs of devices that may have any address of their zone.
    pub(super) roaming: [Option<String>; 2],
    /// The same, each with the networks of its zone.
    pub(super) roams: [Option<String>; 2],
    /// MACs of all devices.
    pub(super) macs: Option<String>,
    /// Ports, each with the MACs of the devices that belong there.
    pub(super) at_home: Option<String>,
}

impl Export<'_> {
    /// The chain of each entrance that checks senders, by the order of entrances, and the one for those without address.
    /// They end where the sender belongs there.
    pub(super) fn source_chains(&mut self) -> (Vec<String>, String) {
        let bindings = self.bindings();
        let linked = self.linked(&bindings);
        let advertisement = self.advertisement();
        let bound = self.bound(&bindings);
        let entrances = self.entrances.clone();
        (
            entrances.iter().map(|entrance| self.source_chain(entrance, &linked, &bound, &advertisement)).collect(),
            linked,
        )
    }

    /// Senders on one entrance.
    fn source_chain(&mut self, entrance: &Entrance, linked: &str, bound: &str, advertisement: &str) -> String {
        let spoofed = self.refuse(Reason::SpoofedSource, entrance.audit).verdict();
        let mut stray = Chain::new(self.names.unique(&format!("stray_{}", entrance.device)));
        for family in Family::BOTH {
            let ranges = self.space.by_prefix(family, |place| matches!(place, Place::LinkLocal | Place::Unspecified));
            stray.rule(format!("{} saddr {} goto {linked}", family.header(), among(&elements(&ranges))));
        }
        stray.rule(&spoofed);
        let mut chain = Chain::new(self.names.unique(&format!("on_{}", entrance.device)));
        chain.rule(format!("icmpv6 type nd-neighbor-advert ip6 hoplimit 255 jump {advertisement}"));
        chain.note("An address of the port's zones, and none of the router's own");
        let on_link = self.space.link_local_at(&entrance.ports);
        if !on_link.is_empty() {
            let on_link: Vec<String> = on_link.iter().map(ToString::to_string).collect();
            chain.rule(format!("ip6 saddr {} {spoofed}", among(&on_link)));
        }
        for family in Family::BOTH {
            let header = family.header();
            if let Some(own) = self.reserved(family) {
                chain.rule(format!("{header} saddr {own} {spoofed}"));
            }
            let here = |place| matches!(place, Place::Zone(zone) if entrance.zones.contains(&zone));
            let ranges = elements(&self.space.by_prefix(family, here));
            let strays = &stray.name;
            chain.rule(match ranges.as_slice() {
                [] => format!("{} goto {strays}", self.is_family(family)),
                ranges => format!("{header} saddr != {} goto {strays}", among(ranges)),
            });
        }
        chain.rule(format!("goto {bound}"));
        let name = chain.name.clone();
        self.table.chain(chain);
        self.table.chain(stray);
        name
    }

    /// The router's own addresses and the broadcast addresses of its networks, as a set.
    pub(super) fn reserved(&mut self, family: Family) -> Option<String> {
        let reserved = self.space.own.union(&self.space.broadcasts).copied();
        let reserved: Vec<IpAddr> = reserved.filter(|address| Family::of(*address) == family).collect();
        self.address_set("reserved", family, reserved)
    }

    /// A named set of single addresses; nothing where there are none.
    pub(super) fn address_set(&mut self, name: &str, family: Family, addresses: Vec<IpAddr>) -> Option<String> {
        let elements: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        if elements.is_empty() {
            return None;
        }
        Some(self.shared_set(&format!("{name}{}", family.digit()), family.of_set(), &[], elements))
    }

    /// Senders that are known by their MAC and port alone: a device belongs on a port of its zone.
    fn linked(&mut self, bindings: &Bindings) -> String {
        let mut chain = Chain::new(self.names.unique("linked"));
        if let (Some(macs), Some(at_home)) = (&bindings.macs, &bindings.at_home) {
            let spoofed = self.device_spoofed();
            chain.rule(format!("ether saddr {macs} iifname . ether saddr != {at_home} {spoofed}"));
        }
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// Senders with an address of the port: a device's address with its MAC, and its MAC with its addresses.
    fn bound(&mut self, bindings: &Bindings) -> String {
        let spoofed = self.device_spoofed();
        let mut chain = Chain::new(self.names.unique("bound"));
        chain.note("Group addresses send nothing");
        chain.rule(format!("ether saddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 {spoofed}"));
        for family in Family::BOTH {
            let (i, header) = (family as usize, family.header());
            if let (Some(owned), Some(pairs)) = (&bindings.owned[i], &bindings.pairs[i]) {
                chain.rule(format!("{header} saddr {owned} {header} saddr . ether saddr != {pairs} {spoofed}"));
            }
            match (&bindings.fenced[i], &bindings.pairs[i]) {
                (Some(fenced), Some(pairs)) => {
                    chain.rule(format!("ether saddr {fenced} {header} saddr . ether saddr != {pairs} {spoofed}"));
                }
                (Some(fenced), None) => {
                    chain.rule(format!("ether saddr {fenced} {} {spoofed}", self.is_family(family)))
                }
                (None, _) => (),
            }
            if let (Some(roaming), Some(roams)) = (&bindings.roaming[i], &bindings.roams[i]) {
                chain.rule(format!("ether saddr {roaming} ether saddr . {header} saddr != {roams} {spoofed}"));
                if let Some(listed) = &bindings.listed[i] {
                    chain.rule(format!("ether saddr {roaming} {header} saddr {listed} {spoofed}"));
                }
            }
        }
        chain.rules(self.learning());
        let name = chain.name.clone();
        self.table.chain(chain);
        name
    }

    /// The refusal of a device's address or MAC: audit where all devices with a MAC are in audit.
    pub(super) fn device_spoofed(&mut self) -> String {
        let mut with_mac = self.policy.devices.iter().filter(|device| device.mac.is_some()).peekable();
        let audit = with_mac.peek().is_some() && with_mac.all(|device| device.audit);
        self.refuse(Reason::SpoofedSource, audit).verdict()
    }

    /// The sets of the table that is being written, made where they are not there yet.
    pub(super) fn bindings(&mut self) -> Rc<Bindings> {
        if let Some(known) = &self.bindings {
            return Rc::clone(known);
        }
        let made = Rc::new(self.new_bindings(&Family::BOTH));
        self.bindings = Some(Rc::clone(&made));
        made
    }

    /// The sets for some families.
    pub(super) fn new_bindings(&mut self, families: &[Family]) -> Bindings {
        let policy = self.policy;
        let mut bindings = Bindings::default();
        let macs: Vec<(&Device, String)> =
            policy.devices.iter().filter_map(|device| Some((device, mac(device.mac?)))).collect();
        for family in families.iter().copied() {
            let (i, digit, of) = (family as usize, family.digit(), family.of_set());
            let (mut pairs, mut owned, mut fenced, mut roaming, mut roams_in) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for (device, mac) in &macs {
                for address in addresses(&self.space, device, family) {
                    pairs.push(format!("{address} . {mac}"));
                    owned.push(address.to_string());
                }
                if !roams(device, family) {
                    fenced.push(mac.clone());
                    continue;
                }
                roaming.push(mac.clone());
                let networks = self.space.by_prefix(family, |place| place == Place::Zone(device.zone));
                roams_in.extend(networks.iter().map(|network| format!("{mac} . {network}")));
            }
            let listed = policy.devices.iter().flat_map(|device| addresses(&self.space, device, family));
            let listed = listed.map(|address| address.to_string()).collect();
            let mut add = |name: &str, of: &str, flags: &[&'static str], elements: Vec<String>| {
                let there = !elements.is_empty();
                there.then(|| self.table.set(self.names.unique(&format!("{name}{digit}")), of, flags, elements))
            };
            bindings.owned[i] = add("owned", of, &[], owned);
            bindings.pairs[i] = add("owners", &format!("{of} . ether_addr"), &[], pairs);
            bindings.fenced[i] = add("fenced", "ether_addr", &[], fenced);
            if !roaming.is_empty() {
                bindings.listed[i] = add("listed", of, &[], listed);
                let of = format!("ether_addr . {of}");
                bindings.roaming[i] = add("roaming", "ether_addr", &[], roaming);
                // Also where it is empty: then no address is right.
                bindings.roams[i] = Some(self.table.set(
                    self.names.unique(&format!("roams{digit}")),
                    &of,
                    &["flags interval"],
                    roams_in,
                ));
            }
        }
        let at_home = macs.iter().flat_map(|(device, mac)| {
            let ports = self.entrances.iter().filter(|entrance| entrance.zones.contains(&device.zone));
            ports.map(move |entrance| format!("{} . {mac}", entrance.quoted))
        });
        let at_home: Vec<String> = at_home.collect();
        if !macs.is_empty() {
            let all = macs.iter().map(|(_, mac)| mac.clone()).collect();
            bindings.macs = Some(self.table.set(self.names.unique("macs"), "ether_addr", &[], all));
            let of = "ifname . ether_addr";
            bindings.at_home = Some(self.table.set(self.names.unique("at_home"), of, &[], at_home));
        }
        bindings
    }
}
