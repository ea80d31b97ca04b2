//! A MUD file, understood: ordered ACEs of each direction with their matches resolved as far as the file itself allows.
//!
//! What a network adds (which addresses a controller class or a name has, which devices are of one manufacturer) is
//! resolved by the policy compiler.

use ipnet::IpNet;
use serde::Serialize;

use crate::policy::model::Place;

/// A compiled MUD file.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// `mud-url`.
    pub url: String,
    /// The authority of `mud-url`, lower case: what `manufacturer` and `same-manufacturer` compare.
    pub authority: String,
    /// How rules name the file: its last path component (`camera.json`), or the whole path where two files share it.
    pub label: String,
    /// ACEs of from-device-policy in order of judgement; several ACLs concatenated in file order.
    pub from_device: Vec<Ace>,
    /// ACEs of to-device-policy in order of judgement.
    pub to_device: Vec<Ace>,
}

/// One access control entry. All matches must hold.
#[derive(Debug, Clone, Serialize)]
pub struct Ace {
    /// The rule's stable name: `label#acl/ace`. The built-in entries are `label#default/dns` and `label#default/ntp`. Two
    /// neighbours share one name where one entry of the file means ICMP and ICMPv6.
    pub rule: String,
    /// Which packets it can match at all.
    pub family: Family,
    /// What must be true of the other end.
    pub peer: Vec<PeerMatch>,
    /// Networks that the device's own address must be in (empty: no demand).
    pub own: Vec<IpNet>,
    /// Upper-layer protocol, header fields.
    pub transport: Transport,
    /// Who must have opened the TCP connection. Already carried over to the mirrored ACE of the other direction.
    pub initiated: Option<Initiated>,
    /// Accept or drop (`reject` is drop).
    pub accept: bool,
    /// A match that we cannot evaluate, by its name in the file. An accepting ACE with one is dead; a dropping one holds
    /// as if that match were absent: neither ever allows more than the file says.
    pub unsupported: Vec<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub place: Place,
}

/// Which packets an ACE speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Family {
    /// IPv4 packets.
    Ipv4,
    /// IPv6 packets.
    Ipv6,
    /// IPv4 and IPv6 packets.
    Ip,
    /// Frames by EtherType (`None`: any frame, IP or not). Such an ACE has no peer but local networks, which hold for any
    /// frame of the segment, no own networks and no transport, unless it drops or is dead.
    Ethernet(Option<u16>),
}

/// A demand on the other end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PeerMatch {
    /// An address in this network.
    Network(IpNet),
    /// An address of this name (lower case, no final dot), of the ACE's family.
    Name(String),
    /// Every zone that is no uplink, and multicast, broadcast and link-local.
    LocalNetworks,
    /// A member of a controller class, by URI.
    Controller(String),
    /// One of the device's own controllers.
    MyController,
    /// A device whose MUD URL has the same authority.
    SameManufacturer,
    /// A device whose MUD URL has this authority (lower case).
    Manufacturer(String),
    /// A device with this MUD URL.
    Model(String),
}

/// Who opens the connection, seen from the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Initiated {
    /// The device opened it.
    FromDevice,
    /// The other end opened it.
    ToDevice,
}

/// Upper-layer matches. Port sets are sorted, disjoint, inclusive ranges; an empty set means no demand. A match that
/// nothing can satisfy (`neq` of everything) makes the ACE vanish when it accepts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Transport {
    /// IP protocol number; for IPv6 the upper-layer one.
    pub protocol: Option<u8>,
    /// Source ports of the packet.
    pub source_ports: Vec<(u16, u16)>,
    /// Destination ports of the packet.
    pub destination_ports: Vec<(u16, u16)>,
    /// ICMP or ICMPv6 type.
    pub icmp_type: Option<u8>,
    /// ICMP or ICMPv6 code.
    pub icmp_code: Option<u8>,
}
