//! Hosts and the frames that they send, in both families at once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{IpHeaders, IpNumber, Ipv4Header, Ipv6FlowLabel, Ipv6Header, PacketBuilder};

pub(crate) type Mac = [u8; 6];

/// The router's own on every port.
pub(crate) const ROUTER: Mac = [2, 0, 0, 0, 0, 1];
pub(crate) const BROADCAST: Mac = [0xff; 6];

pub(crate) const SYN: u8 = 2;
pub(crate) const FIN: u8 = 1;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Four,
    Six,
}

impl Family {
    /// The name of a list of this family: `from?` is `from4` or `from6`.
    pub(crate) fn written(self, text: &str) -> String {
        text.replace('?', if self == Family::Four { "4" } else { "6" })
    }
}

/// Somebody with a port, a MAC and an address of each family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    /// None for the router.
    pub(crate) port: Option<&'static str>,
    pub(crate) mac: Mac,
    pub(crate) four: Ipv4Addr,
    pub(crate) six: Ipv6Addr,
}

/// Host `id` of the networks 10.`net`.0.0 and fd00:`net`::.
pub(crate) const fn host(port: &'static str, net: u8, id: u8) -> Host {
    Host {
        port: Some(port),
        mac: [2, 0, 0, 0, net, id],
        four: Ipv4Addr::new(10, net, 0, id),
        six: Ipv6Addr::new(0xfd00, decimal(net), 0, 0, 0, 0, 0, decimal(id)),
    }
}

/// 30 as 0x30: the addresses of both families look alike.
const fn decimal(number: u8) -> u16 {
    (number / 10) as u16 * 16 + (number % 10) as u16
}

pub(crate) const OFFICE: Host = host("lan0.10", 10, 20);
pub(crate) const OFFICE2: Host = host("lan0.10", 10, 21);
pub(crate) const CAMERA: Host = host("lan0.30", 30, 11);
pub(crate) const SENSOR: Host = host("lan0.30", 30, 12);
pub(crate) const GUEST: Host = host("lan0.30", 30, 99);
pub(crate) const PLC1: Host = host("plc1", 41, 20);
pub(crate) const PLC1B: Host = host("plc1", 41, 21);
pub(crate) const PLC2: Host = host("plc2", 42, 20);

pub(crate) const CLOUD: Host = Host {
    port: Some("wan0"),
    mac: [2, 0, 0, 0, 0, 0xfe],
    four: Ipv4Addr::new(203, 0, 113, 10),
    six: Ipv6Addr::new(0x2001, 0xdb8, 0x113, 0, 0, 0, 0, 0x10),
};

/// Behind the provider's gateway.
pub(crate) const FAR: Host =
    Host { four: Ipv4Addr::new(198, 51, 100, 7), six: Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, 7), ..CLOUD };

impl Host {
    /// The router's address on this host's network.
    pub(crate) const fn router(self) -> Host {
        let [a, b, c, _] = self.four.octets();
        let [p, q, r, ..] = self.six.segments();
        Host { port: None, mac: ROUTER, four: Ipv4Addr::new(a, b, c, 1), six: Ipv6Addr::new(p, q, r, 0, 0, 0, 0, 1) }
    }

    /// The same with other addresses.
    pub(crate) fn at(self, four: &str, six: &str) -> Host {
        Host { four: four.parse().expect("an IPv4 address"), six: six.parse().expect("an IPv6 address"), ..self }
    }

    pub(crate) const fn with_mac(self, mac: Mac) -> Host {
        Host { mac, ..self }
    }

    pub(crate) const fn on(self, port: &'static str) -> Host {
        Host { port: Some(port), ..self }
    }

    pub(crate) fn address(self, family: Family) -> IpAddr {
        match family {
            Family::Four => self.four.into(),
            Family::Six => self.six.into(),
        }
    }
}

/// A frame in each family that it exists in, and where it enters.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// None where the router sends it.
    pub(crate) port: Option<&'static str>,
    pub(crate) four: Option<Vec<u8>>,
    pub(crate) six: Option<Vec<u8>>,
    /// Seconds since the frame before.
    pub(crate) after: u64,
}

impl Sent {
    /// The same frame, whatever the family: it is tried once.
    pub(crate) fn raw(port: Option<&'static str>, frame: Vec<u8>) -> Sent {
        Sent { port, four: Some(frame), six: None, after: 0 }
    }

    pub(crate) fn frame(&self, family: Family) -> Option<&[u8]> {
        match family {
            Family::Four => self.four.as_deref(),
            Family::Six => self.six.as_deref(),
        }
    }

    pub(crate) fn on(self, port: &'static str) -> Sent {
        Sent { port: Some(port), ..self }
    }

    pub(crate) fn after(self, seconds: u64) -> Sent {
        Sent { after: seconds, ..self }
    }

    pub(crate) fn only_four(self) -> Sent {
        Sent { six: None, ..self }
    }

    pub(crate) fn only_six(self) -> Sent {
        Sent { four: None, ..self }
    }

    /// With tags, the outermost first: TPID and VLAN ID.
    pub(crate) fn tagged(self, tags: &[(u16, u16)]) -> Sent {
        self.changed(|frame| {
            for (tpid, vlan) in tags.iter().rev() {
                let tag = [tpid.to_be_bytes(), vlan.to_be_bytes()].concat();
                frame.splice(12..12, tag);
            }
        })
    }

    /// With bytes of the frames changed.
    pub(crate) fn changed(mut self, change: impl Fn(&mut Vec<u8>)) -> Sent {
        self.four.iter_mut().chain(&mut self.six).for_each(change);
        self
    }
}

/// Where a frame goes next: the neighbour, the group, or the router.
pub(crate) fn next_hop(from: Host, to: Host, family: Family) -> Mac {
    match to.address(family) {
        IpAddr::V4(group) if group.is_multicast() => {
            let [_, b, c, d] = group.octets();
            [1, 0, 0x5e, b & 0x7f, c, d]
        }
        IpAddr::V6(group) if group.is_multicast() => {
            let [.., a, b, c, d] = group.octets();
            [0x33, 0x33, a, b, c, d]
        }
        IpAddr::V4(_) | IpAddr::V6(_) => {
            let beside = to.mac == BROADCAST || from.port == to.port || from.port.is_none();
            if beside { to.mac } else { ROUTER }
        }
    }
}

fn headers(from: Host, to: Host, family: Family, hops: u8) -> IpHeaders {
    match family {
        Family::Four => IpHeaders::Ipv4(
            Ipv4Header::new(0, hops, IpNumber::UDP, from.four.octets(), to.four.octets()).expect("a header"),
            Default::default(),
        ),
        Family::Six => IpHeaders::Ipv6(
            Ipv6Header {
                traffic_class: 0,
                flow_label: Ipv6FlowLabel::ZERO,
                payload_length: 0,
                next_header: IpNumber::UDP,
                hop_limit: hops,
                source: from.six.octets(),
                destination: to.six.octets(),
            },
            Default::default(),
        ),
    }
}

type Ip = etherparse::PacketBuilderStep<IpHeaders>;

/// Frames of both families.
pub(crate) fn both(from: Host, to: Host, hops: u8, build: impl Fn(Family, Ip) -> Vec<u8>) -> Sent {
    let frame = |family| {
        let ethernet = PacketBuilder::ethernet2(from.mac, next_hop(from, to, family));
        build(family, ethernet.ip(headers(from, to, family, hops)))
    };
    Sent { port: from.port, four: Some(frame(Family::Four)), six: Some(frame(Family::Six)), after: 0 }
}

/// TCP with these flags.
pub(crate) fn tcp(from: Host, to: Host, ports: (u16, u16), flags: u8) -> Sent {
    both(from, to, 64, |_, ip| {
        let mut tcp = ip.tcp(ports.0, ports.1, 1, 64_240);
        if flags & SYN != 0 {
            tcp = tcp.syn();
        }
        if flags & FIN != 0 {
            tcp = tcp.fin();
        }
        if flags & RST != 0 {
            tcp = tcp.rst();
        }
        if flags & ACK != 0 {
            tcp = tcp.ack(1);
        }
        let mut frame = Vec::new();
        tcp.write(&mut frame, &[]).expect("a frame");
        frame
    })
}

/// The SYN that opens a connection.
pub(crate) fn open(from: Host, to: Host, port: u16) -> Sent {
    tcp(from, to, (40_000, port), SYN)
}

/// The SYN+ACK that answers [`open`].
pub(crate) fn answer(from: Host, to: Host, port: u16) -> Sent {
    tcp(from, to, (port, 40_000), SYN | ACK)
}

pub(crate) fn udp(from: Host, to: Host, ports: (u16, u16)) -> Sent {
    both(from, to, 64, |_, ip| {
        let mut frame = Vec::new();
        ip.udp(ports.0, ports.1).write(&mut frame, &[0; 8]).expect("a frame");
        frame
    })
}

/// ICMP: type and code of each family.
pub(crate) fn icmp(from: Host, to: Host, four: (u8, u8), six: (u8, u8)) -> Sent {
    icmp_with(from, to, 64, (four, six), &|_| vec![0; 8])
}

/// ICMP with a hop limit and a payload.
pub(crate) fn icmp_with(
    from: Host,
    to: Host,
    hops: u8,
    kinds: ((u8, u8), (u8, u8)),
    payload: &dyn Fn(Family) -> Vec<u8>,
) -> Sent {
    both(from, to, hops, |family, ip| {
        let mut frame = Vec::new();
        let rest = [0, 7, 0, 1];
        match (family, kinds) {
            (Family::Four, ((kind, code), _)) => ip.icmpv4_raw(kind, code, rest).write(&mut frame, &payload(family)),
            (Family::Six, (_, (kind, code))) => ip.icmpv6_raw(kind, code, rest).write(&mut frame, &payload(family)),
        }
        .expect("a frame");
        frame
    })
}

pub(crate) fn ping(from: Host, to: Host) -> Sent {
    icmp(from, to, (8, 0), (128, 0))
}

pub(crate) fn pong(from: Host, to: Host) -> Sent {
    icmp(from, to, (0, 0), (129, 0))
}

/// Any other protocol over IP.
pub(crate) fn ip(from: Host, to: Host, protocol: u8, payload: &[u8]) -> Sent {
    both(from, to, 64, |_, ip| {
        let mut frame = Vec::new();
        ip.write(&mut frame, IpNumber(protocol), payload).expect("a frame");
        frame
    })
}

/// An ICMP error about `about`, which was sent earlier: destination unreachable.
pub(crate) fn unreachable(from: Host, to: Host, about: &Sent) -> Sent {
    icmp_with(from, to, 64, ((3, 3), (1, 4)), &|family| {
        about.frame(family).map_or_else(Vec::new, |frame| frame[14..].to_vec())
    })
}

/// A frame without IP.
pub(crate) fn ether(from: Host, to: Mac, ethertype: u16, payload: &[u8]) -> Sent {
    let mut frame = [&to[..], &from.mac, &ethertype.to_be_bytes(), payload].concat();
    frame.resize(frame.len().max(60), 0);
    Sent::raw(from.port, frame)
}
