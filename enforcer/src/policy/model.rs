//! The policy, merged, resolved and checked: what the compiler and the reference judge read.
//!
//! Every list is sorted by name, so that an index into it is stable under reordering of files and tables, and comparing
//! two indices compares two names. Names are resolved: nothing here refers to something that does not exist.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ipnet::IpNet;
use serde::Serialize;

use crate::mud::profile::Profile;

/// Index into [`Policy::zones`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ZoneId(pub usize);

/// Index into [`Policy::devices`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DeviceId(pub usize);

/// Index into [`Policy::profiles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ProfileId(pub usize);

/// Where an entry was written: a path relative to the policy's folder and a line counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Path as an operator would write it, relative to the folder of the policy.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One complete policy.
#[derive(Debug, Clone, Serialize)]
pub struct Policy {
    /// Declared zones by name, and the built-in zone `router`, which has no ports and no prefixes of its own.
    pub zones: Vec<Zone>,
    /// Index of the zone `router` in `zones`.
    pub router_zone: ZoneId,
    /// Listed devices by name.
    pub devices: Vec<Device>,
    /// Transitions by name; `[management]` is among them under the name `management`.
    pub transitions: Vec<Transition>,
    /// Guardrails by name.
    pub guardrails: Vec<Guardrail>,
    /// Declared port forwards, in order of zone and service.
    pub forwards: Vec<Forward>,
    /// Addresses of controller classes by URI. `urn:ietf:params:mud:dns` and `…:ntp` are absent where unset: they are the router.
    pub controllers: BTreeMap<String, Vec<IpAddr>>,
    /// Addresses of names in MUD files: lower case, without a final dot.
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// The `[router]` table.
    pub router: Router,
    /// The distinct MUD files that devices refer to, by file.
    pub profiles: Vec<Profile>,
}

/// A zone.
#[derive(Debug, Clone, Serialize)]
pub struct Zone {
    /// Name, unique among zones, devices and groups.
    pub name: String,
    /// Ports in the order of their names.
    pub ports: Vec<Port>,
    /// The zone has the networks of its ports' own interfaces.
    pub connected: bool,
    /// Fixed prefixes, host bits clear, sorted.
    pub prefixes: Vec<IpNet>,
    /// What becomes of addresses that are no listed device.
    pub unknown: Unknown,
    /// Drops decided by this zone alone are let through and counted.
    pub audit: bool,
    /// ARP, neighbour discovery, DHCP and the like are settled before the layers.
    pub essentials: bool,
    /// Where it was declared.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl Zone {
    /// A zone with a default prefix is an uplink: there the router is the client.
    pub fn is_uplink(&self) -> bool {
        self.prefixes.iter().any(|prefix| prefix.prefix_len() == 0)
    }
}

/// A place where packets enter: an interface, a VLAN on it, or a VLAN in a VLAN on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Port {
    /// The name as written: `lan0`, `lan0.30`, `lan0.100.30`.
    pub name: String,
    /// The interface that XDP hangs on.
    pub interface: String,
    /// VLAN IDs from the outermost inwards, 1 to 4094; none for the untagged port.
    pub vlans: Vec<u16>,
}

/// `unknown` of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unknown {
    /// Unlisted addresses are members of the zone.
    Allow,
    /// Unlisted addresses are dropped as `unknown-device`.
    Deny,
    /// Unlisted addresses are members of that zone (the one named `quarantine`).
    Quarantine(ZoneId),
}

/// A listed device.
#[derive(Debug, Clone, Serialize)]
pub struct Device {
    /// Name, unique among zones, devices and groups.
    pub name: String,
    /// Hardware address.
    pub mac: Option<[u8; 6]>,
    /// Listed addresses, sorted; per family they fence the device.
    pub addresses: Vec<IpAddr>,
    /// The zone that it stands in.
    pub zone: ZoneId,
    /// Its MUD files (their union); empty for a device without profile.
    pub profiles: Vec<ProfileId>,
    /// Addresses of `my-controller` for this device.
    pub my_controllers: Vec<IpAddr>,
    /// Replies must be listed too (RFC 8520 to the letter).
    pub replies_listed: bool,
    /// Its own `mode` where written, else that of its zone; the top-level mode is already folded in.
    pub audit: bool,
    /// Where it was declared.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// One end of a transition, guardrail or exception. Groups are already expanded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Side {
    /// Zones named, directly or through a group; sorted. `router` may be among them.
    pub zones: Vec<ZoneId>,
    /// Devices named, directly or through a group; sorted.
    pub devices: Vec<DeviceId>,
    /// `*` stands among the names.
    pub star: bool,
    /// `same` stands among the names (only on the `to` side): the sender's own zone.
    pub same: bool,
}

/// An entry of `[[transitions]]`, or `[management]`.
#[derive(Debug, Clone, Serialize)]
pub struct Transition {
    /// The rule's stable name: as written, else `from>to` (several names on a side are joined with `+`).
    pub name: String,
    /// Senders.
    pub from: Side,
    /// Receivers.
    pub to: Side,
    /// Services allowed; `mud` is a flag of its own.
    pub allow: Vec<Service>,
    /// `mud` stands in `allow`.
    pub mud: bool,
    /// Services taken out of `allow` (and out of `mud`) again.
    pub deny: Vec<Service>,
    /// Ends at this instant: seconds since 1970 UTC.
    pub until: Option<i64>,
    /// An event for each connection that it opens.
    pub log: bool,
    /// A drop for want of an allowing transition may rest on this entry and be let through.
    pub audit: bool,
    /// Where it was written.
    #[serde(skip)]
    pub place: Place,
}

/// An entry of `[[guardrails]]`.
#[derive(Debug, Clone, Serialize)]
pub struct Guardrail {
    /// The rule's stable name.
    pub name: String,
    /// Senders.
    pub from: Side,
    /// Receivers.
    pub to: Side,
    /// Services denied.
    pub deny: Vec<Service>,
    /// What this guardrail leaves alone.
    pub except: Vec<Exception>,
    /// Its drops are let through and counted.
    pub audit: bool,
    /// Where it was written.
    #[serde(skip)]
    pub place: Place,
}

/// An element of a guardrail's `except`.
#[derive(Debug, Clone, Serialize)]
pub struct Exception {
    /// Senders.
    pub from: Side,
    /// Receivers.
    pub to: Side,
    /// Services left alone; none written means all that the guardrail denies (then this holds [`Service::Any`]).
    pub allow: Vec<Service>,
}

/// An entry of `[[forwards]]`: what the router's own DNAT does.
#[derive(Debug, Clone, Serialize)]
pub struct Forward {
    /// The zone where the connection arrives.
    pub at: ZoneId,
    /// The service as the outside sees it (one destination port of TCP, UDP or SCTP).
    pub service: Service,
    /// The inside host.
    pub to: DeviceId,
    /// The inside port; the outside one where it is not written.
    pub port: u16,
    /// Where it was written.
    #[serde(skip)]
    pub place: Place,
}

/// The `[router]` table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Router {
    /// Addresses with their prefix lengths (host bits kept) by port name.
    pub addresses: BTreeMap<String, Vec<IpNet>>,
    /// Interfaces left alone on purpose.
    pub ignore: Vec<String>,
}

/// One form of a service, resolved. Ranges are inclusive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Service {
    /// Everything, whatever its EtherType.
    Any,
    /// A whole IP protocol by number (`tcp`, `icmp`, `ip/50`).
    Protocol(u8),
    /// Ports of TCP (6), UDP (17) or SCTP (132).
    Ports {
        /// 6, 17 or 132.
        protocol: u8,
        /// Destination ports: first and last.
        destination: (u16, u16),
        /// Source ports: first and last; 0–65535 where not written.
        source: (u16, u16),
    },
    /// ICMP (1) or ICMPv6 (58) by type, and code where written.
    Icmp {
        /// 1 or 58.
        protocol: u8,
        /// Type.
        kind: u8,
        /// Code; any where not written.
        code: Option<u8>,
    },
    /// Frames that carry no IP, by EtherType and the first 16 bits behind it.
    Ether {
        /// EtherType, at least 0x0600.
        ethertype: u16,
        /// The 16 bits behind it: first and last; 0–0xffff where not written.
        second: (u16, u16),
    },
}

impl Service {
    /// The port range as a Rust range; a helper for those who iterate.
    pub fn range(bounds: (u16, u16)) -> RangeInclusive<u16> {
        bounds.0..=bounds.1
    }
}
