//! A site of any size: zones, devices that share profiles, transitions and guardrails, as files of a policy folder.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

/// How large a site is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// Listed devices.
    pub(crate) devices: u32,
    /// Zones, an uplink and an office among them; at least 3, at most 200.
    pub(crate) zones: u32,
    /// MUD files.
    pub(crate) profiles: u32,
}

impl Site {
    /// What the project promises to cope with.
    pub(crate) const LARGE: Site = Site { devices: 100_000, zones: 50, profiles: 100 };

    /// Zones where devices stand.
    pub(crate) fn floors(&self) -> u32 {
        self.zones - 2
    }

    /// The zone of a device, counted from 0.
    pub(crate) fn floor(&self, device: u32) -> u32 {
        device % self.floors()
    }

    /// The profile of a device.
    pub(crate) fn profile(&self, device: u32) -> u32 {
        device / self.floors() % self.profiles
    }

    /// The last 16 bits of a device's addresses.
    fn host(&self, device: u32) -> u32 {
        device / self.floors() + 256
    }

    /// The IPv4 address of a device.
    pub(crate) fn ipv4(&self, device: u32) -> String {
        let host = self.host(device);
        format!("10.{}.{}.{}", self.floor(device) + 10, host >> 8, host & 0xff)
    }

    /// The IPv6 address of a device.
    pub(crate) fn ipv6(&self, device: u32) -> String {
        format!("fd00:{:x}::{:x}", self.floor(device) + 10, self.host(device))
    }

    /// The MAC of a device.
    pub(crate) fn mac(&self, device: u32) -> String {
        let [_, a, b, c] = device.to_be_bytes();
        format!("02:00:01:{a:02x}:{b:02x}:{c:02x}")
    }

    /// Whether a device has controllers of its own: those of a quarter of the profiles do.
    fn has_controllers(&self, device: u32) -> bool {
        self.profile(device).is_multiple_of(4)
    }

    /// Writes the policy into a folder: rules, one file of devices a zone, and the MUD files.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder.join("mud"))?;
        fs::write(folder.join("policy.toml"), self.rules())?;
        for floor in 0..self.floors() {
            fs::write(folder.join(format!("floor-{floor}.toml")), self.devices_of(floor))?;
        }
        for profile in 0..self.profiles {
            let text = serde_json::to_string_pretty(&mud_file(profile))?;
            fs::write(folder.join(format!("mud/kind-{profile}.json")), text)?;
        }
        Ok(())
    }

    fn devices_of(&self, floor: u32) -> String {
        let mut text = "version = 1\n".to_owned();
        for device in (0..self.devices).filter(|device| self.floor(*device) == floor) {
            let (mac, v4, v6) = (self.mac(device), self.ipv4(device), self.ipv6(device));
            let profile = self.profile(device);
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "\n[devices.device-{device}]\nmac = \"{mac}\"\naddresses = [\"{v4}\", \"{v6}\"]\nzone = \"floor-{floor}\"\n\
                 mud = [\"mud/kind-{profile}.json\"]\n"
            );
            if self.has_controllers(device) {
                let net = floor + 10;
                let _ = writeln!(text, "my-controllers = [\"10.{net}.0.5\", \"fd00:{net:x}::5\"]");
            }
        }
        text
    }

    fn rules(&self) -> String {
        let mut text = HEAD.to_owned();
        let floors = || (0..self.floors()).map(|floor| format!("\"floor-{floor}\""));
        for floor in 0..self.floors() {
            let net = floor + 10;
            let unknown = ["allow", "deny"][floor as usize % 2];
            let _ = write!(
                text,
                "\n[zones.floor-{floor}]\nports = [\"lan0.{net}\"]\nprefixes = [\"10.{net}.0.0/16\", \"fd00:{net:x}::/64\"]\n\
                 unknown = \"{unknown}\"\n"
            );
        }
        let all: Vec<String> = floors().collect();
        let _ = write!(text, "\n[groups]\nfloors = [{}]\n", all.join(", "));
        for floor in 0..self.floors().min(24) {
            let next = (floor + 1) % self.floors();
            let port = 8000 + floor;
            let _ = write!(
                text,
                "\n[[transitions]]\nfrom = \"floor-{floor}\"\nto = [\"floor-{next}\", \"same\"]\n\
                 allow = [\"tcp/{port}-{}\", \"udp/{port}\", \"icmp/echo-request\"]\ndeny = [\"tcp/{}:1-1023\"]\n",
                port + 20,
                port + 3
            );
        }
        let _ = write!(text, "\n[names]\n");
        for profile in 0..self.profiles {
            for (name, host) in ["cloud", "update", "time"].iter().zip(1..) {
                let _ = writeln!(
                    text,
                    "\"{name}.vendor-{profile}.example\" = [\"198.51.{profile}.{host}\", \"2001:db8:{profile:x}::{host}\"]"
                );
            }
        }
        text.push_str("\n[router.addresses]\nwan0 = [\"203.0.113.1/24\"]\n");
        for floor in 0..self.floors() {
            let net = floor + 10;
            let _ = writeln!(text, "\"lan0.{net}\" = [\"10.{net}.0.1/16\", \"fd00:{net:x}::1/64\"]");
        }
        text
    }
}

const HEAD: &str = r#"version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.office]
ports = ["lan1"]
prefixes = ["10.250.0.0/16", "fd00:250::/64"]

[services]
web = ["tcp/80", "tcp/443", "udp/443"]
ping = ["icmp/echo-request", "icmpv6/echo-request"]

[[transitions]]
from = "floors"
to = ["internet", "router", "office"]
allow = ["mud"]

[[transitions]]
from = "office"
to = "floors"
allow = ["mud", "ping"]

[[transitions]]
from = "office"
to = ["internet", "device-7"]
allow = ["web", "ping"]

[[transitions]]
from = ["device-1", "device-2", "device-3"]
to = "office"
allow = ["tcp/1883"]

[[guardrails]]
name = "no remote shells"
from = "*"
to = "floors"
deny = ["tcp/22-23", "tcp/3389"]
except = [{ from = "office", to = "device-7", allow = ["tcp/22"] }]

[[guardrails]]
name = "floors offer nothing to the internet"
from = "internet"
to = "floors"
deny = ["any"]

[management]
from = ["office"]
allow = ["tcp/22"]

[controllers]
"https://site.example/lighting" = ["10.250.0.8", "fd00:250::8"]
"urn:ietf:params:mud:dns" = ["10.250.0.53", "fd00:250::53"]
"#;

/// A MUD file with twenty ACEs: ten in each direction, five of them for each family.
fn mud_file(profile: u32) -> Value {
    let mut acls = Vec::new();
    for (direction, far) in [("from", "dst"), ("to", "src")] {
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

/// Five ACEs towards a name, a controller class, the device's own controllers, the local networks and its own kind.
fn aces(profile: u32, far: &str, version: u32) -> Vec<Value> {
    let port = |number: u32| json!({ format!("{}-port", if far == "dst" { "destination" } else { "source" }): { "operator": "eq", "port": number } });
    let ip = format!("ipv{version}");
    let name = ["cloud", "update", "time"][profile as usize % 3];
    let peers = [
        ("controller", json!({ "controller": "https://site.example/lighting" }), 5683),
        ("mine", json!({ "my-controller": [null] }), 8883),
        ("local", json!({ "local-networks": [null] }), 5353),
        ("kin", json!({ "same-manufacturer": [null] }), 6000 + profile),
    ];
    let mut aces = vec![json!({
        "name": "cloud",
        "matches": {
            (ip.clone()): { format!("ietf-acldns:{far}-dnsname"): format!("{name}.vendor-{profile}.example"), "protocol": 6 },
            "tcp": port(443),
        },
        "actions": { "forwarding": "accept" },
    })];
    for (name, mud, number) in peers {
        aces.push(json!({
            "name": name,
            "matches": { "ietf-mud:mud": mud, (ip.clone()): { "protocol": 17 }, "udp": port(number) },
            "actions": { "forwarding": "accept" },
        }));
    }
    aces
}
