//! Live interfaces, addresses and default routes, read by netlink.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoVlan, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage,
};
use rtnetlink::packet_route::route::{RouteAttribute, RouteHeader, RouteMessage, RouteNextHop, RouteType};
use rtnetlink::{Handle, RouteMessageBuilder};

use super::bypass;
use crate::policy::facts::{Interface, Live};

/// Reads the interfaces of this network namespace, and what goes past the CPU there; for callers that have no runtime of
/// their own.
pub fn read() -> io::Result<Live> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut live = runtime.block_on(read_async())?;
    bypass::read(&mut live);
    Ok(live)
}

/// Reads the interfaces of this network namespace.
pub async fn read_async() -> io::Result<Live> {
    let (connection, handle, _) = rtnetlink::new_connection()?;
    let connection = tokio::spawn(connection);
    let live = gather(&handle).await.map_err(io::Error::other);
    connection.abort();
    live
}

async fn gather(handle: &Handle) -> Result<Live, rtnetlink::Error> {
    let links: Vec<LinkMessage> = handle.link().get().execute().try_collect().await?;
    let names: BTreeMap<u32, String> = links.iter().filter_map(|link| Some((link.header.index, name(link)?))).collect();
    let mut addresses = addresses(handle).await?;
    let mut default_routes = BTreeSet::new();
    default_routes.extend(exits(handle, RouteMessageBuilder::<Ipv4Addr>::new().build()).await?);
    default_routes.extend(exits(handle, RouteMessageBuilder::<Ipv6Addr>::new().build()).await?);

    let mut interfaces: Vec<Interface> = links
        .iter()
        .filter_map(|link| {
            let index = link.header.index;
            let mut interface = interface(link, &names)?;
            interface.addresses = addresses.remove(&index).unwrap_or_default();
            interface.default_route = default_routes.contains(&index);
            Some(interface)
        })
        .collect();
    interfaces.sort_by_key(|interface| interface.index);
    Ok(Live { interfaces })
}

fn name(link: &LinkMessage) -> Option<String> {
    link.attributes.iter().find_map(|attribute| {
        let LinkAttribute::IfName(name) = attribute else {
            return None;
        };
        Some(name.clone())
    })
}

fn interface(link: &LinkMessage, names: &BTreeMap<u32, String>) -> Option<Interface> {
    let mut interface = Interface {
        name: name(link)?,
        index: link.header.index,
        loopback: link.header.flags.contains(LinkFlags::Loopback),
        ..Interface::default()
    };
    let ethernet = link.header.link_layer_type == LinkLayerType::Ether;
    // The index of a lower interface in another namespace says nothing here.
    let elsewhere = link.attributes.iter().any(|attribute| matches!(attribute, LinkAttribute::LinkNetNsId(_)));
    for attribute in &link.attributes {
        if let LinkAttribute::Address(bytes) = attribute {
            interface.mac = <[u8; 6]>::try_from(bytes.as_slice()).ok().filter(|_| ethernet);
        } else if let LinkAttribute::Controller(index) = attribute {
            interface.master = names.get(index).cloned();
        } else if let LinkAttribute::Link(index) = attribute {
            interface.lower = names.get(index).filter(|_| !elsewhere).cloned();
        } else if let LinkAttribute::PhysSwitchId(switch) = attribute {
            let bytes = switch.id.get(..switch.len).unwrap_or_default();
            interface.bypass.switch = Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        } else if let LinkAttribute::LinkInfo(infos) = attribute {
            interface.kind = infos.iter().find_map(kind);
            interface.vlan = infos.iter().find_map(vlan);
        }
    }
    // The two ends of a veth pair name each other as lower; neither is.
    if interface.kind.as_deref() == Some("veth") {
        interface.lower = None;
    }
    Some(interface)
}

fn kind(info: &LinkInfo) -> Option<String> {
    let LinkInfo::Kind(kind) = info else {
        return None;
    };
    let kind: &InfoKind = kind;
    Some(kind.to_string())
}

fn vlan(info: &LinkInfo) -> Option<u16> {
    let LinkInfo::Data(InfoData::Vlan(data)) = info else {
        return None;
    };
    data.iter().find_map(|item| {
        let InfoVlan::Id(id) = item else {
            return None;
        };
        Some(*id)
    })
}

async fn addresses(handle: &Handle) -> Result<BTreeMap<u32, Vec<IpNet>>, rtnetlink::Error> {
    let mut addresses: BTreeMap<u32, Vec<IpNet>> = BTreeMap::new();
    let mut messages = handle.address().get().execute();
    while let Some(message) = messages.try_next().await? {
        // The local address is the router's; on a point-to-point link the other attribute is its peer's.
        let mut own: Option<IpAddr> = None;
        for attribute in &message.attributes {
            if let AddressAttribute::Local(address) = attribute {
                own = Some(*address);
            } else if let AddressAttribute::Address(address) = attribute {
                own = own.or(Some(*address));
            }
        }
        let net = own.map(|address| IpNet::new(address, message.header.prefix_len));
        if let Some(Ok(net)) = net {
            addresses.entry(message.header.index).or_default().push(net);
        }
    }
    for nets in addresses.values_mut() {
        nets.sort();
    }
    Ok(addresses)
}

/// Indices of the interfaces by which default routes of the main table leave.
async fn exits(handle: &Handle, query: RouteMessage) -> Result<BTreeSet<u32>, rtnetlink::Error> {
    let mut exits = BTreeSet::new();
    let mut messages = handle.route().get(query).execute();
    while let Some(message) = messages.try_next().await? {
        let header = &message.header;
        let default = header.destination_prefix_length == 0
            && header.kind == RouteType::Unicast
            && header.table == RouteHeader::RT_TABLE_MAIN
            && matches!(header.address_family, AddressFamily::Inet | AddressFamily::Inet6);
        if !default {
            continue;
        }
        for attribute in &message.attributes {
            if let RouteAttribute::Oif(index) = attribute {
                exits.insert(*index);
            } else if let RouteAttribute::MultiPath(hops) = attribute {
                let hops: &[RouteNextHop] = hops;
                exits.extend(hops.iter().map(|hop| hop.interface_index));
            }
        }
    }
    Ok(exits)
}
