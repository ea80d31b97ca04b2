//! Changes to the lab's wiring: a bridge, an interface that nobody planned, translation of addresses.

use std::io::Write;
use std::net::IpAddr;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::lab::{HOST_PORT, Lab, offloads, quiet, settle};
use crate::namespace::Namespace;

/// The bridge that [`bridge`] makes.
pub const BRIDGE: &str = "br0";

/// Puts `iot0` and `ot0` on one bridge, which takes over the router's addresses on `iot0`, and moves the plant's controller
/// into that network, to these addresses.
pub fn bridge(lab: &Lab, v4: IpAddr, v6: IpAddr) -> Result<()> {
    let router = &lab.router;
    router.run("ip", &["link", "add", BRIDGE, "type", "bridge", "mcast_snooping", "0", "forward_delay", "0"])?;
    router.run("ip", &["link", "set", BRIDGE, "up"])?;
    for port in ["iot0", "ot0"] {
        router.run("ip", &["address", "flush", "dev", port])?;
        router.run("ip", &["link", "set", port, "master", BRIDGE])?;
    }
    let network = lab.camera.network;
    router.run("ip", &["address", "add", &format!("{}/24", network.v4), "dev", BRIDGE])?;
    router.run("ip", &["address", "add", &format!("{}/64", network.v6), "dev", BRIDGE, "nodad"])?;
    let plant = &lab.ot.namespace;
    plant.run("ip", &["address", "flush", "dev", HOST_PORT, "scope", "global"])?;
    plant.run("ip", &["address", "add", &format!("{v4}/24"), "dev", HOST_PORT])?;
    plant.run("ip", &["address", "add", &format!("{v6}/64"), "dev", HOST_PORT, "nodad"])?;
    Ok(())
}

/// Gives the router one more interface with a host behind it: 10.99.0.1 and fd00:99::1 here, .2 and ::2 there.
pub fn stray(lab: &Lab, port: &str) -> Result<Namespace> {
    let stray = Namespace::new("stray")?;
    quiet(&stray)?;
    let peer = ["peer", "name", HOST_PORT, "netns", stray.name()];
    lab.router.run("ip", &[&["link", "add", port, "type", "veth"], &peer[..]].concat())?;
    for (namespace, port, host) in [(&lab.router, port, 1), (&stray, HOST_PORT, 2)] {
        namespace.run("ip", &["address", "add", &format!("10.99.0.{host}/24"), "dev", port])?;
        namespace.run("ip", &["address", "add", &format!("fd00:99::{host}/64"), "dev", port, "nodad"])?;
        namespace.run("ip", &["link", "set", port, "up"])?;
        offloads(namespace, port)?;
    }
    settle(&lab.router, port)?;
    settle(&stray, HOST_PORT)?;
    stray.run("ip", &["route", "add", "default", "via", "10.99.0.1"])?;
    stray.run("ip", &["-6", "route", "add", "default", "via", "fd00:99::1"])?;
    Ok(stray)
}

/// Loads rules into the router's nftables.
pub fn nft(lab: &Lab, rules: &str) -> Result<()> {
    let mut nft =
        lab.router.command("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().context("cannot run nft")?;
    let wrote = match nft.stdin.take() {
        Some(mut stdin) => stdin.write_all(rules.as_bytes()),
        None => Ok(()),
    };
    let status = nft.wait()?;
    wrote.context("nft does not listen")?;
    if !status.success() {
        bail!("nft ended with {status} on\n{rules}");
    }
    Ok(())
}
