//! Generated policies: TOML and MUD files from a seed, as trees whose entries can be taken out one by one.

mod devices;
mod networks;
mod profile;
mod rules;
mod services;
mod zones;

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use devices::Device;
pub(super) use networks::{inside, moved};
pub(super) use services::{ETHERTYPES, SECONDS};
use zones::Zone;

/// A policy and the MUD files beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The policy: what stands in its TOML file.
    pub policy: Value,
    /// The MUD files by their names.
    pub profiles: BTreeMap<String, Value>,
}

impl Site {
    /// The policy of this seed. It need not be one that can be used.
    pub fn generate(seed: u64) -> Site {
        let mut dice = Dice::new(seed);
        let mut draft = Draft::default();
        draft.zones = zones::zones(&mut dice);
        draft.router = zones::router(&mut draft.zones, &mut dice);
        let profiles = profile::files(&mut dice);
        let names: Vec<String> = profiles.keys().cloned().collect();
        devices::devices(&mut draft, &names, &mut dice);
        services::sets(&mut draft, &mut dice);
        rules::groups(&mut draft, &mut dice);

        let mut policy = Map::new();
        policy.insert("version".into(), json!(1));
        if dice.one_in(25) {
            policy.insert("mode".into(), json!("audit"));
        }
        if dice.one_in(8) {
            policy.insert("replies".into(), json!("listed"));
        }
        policy.insert("zones".into(), draft.zones_value());
        policy.insert("devices".into(), draft.devices_value());
        policy.insert("groups".into(), json!(draft.groups));
        policy.insert("services".into(), json!(draft.sets));
        policy.insert("transitions".into(), rules::transitions(&draft, &mut dice));
        policy.insert("guardrails".into(), rules::guardrails(&draft, &mut dice));
        if dice.percent(30)
            && let Some(management) = rules::management(&draft, &mut dice)
        {
            policy.insert("management".into(), management);
        }
        policy.insert("controllers".into(), devices::controllers(&draft, &mut dice));
        policy.insert("names".into(), devices::names(&draft, &mut dice));
        policy.insert("router".into(), draft.router_value(&mut dice));
        Site { policy: Value::Object(policy), profiles }
    }

    /// This policy with a few entries less, or of another mode: what the next reload may bring.
    pub fn changed(&self, dice: &mut Dice) -> Site {
        let mut site = self.clone();
        for _ in 0..dice.between(1, 3) {
            rules::change(&mut site.policy, dice);
        }
        if let Some(name) = dice.maybe(&self.profiles.keys().cloned().collect::<Vec<_>>())
            && dice.percent(40)
            && let Some(file) = site.profiles.get_mut(name)
        {
            profile::change(file, dice);
        }
        site
    }

    /// Writes the files into a folder: `policy.toml` and the MUD files.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = toml::to_string(&self.policy).context("a policy that TOML cannot say")?;
        fs::write(folder.join("policy.toml"), text).context("cannot write the policy")?;
        for (name, file) in &self.profiles {
            let text = serde_json::to_string_pretty(file)?;
            let path = folder.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(())
    }
}

/// What has been thought of so far, and later entries refer to.
#[derive(Debug, Default)]
struct Draft {
    zones: Vec<Zone>,
    devices: Vec<Device>,
    /// The router's addresses by port.
    router: BTreeMap<String, Vec<IpNet>>,
    groups: BTreeMap<String, Vec<String>>,
    sets: BTreeMap<String, Vec<String>>,
}

impl Draft {
    /// Names that may stand on a side of a rule.
    fn subjects(&self) -> Vec<String> {
        let zones = self.zones.iter().map(|zone| zone.name.clone());
        let devices = self.devices.iter().map(|device| device.name.clone());
        zones.chain(devices).chain(self.groups.keys().cloned()).chain(["router".to_owned()]).collect()
    }

    /// Some address that means something here, or nothing at all.
    fn address(&self, dice: &mut Dice) -> IpAddr {
        let listed: Vec<IpAddr> = self.devices.iter().flat_map(|device| device.addresses.iter().copied()).collect();
        let own: Vec<IpAddr> = self.router.values().flatten().map(IpNet::addr).collect();
        let known = match dice.below(4) {
            0 => dice.maybe(&listed).copied(),
            1 => dice.maybe(&own).copied(),
            2 => {
                let nets: Vec<IpNet> = self.zones.iter().flat_map(|zone| zone.networks.iter().copied()).collect();
                dice.maybe(&nets).copied().map(|net| networks::edge(net, dice))
            }
            _ => None,
        };
        known.filter(|address| networks::is_usable(*address)).unwrap_or_else(|| networks::network(dice).addr())
    }

    fn zones_value(&self) -> Value {
        self.zones.iter().map(|zone| (zone.name.clone(), zone.value())).collect::<Map<_, _>>().into()
    }

    fn devices_value(&self) -> Value {
        self.devices.iter().map(|device| (device.name.clone(), device.value())).collect::<Map<_, _>>().into()
    }

    fn router_value(&self, dice: &mut Dice) -> Value {
        let mut router = Map::new();
        let addresses = self.router.iter().map(|(port, nets)| (port.clone(), json!(nets)));
        router.insert("addresses".into(), addresses.collect::<Map<_, _>>().into());
        if dice.one_in(3) {
            router.insert("ignore".into(), json!([zones::IGNORED]));
        }
        Value::Object(router)
    }
}
