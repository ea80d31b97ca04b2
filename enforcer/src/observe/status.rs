//! What `enforcer status` tells.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::time;

/// The state of the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the daemon.
    pub version: String,
    /// The generation in force.
    pub generation: u32,
    /// Digest of its policy.
    pub digest: String,
    /// Where the policy is read from.
    pub policy: String,
    /// Seconds since the daemon started.
    pub uptime: u64,
    /// `keep` or `detach`.
    pub on_exit: String,
    /// Interfaces with the mode of XDP.
    pub interfaces: Vec<Interface>,
    /// Interfaces in use that nobody named.
    pub unnamed: Vec<String>,
    /// Interfaces of the policy that are gone.
    pub missing: Vec<String>,
    /// Connections that are alive.
    pub connections: u64,
    /// Packets by verdict and reason.
    pub packets: BTreeMap<String, BTreeMap<String, u64>>,
    /// The last reload.
    pub last_reload: Option<Reload>,
    /// Bytes of kernel memory.
    pub memory: Memory,
}

/// An interface with the programs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub interface: String,
    /// `native` or `generic`.
    pub mode: String,
}

/// How a reload went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reload {
    /// Seconds since 1970.
    pub time: f64,
    /// What asked for it: `reload`, `SIGHUP`, `interfaces`.
    pub by: String,
    /// The generation that it put in force; none where it was refused.
    pub generation: Option<u32>,
    /// Why it was refused.
    pub error: Option<String>,
}

/// Kernel memory, by map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// By map.
    pub maps: BTreeMap<String, u64>,
}

/// A duration as people read it: `3d 4h`, `12m 5s`.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Bytes as people read them.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "policy       {} (digest {})", self.policy, self.digest)?;
        writeln!(f, "generation   {}", self.generation)?;
        let on_exit = match self.on_exit.as_str() {
            "keep" => "stays in force when the daemon ends",
            _ => "comes off when the daemon ends",
        };
        writeln!(f, "daemon       {}, up {}; {on_exit}", self.version, duration(self.uptime))?;
        for interface in &self.interfaces {
            writeln!(f, "interface    {} {}", interface.interface, interface.mode)?;
        }
        for interface in &self.missing {
            writeln!(f, "gone         {interface} (named by the policy)")?;
        }
        for interface in &self.unnamed {
            writeln!(f, "unnamed      {interface} (in no zone: what enters there leaves by no port)")?;
        }
        writeln!(f, "connections  {}", self.connections)?;
        for (verdict, reasons) in &self.packets {
            for (reason, packets) in reasons {
                writeln!(f, "packets      {packets} {verdict} {reason}")?;
            }
        }
        if let Some(reload) = &self.last_reload {
            let when = time::rfc3339(reload.time);
            match (&reload.generation, &reload.error) {
                (Some(generation), _) => writeln!(f, "last reload  {when} by {}: generation {generation}", reload.by)?,
                (None, error) => {
                    let error = error.as_deref().unwrap_or("refused");
                    writeln!(f, "last reload  {when} by {}: refused, the old stays\n{error}", reload.by)?;
                }
            }
        }
        writeln!(f, "memory       {} in the kernel", bytes(self.memory.total))?;
        for (map, size) in &self.memory.maps {
            writeln!(f, "             {} {map}", bytes(*size))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        assert_eq!([5, 65, 3700, 90_000].map(duration), ["5s", "1m 5s", "1h 1m", "1d 1h"]);
        assert_eq!([512, 20_480, 33_554_432].map(bytes), ["512 B", "20 KiB", "32 MiB"]);
    }
}
