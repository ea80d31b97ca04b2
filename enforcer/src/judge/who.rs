//! Step 2: who sends a packet and whom it is for, and whether port, MAC and address belong together.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use super::connections::Opening;
use super::essentials::FRESH;
use super::ground::{Ground, PortId, PortOf, belongs_to_port, is_group, is_impossible};
use super::packet::{self, Content, Mac, Packet, protocol};
use crate::policy::model::{DeviceId, Unknown, ZoneId};

/// One end of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The zone that it is judged as a member of.
    pub(super) zone: ZoneId,
    /// The zone that it stands in: another one only for who is in quarantine.
    pub(super) home: ZoneId,
    pub(super) device: Option<DeviceId>,
    /// The address that it bears is not its own, and says nothing of it.
    pub(super) forged: bool,
}

/// What became of the question who sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender {
    /// Port, MAC and address belong together.
    Is(End),
    /// They do not.
    Spoofed {
        why: &'static str,
        /// What the refusal rests on is in audit.
        audit: bool,
        /// Whom it is judged as, if it is let through for that; none where nobody can be told.
        taken_for: Option<End>,
    },
    /// No address, on a port of several zones.
    Nowhere,
}

/// Which way a packet passes a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Way {
    In,
    Out,
}

/// Whom a packet is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Receiver {
    /// Somebody.
    Is(End),
    /// Everybody in the sender's zone, or those who listen.
    Group(End),
    /// An address that was seen with one device, and the MAC of another.
    Torn(End),
    /// An address that is in no zone.
    Nowhere,
}

/// The MACs of devices, by addresses that they do not list and were seen sending from.
pub(super) type Learnt = HashMap<IpAddr, Mac>;

impl Receiver {
    /// The end, where there is one.
    pub(super) fn end(&self) -> Option<End> {
        match self {
            Receiver::Is(end) | Receiver::Group(end) | Receiver::Torn(end) => Some(*end),
            Receiver::Nowhere => None,
        }
    }
}

impl End {
    pub(super) fn of_device(ground: &Ground<'_>, id: DeviceId) -> End {
        let zone = ground.policy.devices[id.0].zone;
        End { zone, home: zone, device: Some(id), forged: false }
    }

    /// Somebody in this zone who is no listed device.
    pub(super) fn unlisted(ground: &Ground<'_>, home: ZoneId) -> End {
        let zone = match ground.policy.zones[home.0].unknown {
            Unknown::Quarantine(quarantine) => quarantine,
            Unknown::Allow | Unknown::Deny => home,
        };
        End { zone, home, device: None, forged: false }
    }

    pub(super) fn router(ground: &Ground<'_>) -> End {
        let zone = ground.policy.router_zone;
        End { zone, home: zone, device: None, forged: false }
    }

    /// True for no listed device, in a zone that demands one.
    pub(super) fn is_unwanted(&self, ground: &Ground<'_>) -> bool {
        self.device.is_none() && ground.policy.zones[self.home.0].unknown == Unknown::Deny
    }

    /// True where drops for what this end pretends are let through: the device's mode, else that of every zone of the port.
    pub(super) fn in_audit_at(&self, ground: &Ground<'_>, port: PortId) -> bool {
        match self.device {
            Some(_) => self.in_audit(ground),
            None => ground.port_in_audit(port),
        }
    }

    /// True where drops that rest on this end are let through: the device's mode, else its zone's.
    pub(super) fn in_audit(&self, ground: &Ground<'_>) -> bool {
        match self.device {
            Some(device) => ground.policy.devices[device.0].audit,
            None => ground.policy.zones[self.zone.0].audit,
        }
    }
}

/// Who sends what enters by `port`.
pub(super) fn sender(ground: &Ground<'_>, port: PortId, packet: &Packet<'_>) -> Sender {
    let mac = packet.macs.map(|macs| macs.source);
    if mac.is_some_and(|mac| packet::is_group(&mac)) {
        return nobody(ground, port, "a group's MAC as source");
    }
    let sender = claimed(ground, port, mac, packet.source());
    if packet.ip().is_some_and(|ip| ip.source == ip.destination) {
        const WHY: &str = "a packet to its own source address";
        return match sender {
            Sender::Nowhere => nobody(ground, port, WHY),
            Sender::Is(_) | Sender::Spoofed { .. } => forged(ground, port, sender, WHY),
        };
    }
    if let (Content::Arp(arp), Some(mac)) = (&packet.content, mac)
        && arp.sender_mac != mac
    {
        return forged(ground, port, sender, "ARP in the name of another MAC than that of the frame");
    }
    let (Sender::Is(end), Some(target)) = (sender, advertised(packet)) else { return sender };
    // Who is told must not be told that his own address is another's.
    let is_asking = packet.ip().is_some_and(|ip| ip.destination == target);
    let claimed =
        if target.is_unspecified() || is_asking { None } else { Some(claimed(ground, port, mac, Some(target))) };
    match claimed {
        Some(Sender::Is(own)) if own.device == end.device => sender,
        Some(Sender::Nowhere) => Sender::Nowhere,
        Some(Sender::Is(_) | Sender::Spoofed { .. }) | None => {
            forged(ground, port, sender, "a neighbour advertisement for somebody else's address")
        }
    }
}

/// The address that a neighbour advertisement speaks for: its sender could send from it as well.
fn advertised(packet: &Packet<'_>) -> Option<IpAddr> {
    let ip = packet.ip().filter(|ip| ip.protocol == protocol::ICMPV6 && ip.hop_limit == FRESH)?;
    let target: [u8; 16] = *ip.icmp().filter(|icmp| icmp.kind == 136)?.body.first_chunk()?;
    Some(Ipv6Addr::from(target).into())
}

/// It rests on who says it.
fn forged(ground: &Ground<'_>, port: PortId, sender: Sender, why: &'static str) -> Sender {
    match sender {
        Sender::Is(End { device: Some(device), .. }) => not_the_device(ground, device, why),
        Sender::Is(_) => nobody(ground, port, why),
        Sender::Spoofed { .. } | Sender::Nowhere => sender,
    }
}

/// Who has this MAC and this address at `port`.
pub(super) fn claimed(ground: &Ground<'_>, port: PortId, mac: Option<Mac>, address: Option<IpAddr>) -> Sender {
    let by_mac = mac.and_then(|mac| ground.device_of_mac(&mac));
    let Some(address) = address else {
        return on_port(ground, port, by_mac);
    };
    if is_group(&address) || ground.is_directed_broadcast(&address) && ground.zone_of(&address).is_some() {
        return nobody(ground, port, "a group's address as source");
    }
    if is_impossible(&address) {
        return nobody(ground, port, "a source address that no host has");
    }
    if ground.is_own(port, &address) {
        return nobody(ground, port, "the router's own address as source");
    }
    if belongs_to_port(&address) {
        return on_port(ground, port, by_mac);
    }
    if let Some(device) = ground.device_of(&address) {
        return with_listed_address(ground, port, mac, by_mac, device);
    }
    if let Some(device) = by_mac {
        return with_listed_mac(ground, port, device, &address);
    }
    match ground.zone_of(&address) {
        Some(zone) if ground.port(port).zones.contains(&zone) => Sender::Is(End::unlisted(ground, zone)),
        Some(_) => nobody(ground, port, "an address of another zone than those of the port"),
        None => nobody(ground, port, "an address that is in no zone"),
    }
}

/// Without an address of its own meaning: the device with the MAC, else whoever is on the port.
fn on_port(ground: &Ground<'_>, port: PortId, by_mac: Option<DeviceId>) -> Sender {
    match (by_mac, ground.port(port).zones.as_slice()) {
        (Some(device), zones) if zones.contains(&ground.policy.devices[device.0].zone) => {
            Sender::Is(End::of_device(ground, device))
        }
        (Some(_), _) => nobody(ground, port, "the device's MAC on a port of another zone"),
        (None, [zone]) => Sender::Is(End::unlisted(ground, *zone)),
        (None, _) => Sender::Nowhere,
    }
}

fn with_listed_address(
    ground: &Ground<'_>,
    port: PortId,
    mac: Option<Mac>,
    by_mac: Option<DeviceId>,
    device: DeviceId,
) -> Sender {
    let listed = &ground.policy.devices[device.0];
    if !ground.port(port).zones.contains(&listed.zone) {
        return nobody(ground, port, "a device's address on a port of another zone");
    }
    if by_mac.is_some_and(|other| other != device) {
        return not_the_device(ground, device, "a device's address with another device's MAC");
    }
    if let (Some(right), Some(mac)) = (listed.mac, mac)
        && right != mac
    {
        return not_the_device(ground, device, "a device's address with another MAC");
    }
    Sender::Is(End::of_device(ground, device))
}

/// An address that no device lists, with a device's MAC.
fn with_listed_mac(ground: &Ground<'_>, port: PortId, device: DeviceId, address: &IpAddr) -> Sender {
    let listed = &ground.policy.devices[device.0];
    if !ground.port(port).zones.contains(&listed.zone) {
        return nobody(ground, port, "a device's MAC on a port of another zone");
    }
    if is_fenced(ground, device, address) {
        return not_the_device(ground, device, "a device's MAC with an address that it does not list");
    }
    if ground.zone_of(address) != Some(listed.zone) {
        return not_the_device(ground, device, "a device's MAC with an address of another zone");
    }
    Sender::Is(End::of_device(ground, device))
}

/// Listed addresses fence a device, per family.
fn is_fenced(ground: &Ground<'_>, device: DeviceId, address: &IpAddr) -> bool {
    let listed = &ground.policy.devices[device.0].addresses;
    listed.iter().any(|listed| listed.is_ipv4() == address.is_ipv4())
}

/// It rests on the device.
fn not_the_device(ground: &Ground<'_>, device: DeviceId, why: &'static str) -> Sender {
    let end = End::of_device(ground, device);
    Sender::Spoofed { why, audit: end.in_audit(ground), taken_for: Some(end) }
}

/// It rests on every zone of the port, and is judged on as an unlisted sender there.
fn nobody(ground: &Ground<'_>, port: PortId, why: &'static str) -> Sender {
    Sender::Spoofed { why, audit: ground.port_in_audit(port), taken_for: unlisted_on(ground, port) }
}

/// Somebody on the port who is no listed device; none where it has several zones.
fn unlisted_on(ground: &Ground<'_>, port: PortId) -> Option<End> {
    match ground.port(port).zones.as_slice() {
        [zone] => Some(End { forged: true, ..End::unlisted(ground, *zone) }),
        _ => None,
    }
}

/// Who sent what entered by an interface and leaves again. It was bound to its port where it entered; its MAC may be the
/// router's by now, so that addresses tell, as far as there are any.
pub(super) fn forwarded(ground: &Ground<'_>, learnt: &Learnt, by: &str, packet: &Packet<'_>) -> Sender {
    let mac = packet.macs.map(|macs| macs.source);
    let sender = match packet.source() {
        Some(address) if !belongs_to_port(&address) => {
            // What is no IP was passed on by a bridge, with the MAC that it came with.
            match packet.ip() {
                Some(_) => once_bound(ground, learnt, None, &address),
                None => once_bound(ground, &Learnt::new(), mac, &address),
            }
        }
        of_port => match ground.entered_by(by, packet.vlans) {
            Some(_) if of_port.is_some_and(|address| is_own_of_link(ground, &address)) => NOBODY,
            Some(port) => without_address(ground, port, mac),
            None => return Sender::Nowhere,
        },
    };
    match packet.ip() {
        Some(ip) if ip.source == ip.destination => to_itself(ground, sender),
        Some(_) | None => sender,
    }
}

/// Nobody sends to himself by way of a wire.
fn to_itself(ground: &Ground<'_>, sender: Sender) -> Sender {
    match sender {
        Sender::Is(end) => {
            let audit = end.in_audit(ground);
            Sender::Spoofed { why: "a packet to its own source address", audit, taken_for: Some(end) }
        }
        Sender::Spoofed { .. } => sender,
        Sender::Nowhere => NOBODY,
    }
}

/// Nobody who could have sent it.
const NOBODY: Sender = Sender::Spoofed { why: "a source address that nobody here has", audit: false, taken_for: None };

/// True for an IPv4 link-local address of the router: Linux takes it by any interface.
fn is_own_of_link(ground: &Ground<'_>, address: &IpAddr) -> bool {
    address.is_ipv4() && belongs_to_port(address) && ground.is_own_anywhere(address)
}

/// Who sends without an address of a zone, wherever his zone is: the device with the MAC, else whoever is on the port.
fn without_address(ground: &Ground<'_>, port: &PortOf<'_>, mac: Option<Mac>) -> Sender {
    if mac.is_some_and(|mac| packet::is_group(&mac)) {
        return NOBODY;
    }
    match (mac.and_then(|mac| ground.device_of_mac(&mac)), port.zones.as_slice()) {
        (Some(device), _) => Sender::Is(End::of_device(ground, device)),
        (None, [zone]) => Sender::Is(End::unlisted(ground, *zone)),
        (None, _) => Sender::Nowhere,
    }
}

/// Who has an address and, where it is known, a MAC, wherever his zone is: for packets that were bound to a port before.
fn once_bound(ground: &Ground<'_>, learnt: &Learnt, mac: Option<Mac>, address: &IpAddr) -> Sender {
    let zone = ground.zone_of(address);
    let is_broadcast = ground.is_directed_broadcast(address) && zone.is_some();
    if is_broadcast || is_group(address) || is_impossible(address) || ground.is_own_anywhere(address) {
        return NOBODY;
    }
    if mac.is_some_and(|mac| packet::is_group(&mac)) {
        return NOBODY;
    }
    let by_mac = mac.or_else(|| learnt.get(address).copied()).and_then(|mac| ground.device_of_mac(&mac));
    if let Some(device) = ground.device_of(address) {
        let right = ground.policy.devices[device.0].mac;
        let wrong = right.zip(mac).is_some_and(|(right, mac)| right != mac);
        return match wrong || by_mac.is_some_and(|by_mac| by_mac != device) {
            true => not_the_device(ground, device, "a device's address with another MAC"),
            false => Sender::Is(End::of_device(ground, device)),
        };
    }
    match (by_mac, zone) {
        (Some(device), _) if may_have(ground, device, address) => Sender::Is(End::of_device(ground, device)),
        (Some(device), _) => not_the_device(ground, device, "a device's MAC with an address that is not its own"),
        (None, Some(zone)) => Sender::Is(End::unlisted(ground, zone)),
        (None, None) => NOBODY,
    }
}

/// Who opened a connection, by the policy in force.
pub(super) fn opener(ground: &Ground<'_>, learnt: &Learnt, port: PortId, opening: &Opening) -> Sender {
    let sender = match opening.spoken.source {
        None => Sender::Nowhere,
        Some(address) if is_own_of_link(ground, &address) => NOBODY,
        Some(address) if belongs_to_port(&address) => without_address(ground, ground.port(port), opening.mac),
        Some(address) => once_bound(ground, learnt, opening.mac, &address),
    };
    match opening.spoken.source == opening.spoken.destination {
        true => to_itself(ground, sender),
        false => sender,
    }
}

/// Whom a connection was opened to, by the policy in force.
pub(super) fn addressed(
    ground: &Ground<'_>,
    learnt: &Learnt,
    port: PortId,
    opening: &Opening,
    (from, asked): (&End, Option<Mac>),
) -> Option<End> {
    let address = opening.spoken.destination?;
    let by_router = from.zone == ground.policy.router_zone;
    if ground.is_own(port, &address) && !(by_router && belongs_to_port(&address)) {
        return Some(End::router(ground));
    }
    if !belongs_to_port(&address) {
        return with_address(ground, learnt, None, &address);
    }
    // At the other end of a link without Ethernet headers is nobody but the router.
    if !by_router && opening.mac.is_none() {
        return Some(End::router(ground));
    }
    // A neighbour of the opener's, or of the router's where that opened it.
    let zone = match ground.port(port).zones.as_slice() {
        _ if !by_router => from.home,
        [zone] => *zone,
        _ => return None,
    };
    let device = asked.and_then(|mac| ground.device_of_mac(&mac));
    let device = device.filter(|device| ground.policy.devices[device.0].zone == zone);
    Some(device.map_or(End::unlisted(ground, zone), |device| End::of_device(ground, device)))
}

/// Who has an address: the device that lists it, one with this MAC that may have it, one that was seen with it, or somebody
/// in its zone.
fn with_address(ground: &Ground<'_>, learnt: &Learnt, by_mac: Option<DeviceId>, address: &IpAddr) -> Option<End> {
    if let Some(device) = ground.device_of(address) {
        return Some(End::of_device(ground, device));
    }
    let zone = ground.zone_of(address)?;
    let device = by_mac.filter(|device| may_have(ground, *device, address));
    let device = device.or_else(|| seen_with(ground, learnt, address));
    Some(device.map_or(End::unlisted(ground, zone), |device| End::of_device(ground, device)))
}

/// The device that was seen with an address that none lists.
fn seen_with(ground: &Ground<'_>, learnt: &Learnt, address: &IpAddr) -> Option<DeviceId> {
    let unlisted = learnt.get(address).filter(|_| ground.device_of(address).is_none());
    let device = unlisted.and_then(|mac| ground.device_of_mac(mac));
    device.filter(|device| may_have(ground, *device, address))
}

/// True for an address in the device's zone that does not lie beyond its fence.
fn may_have(ground: &Ground<'_>, device: DeviceId, address: &IpAddr) -> bool {
    ground.zone_of(address) == Some(ground.policy.devices[device.0].zone) && !is_fenced(ground, device, address)
}

/// Whom a packet of `sender` is for that enters by `port`, or leaves by it.
pub(super) fn receiver(
    ground: &Ground<'_>,
    learnt: &Learnt,
    port: PortId,
    packet: &Packet<'_>,
    sender: &End,
    way: Way,
) -> Receiver {
    let neighbours = End { device: None, forged: false, ..*sender };
    let to_mac = packet.macs.map(|macs| macs.destination);
    let by_mac = to_mac.and_then(|mac| ground.device_of_mac(&mac));
    let Some(address) = packet.ip().map(|ip| ip.destination) else {
        // Frames without IP stay within the zone.
        return match by_mac {
            _ if packet.is_for_group() => Receiver::Group(neighbours),
            Some(device) => Receiver::Is(End::of_device(ground, device)),
            None => Receiver::Is(End::unlisted(ground, sender.home)),
        };
    };
    if is_group(&address) {
        return Receiver::Group(neighbours);
    }
    if is_impossible(&address) || address.is_unspecified() {
        return Receiver::Nowhere;
    }
    let of_link = belongs_to_port(&address);
    if ground.is_own(port, &address) && !(of_link && way == Way::Out) {
        return Receiver::Is(End::router(ground));
    }
    if of_link {
        // At the other end of a link without Ethernet headers is nobody but the router.
        if packet.macs.is_none() && way == Way::In {
            return Receiver::Is(End::router(ground));
        }
        let device = by_mac.filter(|device| ground.policy.devices[device.0].zone == sender.home);
        return Receiver::Is(
            device.map_or(End::unlisted(ground, sender.home), |device| End::of_device(ground, device)),
        );
    }
    // For others it is an address like any in that zone.
    if let Some(zone) = ground.zone_of(&address).filter(|_| ground.is_directed_broadcast(&address)) {
        if zone == sender.home {
            return Receiver::Group(neighbours);
        }
        if sender.zone == ground.policy.router_zone {
            return Receiver::Group(End { zone, home: zone, device: None, forged: false });
        }
    }
    if let Some(seen) = seen_with(ground, learnt, &address)
        && by_mac.is_some_and(|device| device != seen)
    {
        return Receiver::Torn(End::unlisted(ground, ground.policy.devices[seen.0].zone));
    }
    with_address(ground, learnt, by_mac, &address).map_or(Receiver::Nowhere, Receiver::Is)
}
