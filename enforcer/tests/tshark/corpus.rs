//! The frames of the public captures, all in one file for tshark.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use enforcer::replay::{Capture, Frame};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionBlock;

/// A frame and where it stands: `file:number`.
pub(crate) struct Captured {
    pub(crate) place: String,
    pub(crate) frame: Frame,
}

/// Where the captures lie: beside the checkout, and never in it.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/pcap")
}

/// The frames of every capture.
pub(crate) fn frames(folder: &Path) -> Vec<Captured> {
    let mut frames = Vec::new();
    for path in captures(folder) {
        let shown = path.strip_prefix(folder).expect("it lies there").display().to_string();
        let capture = Capture::open(&path).expect("the capture can be opened");
        for frame in capture.frames().expect("it is a capture") {
            let frame = frame.unwrap_or_else(|error| panic!("{shown}: {error}"));
            frames.push(Captured { place: format!("{shown}:{}", frame.number), frame });
        }
    }
    frames
}

/// All captures below the folder, sorted.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the corpus can be read") {
        let path = entry.expect("the corpus can be read").path();
        if path.is_dir() {
            found.extend(captures(&path));
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Writes the frames as they were captured, an interface for each link type.
pub(crate) fn write(frames: &[Captured], path: &Path) {
    let mut writer = PcapNgWriter::new(File::create(path).expect("a file")).expect("a capture");
    let mut interfaces = BTreeMap::new();
    for Captured { frame, .. } in frames {
        let next = interfaces.len() as u32;
        let interface = *interfaces.entry(frame.link).or_insert_with(|| {
            let block = InterfaceDescriptionBlock::new(DataLink::from(frame.link), 0);
            writer.write_pcapng_block(block).expect("an interface");
            next
        });
        let block = EnhancedPacketBlock {
            interface_id: interface,
            timestamp: Duration::ZERO,
            original_len: frame.length,
            data: Cow::Borrowed(&frame.bytes),
            options: Vec::new(),
        };
        writer.write_pcapng_block(block).expect("a frame");
    }
}
