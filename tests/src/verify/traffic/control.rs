//! What keeps a network going: ARP, neighbour discovery, DHCP, IGMP and MLD, frames to the link itself; true claims and false.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packet::{self, Body, Ip, Packet};
use super::{Sent, Traffic};
use crate::verify::ground::{Host, Mac, ROUTER_MAC};

const BROADCAST: Mac = [0xff; 6];

impl Traffic<'_> {
    /// One of them, from a host or from the router itself.
    pub(super) fn control(&mut self) -> Option<Sent> {
        let sent = self.by_host()?;
        if self.extent.leaves && self.dice.percent(20) { Some(self.by_router(sent)) } else { Some(sent) }
    }

    /// The same, sent by the router at the host's port.
    fn by_router(&mut self, mut sent: Sent) -> Sent {
        (sent.from, sent.to) = (None, sent.from);
        sent.packet.source = ROUTER_MAC;
        if let Some(ip) = sent.packet.ip_mut() {
            let six = ip.source.is_ipv6();
            let own: Vec<_> = self.ground.router.iter().filter(|own| own.address.is_ipv6() == six).collect();
            if let Some(own) = self.dice.maybe(&own) {
                ip.source = own.address;
            }
        }
        sent
    }

    fn by_host(&mut self) -> Option<Sent> {
        match self.dice.below(8) {
            0 | 1 => self.arp(),
            2 | 3 => self.neighbour(),
            4 => self.dhcp(),
            5 => self.dhcp6(),
            6 => self.listener(),
            _ => self.link_control(),
        }
    }

    fn on(&mut self, from: &Host, destination: Mac, body: Body) -> Sent {
        let tags = self.tags(from.place);
        Sent { packet: Packet { destination, source: from.mac, tags, body }, from: from.place, to: None, entered: None }
    }

    fn like(&mut self, six: bool) -> Option<Host> {
        let pool = if self.dice.one_in(6) { &self.ground.neighbours } else { &self.ground.hosts };
        let hosts: Vec<&Host> = pool.iter().filter(|host| host.address.is_ipv6() == six).collect();
        self.dice.maybe(&hosts).map(|host| (*host).clone())
    }

    fn any(&mut self, six: bool) -> IpAddr {
        let near: Vec<IpAddr> =
            self.ground.addresses.iter().filter(|address| address.is_ipv6() == six).copied().collect();
        *self.dice.pick(&near)
    }

    fn arp(&mut self) -> Option<Sent> {
        let from = self.like(false)?;
        if !self.has_ethernet(from.place) {
            return None;
        }
        let claimed = match self.dice.below(6) {
            0 => self.any(false),
            1 => Ipv4Addr::UNSPECIFIED.into(),
            _ => from.address,
        };
        let mac = if self.dice.percent(85) { from.mac } else { *self.dice.pick(&self.ground.macs) };
        let target = self.any(false);
        let operation = self.dice.weighted(&[(6, 1u8), (4, 2), (1, 3), (1, 0)]);
        let (IpAddr::V4(claimed), IpAddr::V4(target)) = (claimed, target) else { return None };
        let mut bytes = vec![0, 1, 8, 0, 6, 4, 0, operation];
        bytes.extend(mac);
        bytes.extend(claimed.octets());
        bytes.extend([0; 6]);
        bytes.extend(target.octets());
        if self.dice.percent(70) {
            bytes.resize(46, 0);
        }
        let destination = if operation == 1 { BROADCAST } else { ROUTER_MAC };
        Some(self.on(&from, destination, Body::Other(0x0806, bytes)))
    }

    fn icmp6(&mut self, from: &Host, source: Ipv6Addr, to: Ipv6Addr, hops: u8, payload: Vec<u8>) -> Sent {
        let mut ip = Ip::new(source.into(), to.into(), 58, payload);
        ip.hops = hops;
        let destination = super::group_mac(&ip).unwrap_or(ROUTER_MAC);
        self.on(from, destination, Body::Ip(ip))
    }

    /// Router and neighbour solicitations and advertisements.
    fn neighbour(&mut self) -> Option<Sent> {
        let from = self.like(true)?;
        let IpAddr::V6(own) = from.address else { return None };
        let source = match self.dice.below(6) {
            0 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9),
            1 => Ipv6Addr::UNSPECIFIED,
            _ => own,
        };
        let target = if self.dice.percent(70) { IpAddr::V6(source) } else { self.any(true) };
        let IpAddr::V6(target) = target else { return None };
        let kind = *self.dice.pick(&[133u8, 134, 135, 135, 136, 136, 136, 137]);
        let mut rest = vec![];
        if kind >= 135 {
            rest.extend(target.octets());
            rest.extend([if kind == 135 { 1 } else { 2 }, 1]);
            rest.extend(from.mac);
        }
        if self.dice.one_in(15) {
            rest.truncate(self.dice.between(0, 15));
        }
        let to = match self.dice.below(4) {
            0 => "ff02::1".parse().ok()?,
            1 => "ff02::2".parse().ok()?,
            2 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 1),
            _ => match self.any(true) {
                IpAddr::V6(to) => to,
                IpAddr::V4(_) => return None,
            },
        };
        let hops = if self.dice.percent(88) { 255 } else { 64 };
        let payload = packet::icmp(kind, 0, [0; 4], &rest);
        Some(self.icmp6(&from, source, to, hops, payload))
    }

    fn dhcp(&mut self) -> Option<Sent> {
        let from = self.like(false)?;
        let client = self.dice.percent(50);
        let ports = match self.dice.below(12) {
            0 => (67, 67),
            1 => (68, 68),
            _ if client => (68, 67),
            _ => (67, 68),
        };
        let source = if client && self.dice.percent(60) { Ipv4Addr::UNSPECIFIED.into() } else { from.address };
        let to: IpAddr = match self.dice.below(4) {
            0 => self.dice.maybe(&self.ground.router).map(|own| own.address)?,
            1 => self.any(false),
            _ => Ipv4Addr::BROADCAST.into(),
        };
        if to.is_ipv6() {
            return None;
        }
        let ip = Ip::new(source, to, 17, packet::udp(ports, &[0; 32]));
        let destination = super::group_mac(&ip).unwrap_or(ROUTER_MAC);
        Some(self.on(&from, destination, Body::Ip(ip)))
    }

    fn dhcp6(&mut self) -> Option<Sent> {
        let from = self.like(true)?;
        let IpAddr::V6(own) = from.address else { return None };
        let client = self.dice.percent(50);
        let ports = if client { (546, 547) } else { (547, 546) };
        let source = if self.dice.percent(60) { Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9) } else { own };
        let to = match self.dice.below(5) {
            0 => self.any(true),
            1 => "ff05::1:3".parse().ok()?,
            2 => "fe80::9".parse().ok()?,
            _ => "ff02::1:2".parse().ok()?,
        };
        let ip = Ip::new(source.into(), to, 17, packet::udp(ports, &[0; 32]));
        let destination = super::group_mac(&ip).unwrap_or(ROUTER_MAC);
        Some(self.on(&from, destination, Body::Ip(ip)))
    }

    /// IGMP and MLD.
    fn listener(&mut self) -> Option<Sent> {
        if self.dice.percent(50) {
            let from = self.like(false)?;
            let to = match self.dice.below(4) {
                0 => self.any(false),
                1 => Ipv4Addr::new(224, 0, 0, 1).into(),
                _ => Ipv4Addr::new(224, 0, 0, 22).into(),
            };
            let mut ip = Ip::new(from.address, to, 2, vec![0x22, 0, 0, 0, 0, 0, 0, 0]);
            ip.hops = 1;
            if self.dice.percent(50) {
                // Router alert.
                ip.options = vec![0x94, 4, 0, 0];
            }
            let destination = super::group_mac(&ip).unwrap_or(ROUTER_MAC);
            return Some(self.on(&from, destination, Body::Ip(ip)));
        }
        let from = self.like(true)?;
        let IpAddr::V6(own) = from.address else { return None };
        let source = *self.dice.pick(&[own, own, Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9), Ipv6Addr::UNSPECIFIED]);
        let to = if self.dice.percent(80) { "ff02::16".parse().ok()? } else { own };
        let kind = *self.dice.pick(&[130u8, 131, 132, 143, 143]);
        let hops = if self.dice.percent(85) { 1 } else { 64 };
        let payload = packet::icmp(kind, 0, [0; 4], &[0; 16]);
        let mut sent = self.icmp6(&from, source, to, hops, payload);
        if let Some(ip) = sent.packet.ip_mut()
            && self.dice.percent(60)
        {
            ip.extensions.push((0, vec![0, 5, 2, 0, 0, 1, 0]));
        }
        Some(sent)
    }

    /// Frames to 01:80:c2:00:00:00–0f and to the addresses beside them, with EtherType or length.
    fn link_control(&mut self) -> Option<Sent> {
        let from = self.somebody()?;
        if !self.has_ethernet(from.place) {
            return None;
        }
        let last = *self.dice.pick(&[0u8, 2, 3, 0x0e, 0x0f, 0x10, 0x20]);
        let destination = [1, 0x80, 0xc2, 0, 0, last];
        let kind = *self.dice.pick(&[0x88ccu16, 0x8809, 0x888e, 38, 46, 47, 0x05ff, 0x0600]);
        let mut bytes = vec![0x42, 0x42, 3, 0, 0, 0];
        bytes.resize(46, 0);
        Some(self.on(&from, destination, Body::Other(kind, bytes)))
    }
}
