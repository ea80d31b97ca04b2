//! The interfaces of this machine, as plain data, and which ports of a policy they are.

use std::collections::{BTreeMap, HashMap, HashSet};

use ipnet::IpNet;

use super::model::Policy;

/// The interfaces of this machine at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// In order of their indices.
    pub interfaces: Vec<Interface>,
}

/// One interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its index.
    pub index: u32,
    /// Its hardware address, where it has an Ethernet one.
    pub mac: Option<[u8; 6]>,
    /// Its addresses with prefix lengths, host bits kept.
    pub addresses: Vec<IpNet>,
    /// The bridge, bond or VRF that it is a member of.
    pub master: Option<String>,
    /// The interface that it sits on, where it is a VLAN, a MACVLAN or the like in this network namespace.
    pub lower: Option<String>,
    /// Its VLAN ID, where it is a VLAN.
    pub vlan: Option<u16>,
    /// What the kernel calls its kind (`bridge`, `vlan`, `veth` …); none for hardware.
    pub kind: Option<String>,
    /// It is a loopback interface.
    pub loopback: bool,
    /// A default route of the main table leaves by it.
    pub default_route: bool,
    /// What may forward for it without the CPU.
    pub bypass: Bypass,
}

/// What may forward packets of an interface without the CPU, and so past the programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bypass {
    /// The switch chip that it is a port of, by the kernel's identifier.
    pub switch: Option<String>,
    /// It is a Wi-Fi interface.
    pub wifi: bool,
    /// Its card may take over flows of tc (`hw-tc-offload`).
    pub tc: bool,
    /// A flowtable of nftables asks its card to take over flows (`flags offload`).
    pub flowtable: bool,
}

impl Live {
    /// The interface of this name.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// The router's addresses on each port of a policy whose interface exists here.
    pub fn addresses_of(&self, policy: &Policy) -> BTreeMap<String, Vec<IpNet>> {
        let ports = policy.zones.iter().flat_map(|zone| &zone.ports);
        self.addresses_on(ports.map(|port| (port.name.as_str(), port.interface.as_str(), port.vlans.as_slice())))
    }

    /// The same of ports by name, interface and VLANs.
    pub fn addresses_on<'p>(
        &self,
        ports: impl Iterator<Item = (&'p str, &'p str, &'p [u16])>,
    ) -> BTreeMap<String, Vec<IpNet>> {
        let uppers = self.uppers();
        let known = ports.filter_map(|(name, interface, vlans)| {
            let own = self.own_interfaces(interface, vlans, &uppers);
            let mut addresses: Vec<IpNet> =
                own.iter().flat_map(|interface| interface.addresses.iter().copied()).collect();
            addresses.sort();
            addresses.dedup();
            (!own.is_empty()).then(|| (name.to_owned(), addresses))
        });
        known.collect()
    }

    /// The interfaces whose addresses are the router's on this port: the one of the port itself, and the bridges, bonds and
    /// the like above it.
    fn own_interfaces<'a>(
        &'a self,
        interface: &str,
        vlans: &[u16],
        uppers: &HashMap<&str, Vec<&'a Interface>>,
    ) -> Vec<&'a Interface> {
        let mut own = Vec::new();
        let mut seen = HashSet::new();
        let start = self.interface(interface);
        let mut open: Vec<(&Interface, &[u16])> = start.into_iter().map(|start| (start, vlans)).collect();
        while let Some((interface, tags)) = open.pop() {
            if !seen.insert((interface.index, tags.len())) {
                continue;
            }
            if tags.is_empty() {
                own.push(interface);
            }
            for upper in uppers.get(interface.name.as_str()).into_iter().flatten() {
                let member = interface.master.as_deref() == Some(&upper.name);
                match (member, upper.vlan, tags) {
                    (true, _, _) | (false, None, _) => open.push((upper, tags)),
                    (false, Some(id), [first, rest @ ..]) if id == *first => {
                        open.push((upper, rest));
                    }
                    (false, Some(_), _) => (),
                }
            }
        }
        own
    }

    /// By name of an interface: those that sit on it or that it is a member of.
    pub(super) fn uppers(&self) -> HashMap<&str, Vec<&Interface>> {
        let by_name: HashMap<&str, &Interface> =
            self.interfaces.iter().map(|interface| (interface.name.as_str(), interface)).collect();
        let mut uppers: HashMap<&str, Vec<&Interface>> = HashMap::new();
        for interface in &self.interfaces {
            if let Some(lower) = &interface.lower {
                uppers.entry(lower).or_default().push(interface);
            }
            let master = interface.master.as_deref();
            if let Some(master) = master.and_then(|name| by_name.get(name)) {
                uppers.entry(&interface.name).or_default().push(master);
            }
        }
        uppers
    }

    /// Interfaces that no port of the policy is on, above or below, and that are not ignored.
    pub fn unnamed(&self, policy: &Policy) -> Vec<&Interface> {
        let ports = policy.zones.iter().flat_map(|zone| &zone.ports);
        let mut known: HashSet<&str> =
            ports.map(|port| port.interface.as_str()).chain(policy.router.ignore.iter().map(String::as_str)).collect();
        let uppers = self.uppers();
        let named: Vec<&str> = known.iter().copied().collect();
        // What is above a known interface, and above that.
        let mut open = named.clone();
        while let Some(name) = open.pop() {
            for upper in uppers.get(name).into_iter().flatten() {
                if known.insert(&upper.name) {
                    open.push(&upper.name);
                }
            }
        }
        // What is a member of an interface that was named itself, or carries it.
        let mut open = named;
        while let Some(name) = open.pop() {
            let carriers = self.interfaces.iter().filter(|interface| {
                uppers.get(interface.name.as_str()).is_some_and(|above| above.iter().any(|upper| upper.name == name))
            });
            for carrier in carriers {
                if known.insert(&carrier.name) {
                    open.push(&carrier.name);
                }
            }
        }
        self.interfaces
            .iter()
            .filter(|interface| !interface.loopback && !known.contains(interface.name.as_str()))
            .collect()
    }
}
