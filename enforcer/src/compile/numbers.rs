//! Numbers for everything that has a name.

use std::collections::HashMap;

use enforcer_common::image::{PORT_ZONES, ZONE_ROUTER};
use enforcer_common::layers::RULE;

use super::Error;
use super::image::{Names, PortName, Rule};
use crate::mud::profile::Ace;
use crate::policy::model::{DeviceId, Policy, ZoneId};

/// Numbers of zones, devices, ports and rules. 0 is none, everywhere.
#[derive(Debug)]
pub(super) struct Numbers {
    zones: Vec<u16>,
    aces: HashMap<String, u32>,
    guardrails: u32,
    transitions: u32,
    /// The names behind the numbers.
    pub(super) names: Names,
}

impl Numbers {
    /// Numbers everything: `router` is zone 1, the others follow by name; guardrails come before transitions before ACEs.
    pub(super) fn of(policy: &Policy) -> Result<Numbers, Error> {
        let mut names = Names { zones: vec![String::new(), "router".to_owned()], ..Names::default() };
        let mut zones = vec![0; policy.zones.len()];
        for (i, zone) in policy.zones.iter().enumerate() {
            if ZoneId(i) == policy.router_zone {
                zones[i] = ZONE_ROUTER;
                continue;
            }
            zones[i] = names.zones.len() as u16;
            names.zones.push(zone.name.clone());
        }
        if names.zones.len() > 4096 {
            return Err(Error::TooMany("zones", names.zones.len(), 4096));
        }
        names.devices =
            std::iter::once(String::new()).chain(policy.devices.iter().map(|device| device.name.clone())).collect();
        names.ports = ports(policy, &zones)?;
        let mut rules = vec![Rule::default()];
        for guardrail in &policy.guardrails {
            rules.push(Rule { name: guardrail.name.clone(), layer: "guardrail", place: Some(guardrail.place.clone()) });
        }
        for transition in &policy.transitions {
            rules.push(Rule {
                name: transition.name.clone(),
                layer: "transition",
                place: Some(transition.place.clone()),
            });
        }
        let mut aces = HashMap::new();
        for profile in &policy.profiles {
            for ace in profile.from_device.iter().chain(&profile.to_device) {
                aces.entry(ace.rule.clone()).or_insert_with(|| {
                    rules.push(Rule { name: ace.rule.clone(), layer: "mud", place: Some(ace.place.clone()) });
                    rules.len() as u32 - 1
                });
            }
        }
        if rules.len() > RULE as usize {
            return Err(Error::TooMany("rules", rules.len(), RULE as usize));
        }
        names.rules = rules;
        Ok(Numbers { zones, aces, guardrails: 1, transitions: 1 + policy.guardrails.len() as u32, names })
    }

    /// Number of a zone.
    pub(super) fn zone(&self, zone: ZoneId) -> u16 {
        self.zones[zone.0]
    }

    /// Number of a device.
    pub(super) fn device(&self, device: DeviceId) -> u32 {
        device.0 as u32 + 1
    }

    /// Number of the guardrail at this index of the policy.
    pub(super) fn guardrail(&self, index: usize) -> u32 {
        self.guardrails + index as u32
    }

    /// Number of the transition at this index of the policy.
    pub(super) fn transition(&self, index: usize) -> u32 {
        self.transitions + index as u32
    }

    /// Number of an ACE.
    pub(super) fn ace(&self, ace: &Ace) -> u32 {
        self.aces.get(&ace.rule).copied().unwrap_or(0)
    }
}

/// The ports of all zones by name, each once.
fn ports(policy: &Policy, zones: &[u16]) -> Result<Vec<PortName>, Error> {
    let mut ports = std::collections::BTreeMap::new();
    for (i, zone) in policy.zones.iter().enumerate() {
        for port in &zone.ports {
            let entry = ports.entry(port.name.clone()).or_insert_with(|| PortName {
                name: port.name.clone(),
                interface: port.interface.clone(),
                vlans: port.vlans.clone(),
                zones: Vec::new(),
            });
            entry.zones.push(zones[i]);
            if entry.zones.len() > PORT_ZONES {
                return Err(Error::CrowdedPort(port.name.clone()));
            }
        }
    }
    Ok(std::iter::once(PortName::default()).chain(ports.into_values()).collect())
}
