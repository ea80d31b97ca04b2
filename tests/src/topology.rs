//! Who is where in the lab: the one table of names, MACs and addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A MAC address.
pub type Mac = [u8; 6];

/// A network of the lab: one port of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The router's interface.
    pub port: &'static str,
    /// The MAC of the router's interface.
    pub mac: Mac,
    /// The router's IPv4 address there.
    pub v4: Ipv4Addr,
    /// The router's IPv6 address there.
    pub v6: Ipv6Addr,
}

/// A host as it is planned.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What the host is called.
    pub name: &'static str,
    /// Where it is.
    pub network: Network,
    /// Its MAC.
    pub mac: Mac,
    /// Its IPv4 addresses, all /24; the first is its own.
    pub v4: &'static [Ipv4Addr],
    /// Its IPv6 addresses, all /64; the first is its own.
    pub v6: &'static [Ipv6Addr],
    /// The host whose cable it shares, each with a MAC of its own.
    pub beside: Option<&'static str>,
}

const fn mac(network: u8, host: u8) -> Mac {
    [0x02, 0, 0, 0, network, host]
}

const fn ula(network: u16, host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, network, 0, 0, 0, 0, 0, host)
}

/// An address of the internet.
pub const fn documentation(host: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0x113, 0, 0, 0, 0, host)
}

/// `wan0`: the internet.
pub const WAN: Network =
    Network { port: "wan0", mac: mac(0x71, 0x01), v4: Ipv4Addr::new(203, 0, 113, 1), v6: documentation(1) };

/// `office0`: people.
pub const OFFICE: Network =
    Network { port: "office0", mac: mac(0x10, 0x01), v4: Ipv4Addr::new(10, 10, 0, 1), v6: ula(0x10, 1) };

/// `iot0`: devices, of which the camera has a MUD profile.
pub const IOT: Network =
    Network { port: "iot0", mac: mac(0x30, 0x01), v4: Ipv4Addr::new(10, 30, 0, 1), v6: ula(0x30, 1) };

/// `ot0`: the plant.
pub const OT: Network =
    Network { port: "ot0", mac: mac(0x40, 0x01), v4: Ipv4Addr::new(10, 40, 0, 1), v6: ula(0x40, 1) };

/// Every network.
pub const NETWORKS: [Network; 4] = [WAN, OFFICE, IOT, OT];

/// The servers of the internet; `::66` and `.66` stand for the ones that nobody listed.
pub const INTERNET_HOST: Place = Place {
    name: "internet",
    network: WAN,
    mac: mac(0x71, 0x10),
    v4: &[Ipv4Addr::new(203, 0, 113, 10), Ipv4Addr::new(203, 0, 113, 66)],
    v6: &[documentation(0x10), documentation(0x66)],
    beside: None,
};

/// Someone's computer in the office.
pub const OFFICE_HOST: Place = Place {
    name: "office",
    network: OFFICE,
    mac: mac(0x10, 0x10),
    v4: &[Ipv4Addr::new(10, 10, 0, 10)],
    v6: &[ula(0x10, 0x10)],
    beside: None,
};

/// The camera in the lobby.
pub const CAMERA: Place = Place {
    name: "camera",
    network: IOT,
    mac: mac(0x30, 0x11),
    v4: &[Ipv4Addr::new(10, 30, 0, 11)],
    v6: &[ula(0x30, 0x11)],
    beside: None,
};

/// A device in the camera's network that is in nobody's list.
pub const SENSOR: Place = Place {
    name: "sensor",
    network: IOT,
    mac: mac(0x30, 0x12),
    v4: &[Ipv4Addr::new(10, 30, 0, 12)],
    v6: &[ula(0x30, 0x12)],
    beside: Some("camera"),
};

/// A controller in the plant.
pub const OT_HOST: Place = Place {
    name: "ot",
    network: OT,
    mac: mac(0x40, 0x10),
    v4: &[Ipv4Addr::new(10, 40, 0, 10)],
    v6: &[ula(0x40, 0x10)],
    beside: None,
};
