//! Where generations come from.

use std::path::PathBuf;

use crate::compile::image::Image;
use crate::policy::facts::{Facts, Live};
use crate::policy::model::Policy;
use crate::{compile, policy};

/// A compiled generation, with what of the policy is not in its image.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The image.
    pub image: Image,
    /// Interfaces left alone on purpose.
    pub ignore: Vec<String>,
    /// What would surprise, as a person should read it; empty where nothing does.
    pub warnings: String,
}

/// Something that yields generations. Errors are text for people.
pub trait Source {
    /// What it reads, for `status`.
    fn describe(&self) -> String;

    /// Reads everything anew.
    fn read(&mut self, live: &Live) -> Result<Compiled, String>;

    /// What was read last, on other interfaces: nothing where they make no difference to the image. The files are not
    /// looked at: what an operator is in the middle of writing does not come in force because an address changed.
    fn refresh(&mut self, live: &Live) -> Result<Option<Compiled>, String>;

    /// What the last `read` or `refresh` yielded was put in force; `refresh` compares with this.
    fn accept(&mut self);
}

/// A policy's files.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    in_force: Option<(Policy, Facts)>,
    next: Option<(Policy, Facts)>,
}

impl Files {
    /// The policy at `path`, a file or a folder.
    pub fn new(path: PathBuf) -> Self {
        Files { path, in_force: None, next: None }
    }

    fn compile(&mut self, policy: Policy, facts: Facts, warnings: String) -> Result<Compiled, String> {
        let image = compile::compile(&policy, &facts).map_err(|error| error.to_string())?;
        let ignore = policy.router.ignore.clone();
        self.next = Some((policy, facts));
        Ok(Compiled { image, ignore, warnings })
    }
}

impl Source for Files {
    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&mut self, live: &Live) -> Result<Compiled, String> {
        let loaded = policy::load(&self.path, Some(live)).map_err(|report| report.rendered())?;
        let warnings = loaded.warnings.rendered();
        self.compile(loaded.policy, loaded.facts, warnings)
    }

    fn refresh(&mut self, live: &Live) -> Result<Option<Compiled>, String> {
        let Some((policy, before)) = &self.in_force else {
            return Ok(None);
        };
        let facts = Facts::with_live(policy, &live.addresses_of(policy));
        if facts == *before {
            return Ok(None);
        }
        let policy = policy.clone();
        self.compile(policy, facts, String::new()).map(Some)
    }

    fn accept(&mut self) {
        if let Some(next) = self.next.take() {
            self.in_force = Some(next);
        }
    }
}
