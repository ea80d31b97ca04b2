//! The blocks of a pcapng that carry frames, and what the interfaces there say of them.

use std::io::Read;
use std::sync::Arc;

use pcap_file::PcapError;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::{Block, PcapNgReader};

use super::capture::Frame;

/// The next frame; blocks of other kinds are passed over.
pub(super) fn next<R: Read>(reader: &mut PcapNgReader<R>, number: u64) -> Option<Result<Frame, PcapError>> {
    loop {
        let found = match reader.next_block()? {
            Ok(block) => Found::of(block),
            Err(error) => return Some(Err(error)),
        };
        let Some(found) = found else { continue };
        let Some(interface) = reader.interfaces().get(found.interface as usize) else {
            return Some(Err(PcapError::InvalidInterfaceId(found.interface)));
        };
        return Some(Ok(found.on(interface, number)));
    }
}

/// What a block tells of a frame.
struct Found {
    interface: u32,
    ticks: u64,
    length: u32,
    bytes: Vec<u8>,
    /// A simple block: as much as the interface captures, then padding.
    simple: bool,
    outgoing: bool,
}

impl Found {
    fn of(block: Block<'_>) -> Option<Found> {
        match block {
            Block::EnhancedPacket(packet) => Some(Found {
                interface: packet.interface_id,
                // The reader takes ticks for nanoseconds.
                ticks: packet.timestamp.as_nanos() as u64,
                length: packet.original_len,
                outgoing: packet.options.iter().any(is_outbound),
                bytes: packet.data.into_owned(),
                simple: false,
            }),
            Block::Packet(packet) => Some(Found {
                interface: u32::from(packet.interface_id),
                ticks: packet.timestamp,
                length: packet.original_len,
                outgoing: false,
                bytes: packet.data.into_owned(),
                simple: false,
            }),
            Block::SimplePacket(packet) => Some(Found {
                interface: 0,
                ticks: 0,
                length: packet.original_len,
                outgoing: false,
                bytes: packet.data.into_owned(),
                simple: true,
            }),
            Block::SectionHeader(_)
            | Block::InterfaceDescription(_)
            | Block::NameResolution(_)
            | Block::InterfaceStatistics(_)
            | Block::SystemdJournalExport(_)
            | Block::Unknown(_) => None,
        }
    }

    fn on(mut self, interface: &InterfaceDescriptionBlock<'_>, number: u64) -> Frame {
        if self.simple {
            let limit = if interface.snaplen == 0 { self.length } else { self.length.min(interface.snaplen) };
            self.bytes.truncate(limit as usize);
        }
        Frame {
            number,
            time: nanoseconds(self.ticks, interface),
            link: u32::from(interface.linktype),
            interface: name(interface),
            outgoing: self.outgoing,
            length: self.length.max(self.bytes.len() as u32),
            bytes: self.bytes,
        }
    }
}

/// The two lowest bits of a packet's flags: 1 came in, 2 went out.
fn is_outbound(option: &EnhancedPacketOption<'_>) -> bool {
    matches!(option, EnhancedPacketOption::Flags(flags) if flags & 3 == 2)
}

fn name(interface: &InterfaceDescriptionBlock<'_>) -> Option<Arc<str>> {
    interface.options.iter().find_map(|option| {
        if let InterfaceDescriptionOption::IfName(name) = option {
            return Some(Arc::from(name.as_ref()));
        }
        None
    })
}

/// Ticks of this interface's clock as nanoseconds: microseconds unless it says otherwise.
fn nanoseconds(ticks: u64, interface: &InterfaceDescriptionBlock<'_>) -> u64 {
    let mut per_second = 1_000_000u128;
    let mut offset = 0u64;
    for option in &interface.options {
        if let InterfaceDescriptionOption::IfTsResol(power) = option {
            per_second = ticks_per_second(*power);
        } else if let InterfaceDescriptionOption::IfTsOffset(seconds) = option {
            offset = *seconds;
        }
    }
    let nanoseconds = u128::from(ticks) * 1_000_000_000 / per_second;
    (nanoseconds as u64).wrapping_add(offset.wrapping_mul(1_000_000_000))
}

/// `if_tsresol`: a negative power of 2 where the highest bit is set, else of 10. Finer than a clock can be is taken as the
/// finest that can be counted.
fn ticks_per_second(resolution: u8) -> u128 {
    let power = u32::from(resolution & 0x7f);
    if resolution & 0x80 != 0 { 1 << power.min(126) } else { 10u128.pow(power.min(38)) }
}
