//! A policy ready to be asked: read, checked and compiled as the product does it.

use std::path::Path;

use thiserror::Error;

use crate::compile::image::Image;
use crate::compile::{self};
use crate::policy::facts::Live;
use crate::policy::report::Report;
use crate::policy::{self, Loaded, Texts};

/// Why a policy cannot be asked.
#[derive(Debug, Error)]
pub enum SiteError {
    /// It has errors.
    #[error("{}", .0.rendered())]
    Policy(Report),
    /// It does not compile.
    #[error("enforcer: {0}")]
    Image(String),
}

/// A policy that packets can be judged by.
#[derive(Debug)]
pub struct Site {
    /// As it was read.
    pub loaded: Loaded,
    /// As it was compiled.
    pub image: Image,
}

impl Site {
    /// Reads a policy. `live` tells the router's addresses where its interfaces are those of the policy.
    pub fn load(path: &Path, live: Option<&Live>) -> Result<Site, SiteError> {
        Site::with(path, live, &Texts::default())
    }

    /// Reads a policy with some of its files as these texts have them.
    pub fn with(path: &Path, live: Option<&Live>, texts: &Texts) -> Result<Site, SiteError> {
        let loaded = policy::load_with(path, live, texts).map_err(SiteError::Policy)?;
        match compile::compile(&loaded.policy, &loaded.facts) {
            Ok(image) => Ok(Site { loaded, image }),
            Err(error) => Err(SiteError::Image(error.to_string())),
        }
    }
}
