//! Frames of captures: those before the one asked about are known.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use etherparse::{EtherType, PacketBuilder};
use pcap_file::pcap::{PcapPacket, PcapWriter};

use super::site::{ended, explained, pasted, site, text, verdict, written};

const HOST: [u8; 6] = [2, 0, 0, 0, 0x10, 5];
const ROUTER: [u8; 6] = [2, 0, 0, 0, 0xff, 1];

fn bytes(ends: ([u8; 6], [u8; 6]), ips: ([u8; 4], [u8; 4]), ports: (u16, u16), flags: &str) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2(ends.0, ends.1).ipv4(ips.0, ips.1, 64).tcp(ports.0, ports.1, 1, 1000);
    let builder = if flags.contains('s') { builder.syn() } else { builder };
    let builder = if flags.contains('a') { builder.ack(1) } else { builder };
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &[]).expect("a frame");
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

/// From the office to the internet, and back.
fn out(port: u16, flags: &str) -> Vec<u8> {
    bytes((HOST, ROUTER), ([10, 10, 0, 5], [198, 51, 100, 7]), (40000, port), flags)
}

fn back(port: u16, flags: &str) -> Vec<u8> {
    bytes((ROUTER, HOST), ([198, 51, 100, 7], [10, 10, 0, 5]), (port, 40000), flags)
}

fn fragment() -> Vec<u8> {
    let mut header = etherparse::Ipv4Header::new(8, 64, etherparse::IpNumber::UDP, [10, 10, 0, 5], [198, 51, 100, 7])
        .expect("a header");
    header.identification = 7;
    header.fragment_offset = 100u16.try_into().expect("an offset");
    header.header_checksum = header.calc_header_checksum();
    let mut bytes = [&ROUTER[..], &HOST[..], &EtherType::IPV4.0.to_be_bytes()[..], &header.to_bytes()[..]].concat();
    bytes.resize(60, 0);
    bytes
}

fn write(path: &Path, frames: &[Vec<u8>]) {
    let mut writer = PcapWriter::new(File::create(path).expect("a file")).expect("a capture");
    for (second, frame) in (0..).zip(frames) {
        let packet = PcapPacket {
            timestamp: Duration::from_secs(second),
            orig_len: frame.len() as u32,
            data: Cow::Borrowed(frame),
        };
        writer.write_packet(&packet).expect("a frame");
    }
}

#[test]
fn a_frame_is_judged_behind_those_before_it() {
    let site = site();
    let frames = [
        back(443, "sa"),
        out(443, "s"),
        back(443, "sa"),
        out(443, "a"),
        fragment(),
        out(443, "s")[..20].to_vec(),
        out(25, "s"),
    ];
    write(&site.path().join("a.pcap"), &frames);
    for (number, expected, said) in [
        (1, "drop no-transition", ""),
        (2, "pass allowed office>internet", ""),
        (3, "pass established", ""),
        (4, "pass established", ""),
        (5, "drop fragment", "goes the way of its first"),
        (6, "drop malformed", "cannot be read to the end"),
        (7, "drop no-transition", ""),
    ] {
        let object = &explained(site.path(), &format!("--pcap a.pcap --frame {number}"))[0];
        assert_eq!(verdict(object), expected, "frame {number}");
        assert_eq!(object["frame"], number);
        assert!(text(object, "no_change").contains(said), "frame {number}: {object}");
        let before = object["notes"].to_string().contains("judged first");
        assert_eq!(before, number > 1, "frame {number}: {object}");
        for change in object["changes"].as_array().expect("a list") {
            let changed = pasted(site.path(), change);
            let again = &explained(changed.path(), &format!("--pcap a.pcap --frame {number}"))[0];
            assert_eq!(text(again, "verdict"), "pass", "frame {number}: {again}");
        }
    }
    // An answer that opens: with a transition for it, nothing of the policy stands in its way any more.
    let object = &explained(site.path(), "--pcap a.pcap --frame 1")[0];
    assert!(object["changes"].as_array().expect("a list").is_empty(), "{object}");
    assert!(text(object, "no_change").contains("answers a connection that is not known"), "{object}");
}

#[test]
fn the_interface_can_be_named() {
    let site = site();
    write(&site.path().join("a.pcap"), &[out(443, "s")]);
    let object = &explained(site.path(), "--pcap a.pcap --frame 1 --in lab0")[0];
    // What is in audit does not end it, and is part of what has to change.
    assert_eq!(verdict(object), "drop no-transition");
    assert_eq!((text(&object["steps"][1], "step"), text(&object["steps"][1], "decided")), ("source", "audit"));
    let written = written(&object["changes"][0]);
    assert!(written.contains("10.10.0.5/32") && written.contains("from = \"lab\""), "{object}");
    // An interface without the tag of any of its ports.
    let object = &explained(site.path(), "--pcap a.pcap --frame 1 --in lan0")[0];
    assert_eq!(verdict(object), "drop unknown-zone");
    assert!(object["changes"][0].to_string().contains("ports = ["), "{object}");
}

#[test]
fn captures_that_cannot_be_asked() {
    let site = site();
    write(&site.path().join("a.pcap"), &[out(443, "s")]);
    std::fs::write(site.path().join("no.pcap"), "no capture").expect("a file");
    for (words, code, told) in [
        ("--pcap a.pcap --frame 2", 2, "the capture has 1 frames, and frame 2 was asked for"),
        ("--pcap a.pcap --frame 1 --in lan7", 2, "no interface or port `lan7`"),
        ("--pcap no.pcap --frame 1", 1, "no.pcap is no capture"),
        ("--pcap nowhere.pcap --frame 1", 1, "cannot read nowhere.pcap"),
    ] {
        let (found, out, err) = ended(site.path(), words);
        assert_eq!((found, out.as_str()), (code, ""), "{words}: {err}");
        assert!(err.contains(told), "{words}: {err}");
    }
}
