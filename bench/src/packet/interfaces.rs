//! The router's interfaces: in a network namespace of the bench's own, so that nothing of the machine is touched.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use enforcer::compile::image::Names;
use enforcer::dataplane::netlink;
use enforcer::dataplane::overlay::Entry;
use enforcer::dataplane::ports::Layout;
use nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity, unshare};
use nix::unistd::Pid;

/// Where a packet enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// From the devices.
    Lan,
    /// From the office.
    Office,
    /// From the internet.
    Wan,
}

impl Port {
    const ALL: [Port; 3] = [Port::Lan, Port::Office, Port::Wan];

    /// The name in the policy.
    const fn name(self) -> &'static str {
        match self {
            Port::Lan => "lan0",
            Port::Office => "lan1",
            Port::Wan => "wan0",
        }
    }
}

/// A live interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// Its index.
    pub index: u32,
    /// Its MAC.
    pub mac: [u8; 6],
}

/// The interfaces of the calling thread's namespace.
#[derive(Debug)]
pub struct Interfaces(netlink::Interfaces);

impl Interfaces {
    /// Makes a namespace for the calling thread, and the interfaces in it. They vanish with the thread.
    pub fn new() -> Result<Interfaces> {
        unshare(CloneFlags::CLONE_NEWNET).context("a network namespace of its own needs root")?;
        for port in Port::ALL {
            let name = port.name();
            ip(&["link", "add", name, "type", "veth", "peer", "name", &format!("{name}-far")])?;
        }
        ip(&["link", "set", "lo", "up"])?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Interfaces(runtime.block_on(netlink::Interfaces::read())?))
    }

    /// The interface of a port.
    pub fn get(&self, port: Port) -> Result<Interface> {
        let link = self.0.by_name(port.name()).context("an interface that was just made is gone")?;
        let mac = link.mac.context("an interface has no MAC")?;
        Ok(Interface { index: link.index, mac })
    }

    /// What the overlay tells of them, as the daemon writes it.
    pub fn entries(&self, names: &Names) -> Result<Vec<Entry>> {
        let layout = Layout::new(names, &[], &self.0);
        layout.check()?;
        Ok(layout.entries)
    }
}

/// Keeps the calling thread on the last of its processors: interrupts go to the first ones.
pub fn stay_on_one_processor() -> Result<()> {
    let own = Pid::from_raw(0);
    let allowed = sched_getaffinity(own)?;
    let last = (0..CpuSet::count()).rev().find(|number| allowed.is_set(*number).unwrap_or_default());
    let mut set = CpuSet::new();
    set.set(last.context("no processor to run on")?)?;
    sched_setaffinity(own, &set).context("cannot stay on one processor")
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output().context("cannot start ip")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
