//! What the compiler must know of the router itself: its addresses on each port.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

pub use super::live::{Bypass, Interface, Live};
use super::model::{Policy, Zone};

/// The router's own addresses by port, from the live interfaces or from `[router] addresses`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// By port name (`lan0.30`): addresses with prefix lengths, host bits kept. Link-local ones may be among them.
    pub addresses: BTreeMap<String, Vec<IpNet>>,
}

impl Facts {
    /// Facts from the policy's own `[router] addresses`, for use where no live interface tells.
    pub fn declared(policy: &Policy) -> Facts {
        Facts { addresses: policy.router.addresses.clone() }
    }

    /// The declared addresses, with those of live ports put in their place. `live` maps port names to addresses; a port
    /// that is absent from it keeps what was declared.
    pub fn with_live(policy: &Policy, live: &BTreeMap<String, Vec<IpNet>>) -> Facts {
        let mut addresses = policy.router.addresses.clone();
        addresses.extend(live.iter().map(|(port, nets)| (port.clone(), nets.clone())));
        Facts { addresses }
    }

    /// The interface identifiers of the router's own addresses in fe80::/64 on a port.
    pub fn link_locals_of(&self, port: &str) -> Vec<u64> {
        self.addresses.get(port).map_or_else(Vec::new, |networks| link_locals(networks).collect())
    }

    /// The broadcast addresses of the router's own IPv4 networks.
    pub fn broadcasts(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.addresses.values().flatten().filter_map(|net| match net {
            IpNet::V4(net) if net.prefix_len() <= 30 => Some(IpAddr::V4(net.broadcast())),
            IpNet::V4(_) | IpNet::V6(_) => None,
        })
    }

    /// The prefixes of a zone: the fixed ones and, where it says `connected`, the networks of its ports. Host bits clear,
    /// sorted, link-local networks left out (they belong to every port).
    pub fn prefixes_of(&self, zone: &Zone) -> Vec<IpNet> {
        let mut prefixes = zone.prefixes.clone();
        if zone.connected {
            for port in &zone.ports {
                let nets = self.addresses.get(&port.name).into_iter().flatten();
                prefixes.extend(nets.map(IpNet::trunc).filter(|net| !is_link_local(net)));
            }
        }
        prefixes.sort();
        prefixes.dedup();
        prefixes
    }
}

/// The interface identifiers of the addresses in fe80::/64 (RFC 4291, section 2.5.6).
pub fn link_locals(networks: &[IpNet]) -> impl Iterator<Item = u64> + '_ {
    networks.iter().filter_map(|network| match network.addr() {
        IpAddr::V6(address) if address.segments()[..4] == [0xfe80, 0, 0, 0] => Some(u128::from(address) as u64),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    })
}

/// 169.254.0.0/16 and fe80::/10.
pub(crate) fn is_link_local(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.addr().is_link_local(),
        IpNet::V6(net) => net.addr().segments()[0] & 0xffc0 == 0xfe80,
    }
}
