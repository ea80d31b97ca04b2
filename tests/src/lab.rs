//! The router and its networks, built and taken down.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::namespace::{self, Namespace};
use crate::topology::{
    CAMERA, INTERNET_HOST, IOT, Mac, NETWORKS, Network, OFFICE, OFFICE_HOST, OT, OT_HOST, Place, SENSOR, WAN,
};

/// A host's only interface.
pub const HOST_PORT: &str = "eth0";

/// A router that forwards IPv4 and IPv6 between four networks. Everything goes away with the value.
#[derive(Debug)]
pub struct Lab {
    /// The router, with the ports `wan0`, `office0`, `iot0` and `ot0`.
    pub router: Namespace,
    /// The internet's servers.
    pub internet: Host,
    /// A computer of the office.
    pub office: Host,
    /// The camera.
    pub camera: Host,
    /// A device beside the camera.
    pub sensor: Host,
    /// A controller of the plant.
    pub ot: Host,
}

/// A host of the lab.
#[derive(Debug)]
pub struct Host {
    /// What it is called.
    pub name: &'static str,
    /// Where it lives.
    pub namespace: Namespace,
    /// Its network.
    pub network: Network,
    /// Its MAC.
    pub mac: Mac,
    /// Its IPv4 address.
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    pub v6: Ipv6Addr,
}

impl Host {
    /// Its address of the same family as `other`.
    pub fn like(&self, other: IpAddr) -> IpAddr {
        match other {
            IpAddr::V4(_) => self.v4.into(),
            IpAddr::V6(_) => self.v6.into(),
        }
    }
}

impl Lab {
    /// Builds the lab.
    pub fn new() -> Result<Lab> {
        namespace::sweep();
        let router = Namespace::new("router")?;
        quiet(&router)?;
        router.sysctl(&[
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            // A spoofed packet must be enforcer's to drop.
            ("ipv4/conf/all/rp_filter", "0"),
            ("ipv4/conf/default/rp_filter", "0"),
        ])?;
        let internet = cable(&router, &INTERNET_HOST)?;
        let office = cable(&router, &OFFICE_HOST)?;
        let camera = cable(&router, &CAMERA)?;
        let ot = cable(&router, &OT_HOST)?;
        for network in NETWORKS {
            settle(&router, network.port)?;
        }
        for host in [&internet, &office, &camera, &ot] {
            settle(&host.namespace, HOST_PORT)?;
        }
        let sensor = beside(&camera, &SENSOR)?;
        settle(&sensor.namespace, HOST_PORT)?;
        Ok(Lab { router, internet, office, camera, sensor, ot })
    }

    /// Every host.
    pub fn hosts(&self) -> [&Host; 5] {
        [&self.internet, &self.office, &self.camera, &self.sensor, &self.ot]
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Result<&Host> {
        match self.hosts().into_iter().find(|host| host.name == name) {
            Some(host) => Ok(host),
            None => bail!("the lab has no host {name}"),
        }
    }

    /// Tells the router its neighbours for good: none of them is asked for, and no frame waits for an answer.
    pub fn introduce(&self) -> Result<()> {
        for host in self.hosts() {
            for address in [IpAddr::from(host.v4), host.v6.into()] {
                let (address, mac) = (address.to_string(), mac_text(host.mac));
                let entry =
                    ["neigh", "replace", &address, "lladdr", &mac, "dev", host.network.port, "nud", "permanent"];
                self.router.run("ip", &entry)?;
            }
        }
        Ok(())
    }

    /// The host at the other end of a port of the router.
    pub fn at_port(&self, port: &str) -> Result<&Host> {
        for (network, host) in [(WAN, &self.internet), (OFFICE, &self.office), (IOT, &self.camera), (OT, &self.ot)] {
            if network.port == port {
                return Ok(host);
            }
        }
        bail!("the router has no port {port}; it has {}", NETWORKS.map(|network| network.port).join(", "))
    }
}

/// Makes a host with a cable to the router.
fn cable(router: &Namespace, place: &Place) -> Result<Host> {
    let namespace = Namespace::new(place.name)?;
    quiet(&namespace)?;
    let network = place.network;
    router.run(
        "ip",
        &[
            "link",
            "add",
            network.port,
            "address",
            &mac_text(network.mac),
            "type",
            "veth",
            "peer",
            "name",
            HOST_PORT,
            "address",
            &mac_text(place.mac),
            "netns",
            namespace.name(),
        ],
    )?;
    address(router, network.port, &[network.v4], &[network.v6])?;
    offloads(router, network.port)?;
    offloads(&namespace, HOST_PORT)?;
    finish(namespace, place)
}

/// Makes a host that shares the cable of another.
fn beside(other: &Host, place: &Place) -> Result<Host> {
    let namespace = Namespace::new(place.name)?;
    quiet(&namespace)?;
    // Older kernels look for the name where the command runs, and find the other host's port.
    let (name, mac) = (place.name, mac_text(place.mac));
    let stands_on = ["link", "add", "link", HOST_PORT, "name", name, "address", &mac, "netns", namespace.name()];
    other.namespace.run("ip", &[&stands_on[..], &["type", "macvlan", "mode", "bridge"]].concat())?;
    namespace.run("ip", &["link", "set", name, "name", HOST_PORT])?;
    finish(namespace, place)
}

/// Gives a host its addresses and routes.
fn finish(namespace: Namespace, place: &Place) -> Result<Host> {
    address(&namespace, HOST_PORT, place.v4, place.v6)?;
    let network = place.network;
    namespace.run("ip", &["route", "add", "default", "via", &network.v4.to_string()])?;
    namespace.run("ip", &["-6", "route", "add", "default", "via", &network.v6.to_string()])?;
    match (place.v4, place.v6) {
        ([v4, ..], [v6, ..]) => Ok(Host { name: place.name, namespace, network, mac: place.mac, v4: *v4, v6: *v6 }),
        _ => bail!("{} needs an address of each family", place.name),
    }
}

/// A host that says nothing unasked: no router solicitation, no autoconfiguration. Anyone there may ping.
pub(crate) fn quiet(namespace: &Namespace) -> Result<()> {
    namespace.sysctl(&[
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv6/conf/default/router_solicitations", "0"),
        ("ipv6/conf/default/accept_dad", "0"),
        ("ipv4/ping_group_range", "0 2147483647"),
    ])
}

fn address(namespace: &Namespace, port: &str, v4: &[Ipv4Addr], v6: &[Ipv6Addr]) -> Result<()> {
    for address in v4 {
        let address = format!("{address}/24");
        namespace.run("ip", &["address", "add", &address, "dev", port])?;
    }
    // The one that came last is the one that the system speaks from.
    for address in v6.iter().rev() {
        let address = format!("{address}/64");
        namespace.run("ip", &["address", "add", &address, "dev", port, "nodad"])?;
    }
    namespace.run("ip", &["link", "set", port, "up"])?;
    Ok(())
}

/// Tags inside the frames, where XDP sees them; whole checksums, so that a captured frame is exact.
pub(crate) fn offloads(namespace: &Namespace, port: &str) -> Result<()> {
    namespace.run("ethtool", &["-K", port, "rxvlan", "off", "txvlan", "off", "tx", "off", "gro", "on"])?;
    Ok(())
}

/// Waits until the system knows that a cable is plugged in. Until then, for up to a second, IPv6 hears nothing.
pub(crate) fn settle(namespace: &Namespace, port: &str) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(5);
    while !namespace.run("ip", &["-o", "link", "show", "dev", port])?.contains("state UP") {
        if Instant::now() >= end {
            bail!("{port} of {} did not come up", namespace.name());
        }
        // Who asks for the state of the link makes the kernel look, where it does so at all.
        namespace.run("ethtool", &[port])?;
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// A MAC as `ip` writes it.
pub fn mac_text(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
