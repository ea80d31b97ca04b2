//! Conversations: opened as rules speak of them, answered, closed, taken up in the middle and from the wrong end.

use std::net::IpAddr;

use enforcer::mud::profile::{Ace, Family, PeerMatch};
use enforcer::policy::model::{DeviceId, Service};
use ipnet::IpNet;

use super::packet::{self, Body, Ip};
use super::{Sent, TALKS, Traffic};
use crate::verify::ground::{Host, Intent};
use crate::verify::site::{ETHERTYPES, SECONDS, inside};

const SYN: u8 = 2;
const ACK: u8 = 16;
/// Flags of TCP that opening packets rarely have.
const ODD_FLAGS: [u8; 16] =
    [0x10, 0x18, 0x11, 0x04, 0x14, 0x12, 0xc2, 0x00, 0x20, 0x03, 0x01, 0x06, 0x15, 0xff, 0x08, 0x0a];

/// What two ends speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// TCP, UDP or SCTP.
    Ports { protocol: u8, source: u16, destination: u16 },
    /// ICMP or ICMPv6, by the family of the addresses.
    Icmp { kind: u8, code: u8, id: u16 },
    /// Another protocol over IP.
    Protocol(u8),
    /// A frame without IP.
    Frame { ethertype: u16, second: u16 },
}

/// A conversation as its opener began it.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) from: Host,
    pub(super) to: Host,
    pub(super) speech: Speech,
    /// Packets that were sent so far, by either side.
    sent: u32,
}

impl Talk {
    /// An IP packet of it, from the opener or back.
    pub(super) fn packet(&self, back: bool, flags: u8) -> Option<Ip> {
        let (from, to) = if back { (&self.to, &self.from) } else { (&self.from, &self.to) };
        let six = from.address.is_ipv6();
        let (protocol, payload) = match self.speech {
            Speech::Ports { protocol, source, destination } => {
                let ports = if back { (destination, source) } else { (source, destination) };
                let payload = match protocol {
                    6 => packet::tcp(ports, flags, &[]),
                    17 => packet::udp(ports, &[0; 12]),
                    _ => packet::sctp(ports, 1),
                };
                (protocol, payload)
            }
            Speech::Icmp { kind, code, id } => {
                let kind = match (back, six, kind) {
                    (true, false, 8) => 0,
                    (true, true, 128) => 129,
                    _ => kind,
                };
                let [high, low] = id.to_be_bytes();
                (if six { 58 } else { 1 }, packet::icmp(kind, code, [high, low, 0, 1], &[0; 24]))
            }
            Speech::Protocol(protocol) => (protocol, vec![0x45; 24]),
            Speech::Frame { .. } => return None,
        };
        Some(Ip::new(from.address, to.address, protocol, payload))
    }
}

impl Traffic<'_> {
    /// Opens a conversation.
    pub(super) fn open(&mut self) -> Option<Sent> {
        let talk = self.begin()?;
        let flags = if self.dice.percent(85) { SYN } else { *self.dice.pick(&ODD_FLAGS) };
        let sent = self.say(&talk, false, flags);
        if self.talks.len() == TALKS {
            self.talks.remove(self.dice.below(TALKS));
        }
        self.talks.push(talk);
        self.opened = true;
        sent
    }

    /// Somebody to talk, and somebody to talk to.
    pub(super) fn begin(&mut self) -> Option<Talk> {
        let intent = self.dice.maybe(&self.ground.intents).cloned();
        let (from, to, speech) = match intent {
            Some(Intent::Rule { from, to, service }) if self.dice.percent(85) => {
                let from = self.ground.member(from, None, &mut self.dice)?;
                let to = self.ground.member(to, Some(&from), &mut self.dice)?;
                let speech = self.spoken(&service, from.address.is_ipv6());
                (from, to, speech)
            }
            Some(Intent::Entry { device, from_device, ace }) if self.dice.percent(85) => {
                self.by_entry(device, from_device, ace)?
            }
            _ => {
                let (from, to) = (self.anybody()?, self.anybody()?);
                let speech = self.any_speech(from.address.is_ipv6());
                (from, to, speech)
            }
        };
        let to = if self.dice.one_in(20) { self.any_address(from.address.is_ipv6()) } else { to };
        let to = if to.address.is_ipv6() == from.address.is_ipv6() { to } else { self.of_family(&to, &from)? };
        // Few to oneself: such a packet is spoofed, whatever it speaks.
        if from.address == to.address && self.dice.percent(95) {
            return None;
        }
        Some(Talk { from, to, speech, sent: 0 })
    }

    /// A host of the sender's family in the place of one that is not.
    fn of_family(&mut self, to: &Host, from: &Host) -> Option<Host> {
        let six = from.address.is_ipv6();
        let pool = if to.place.is_none() { &self.ground.router } else { &self.ground.hosts };
        let near: Vec<&Host> =
            pool.iter().filter(|host| host.address.is_ipv6() == six && host.place == to.place).collect();
        self.dice.maybe(&near).map(|host| (*host).clone())
    }

    /// Whoever has an address at the edge of something.
    fn any_address(&mut self, six: bool) -> Host {
        let address = loop {
            let address = *self.dice.pick(&self.ground.addresses);
            if address.is_ipv6() == six {
                break address;
            }
        };
        self.ground.at(address, &mut self.dice)
    }

    fn edge(&mut self, (first, last): (u16, u16)) -> u16 {
        match self.dice.below(8) {
            0..=2 => first,
            3 | 4 => last,
            5 => first.wrapping_sub(1),
            6 => last.wrapping_add(1),
            _ => first + (u32::from(last - first) / 2) as u16,
        }
    }

    fn any_port(&mut self) -> u16 {
        if self.dice.percent(90) { *self.dice.pick(&self.ground.ports) } else { self.dice.word() }
    }

    /// Something that the service stands for, or next to it.
    fn spoken(&mut self, service: &Service, six: bool) -> Speech {
        match service {
            Service::Any => self.any_speech(six),
            Service::Protocol(protocol @ (6 | 17 | 132)) => {
                Speech::Ports { protocol: *protocol, source: self.any_port(), destination: self.any_port() }
            }
            Service::Protocol(1 | 58) => self.any_icmp(six),
            Service::Protocol(protocol) => Speech::Protocol(*protocol),
            Service::Ports { protocol, destination, source } => {
                let source = if *source == (0, u16::MAX) { self.any_port() } else { self.edge(*source) };
                Speech::Ports { protocol: *protocol, source, destination: self.edge(*destination) }
            }
            Service::Icmp { kind, code, .. } => {
                let code = code.unwrap_or_else(|| if self.dice.percent(80) { 0 } else { self.dice.byte() });
                let kind = if self.dice.percent(90) { *kind } else { kind.wrapping_add(1) };
                Speech::Icmp { kind, code, id: self.dice.word() & 3 }
            }
            Service::Ether { ethertype, second } => Speech::Frame { ethertype: *ethertype, second: self.edge(*second) },
        }
    }

    fn any_icmp(&mut self, six: bool) -> Speech {
        let kinds: &[u8] = if six { &[128, 128, 129, 1, 2, 3, 4, 133, 255] } else { &[8, 8, 0, 3, 5, 11, 12, 13, 255] };
        Speech::Icmp { kind: *self.dice.pick(kinds), code: self.dice.byte() & 1, id: self.dice.word() & 3 }
    }

    fn any_speech(&mut self, six: bool) -> Speech {
        match self.dice.below(10) {
            0..=6 => {
                let protocol = self.dice.weighted(&[(6, 6), (6, 17), (2, 132)]);
                Speech::Ports { protocol, source: self.any_port(), destination: self.any_port() }
            }
            7 => self.any_icmp(six),
            8 => Speech::Protocol(*self.dice.pick(&[0, 1, 2, 4, 41, 47, 50, 51, 58, 59, 60, 89, 254, 255])),
            _ => Speech::Frame { ethertype: *self.dice.pick(&ETHERTYPES), second: *self.dice.pick(&SECONDS) },
        }
    }

    /// What an entry of a MUD file is about.
    fn by_entry(&mut self, device: DeviceId, from_device: bool, ace: &Ace) -> Option<(Host, Host, Speech)> {
        let device_host = self.ground.device(device, &mut self.dice)?;
        let six = device_host.address.is_ipv6();
        let peer = match self.dice.maybe(&ace.peer) {
            Some(matched) => self.peer(matched, device, six),
            None => self.anybody(),
        };
        let peer = peer?;
        let (from, to) = if from_device { (device_host, peer) } else { (peer, device_host) };
        let ports = |traffic: &mut Self, ranges: &[(u16, u16)]| match traffic.dice.maybe(ranges).copied() {
            Some(range) => traffic.edge(range),
            None => traffic.any_port(),
        };
        let transport = &ace.transport;
        let speech = match transport.protocol {
            Some(protocol @ (6 | 17)) => Speech::Ports {
                protocol,
                source: ports(self, &transport.source_ports),
                destination: ports(self, &transport.destination_ports),
            },
            Some(1 | 58) => match (transport.icmp_type, transport.icmp_code) {
                (None, _) => self.any_icmp(six),
                (Some(kind), code) => Speech::Icmp { kind, code: code.unwrap_or(0), id: 1 },
            },
            Some(protocol) => Speech::Protocol(protocol),
            None => match ace.family {
                Family::Ethernet(Some(ethertype)) => Speech::Frame { ethertype, second: self.dice.word() },
                Family::Ethernet(None) | Family::Ipv4 | Family::Ipv6 | Family::Ip => self.any_speech(six),
            },
        };
        Some((from, to, speech))
    }

    fn peer(&mut self, matched: &PeerMatch, device: DeviceId, six: bool) -> Option<Host> {
        let policy = self.ground.policy;
        let own_class =
            matches!(matched, PeerMatch::Controller(class) if class.ends_with(":dns") || class.ends_with(":ntp"));
        let listed: &[IpAddr] = match matched {
            PeerMatch::Network(net) => return Some(self.in_network(*net)),
            PeerMatch::Name(name) => policy.names.get(name).map_or(&[], Vec::as_slice),
            PeerMatch::Controller(class) => match policy.controllers.get(class) {
                Some(addresses) => addresses,
                None if own_class => return self.dice.maybe(&self.ground.router).cloned(),
                None => &[],
            },
            PeerMatch::MyController => &policy.devices[device.0].my_controllers,
            PeerMatch::LocalNetworks => return self.anybody(),
            PeerMatch::SameManufacturer | PeerMatch::Manufacturer(_) | PeerMatch::Model(_) => {
                let other = DeviceId(self.dice.below(policy.devices.len()));
                return self.ground.device(other, &mut self.dice);
            }
        };
        let near: Vec<IpAddr> = listed.iter().filter(|address| address.is_ipv6() == six).copied().collect();
        match self.dice.maybe(&near).copied() {
            Some(address) => Some(self.ground.at(address, &mut self.dice)),
            None => self.anybody(),
        }
    }

    fn in_network(&mut self, net: IpNet) -> Host {
        let address = match self.dice.below(3) {
            0 => net.network(),
            1 => net.broadcast(),
            _ => inside(net, &mut self.dice),
        };
        self.ground.at(address, &mut self.dice)
    }

    /// A packet of a talk, from its opener or back.
    pub(super) fn say(&mut self, talk: &Talk, back: bool, flags: u8) -> Option<Sent> {
        let (from, to) = if back { (&talk.to, &talk.from) } else { (&talk.from, &talk.to) };
        if let Speech::Frame { ethertype, second } = talk.speech {
            if !self.has_ethernet(from.place.or(to.place)) {
                return None;
            }
            let mut payload = second.to_be_bytes().to_vec();
            payload.resize(46, 0);
            return Some(self.addressed(from, to, Body::Other(ethertype, payload)));
        }
        let ip = talk.packet(back, flags)?;
        Some(self.addressed(from, to, Body::Ip(ip)))
    }

    /// Takes up a talk that has begun.
    pub(super) fn go_on(&mut self) -> Option<Sent> {
        if self.talks.is_empty() {
            return self.open();
        }
        // The latest are the likeliest.
        let latest = self.talks.len() - 1;
        let index = if self.dice.percent(50) {
            latest - self.dice.below(self.talks.len().min(4))
        } else {
            self.dice.below(latest + 1)
        };
        let sent = self.talks[index].sent;
        let talk = self.talks[index].clone();
        let back = if sent == 0 { self.dice.percent(85) } else { self.dice.percent(50) };
        let flags = match (sent, back) {
            (0, true) if self.dice.percent(80) => SYN | ACK,
            _ => self.dice.weighted(&[
                (40, ACK),
                (20, ACK | 8),
                (8, ACK | 1),
                (4, 4),
                (3, ACK | 4),
                (8, SYN),
                (4, SYN | ACK),
                (1, ACK | 1 | 8),
                (1, 0),
            ]),
        };
        self.talks[index].sent = sent + 1;
        self.say(&talk, back, flags)
    }

    /// To a group: multicast or broadcast, of either layer.
    pub(super) fn grouped(&mut self) -> Option<Sent> {
        let mut talk = self.begin()?;
        if matches!(talk.speech, Speech::Frame { .. }) {
            let mut sent = self.say(&talk, false, 0)?;
            sent.packet.destination =
                *self.dice.pick(&[[0xff; 6], [1, 0x0c, 0xcd, 1, 0, 1], [1, 0x80, 0xc2, 0, 0, 0x0e]]);
            return Some(sent);
        }
        let groups = if talk.from.address.is_ipv6() {
            ["ff02::fb", "ff02::1", "ff05::c", "ff0e::1"]
        } else {
            ["224.0.0.251", "239.255.255.250", "255.255.255.255", "232.1.2.3"]
        };
        talk.to.address = self.dice.pick(&groups).parse().ok()?;
        self.say(&talk, false, SYN)
    }
}
