//! The site that packets are judged at: its policy as files, of any number of devices and rules.
//!
//! A device's key gives its addresses and its MAC by arithmetic, so that the kernel can write the frame of any device without
//! a table of its own.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use enforcer_bench_ebpf::draw::{FLOORS, HOST_BITS};
use serde_json::{Value, json};

/// The VLAN of the tagged frames.
pub const VLAN: u16 = 30;
/// Where a device's number on its floor begins.
pub const FIRST_HOST: u32 = 256;
/// The service that every device's profile allows towards the cloud.
pub const CLOUD_SERVICE: u16 = 443;
/// A service of which no entry speaks.
pub const STRANGE_SERVICE: u16 = 9999;
/// What a guardrail forbids.
pub const FORBIDDEN_SERVICE: u16 = 23;
/// The highest number of devices: half of a floor's addresses are for unlisted ones, and some for the router.
pub const MOST_DEVICES: u32 = 1_000_000;

/// Different MUD files.
const PROFILES: u32 = 64;
/// Zones that are there for the rules' sake.
const CELLS: u32 = 64;
/// Entries that every site has: three transitions, a guardrail, and management.
const BASIC_RULES: u32 = 5;

/// A site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// Listed devices, each with a MAC, a profile, and an address of each family.
    pub devices: u32,
    /// Transitions, guardrails and management together.
    pub rules: u32,
    /// Devices have IPv6 addresses too.
    pub ipv6: bool,
}

impl Site {
    /// Writes the policy into a folder.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        assert!(self.devices <= MOST_DEVICES && self.rules >= BASIC_RULES, "{self:?} is no site");
        fs::create_dir_all(folder.join("mud"))?;
        fs::write(folder.join("policy.toml"), HEAD.to_owned() + &zones())?;
        fs::write(folder.join("rules.toml"), self.more_rules())?;
        for floor in 0..FLOORS {
            fs::write(folder.join(format!("floor-{floor}.toml")), self.devices_of(floor))?;
        }
        for profile in 0..PROFILES {
            fs::write(folder.join(format!("mud/kind-{profile}.json")), mud_file(profile).to_string())?;
        }
        Ok(())
    }

    fn devices_of(&self, floor: u32) -> String {
        let mut text = "version = 1\n".to_owned();
        for key in (floor..self.devices).step_by(FLOORS as usize) {
            let host = key / FLOORS + FIRST_HOST;
            let [_, v4_b, v4_c, v4_d] = (floor << HOST_BITS | host).to_be_bytes();
            let [mac_a, mac_b, mac_c, mac_d] = key.to_be_bytes();
            let profile = key / FLOORS % PROFILES;
            let mut addresses = format!("\"10.{v4_b}.{v4_c}.{v4_d}\"");
            if self.ipv6 {
                // Writing to a string does not fail.
                let _ = write!(addresses, ", \"fd00:10:0:{floor:x}::{:x}:{:x}\"", host >> 16, host & 0xffff);
            }
            let _ = write!(
                text,
                "\n[devices.device-{key}]\nmac = \"02:00:{mac_a:02x}:{mac_b:02x}:{mac_c:02x}:{mac_d:02x}\"\n\
                 addresses = [{addresses}]\nzone = \"floor-{floor}\"\nmud = [\"mud/kind-{profile}.json\"]\n"
            );
        }
        text
    }

    /// Rules beyond the basic ones: of a half each cell and its neighbours, of the other half single devices; one in sixteen
    /// is a guardrail between the very zones that packets are sent between.
    fn more_rules(&self) -> String {
        let mut text = "version = 1\n".to_owned();
        for rule in 0..self.rules - BASIC_RULES {
            let service = 1024 + rule / 2 % 60_000;
            let cell = rule / 2 % CELLS;
            if rule % 16 == 15 {
                let _ = write!(
                    text,
                    "\n[[guardrails]]\nname = \"guard-{rule}\"\nfrom = \"floors\"\nto = \"internet\"\ndeny = [\"tcp/{}\"]\n",
                    20_000 + rule / 16
                );
            } else if rule % 2 == 0 {
                let to = (cell + 1 + rule / 2 / CELLS % (CELLS - 1)) % CELLS;
                let _ = write!(
                    text,
                    "\n[[transitions]]\nname = \"cells-{rule}\"\nfrom = \"cell-{cell}\"\nto = \"cell-{to}\"\n\
                     allow = [\"tcp/{service}\", \"udp/{service}\"]\n"
                );
            } else {
                let device = u64::from(rule).wrapping_mul(0x9e37_79b1) % u64::from(self.devices);
                let _ = write!(
                    text,
                    "\n[[transitions]]\nname = \"device-{rule}\"\nfrom = \"cell-{cell}\"\nto = \"device-{device}\"\n\
                     allow = [\"mud\"]\n"
                );
            }
        }
        text
    }
}

const HEAD: &str = r#"version = 1

[zones.internet]
ports = ["wan0", "wan0.30"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.office]
ports = ["lan1", "lan1.30"]
prefixes = ["10.250.0.0/16", "fd00:250::/64"]

[[transitions]]
from = "floors"
to = "internet"
allow = ["mud"]

[[transitions]]
from = "office"
to = "floors"
allow = ["mud"]

[[transitions]]
from = "office"
to = "internet"
allow = ["tcp/80", "tcp/443", "udp/443"]

[[guardrails]]
name = "no telnet"
from = "floors"
to = "internet"
deny = ["tcp/23"]

[management]
from = "office"
allow = ["tcp/22"]

[router.addresses]
wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"]
lan1 = ["10.250.0.1/16", "fd00:250::1/64"]
lan0 = ["10.3.255.254/14", "fd00:10::8000:0:0:1/64"]
"#;

/// The floors, where devices stand, and the cells.
fn zones() -> String {
    let mut text = String::new();
    for floor in 0..FLOORS {
        let _ = write!(
            text,
            "\n[zones.floor-{floor}]\nports = [\"lan0\", \"lan0.{VLAN}\"]\n\
             prefixes = [\"10.{}.0.0/14\", \"fd00:10:0:{floor:x}::/64\"]\nunknown = \"deny\"\n",
            floor << (HOST_BITS - 16)
        );
    }
    for cell in 0..CELLS {
        let (vlan, net) = (100 + cell, 64 + cell);
        let _ = write!(
            text,
            "\n[zones.cell-{cell}]\nports = [\"lan1.{vlan}\"]\nprefixes = [\"10.{net}.0.0/16\", \"fd00:40:0:{net:x}::/64\"]\n"
        );
    }
    let floors: Vec<String> = (0..FLOORS).map(|floor| format!("\"floor-{floor}\"")).collect();
    let _ = write!(text, "\n[groups]\nfloors = [{}]\n", floors.join(", "));
    text
}

/// A MUD file with twenty ACEs: five for each direction and family.
fn mud_file(profile: u32) -> Value {
    let mut acls = Vec::new();
    for (direction, far) in [("from", "destination"), ("to", "source")] {
        for version in [4, 6] {
            acls.push(json!({
                "name": format!("{direction}{version}"),
                "type": format!("ipv{version}-acl-type"),
                "aces": { "ace": aces(profile, far, version) },
            }));
        }
    }
    let lists = |direction: &str| {
        let names = [4, 6].map(|version| json!({ "name": format!("{direction}{version}") }));
        json!({ "access-lists": { "access-list": names } })
    };
    json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": format!("https://vendor-{profile}.example/kind.json"),
            "last-update": "2026-01-15T09:00:00+00:00",
            "cache-validity": 48,
            "is-supported": true,
            "systeminfo": format!("kind {profile}"),
            "from-device-policy": lists("from"),
            "to-device-policy": lists("to"),
        },
        "ietf-access-control-list:acls": { "acl": acls },
    })
}

/// An ACE for the cloud, and four that differ from file to file.
fn aces(profile: u32, far: &str, version: u32) -> Vec<Value> {
    let ip = format!("ipv{version}");
    let cloud = if version == 4 { "198.18.0.0/15" } else { "2001:db8:18::/48" };
    let port = |number: u32| json!({ format!("{far}-port"): { "operator": "eq", "port": number } });
    let network = format!("{far}-ipv{version}-network");
    let mut aces = vec![json!({
        "name": "cloud",
        "matches": { (ip.clone()): { network: cloud, "protocol": 6 }, "tcp": port(u32::from(CLOUD_SERVICE)) },
        "actions": { "forwarding": "accept" },
    })];
    let kin = json!({ "same-manufacturer": [null] });
    let local = json!({ "local-networks": [null] });
    for (name, mud, number) in [
        ("local", &local, 5353),
        ("kin", &kin, 6000 + profile),
        ("report", &local, 7000 + profile),
        ("update", &kin, 8000 + profile),
    ] {
        aces.push(json!({
            "name": name,
            "matches": { "ietf-mud:mud": mud, (ip.clone()): { "protocol": 17 }, "udp": port(number) },
            "actions": { "forwarding": "accept" },
        }));
    }
    aces
}
