//! A generated policy, read and compiled as the product does it, and the interfaces that its ports stand on.

use std::path::Path;

use enforcer::compile::compile;
use enforcer::compile::image::{Image, Names};
use enforcer::dataplane::overlay::{self, Entry};
use enforcer::dataplane::registry::Registry;
use enforcer::policy::{self, Loaded};
use enforcer::replay::Medium;
use enforcer_common::cell::Cell;
use enforcer_common::overlay::{WHOLE_INTERFACE, port};

use super::site::Site;
use crate::scratch::Scratch;

/// A policy that can be judged by.
#[derive(Debug)]
pub struct Prepared {
    /// As it was read.
    pub loaded: Loaded,
    /// As it was compiled.
    pub image: Image,
}

/// Why a generated policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// It was refused; the first message.
    Refused(String),
    /// It does not fit an image.
    TooLarge(String),
}

impl Prepared {
    /// Writes, reads and compiles a policy. The outer error is one of the machine.
    pub fn of(site: &Site) -> anyhow::Result<Result<Prepared, Unusable>> {
        let scratch = Scratch::new()?;
        site.write(scratch.path())?;
        Ok(Prepared::load(&scratch.file("policy.toml")))
    }

    /// Reads and compiles a policy file.
    pub fn load(path: &Path) -> Result<Prepared, Unusable> {
        let loaded = policy::load(path, None).map_err(|report| Unusable::Refused(report.rendered()))?;
        let image = compile(&loaded.policy, &loaded.facts).map_err(|error| Unusable::TooLarge(error.to_string()))?;
        Ok(Prepared { loaded, image })
    }

    /// The names behind the image's numbers.
    pub fn names(&self) -> &Names {
        &self.image.names
    }

    /// The overlay for these interfaces, and the image behind it.
    pub fn half(&self, interfaces: &Interfaces) -> Vec<Cell> {
        let mut entries = Vec::new();
        for (ifindex, interface) in interfaces.with_index() {
            let link = if interface.medium == Medium::Ip { port::IP_LINK } else { 0 };
            let mut entry = |vlans, bits, number| {
                let port = self.names().ports.get(number as usize).map_or("", |port| port.name.as_str());
                let link_locals = self.loaded.facts.link_locals_of(port);
                entries.push(Entry { ifindex, vlans, bits, number, link_locals, ..Entry::default() });
            };
            if self.loaded.policy.router.ignore.contains(&interface.name) {
                entry((WHOLE_INTERFACE, WHOLE_INTERFACE), port::IGNORED, 0);
                continue;
            }
            let here = self.names().ports.iter().zip(0..).skip(1).filter(|(port, _)| port.interface == interface.name);
            let mut alone = None;
            for (port, number) in here {
                alone = Some(alone.map_or(number, |_| 0));
                let vlan = |at: usize| port.vlans.get(at).copied().unwrap_or(0);
                entry((vlan(0), vlan(1)), port::JUDGED | link, number);
            }
            match alone {
                Some(number) => entry((WHOLE_INTERFACE, WHOLE_INTERFACE), port::JUDGED | link, number),
                // An interface that the policy does not name has a kind of frames all the same.
                None if link != 0 => entry((WHOLE_INTERFACE, WHOLE_INTERFACE), link, 0),
                None => (),
            }
        }
        overlay::half(&entries, &self.image, &mut Registry::new(1))
    }
}

/// An interface of the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// With or without Ethernet headers.
    pub medium: Medium,
}

/// The interfaces of a run, those that no policy names among them. Indices start at 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces(pub Vec<Interface>);

/// An interface that no policy names.
pub const STRAY: &str = "stray0";

impl Interfaces {
    /// The interfaces that these policies name or ignore, and one that none does.
    pub fn of<'p>(policies: impl IntoIterator<Item = &'p Prepared>) -> Interfaces {
        let mut names = vec![STRAY.to_owned()];
        for prepared in policies {
            names.extend(prepared.names().ports.iter().skip(1).map(|port| port.interface.clone()));
            names.extend(prepared.loaded.policy.router.ignore.iter().cloned());
        }
        names.sort();
        names.dedup();
        let medium = |name: &str| if name.starts_with("tun") { Medium::Ip } else { Medium::Ethernet };
        Interfaces(names.into_iter().map(|name| Interface { medium: medium(&name), name }).collect())
    }

    /// The place in the list of the interface with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|interface| interface.name == name)
    }

    fn with_index(&self) -> impl Iterator<Item = (u32, &Interface)> {
        (1..).zip(&self.0)
    }
}

/// The index that the kernel knows an interface by.
pub fn ifindex(position: usize) -> u32 {
    position as u32 + 1
}
