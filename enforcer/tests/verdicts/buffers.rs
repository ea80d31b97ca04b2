//! Frames in several buffers: headers beyond the first are read all the same, or the frame is dropped. None passes unread.

use std::io::{self, Write};

use super::bare::*;
use super::frames::*;
use super::raw::*;

/// Frames of every form to a port, each with whether it may pass where that port is open.
fn frames(port: u16) -> Vec<(String, Vec<u8>, bool)> {
    let options = [60, 0, 1, 4, 0, 0, 0, 0];
    let last = |next: u8| [next, 0, 1, 4, 0, 0, 0, 0];
    let chain =
        [&options[..], &options, &last(44), &fragment_header(TCP, 0, 0, true), &segment(port, SYN, 5, 24)].concat();
    let asked = open(PLC1, OFFICE, port);
    let plain = carrying(OFFICE, PLC1, (TCP, TCP), &syn(port));
    let mut sent = vec![
        ("TCP", plain.clone(), true),
        ("UDP", carrying(OFFICE, PLC1, (UDP, UDP), &datagram(port, 8, 8)), true),
        ("SCTP", carrying(OFFICE, PLC1, (132, 132), &sctp(port)), true),
        ("one tag", plain.clone().tagged(&[(0x8100, 30)]), true),
        ("two tags", plain.clone().tagged(&[(0x88a8, 100), (0x8100, 30)]), true),
        ("a tag that nobody named", plain.clone().tagged(&[(0x8100, 31)]), false),
        ("IPv4 options", with_options(OFFICE, PLC1, &[1; 40], TCP, &syn(port)), true),
        ("a source route", with_options(OFFICE, PLC1, &[1, 131, 3, 4], TCP, &syn(port)), false),
        ("IPv6 chain", chained(OFFICE, PLC1, 60, &chain), true),
        ("tagged IPv6 chain", chained(OFFICE, PLC1, 60, &chain).tagged(&[(0x8100, 30)]), true),
        ("a lying length", plain.clone().changed(|frame| frame[17] += 1).only_four(), false),
        ("ARP for another", ether(OFFICE, BROADCAST, 0x0806, &[0, 1, 8, 0, 6, 4, 0, 9]), false),
        ("an error about nothing", unreachable(OFFICE, PLC1, &asked), false),
    ];
    // With much behind the headers too.
    sent.push(("a long frame", plain.changed(|frame| frame.resize(9000, 0xcc)), true));
    let each = sent.into_iter().flat_map(|(name, sent, may)| {
        [(Family::Four, sent.four), (Family::Six, sent.six)]
            .into_iter()
            .filter_map(move |(family, frame)| Some((format!("{name}, {family:?}, port {port}"), frame?, may)))
    });
    each.collect()
}

/// Whether the first buffer is as long as the frame or holds no more than an Ethernet header makes no difference.
#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn a_verdict_does_not_depend_on_where_buffers_end() {
    let inside = cells(&image(), "lan0.10");
    let mut kernel = kernel(inside.len());
    kernel.memory_mut().switch(&inside, 1).expect("there is room");
    let probe = frames(OPEN).remove(0).1;
    if enters_in_parts(&mut kernel, &probe, 14).is_err() {
        writeln!(io::stderr(), "buffers SKIPPED: this kernel's test runs do not take the end of the first buffer")
            .expect("stderr");
        return;
    }
    for port in [OPEN, CLOSED] {
        for (name, frame, may) in frames(port) {
            let expected = if may && port == OPEN { ENTERS.1 } else { ENTERS.0 };
            assert_eq!(enters(&mut kernel, &frame), expected, "{name}, as long as test runs make it");
            for linear in 14..=frame.len().min(160) {
                let found = enters_in_parts(&mut kernel, &frame, linear).expect("it runs");
                assert_eq!(found, expected, "{name}, {linear} bytes in the first buffer");
            }
        }
    }
}

/// The bytes that test runs put into the first buffer: a page, less the room before and behind the frame.
const FIRST_BUFFER: usize = 3520;
/// The last byte at which the program reads.
const LIMIT: usize = 4095;

/// Extension headers of so many bytes altogether, and a SYN behind them.
fn far(port: u16, bytes: usize) -> Vec<u8> {
    let header = |next: u8, size: usize| {
        let mut header = vec![next, (size / 8 - 1) as u8];
        header.resize(size, 0);
        header
    };
    let half = bytes / 16 * 8;
    let payload = [header(60, half), header(TCP, bytes - half), syn(port)].concat();
    chained(OFFICE, PLC1, 60, &payload).six.expect("IPv6")
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn headers_beyond_the_first_buffer_are_read_or_the_frame_is_dropped() {
    let inside = cells(&image(), "lan0.10");
    let mut kernel = kernel(inside.len());
    kernel.memory_mut().switch(&inside, 1).expect("there is room");
    for bytes in (FIRST_BUFFER - 160..LIMIT).step_by(8) {
        // The flags are the last that is read of a TCP header.
        let flags = 14 + 40 + bytes + 12;
        let expected = if flags <= LIMIT { ENTERS.1 } else { ENTERS.0 };
        // Padding in a third buffer changes nothing.
        for length in [0, 9000] {
            for (port, expected) in [(OPEN, expected), (CLOSED, ENTERS.0)] {
                let mut frame = far(port, bytes);
                frame.resize(frame.len().max(length), 0xcc);
                let said = format!("port {port}, flags at {flags} of {}", frame.len());
                assert_eq!(enters(&mut kernel, &frame), expected, "{said}");
            }
        }
    }
}

/// A frame that is all there, and one that says that it is more.
#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn lengths_are_checked_against_the_whole_frame() {
    let inside = cells(&image(), "lan0.10");
    let mut kernel = kernel(inside.len());
    kernel.memory_mut().switch(&inside, 1).expect("there is room");
    for payload in [20, 1460, 3400, 3466, 3467, 3600, 8960, 20_000] {
        for port in [OPEN, CLOSED] {
            let sent = carrying(OFFICE, PLC1, (TCP, TCP), &segment(port, SYN, 5, payload));
            for frame in [sent.four.expect("IPv4"), sent.six.expect("IPv6")] {
                let whole = if port == OPEN { ENTERS.1 } else { ENTERS.0 };
                assert_eq!(enters(&mut kernel, &frame), whole, "port {port}, {} bytes", frame.len());
                for missing in [1, 100, frame.len() / 2] {
                    let cut = &frame[..frame.len().saturating_sub(missing).max(14)];
                    assert_eq!(enters(&mut kernel, cut), ENTERS.0, "port {port}, {missing} of {} missing", frame.len());
                }
            }
        }
    }
}
