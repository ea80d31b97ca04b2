//! pcap and pcapng in all their dialects.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapWriter, RawPcapPacket};
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::{Block, PcapNgBlock};
use pcap_file::{DataLink, Endianness, TsResolution};
use tempfile::NamedTempFile;

use crate::replay::capture::{Capture, CaptureError, Frame};

fn frames(content: &[u8]) -> (Vec<Frame>, Option<CaptureError>) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let capture = Capture::open(file.path()).unwrap();
    let mut found = Vec::new();
    let frames = match capture.frames() {
        Ok(frames) => frames,
        Err(error) => return (found, Some(error)),
    };
    for frame in frames {
        match frame {
            Ok(frame) => found.push(frame),
            Err(error) => return (found, Some(error)),
        }
    }
    (found, None)
}

/// Two frames, of which the second is cut: at 1.5 s and 2.000000001 s, as far as the file can say so.
fn pcap(endianness: Endianness, ts_resolution: TsResolution) -> Vec<u8> {
    let header = PcapHeader { endianness, ts_resolution, snaplen: 96, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    let (half, one) = match ts_resolution {
        TsResolution::MicroSecond => (500_000, 0),
        TsResolution::NanoSecond => (500_000_000, 1),
    };
    for (ts_sec, ts_frac, orig_len, data) in [(1, half, 4, &[1u8, 2, 3, 4][..]), (2, one, 1500, &[5; 96])] {
        let packet =
            RawPcapPacket { ts_sec, ts_frac, incl_len: data.len() as u32, orig_len, data: Cow::Borrowed(data) };
        writer.write_raw_packet(&packet).unwrap();
    }
    writer.into_writer()
}

#[test]
fn every_dialect_of_pcap_is_read() {
    for endianness in [Endianness::Big, Endianness::Little] {
        for (resolution, second) in
            [(TsResolution::MicroSecond, 2_000_000_000), (TsResolution::NanoSecond, 2_000_000_001)]
        {
            let (frames, error) = frames(&pcap(endianness, resolution));
            assert!(error.is_none());
            let told: Vec<_> = frames.iter().map(|frame| (frame.number, frame.time, frame.length)).collect();
            assert_eq!(told, [(1, 1_500_000_000, 4), (2, second, 1500)]);
            assert_eq!(frames[0].bytes, [1, 2, 3, 4]);
            assert_eq!((frames[1].bytes.len(), frames[1].link), (96, 1));
        }
    }
}

#[test]
fn a_broken_file_gives_the_frames_before() {
    let whole = pcap(Endianness::Little, TsResolution::MicroSecond);
    let (frames, error) = frames(&whole[..whole.len() - 1]);
    assert_eq!(frames.len(), 1);
    let text = error.unwrap().to_string();
    assert_eq!(text, "the capture is broken at frame 2: the file ends in the middle of it, or its length is wrong");
}

#[test]
fn other_files_are_no_captures() {
    for content in [&b""[..], b"\xd4\xc3", b"version = 1\n", b"\xd4\xc3\xb2\xa1\x02\x00"] {
        let (frames, error) = frames(content);
        assert!(frames.is_empty());
        assert!(matches!(error, Some(CaptureError::NoCapture(_))));
    }
}

fn interface(name: &str, options: &[InterfaceDescriptionOption<'static>]) -> Block<'static> {
    let mut block = InterfaceDescriptionBlock::new(DataLink::ETHERNET, 96);
    block.options = vec![InterfaceDescriptionOption::IfName(Cow::Owned(name.to_owned()))];
    block.options.extend(options.iter().cloned());
    block.into_block()
}

fn packet(interface_id: u32, ticks: u64, flags: Option<u32>) -> Block<'static> {
    EnhancedPacketBlock {
        interface_id,
        timestamp: Duration::from_nanos(ticks),
        original_len: 1500,
        data: Cow::Borrowed(&[7; 96]),
        options: flags.into_iter().map(EnhancedPacketOption::Flags).collect(),
    }
    .into_block()
}

fn pcapng(endianness: Endianness, blocks: &[Block<'_>]) -> Vec<u8> {
    let mut writer = PcapNgWriter::with_endianness(Vec::new(), endianness).unwrap();
    for block in blocks {
        writer.write_block(block).unwrap();
    }
    writer.into_inner()
}

#[test]
fn pcapng_tells_interfaces_directions_and_its_own_units_of_time() {
    for endianness in [Endianness::Big, Endianness::Little] {
        let blocks = [
            interface("lan0", &[]),
            interface("wan0", &[InterfaceDescriptionOption::IfTsResol(9)]),
            interface("lan1", &[InterfaceDescriptionOption::IfTsResol(0x80 | 10)]),
            interface("lan2", &[InterfaceDescriptionOption::IfTsOffset(60)]),
            packet(0, 1_500_000, None),
            packet(1, 1_500_000_001, Some(1)),
            packet(2, 2048, Some(2)),
            packet(3, 1, None),
        ];
        let (frames, error) = frames(&pcapng(endianness, &blocks));
        assert!(error.is_none());
        let told: Vec<_> =
            frames.iter().map(|frame| (frame.interface.as_deref().unwrap(), frame.time, frame.outgoing)).collect();
        assert_eq!(
            told,
            [
                ("lan0", 1_500_000_000, false),
                ("wan0", 1_500_000_001, false),
                ("lan1", 2_000_000_000, true),
                ("lan2", 60_000_001_000, false),
            ]
        );
        assert_eq!((frames[0].length, frames[0].bytes.len()), (1500, 96));
    }
}

#[test]
fn simple_blocks_end_where_the_interface_stops_capturing() {
    use pcap_file::pcapng::blocks::simple_packet::SimplePacketBlock;
    let simple =
        |original_len, length| SimplePacketBlock { original_len, data: Cow::Owned(vec![9; length]) }.into_block();
    // 13 bytes are followed by three of padding.
    let blocks = [interface("lan0", &[]), simple(13, 13), simple(1500, 96)];
    let (frames, error) = frames(&pcapng(Endianness::Little, &blocks));
    assert!(error.is_none());
    let lengths: Vec<_> = frames.iter().map(|frame| (frame.length, frame.bytes.len())).collect();
    assert_eq!(lengths, [(13, 13), (1500, 96)]);
}

#[test]
fn a_frame_of_no_interface_is_a_broken_capture() {
    let before = pcapng(Endianness::Little, &[interface("lan0", &[])]);
    let mut content = pcapng(Endianness::Little, &[interface("lan0", &[]), packet(0, 0, None)]);
    // Behind the block's type and length.
    content[before.len() + 8] = 4;
    let (frames, error) = frames(&content);
    assert!(frames.is_empty());
    assert!(error.unwrap().to_string().starts_with("the capture is broken at frame 1: "));
}

#[test]
fn noise_is_an_error_and_no_panic() {
    let whole = pcapng(Endianness::Little, &[interface("lan0", &[]), packet(0, 5, Some(1))]);
    for at in 0..whole.len() {
        for value in [0, 0x7f, 0xff] {
            let mut noisy = whole.clone();
            noisy[at] = value;
            frames(&noisy);
        }
        frames(&whole[..at]);
    }
}
