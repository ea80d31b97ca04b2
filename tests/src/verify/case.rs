//! Sessions as files: what a difference shrank to, and the cases that are tried again with every test.
//!
//! ```text
//! policy.toml, *.json     the policy
//! reload/                 the policy that takes its place, where there is one
//! frames.pcapng           the frames, each on its interface, at its time
//! events.txt              a line for each event: what happens, and what must become of it
//! ```

use std::borrow::Cow;
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use enforcer::replay::{Capture, Medium};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};

use super::prepared::{Interface, Interfaces, Prepared, Unusable};
use super::session::Session;
use super::traffic::{Event, What};

/// Nanoseconds: ten to the power of minus this.
const RESOLUTION: u8 = 9;
const RELOAD: &str = "reload";

/// A session read from its files.
#[derive(Debug)]
pub struct Case {
    /// The policies, in the order in which they come into force.
    pub policies: Vec<Prepared>,
    /// The interfaces that events tell of.
    pub interfaces: Interfaces,
    /// What happens.
    pub events: Vec<Event>,
    /// What must become of each event's frame, in words; nothing for a reload.
    pub expected: Vec<String>,
}

/// Writes a session into a folder, with what was found of each event.
pub fn save(session: &Session, found: &[String], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (site, folder) in session.sites.iter().zip([folder.to_owned(), folder.join(RELOAD)]) {
        fs::create_dir_all(&folder)?;
        site.write(&folder)?;
    }
    write_frames(session, &folder.join("frames.pcapng"))?;
    write_events(&session.events, &session.interfaces, found, folder)
}

/// Writes what happens, and what was found of it.
pub fn write_events(events: &[Event], interfaces: &Interfaces, found: &[String], folder: &Path) -> Result<()> {
    let mut lines = String::new();
    for (number, event) in events.iter().enumerate() {
        lines.push_str(&happening(&event.what, interfaces));
        if let Some(found) = found.get(number).filter(|found| !found.is_empty()) {
            lines.push_str(": ");
            lines.push_str(found);
        }
        lines.push('\n');
    }
    fs::write(folder.join("events.txt"), lines)?;
    Ok(())
}

/// What happens, in words.
pub fn happening(what: &What, interfaces: &Interfaces) -> String {
    let name = |position: &usize| interfaces.0[*position].name.as_str();
    match what {
        What::Enters { interface, .. } => format!("in {}", name(interface)),
        What::Leaves { interface, entered: None, .. } => format!("out {}", name(interface)),
        What::Leaves { interface, entered: Some(entered), .. } => {
            format!("out {} via {}", name(interface), name(entered))
        }
        What::Reload => RELOAD.to_owned(),
    }
}

fn write_frames(session: &Session, path: &Path) -> Result<()> {
    let mut writer = PcapNgWriter::new(File::create(path)?)?;
    for interface in &session.interfaces.0 {
        let link = if interface.medium == Medium::Ip { DataLink::RAW } else { DataLink::ETHERNET };
        let mut block = InterfaceDescriptionBlock::new(link, 0);
        block.options.push(InterfaceDescriptionOption::IfName(Cow::Borrowed(&interface.name)));
        block.options.push(InterfaceDescriptionOption::IfTsResol(RESOLUTION));
        writer.write_pcapng_block(block)?;
    }
    let mut now = 0;
    for event in &session.events {
        now += event.after;
        let (What::Enters { interface, frame } | What::Leaves { interface, frame, .. }) = &event.what else { continue };
        let packet = EnhancedPacketBlock {
            interface_id: *interface as u32,
            timestamp: Duration::from_nanos(now),
            original_len: frame.len() as u32,
            data: Cow::Borrowed(frame),
            options: Vec::new(),
        };
        writer.write_pcapng_block(packet)?;
    }
    Ok(())
}

impl Case {
    /// Reads a case from its folder.
    pub fn read(folder: &Path) -> Result<Case> {
        let shown = folder.display();
        let mut policies = vec![load(folder)?];
        if folder.join(RELOAD).is_dir() {
            policies.push(load(&folder.join(RELOAD))?);
        }
        let mut interfaces = Interfaces::default();
        let mut position = |name: &str, link: Medium| {
            interfaces.position(name).unwrap_or_else(|| {
                interfaces.0.push(Interface { name: name.to_owned(), medium: link });
                interfaces.0.len() - 1
            })
        };
        let text = fs::read_to_string(folder.join("events.txt")).with_context(|| format!("{shown} has no events"))?;
        let capture = Capture::open(&folder.join("frames.pcapng"))?;
        let mut frames = capture.frames()?;
        let (mut events, mut expected, mut before) = (Vec::new(), Vec::new(), 0);
        for line in text.lines() {
            let (what, found) = line.split_once(": ").unwrap_or((line, ""));
            expected.push(found.to_owned());
            if what == RELOAD {
                events.push(Event { after: 0, what: What::Reload });
                continue;
            }
            let frame = frames.next().with_context(|| format!("{shown} has fewer frames than events"))??;
            let medium = if frame.link == u32::from(DataLink::ETHERNET) { Medium::Ethernet } else { Medium::Ip };
            let words: Vec<&str> = what.split(' ').collect();
            let bytes = frame.bytes;
            let what = match words.as_slice() {
                ["in", name] => What::Enters { interface: position(name, medium), frame: bytes },
                ["out", name] => What::Leaves { interface: position(name, medium), entered: None, frame: bytes },
                ["out", name, "via", entered] => What::Leaves {
                    interface: position(name, medium),
                    entered: Some(position(entered, Medium::Ethernet)),
                    frame: bytes,
                },
                _ => bail!("{shown}: `{what}` is nothing that happens"),
            };
            events.push(Event { after: frame.time - before, what });
            before = frame.time;
        }
        Ok(Case { policies, interfaces, events, expected })
    }
}

fn load(folder: &Path) -> Result<Prepared> {
    match Prepared::load(&folder.join("policy.toml")) {
        Ok(prepared) => Ok(prepared),
        Err(Unusable::Refused(why) | Unusable::TooLarge(why)) => bail!("{}: {why}", folder.display()),
    }
}
