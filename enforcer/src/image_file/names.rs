//! The names behind an image's numbers, and the places of its rules, as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::ImageFile;
use crate::compile::image::{Image, Names, PortName, Rule};
use crate::policy::facts::Facts;
use crate::policy::model::Place;

/// What the numbers stand for. Entry 0 of each list, which stands for "none", is left out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    zones: Vec<String>,
    devices: Vec<String>,
    ports: Vec<Port>,
    rules: Vec<(Layer, String)>,
    ignore: Vec<String>,
    addresses: Vec<(String, Vec<IpNet>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Port {
    name: String,
    interface: String,
    vlans: Vec<u16>,
    zones: Vec<u16>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Layer {
    Guardrail,
    Transition,
    Mud,
}

impl Layer {
    const ALL: [(&'static str, Layer); 3] =
        [("guardrail", Layer::Guardrail), ("transition", Layer::Transition), ("mud", Layer::Mud)];

    fn of(label: &str) -> Layer {
        Layer::ALL.iter().find(|known| known.0 == label).map_or(Layer::Transition, |known| known.1)
    }

    const fn label(self) -> &'static str {
        Layer::ALL[self as usize].0
    }
}

/// Where rules were written: files, and for each rule its file (an index) and line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    files: Vec<String>,
    rules: Vec<Option<(usize, u32)>>,
}

fn json(document: &impl Serialize) -> Vec<u8> {
    // These documents hold nothing that JSON cannot say, and writing to memory does not fail.
    serde_json::to_vec(document).unwrap_or_default()
}

/// The names as JSON.
pub(super) fn write(file: &ImageFile) -> Vec<u8> {
    let names = &file.image.names;
    let ports = names.ports.iter().skip(1).map(|port| Port {
        name: port.name.clone(),
        interface: port.interface.clone(),
        vlans: port.vlans.clone(),
        zones: port.zones.clone(),
    });
    json(&Document {
        zones: names.zones.iter().skip(1).cloned().collect(),
        devices: names.devices.iter().skip(1).cloned().collect(),
        ports: ports.collect(),
        rules: names.rules.iter().skip(1).map(|rule| (Layer::of(rule.layer), rule.name.clone())).collect(),
        ignore: file.ignore.clone(),
        addresses: file.facts.addresses.iter().map(|(port, nets)| (port.clone(), nets.clone())).collect(),
    })
}

/// Reads them; cells and digest are still to come.
pub(super) fn read(bytes: &[u8]) -> Result<ImageFile, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| format!("its names cannot be read: {error}"))?;
    let ports: Vec<String> = document.ports.iter().map(|port| port.name.clone()).collect();
    for (what, list) in [("zone", &document.zones), ("device", &document.devices), ("port", &ports)] {
        distinct(what, list)?;
    }
    if document.zones.first().is_none_or(|zone| zone != "router") {
        return Err("its first zone is not the router".into());
    }
    let mut places = BTreeSet::new();
    for port in &document.ports {
        if !places.insert((&port.interface, &port.vlans)) {
            return Err(format!("`{}` is another port too", port.name));
        }
        let fine = |id: &u16| (1..=4094).contains(id);
        if port.interface.is_empty() || port.vlans.len() > 2 || !port.vlans.iter().all(fine) {
            return Err(format!("`{}` can be no port", port.name));
        }
    }
    let addresses: BTreeMap<String, Vec<IpNet>> = document.addresses.into_iter().collect();
    let ports = document.ports.into_iter().map(|port| PortName {
        name: port.name,
        interface: port.interface,
        vlans: port.vlans,
        zones: port.zones,
    });
    let rules = document.rules.into_iter().map(|(layer, name)| Rule { name, layer: layer.label(), place: None });
    let names = Names {
        zones: behind_none(document.zones),
        devices: behind_none(document.devices),
        ports: behind_none(ports),
        rules: behind_none(rules),
    };
    let image = Image { cells: Vec::new(), digest: [0; 32], names };
    Ok(ImageFile { image, facts: Facts { addresses }, ignore: document.ignore })
}

fn behind_none<T: Default>(list: impl IntoIterator<Item = T>) -> Vec<T> {
    std::iter::once(T::default()).chain(list).collect()
}

/// Names are not empty, and each stands for one number.
fn distinct(what: &str, names: &[String]) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for name in names {
        if name.is_empty() || !known.insert(name) {
            return Err(format!("it has two {what}s `{name}`, or one without a name"));
        }
    }
    Ok(())
}

/// The places of the rules as JSON.
pub(super) fn write_places(names: &Names) -> Vec<u8> {
    let files: BTreeSet<&str> =
        names.rules.iter().filter_map(|rule| rule.place.as_ref()).map(|place| &*place.file).collect();
    let numbers: BTreeMap<&str, usize> = files.iter().copied().zip(0..).collect();
    let of = |place: &Place| (numbers[&*place.file], place.line);
    let rules = names.rules.iter().skip(1).map(|rule| rule.place.as_ref().map(of)).collect();
    json(&Places { files: files.into_iter().map(str::to_owned).collect(), rules })
}

/// Gives the rules their places.
pub(super) fn read_places(bytes: &[u8], names: &mut Names) -> Result<(), String> {
    let places: Places =
        serde_json::from_slice(bytes).map_err(|error| format!("its appendix cannot be read: {error}"))?;
    if places.rules.len() + 1 != names.rules.len() {
        return Err(format!("it has {} rules and places of {}", names.rules.len() - 1, places.rules.len()));
    }
    let files: Vec<Arc<str>> = places.files.iter().map(|file| Arc::from(file.as_str())).collect();
    for (rule, place) in names.rules.iter_mut().skip(1).zip(places.rules) {
        rule.place = match place {
            None => None,
            Some((file, line)) => {
                let file = files.get(file).ok_or("a place in a file that it does not name")?;
                Some(Place { file: Arc::clone(file), line })
            }
        };
    }
    Ok(())
}
