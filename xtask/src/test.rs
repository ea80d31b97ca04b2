//! Tests.
use crate::paths::Paths;
use anyhow::{Result, bail};
pub(crate) fn test(_: &Paths, _: bool) -> Result<()> {
    bail!("not yet")
}
