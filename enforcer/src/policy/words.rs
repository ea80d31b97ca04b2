//! Words of a policy that the model does not have any more: names of services and of groups.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Service;
use super::nearest::did_you_mean;
use super::raw::Document;
use super::service::{self, Spoken};
use super::sets::Sets;
pub use super::value::Fault;
use super::value::{self, fault};

/// What names stand for.
#[derive(Debug, Clone, Default)]
pub struct Words {
    services: BTreeMap<String, Vec<Service>>,
    groups: BTreeSet<String>,
}

/// What one word of a list of services stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<'w> {
    /// A service, written out.
    Service(Service),
    /// `mud`.
    Mud,
    /// The name of a set of services.
    Set(&'w [Service]),
}

impl Words {
    pub(super) fn of(document: &Document, sets: &Sets<'_>) -> Words {
        Words {
            services: sets.all().map(|(name, services)| (name.to_owned(), services.to_vec())).collect(),
            groups: document.groups.iter().map(|group| group.name.clone()).collect(),
        }
    }

    /// Reads a word as it stands in `allow` and `deny`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what to write instead.
    pub fn service(&self, text: &str) -> Result<Word<'_>, Fault> {
        match service::parse(text)? {
            Spoken::Service(service) => Ok(Word::Service(service)),
            Spoken::Mud => Ok(Word::Mud),
            Spoken::Name => match self.services.get(text) {
                Some(services) => Ok(Word::Set(services)),
                None => {
                    let known = self.services.keys().map(String::as_str).chain(service::WORDS.iter().copied());
                    let help = did_you_mean(text, known)
                        .unwrap_or_else(|| "write `tcp/443`, or a name from `[services]`".to_owned());
                    fault(format!("`{text}` is no service"), help)
                }
            },
        }
    }

    /// Reads the MAC of a device.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what to write instead.
    pub fn mac(text: &str) -> Result<[u8; 6], Fault> {
        value::mac(text)
    }

    /// True for the name of a group.
    pub fn is_group(&self, name: &str) -> bool {
        self.groups.contains(name)
    }
}
