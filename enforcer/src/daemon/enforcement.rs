//! What is in force: programs, memory, attachments, and the numbers and names that go with them.

use std::sync::Arc;

use crate::compile::image::{Image, Names};
use crate::dataplane::attach::Attachments;
use crate::dataplane::bpffs::Pins;
use crate::dataplane::load::{Kernel, Options};
use crate::dataplane::netlink::Interfaces;
use crate::dataplane::ports::Layout;
use crate::dataplane::registry::Registry;
use crate::dataplane::{Error, overlay};

use super::source::Compiled;
use crate::observe::connections::newest_generation;

/// A policy in force.
#[derive(Debug)]
pub struct Enforcement {
    /// Programs and maps.
    pub kernel: Kernel,
    /// What hangs where.
    pub attachments: Attachments,
    /// Stable numbers of zones and rules.
    pub registry: Registry,
    /// The ports of the generation on the interfaces as they are.
    pub layout: Layout,
    /// The interfaces that this was done for.
    pub live: Interfaces,
    image: Image,
    names: Arc<Names>,
    ignore: Vec<String>,
}

/// What becomes of interfaces of the policy that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They are an error: somebody has just asked for this policy.
    Refuse,
    /// They are left out until they come: one that goes must not hold up what changes on the others.
    LeaveOut,
}

impl Enforcement {
    /// Puts a first generation in force.
    pub async fn start(compiled: Compiled, live: Interfaces, pins: Pins, keep: bool) -> Result<Self, Error> {
        let layout = Layout::new(&compiled.image.names, &compiled.ignore, &live);
        layout.check()?;
        let mut options = Options::for_cells(0);
        let mut registry = Registry::new(options.rules);
        let cells = overlay::half(&layout.entries, &compiled.image, &mut registry);
        options.half = Options::for_cells(cells.len()).half;
        if keep {
            pins.prepare()?;
            options.connections_pin = Some(pins.connections());
        } else {
            pins.remove(&pins.connections())?;
        }
        let mut kernel = Kernel::load(&options)?;
        #[cfg(feature = "kernel-log")]
        if let Err(error) = kernel.follow_log() {
            tracing::warn!("no log lines from the kernel program: {error:#}");
        }
        let generation = newest_generation(kernel.map_fd("CONNECTIONS")?)
            .map_err(|error| Error::System { what: "cannot read the connections", error })?
            + 1;
        // In force before it hangs anywhere: no packet meets a program without a policy.
        kernel.memory_mut().switch(&cells, generation)?;
        let mut attachments = Attachments::new(pins.clone(), keep);
        if let Err(error) = attachments.attach(&mut kernel, &layout.attach).await {
            if !pins.list().iter().any(|path| Pins::is_link(path)) {
                pins.clear()?;
            }
            return Err(error);
        }
        attachments.drop_leftovers(&live)?;
        warn_of(&layout, None);
        Ok(Enforcement {
            kernel,
            attachments,
            registry,
            layout,
            live,
            names: Arc::new(compiled.image.names.clone()),
            image: compiled.image,
            ignore: compiled.ignore,
        })
    }

    /// Puts another generation in force in place of this one; an error leaves this one.
    pub async fn replace(&mut self, compiled: Compiled, live: Interfaces, missing: Missing) -> Result<(), Error> {
        let layout = Layout::new(&compiled.image.names, &compiled.ignore, &live);
        if missing == Missing::Refuse {
            layout.check()?;
        }
        let cells = overlay::half(&layout.entries, &compiled.image, &mut self.registry);
        let first = self.kernel.memory_mut().write_half(&cells)?;
        // New interfaces get their programs before the switch: until then what enters there is dropped, not passed.
        self.attachments.attach(&mut self.kernel, &layout.attach).await?;
        let generation = self.generation() + 1;
        self.kernel.memory().point_at(first, generation);
        self.attachments.detach_others(&layout.attach);
        warn_of(&layout, Some(&self.layout));
        self.names = Arc::new(compiled.image.names.clone());
        self.image = compiled.image;
        self.ignore = compiled.ignore;
        self.layout = layout;
        self.live = live;
        Ok(())
    }

    /// Follows the interfaces with the same image; true where that took another generation.
    pub async fn follow(&mut self, live: Interfaces) -> Result<bool, Error> {
        let layout = Layout::new(&self.names, &self.ignore, &live);
        if !layout.has_changed(&self.layout) {
            warn_of(&layout, Some(&self.layout));
            self.layout = layout;
            self.live = live;
            return Ok(false);
        }
        let compiled = Compiled { image: self.image.clone(), ignore: self.ignore.clone(), warnings: String::new() };
        self.replace(compiled, live, Missing::LeaveOut).await?;
        Ok(true)
    }

    /// The generation in force.
    pub fn generation(&self) -> u32 {
        self.kernel.memory().generation()
    }

    /// The names of the generation in force.
    pub fn names(&self) -> Arc<Names> {
        Arc::clone(&self.names)
    }

    /// The digest of the policy in force, in hexadecimal.
    pub fn digest(&self) -> String {
        self.image.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is in force and where, for people.
    pub fn describe(&self) -> String {
        let interfaces: Vec<String> =
            self.attachments.modes().map(|(interface, mode)| format!("{interface} {}", mode.label())).collect();
        let digest = self.digest();
        format!(
            "enforcing generation {} (digest {}) on {}",
            self.generation(),
            digest.get(..12).unwrap_or(&digest),
            interfaces.join(", ")
        )
    }
}

/// Says what about the interfaces would surprise, once.
fn warn_of(layout: &Layout, before: Option<&Layout>) {
    let new = |name: &String| !before.is_some_and(|before| before.unnamed.contains(name));
    for name in layout.unnamed.iter().filter(|name| new(name)) {
        tracing::warn!(
            "{name}: in use, and in no zone; what enters there leaves by no port (name it in a zone's `ports`, or list it in \
             `[router] ignore`)"
        );
    }
    for mixed in &layout.mixed {
        if before.is_some_and(|before| before.mixed.contains(mixed)) {
            continue;
        }
        let (name, members) = mixed;
        tracing::warn!(
            "{name}: its members {} are in no zone, so nothing that comes through {name} counts as judged and it leaves by no \
             port; name them too, list them in `[router] ignore`, or take them out of {name}",
            members.join(", ")
        );
    }
    for name in &layout.missing {
        if !before.is_some_and(|before| before.missing.contains(name)) {
            tracing::warn!("{name}: gone; its ports come back with it");
        }
    }
}
