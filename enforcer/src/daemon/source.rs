//! Where generations come from.

use std::path::PathBuf;

use crate::compile::image::{Image, Names};
use crate::generation::{self, Generation};
use crate::policy::facts::{Facts, Live};
use crate::policy::model::Policy;

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

/// What is kept of a generation for `refresh`.
#[derive(Debug)]
enum Known {
    /// A policy, to be compiled again, and the addresses that it was compiled for.
    Policy(Policy, Facts),
    /// The names in an image, and the addresses that it was compiled for.
    Image(Names, Facts),
}

/// A policy's files, or an image.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    in_force: Option<Known>,
    next: Option<Known>,
    /// How the image in force does not fit the router any more: told once.
    misfit: Option<String>,
}

impl Files {
    /// What lies at `path`: a policy file, a folder of them, or an image.
    pub fn new(path: PathBuf) -> Self {
        Files { path, in_force: None, next: None, misfit: None }
    }

    fn keep(&mut self, generation: Generation) -> Compiled {
        let Generation { image, facts, ignore, policy, warnings } = generation;
        self.next = Some(match policy {
            Some(policy) => Known::Policy(policy, facts),
            None => Known::Image(image.names.clone(), facts),
        });
        Compiled { image, ignore, warnings }
    }

    /// An image cannot follow the router's addresses: it stays in force, and that it does not fit them is an error.
    fn tell_once(&mut self, misfit: Option<String>) -> Result<Option<Compiled>, String> {
        if self.misfit == misfit {
            return Ok(None);
        }
        self.misfit.clone_from(&misfit);
        misfit.map_or(Ok(None), Err)
    }
}

impl Source for Files {
    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&mut self, live: &Live) -> Result<Compiled, String> {
        let generation = generation::read(&self.path, Some(live))?;
        Ok(self.keep(generation))
    }

    fn refresh(&mut self, live: &Live) -> Result<Option<Compiled>, String> {
        let generation = match &self.in_force {
            None => return Ok(None),
            Some(Known::Image(names, facts)) => {
                let misfit = generation::fits(names, facts, live).err();
                let misfit = misfit.map(|why| format!("{} {why}", self.path.display()));
                return self.tell_once(misfit);
            }
            Some(Known::Policy(policy, before)) => {
                let facts = Facts::with_live(policy, &live.addresses_of(policy));
                if facts == *before {
                    return Ok(None);
                }
                generation::of_policy(policy.clone(), facts, String::new())?
            }
        };
        Ok(Some(self.keep(generation)))
    }

    fn accept(&mut self) {
        if let Some(next) = self.next.take() {
            self.in_force = Some(next);
            self.misfit = None;
        }
    }
}
