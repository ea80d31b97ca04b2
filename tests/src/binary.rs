//! Where the `enforcer` under test is.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The binary named by `ENFORCER_BIN`, else the one built beside the running program.
pub fn enforcer() -> Result<PathBuf> {
    if let Some(given) = env::var_os("ENFORCER_BIN") {
        return Ok(PathBuf::from(given));
    }
    // <target>/<profile>/deps/<test>, or <target>/<profile>/<program>
    let own = env::current_exe()?;
    for folder in own.ancestors().skip(1).take(2).map(Path::to_path_buf) {
        let binary = folder.join("enforcer");
        if binary.is_file() {
            return Ok(binary);
        }
    }
    bail!("there is no enforcer yet: run `cargo xtask build`, or name one in ENFORCER_BIN")
}
