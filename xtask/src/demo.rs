//! The lab and the demo: programs of `enforcer-tests`, which need root.
use crate::paths::Paths;
use anyhow::{Result, bail};
pub(crate) fn demo(_: &Paths) -> Result<()> {
    bail!("not yet")
}
pub(crate) fn lab(_: &Paths, _: &[String]) -> Result<()> {
    bail!("not yet")
}
