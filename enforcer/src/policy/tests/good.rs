//! A policy with everything in it, and what the model says of it.

use std::net::IpAddr;

use super::load_files;
use crate::policy::model::{DeviceId, Service, Side, Unknown, ZoneId};
use crate::policy::{Loaded, RuleKind};

pub(super) const CAMERA: &str = r#"{
  "ietf-mud:mud": {
    "mud-version": 1,
    "mud-url": "https://camera.example.com/camera.json",
    "last-update": "2026-01-01T00:00:00+00:00",
    "cache-validity": 48,
    "is-supported": true,
    "systeminfo": "A camera",
    "from-device-policy": { "access-lists": { "access-list": [ { "name": "from4" } ] } },
    "to-device-policy": { "access-lists": { "access-list": [ { "name": "to4" } ] } }
  },
  "ietf-access-control-list:acls": {
    "acl": [
      {
        "name": "from4",
        "type": "ipv4-acl-type",
        "aces": { "ace": [ {
          "name": "cloud",
          "matches": {
            "ipv4": { "ietf-acldns:dst-dnsname": "cloud.example.com", "protocol": 6 },
            "tcp": { "ietf-mud:direction-initiated": "from-device", "destination-port": { "operator": "eq", "port": 443 } }
          },
          "actions": { "forwarding": "accept" }
        } ] }
      },
      {
        "name": "to4",
        "type": "ipv4-acl-type",
        "aces": { "ace": [ {
          "name": "cloud",
          "matches": {
            "ipv4": { "ietf-acldns:src-dnsname": "cloud.example.com", "protocol": 6 },
            "tcp": { "ietf-mud:direction-initiated": "from-device", "source-port": { "operator": "eq", "port": 443 } }
          },
          "actions": { "forwarding": "accept" }
        } ] }
      }
    ]
  }
}
"#;

pub(super) const ZONES: &str = r#"
version = 1

[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]

[zones.iot]
ports = ["lan0.30"]
unknown = "quarantine"

[zones.quarantine]
ports = []
prefixes = []

[zones.cell1]
ports = ["lan1", "lan0.40"]
prefixes = ["fd00:40::/64", "10.40.0.0/16"]
mode = "audit"
essentials = false

[zones.office]
ports = ["lan0.100.20"]

[router]
addresses = { "lan0.30" = ["10.30.0.1/16", "fd00:30::1/64"], "lan0.100.20" = ["10.20.0.1/24"] }
ignore = ["docker0"]
"#;

pub(super) const RULES: &str = r#"
[groups]
cells = ["cell1"]
plant = ["cells", "historian"]

[services]
web = ["tcp/80", "tcp/443", "udp/443"]
all-web = ["web", "tcp/8080"]

[[transitions]]
name = "engineering"
from = ["office", "historian"]
to = "plant"
allow = ["tcp/502", "icmp/echo-request", "icmpv6/echo-request"]
deny = ["tcp/502:22"]
until = 2036-12-01T17:00:00Z
log = true
owner = "maintenance"
why = "CHG-4711"

[[transitions]]
from = "iot"
to = ["internet", "router", "same"]
allow = ["mud", "udp/53"]

[[transitions]]
from = "office"
to = "*"
allow = "all-web"

[[guardrails]]
name = "cells never meet the internet"
from = "cells"
to = "internet"
deny = ["any"]
except = [{ from = "historian", to = "internet" }]

[management]
from = ["office"]
allow = ["tcp/22"]

[[forwards]]
at = "internet"
service = "tcp/8443"
to = "historian"
port = 443
"#;

pub(super) const DEVICES: &str = r#"
replies = "listed"

[devices.lobby-camera]
mac = "02:00:00:00:30:11"
addresses = ["fd00:30::11", "10.30.0.11"]
zone = "iot"
mud = ["mud/camera.json"]
my-controllers = ["10.30.0.5"]

[devices.yard-camera]
mac = "02-00-00-00-30-12"
zone = "iot"
mud = "./mud/camera.json"
mode = "audit"

[devices.historian]
addresses = ["10.40.0.3"]
zone = "cell1"
mode = "enforce"

[controllers]
"urn:ietf:params:mud:dns" = ["10.30.0.1", "fd00:30::1"]

[names]
"Cloud.Example.com." = ["203.0.113.10", "2001:db8::10"]
"#;

fn loaded() -> Loaded {
    let files = [("zones.toml", ZONES), ("rules.toml", RULES), ("devices.toml", DEVICES), ("mud/camera.json", CAMERA)];
    load_files(&files).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn zones_and_devices() {
    let Loaded { policy, facts, .. } = loaded();
    let zones: Vec<&str> = policy.zones.iter().map(|zone| zone.name.as_str()).collect();
    assert_eq!(zones, ["cell1", "internet", "iot", "office", "quarantine", "router"]);
    assert_eq!(policy.router_zone, ZoneId(5));

    let cell = &policy.zones[0];
    assert!(cell.audit && !cell.essentials && !cell.connected);
    assert_eq!(cell.ports[0].name, "lan0.40");
    assert_eq!(cell.place.as_ref().unwrap().to_string(), "zones.toml:16");
    assert!(policy.zones[1].is_uplink());
    let iot = &policy.zones[2];
    assert_eq!(iot.unknown, Unknown::Quarantine(ZoneId(4)));
    let nets = facts.prefixes_of(iot).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(nets, ["10.30.0.0/16", "fd00:30::/64"]);
    assert_eq!(policy.zones[3].ports[0].vlans, [100, 20]);

    let devices: Vec<&str> = policy.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(devices, ["historian", "lobby-camera", "yard-camera"]);
    let audits: Vec<bool> = policy.devices.iter().map(|device| device.audit).collect();
    assert_eq!(audits, [false, false, true]);
    assert!(policy.devices.iter().all(|device| device.replies_listed));
    assert_eq!(policy.profiles.len(), 1);
    assert_eq!(policy.profiles[0].label, "camera.json");
    assert_eq!(policy.devices[1].profiles, policy.devices[2].profiles);
    assert_eq!(policy.devices[2].mac, Some([2, 0, 0, 0, 0x30, 0x12]));
    assert_eq!(policy.names["cloud.example.com"].len(), 2);
    let dns: Vec<IpAddr> = vec!["10.30.0.1".parse().unwrap(), "fd00:30::1".parse().unwrap()];
    assert_eq!(policy.controllers["urn:ietf:params:mud:dns"], dns);
}

#[test]
fn rules() {
    let Loaded { policy, notes, warnings, .. } = loaded();
    let names: Vec<&str> = policy.transitions.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["engineering", "iot>internet+router+same", "management", "office>*"]);
    let engineering = &policy.transitions[0];
    let plant = Side { zones: vec![ZoneId(0)], devices: vec![DeviceId(0)], ..Side::default() };
    assert_eq!(engineering.to, plant);
    assert!(engineering.log);
    assert_eq!(engineering.until, Some(2_111_763_600));
    assert_eq!(engineering.allow.len(), 3);
    assert_eq!(engineering.deny.len(), 1);
    assert_eq!(engineering.place.to_string(), "rules.toml:10");
    let note = &notes[&(RuleKind::Transition, "engineering".to_owned())];
    assert_eq!(note.why.as_deref(), Some("CHG-4711"));

    let iot = &policy.transitions[1];
    assert!(iot.mud && iot.to.same && iot.to.zones == [ZoneId(1), ZoneId(5)]);
    assert_eq!(policy.transitions[2].to.zones, [policy.router_zone]);
    assert!(policy.transitions[3].to.star);
    assert_eq!(policy.transitions[3].allow.len(), 4);

    let guardrail = &policy.guardrails[0];
    assert_eq!(guardrail.deny, [Service::Any]);
    assert_eq!(guardrail.except[0].allow, [Service::Any]);
    assert_eq!(guardrail.except[0].from.devices, [DeviceId(0)]);
    assert_eq!(policy.forwards[0].port, 443);
    assert!(warnings.to_string().contains("serve nobody"), "{warnings}");
}

#[test]
fn a_service_beside_mud_serves_devices_without_profile() {
    let plain = "[devices.plain]\nzone = \"iot\"\nmac = \"02:00:00:00:30:99\"\n";
    let files = [
        ("zones.toml", ZONES),
        ("rules.toml", RULES),
        ("devices.toml", DEVICES),
        ("plain.toml", plain),
        ("mud/camera.json", CAMERA),
    ];
    let warnings = load_files(&files).unwrap().warnings;
    assert!(!warnings.to_string().contains("serve nobody"), "{warnings}");
}

#[test]
fn audit_at_top_level_covers_all() {
    let files = [
        ("audit.toml", "mode = \"audit\""),
        ("zones.toml", ZONES),
        ("rules.toml", RULES),
        ("devices.toml", DEVICES),
        ("mud/camera.json", CAMERA),
    ];
    let policy = load_files(&files).unwrap().policy;
    assert!(policy.zones.iter().all(|zone| zone.audit));
    assert!(policy.devices.iter().all(|device| device.audit));
    assert!(policy.transitions.iter().all(|rule| rule.audit));
    assert!(policy.guardrails.iter().all(|rule| rule.audit));
}

#[test]
fn mud_files_of_one_name_are_labelled_by_their_paths() {
    let device = "[devices.other]\nzone = \"iot\"\nmac = \"02:00:00:00:30:99\"\nmud = \"old/camera.json\"\n";
    let files = [
        ("zones.toml", ZONES),
        ("rules.toml", RULES),
        ("devices.toml", DEVICES),
        ("other.toml", device),
        ("mud/camera.json", CAMERA),
        ("old/camera.json", CAMERA),
    ];
    let policy = load_files(&files).unwrap().policy;
    let labels: Vec<&str> = policy.profiles.iter().map(|profile| profile.label.as_str()).collect();
    assert_eq!(labels, ["mud/camera.json", "old/camera.json"]);
    for profile in &policy.profiles {
        for ace in profile.from_device.iter().chain(&profile.to_device) {
            assert!(ace.rule.starts_with(&profile.label), "{}", ace.rule);
        }
    }
}
