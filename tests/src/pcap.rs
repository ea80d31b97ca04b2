//! Captures: written for `enforcer replay`, and played onto a wire.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use pcap_file::pcap::{PcapPacket, PcapReader, PcapWriter};

use crate::raw::Wire;

/// Writes frames as a pcap, a millisecond apart.
pub fn write<'f>(file: &Path, frames: impl IntoIterator<Item = &'f [u8]>) -> Result<()> {
    let shown = file.display();
    let created = File::create(file).with_context(|| format!("cannot create {shown}"))?;
    let mut writer = PcapWriter::new(created)?;
    for (number, frame) in (0_u32..).zip(frames) {
        let length = u32::try_from(frame.len())?;
        writer.write_packet(&PcapPacket {
            timestamp: Duration::from_millis(u64::from(number)),
            orig_len: length,
            data: Cow::Borrowed(frame),
        })?;
    }
    Ok(())
}

/// The frames of a pcap.
pub fn read(file: &Path) -> Result<Vec<Vec<u8>>> {
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut reader = PcapReader::new(opened)?;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet() {
        frames.push(packet?.data.into_owned());
    }
    Ok(frames)
}

/// Sends the frames of a pcap, as they are and as fast as the wire takes them; returns how many.
pub fn play(file: &Path, wire: &Wire) -> Result<usize> {
    let frames = read(file)?;
    for frame in &frames {
        wire.send(frame)?;
    }
    Ok(frames.len())
}
