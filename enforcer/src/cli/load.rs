//! What `check` and `compile` begin with: a policy, read and compiled, with all that there is to say about it on standard error.

use std::path::Path;

use anyhow::Context;

use super::Exit;
use crate::compile::{self, image::Image};
use crate::dataplane::interfaces;
use crate::policy::report::Severity;
use crate::policy::{self, Loaded};

/// The policy and its image, or how the command ends. `offline` leaves this machine's interfaces out of it.
pub(super) fn compiled(path: &Path, offline: bool) -> anyhow::Result<Result<(Loaded, Image), Exit>> {
    let live = if offline {
        None
    } else {
        let read = interfaces::read();
        Some(read.context("cannot read the interfaces of this machine; try --offline")?)
    };
    let loaded = match policy::load(path, live.as_ref()) {
        Ok(loaded) => loaded,
        Err(report) => {
            eprint!("{}", report.rendered());
            return Ok(Err(unusable(report.count(Severity::Error))));
        }
    };
    eprint!("{}", loaded.warnings.rendered());
    match compile::compile(&loaded.policy, &loaded.facts) {
        Ok(image) => Ok(Ok((loaded, image))),
        Err(error) => {
            eprintln!("error: {error}");
            Ok(Err(unusable(1)))
        }
    }
}

fn unusable(errors: usize) -> Exit {
    let s = if errors == 1 { "" } else { "s" };
    eprintln!("{errors} error{s}: the policy cannot be used");
    Exit::Problem
}
