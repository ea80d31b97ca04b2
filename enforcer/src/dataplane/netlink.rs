//! The live interfaces, by rtnetlink: what the overlay and the attaching need of them.
#![expect(clippy::wildcard_enum_match_arm, reason = "there is no end to netlink's attributes")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{
    AfSpecBridge, BridgeVlanInfoFlags, InfoBridge, InfoData, InfoKind, InfoVlan, LinkAttribute, LinkExtentMask,
    LinkFlags, LinkInfo, LinkLayerType, LinkMessage, LinkXdp, XdpAttached,
};

use super::Error;

/// A live interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Index.
    pub index: u32,
    /// Name.
    pub name: String,
    /// It is up.
    pub up: bool,
    /// It is the loopback.
    pub loopback: bool,
    /// Its frames have an Ethernet header.
    pub ethernet: bool,
    /// Its hardware address, where it has one of Ethernet's form.
    pub mac: Option<[u8; 6]>,
    /// Index of the bridge or bond that it is part of.
    pub master: Option<u32>,
    /// Index of the interface that it stands on (VLAN devices, macvlan and the like).
    pub lower: Option<u32>,
    /// VLAN ID of a VLAN device.
    pub vlan: Option<u16>,
    /// What it is: `bridge`, `vlan`, `veth`; empty for plain hardware.
    pub kind: String,
    /// Its own addresses.
    pub addresses: Vec<IpNet>,
    /// A bridge that tells VLANs apart, and may take tags away and put others on.
    pub filters_vlans: bool,
    /// The VLAN ID that its bridge gives to what enters untagged; 0 for none.
    pub pvid: u16,
    /// The VLAN IDs whose frames its bridge lets leave untagged.
    pub untagged: Vec<u16>,
    /// The XDP program that hangs on it, and whether that is native.
    pub xdp: Option<(u32, bool)>,
}

/// All live interfaces, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    links: BTreeMap<u32, Link>,
}

/// Kinds whose `IFLA_LINK` is the interface beneath; that of a veth is its peer.
const STANDS_ON: [&str; 6] = ["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"];

impl Interfaces {
    /// Reads the interfaces of this network namespace.
    pub async fn read() -> Result<Self, Error> {
        let netlink = |error: &dyn std::fmt::Display| Error::Netlink(error.to_string());
        let (connection, handle, _) = rtnetlink::new_connection().map_err(|error| netlink(&error))?;
        let connection = tokio::spawn(connection);
        let mut links = BTreeMap::new();
        let mut messages = handle.link().get().execute();
        while let Some(message) = messages.try_next().await.map_err(|error| netlink(&error))? {
            let link = parse(&message);
            links.insert(link.index, link);
        }
        let members = handle.link().get().set_filter_mask(AddressFamily::Bridge, vec![LinkExtentMask::Brvlan]);
        let mut messages = members.execute();
        while let Some(message) = messages.try_next().await.map_err(|error| netlink(&error))? {
            if let Some(link) = links.get_mut(&message.header.index) {
                read_vlans(&message, link);
            }
        }
        let mut addresses = handle.address().get().execute();
        while let Some(message) = addresses.try_next().await.map_err(|error| netlink(&error))? {
            let mut found = None;
            for attribute in &message.attributes {
                // `Local` is the router's own end; `Address` is the other end of a point-to-point link.
                match attribute {
                    AddressAttribute::Local(address) => found = Some(*address),
                    AddressAttribute::Address(address) => found = found.or(Some(*address)),
                    _ => {}
                }
            }
            let net = found.and_then(|address: IpAddr| IpNet::new(address, message.header.prefix_len).ok());
            if let (Some(net), Some(link)) = (net, links.get_mut(&message.header.index)) {
                link.addresses.push(net);
            }
        }
        connection.abort();
        for link in links.values_mut() {
            link.addresses.sort_unstable();
        }
        Ok(Interfaces { links })
    }

    /// Interfaces made up for tests and tools.
    pub fn of(links: impl IntoIterator<Item = Link>) -> Self {
        Interfaces { links: links.into_iter().map(|link| (link.index, link)).collect() }
    }

    /// Every interface, in order of index.
    pub fn iter(&self) -> impl Iterator<Item = &Link> + Clone {
        self.links.values()
    }

    /// The interface with this name.
    pub fn by_name(&self, name: &str) -> Option<&Link> {
        self.iter().find(|link| link.name == name)
    }

    /// The interface with this index.
    pub fn by_index(&self, index: u32) -> Option<&Link> {
        self.links.get(&index)
    }

    /// The device of a VLAN, or of a VLAN in a VLAN, on `link`, whatever its name.
    pub fn vlan_device(&self, link: &Link, vlans: &[u16]) -> Option<&Link> {
        let Some((last, outer)) = vlans.split_last() else {
            return self.by_index(link.index);
        };
        let beneath = self.vlan_device(link, outer)?;
        self.iter().find(|device| device.vlan == Some(*last) && device.lower == Some(beneath.index))
    }

    /// True where the link is part of a bridge.
    pub fn is_bridged(&self, link: &Link) -> bool {
        self.bridge_of(link).is_some()
    }

    /// The bridge that the link is a member of.
    pub fn bridge_of(&self, link: &Link) -> Option<&Link> {
        link.master.and_then(|master| self.by_index(master)).filter(|master| master.kind == "bridge")
    }

    /// The interfaces under whose MACs and addresses the router is reached by frames of `link` with these tags: the device of
    /// the tags, and what stands above it without tags of its own, as bridges, bonds and macvlans do.
    pub fn reached_by(&self, link: &Link, vlans: &[u16]) -> Vec<&Link> {
        let mut reached = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(link.index, vlans)];
        while let Some((index, tags)) = open.pop() {
            let Some(here) = self.by_index(index).filter(|_| seen.insert((index, tags.len()))) else { continue };
            if tags.is_empty() {
                reached.push(here);
            }
            open.extend(here.master.map(|master| (master, tags)));
            for upper in self.iter().filter(|upper| upper.lower == Some(index)) {
                match (upper.vlan, tags) {
                    (None, _) => open.push((upper.index, tags)),
                    (Some(id), [first, rest @ ..]) if id == *first => open.push((upper.index, rest)),
                    (Some(_), _) => {}
                }
            }
        }
        reached
    }
}

fn parse(message: &LinkMessage) -> Link {
    let kind_of_link = message.header.link_layer_type;
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        up: message.header.flags.contains(LinkFlags::Up),
        loopback: kind_of_link == LinkLayerType::Loopback,
        ethernet: matches!(kind_of_link, LinkLayerType::Ether | LinkLayerType::Loopback),
        mac: None,
        master: None,
        lower: None,
        vlan: None,
        kind: String::new(),
        addresses: Vec::new(),
        filters_vlans: false,
        pvid: 0,
        untagged: Vec::new(),
        xdp: None,
    };
    let mut elsewhere = false;
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Address(address) if kind_of_link == LinkLayerType::Ether => {
                link.mac = address.as_slice().try_into().ok();
            }
            LinkAttribute::Controller(index) => link.master = Some(*index),
            LinkAttribute::Link(index) => link.lower = Some(*index),
            LinkAttribute::LinkNetNsId(_) => elsewhere = true,
            LinkAttribute::LinkInfo(infos) => read_info(infos, &mut link),
            LinkAttribute::Xdp(xdp) => link.xdp = read_xdp(xdp),
            _ => {}
        }
    }
    if elsewhere || !STANDS_ON.contains(&link.kind.as_str()) {
        link.lower = None;
    }
    link
}

fn read_info(infos: &[LinkInfo], link: &mut Link) {
    for info in infos {
        match info {
            LinkInfo::Kind(InfoKind::Other(kind)) => link.kind.clone_from(kind),
            LinkInfo::Kind(kind) => link.kind = kind.to_string(),
            LinkInfo::Data(InfoData::Vlan(vlan)) => {
                link.vlan = vlan.iter().find_map(|info| match info {
                    InfoVlan::Id(id) => Some(*id),
                    _ => None,
                });
            }
            LinkInfo::Data(InfoData::Bridge(infos)) => {
                link.filters_vlans = infos.iter().any(|info| matches!(info, InfoBridge::VlanFiltering(true)));
            }
            _ => {}
        }
    }
}

/// The VLANs of a bridge's member.
fn read_vlans(message: &LinkMessage, link: &mut Link) {
    let specs = message.attributes.iter().filter_map(|attribute| match attribute {
        LinkAttribute::AfSpecBridge(specs) => Some(specs),
        _ => None,
    });
    for spec in specs.flatten() {
        if let AfSpecBridge::VlanInfo(vlan) = spec {
            if vlan.flags.contains(BridgeVlanInfoFlags::Pvid) {
                link.pvid = vlan.vid;
            }
            if vlan.flags.contains(BridgeVlanInfoFlags::Untagged) {
                link.untagged.push(vlan.vid);
            }
        }
    }
}

fn read_xdp(xdp: &[LinkXdp]) -> Option<(u32, bool)> {
    let mut id = None;
    let mut native = false;
    for fact in xdp {
        match fact {
            LinkXdp::ProgId(program) => id = Some(*program),
            LinkXdp::DrvProgId(program) | LinkXdp::SkbProgId(program) | LinkXdp::HwProgId(program) => {
                id = id.or(Some(*program));
            }
            LinkXdp::Attached(attached) => native = matches!(attached, XdpAttached::Driver | XdpAttached::Hardware),
            _ => {}
        }
    }
    id.map(|id| (id, native))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_there() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let interfaces = runtime.block_on(Interfaces::read()).unwrap();
        let lo = interfaces.by_name("lo").unwrap();
        assert!(lo.loopback && lo.ethernet && lo.mac.is_none());
        assert_eq!(interfaces.by_index(lo.index), Some(lo));
    }
}
