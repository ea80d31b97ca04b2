//! Who judges: the kernel program, the same code on the host over the same image, and the reference.

use anyhow::Result;
use enforcer::replay::Finding;

use super::prepared::Prepared;
use super::traffic::What;

/// Somebody who judges frames in order and remembers what he let through.
pub trait Witness<'p> {
    /// What he is called.
    fn name(&self) -> &'static str;

    /// Takes another policy; what is known of connections stays.
    fn reload(&mut self, prepared: &'p Prepared) -> Result<()>;

    /// Judges what happens at `now`. Nothing comes back for a reload, and for a frame that leaves and was judged when it
    /// entered.
    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>>;
}
