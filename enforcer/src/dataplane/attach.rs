//! The programs on the interfaces of a generation: what hangs where, in which mode.

use std::collections::BTreeMap;

use super::bpffs::Pins;
use super::links::{self, Held, Place};
use super::load::{EGRESS, GUARD, Kernel};
use super::netlink::Interfaces;
use super::ports::Target;
use super::{Error, offload};

/// How the entrance program runs on an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the driver.
    Native,
    /// In the stack, after the kernel has made a buffer of the frame.
    Generic,
}

impl Mode {
    /// The label used in metrics, JSON and text.
    pub const fn label(self) -> &'static str {
        match self {
            Mode::Native => "native",
            Mode::Generic => "generic",
        }
    }
}

/// What is pinned for an interface.
const KINDS: [&str; 3] = ["xdp", "egress", "guard"];

/// An interface with everything of ours on it.
#[derive(Debug)]
struct Attached {
    target: Target,
    mode: Mode,
    tags_kept: bool,
    held: Vec<Held>,
}

/// Everything that hangs on interfaces.
#[derive(Debug)]
pub struct Attachments {
    pins: Pins,
    keep: bool,
    native: bool,
    interfaces: BTreeMap<String, Attached>,
}

impl Attachments {
    /// Nothing yet. With `keep` links are pinned and outlive this process; without it nothing does.
    pub fn new(pins: Pins, keep: bool) -> Self {
        Attachments { pins, keep, native: true, interfaces: BTreeMap::new() }
    }

    /// The same in generic mode everywhere, also where the driver could do better.
    #[must_use]
    pub fn always_generic(mut self) -> Self {
        self.native = false;
        self
    }

    /// Interfaces and their modes.
    pub fn modes(&self) -> impl Iterator<Item = (&str, Mode)> {
        self.interfaces.iter().map(|(name, on)| (name.as_str(), on.mode))
    }

    /// Hangs the programs on every target that does not have them yet. Where one fails, those that this call added come
    /// off again.
    pub async fn attach(&mut self, kernel: &mut Kernel, targets: &BTreeMap<String, Target>) -> Result<(), Error> {
        if self.keep {
            self.pins.prepare()?;
        }
        let mut added = Vec::new();
        for (interface, target) in targets {
            if self.interfaces.get(interface).is_some_and(|on| on.target.index == target.index) {
                if let Err(error) = self.follow(interface, target) {
                    self.undo(added);
                    return Err(error);
                }
                continue;
            }
            let taken_over = self.is_pinned(interface);
            match self.attach_one(kernel, interface, target) {
                Ok(on) => {
                    self.interfaces.insert(interface.clone(), on);
                    added.push((interface.clone(), taken_over));
                }
                Err(error) => {
                    if !taken_over {
                        self.unpin(interface);
                    }
                    self.undo(added);
                    return Err(self.name_foreign(error).await);
                }
            }
        }
        if let Err(error) = self.read_modes(&added).await {
            self.undo(added);
            return Err(error);
        }
        self.let_go_of_pins(&added)
    }

    /// Without `keep` nothing outlives this process: the pins of what it has taken over go.
    fn let_go_of_pins(&self, added: &[(String, bool)]) -> Result<(), Error> {
        if self.keep {
            return Ok(());
        }
        for (interface, _) in added {
            for kind in KINDS {
                self.pins.remove(&self.pins.path(kind, interface))?;
            }
        }
        Ok(())
    }

    /// True where an earlier run enforces on the interface.
    fn is_pinned(&self, interface: &str) -> bool {
        self.pins.path("xdp", interface).exists()
    }

    /// Takes new ones off again. What an earlier run enforced stays enforced: an error never opens a port.
    fn undo(&mut self, added: Vec<(String, bool)>) {
        for (interface, taken_over) in added {
            if !taken_over {
                self.detach(&interface);
            } else if let Some(on) = self.interfaces.remove(&interface) {
                on.held.into_iter().for_each(Held::keep);
            }
        }
    }

    fn attach_one(&self, kernel: &mut Kernel, interface: &str, target: &Target) -> Result<Attached, Error> {
        let place = Place { interface, index: target.index, pins: &self.pins, pinned: self.keep };
        let tags_kept = target.ethernet && keep_tags(interface, target.vlans)?;
        let mut held = Vec::new();
        if target.ethernet {
            held.push(links::attach_classifier(kernel.classifier(GUARD)?, &place, GUARD)?);
        }
        held.push(links::attach_classifier(kernel.classifier(EGRESS)?, &place, EGRESS)?);
        held.push(links::attach_xdp(kernel.xdp()?, &place, target.ethernet && self.native)?);
        Ok(Attached { target: target.clone(), mode: Mode::Generic, tags_kept, held })
    }

    /// Follows a target that has the programs already and may have got its first VLAN.
    fn follow(&mut self, interface: &str, target: &Target) -> Result<(), Error> {
        let Some(on) = self.interfaces.get_mut(interface) else {
            return Ok(());
        };
        if target.vlans && !on.target.vlans {
            on.tags_kept |= keep_tags(interface, true)?;
        }
        on.target = target.clone();
        Ok(())
    }

    /// Asks the kernel in which mode the new ones run.
    async fn read_modes(&mut self, added: &[(String, bool)]) -> Result<(), Error> {
        if added.is_empty() {
            return Ok(());
        }
        let live = Interfaces::read().await?;
        for (interface, _) in added {
            let Some(on) = self.interfaces.get_mut(interface) else {
                continue;
            };
            let native = live.by_name(interface).and_then(|link| link.xdp).is_some_and(|(_, native)| native);
            on.mode = if native { Mode::Native } else { Mode::Generic };
            if self.native && !native && on.target.ethernet {
                tracing::warn!(
                    "{interface}: its driver cannot run XDP natively (or not with this MTU); enforcing in generic mode, \
                     which is slower"
                );
            }
        }
        Ok(())
    }

    /// Adds to the error about a foreign program which one it is.
    async fn name_foreign(&self, error: Error) -> Error {
        let Error::ForeignProgram { interface, .. } = error else {
            return error;
        };
        let live = Interfaces::read().await.unwrap_or_default();
        let id = live.by_name(&interface).and_then(|link| link.xdp).map(|(id, _)| id);
        Error::ForeignProgram { interface, id }
    }

    /// Takes everything off the interfaces that are not among the targets.
    pub fn detach_others(&mut self, targets: &BTreeMap<String, Target>) {
        let gone: Vec<String> =
            self.interfaces.keys().filter(|interface| !targets.contains_key(*interface)).cloned().collect();
        for interface in gone {
            self.detach(&interface);
            tracing::info!("{interface}: nothing is enforced there any more");
        }
    }

    /// Removes what an earlier run left on interfaces that this one does not use.
    pub fn drop_leftovers(&self, live: &Interfaces) -> Result<(), Error> {
        let live = live.iter().map(|link| link.name.as_str());
        links::remove_others(&self.pins, self.interfaces.keys().map(String::as_str), live)
    }

    fn detach(&mut self, interface: &str) {
        let Some(on) = self.interfaces.remove(interface) else {
            return;
        };
        self.unpin(interface);
        drop(on.held);
        if on.tags_kept
            && let Err(error) = offload::restore_tags(interface)
        {
            tracing::debug!("{interface}: cannot let the card take VLAN tags off again: {error}");
        }
    }

    fn unpin(&self, interface: &str) {
        for kind in KINDS {
            if let Err(error) = self.pins.detach(&self.pins.path(kind, interface)) {
                tracing::warn!("{error}");
            }
        }
    }

    /// Takes everything off every interface.
    pub fn detach_all(&mut self) -> Result<(), Error> {
        let all: Vec<String> = self.interfaces.keys().cloned().collect();
        for interface in all {
            self.detach(&interface);
        }
        self.pins.clear().map(drop)
    }

    /// Ends as `--on-exit` says: with `keep` the programs stay in force, else everything comes off.
    pub fn end(mut self) -> Result<(), Error> {
        if !self.keep {
            return self.detach_all();
        }
        for on in std::mem::take(&mut self.interfaces).into_values() {
            on.held.into_iter().for_each(Held::keep);
        }
        Ok(())
    }
}

/// However the daemon ends: what is to stay stays on all hooks, those of kernels without links for classifiers (before
/// 6.6) too, whose filters would come off otherwise while XDP stays.
impl Drop for Attachments {
    fn drop(&mut self) {
        if self.keep {
            let left = std::mem::take(&mut self.interfaces);
            left.into_values().flat_map(|on| on.held).for_each(Held::keep);
        }
    }
}

/// Leaves VLAN tags on frames; where that cannot be had it is an error only with VLAN ports, for the guard at ingress drops
/// what carries a tag that XDP did not see.
fn keep_tags(interface: &str, vlans: bool) -> Result<bool, Error> {
    match offload::keep_tags(interface) {
        Ok(true) => {
            tracing::info!("{interface}: turned rx-vlan-offload off, so that XDP sees VLAN tags");
            Ok(true)
        }
        Ok(false) => Ok(false),
        Err(error) if vlans => Err(Error::VlanOffload { interface: interface.to_owned(), error }),
        Err(error) => {
            tracing::debug!("{interface}: cannot turn rx-vlan-offload off: {error}");
            Ok(false)
        }
    }
}
