//! Whole replays, with an engine that notes what it is asked.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use enforcer_common::reason::{Reason, Verdict};
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use tempfile::NamedTempFile;

use super::site::*;
use crate::replay::{Capture, Engine, EngineError, Entry, Finding, Replay, ReplayError, Summary, Way};

#[derive(Default)]
struct Noted {
    asked: Vec<(Way, u64, usize)>,
}

impl Engine for Noted {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError> {
        self.asked.push((entry.way, now, frame.len()));
        Ok(Finding { verdict: Verdict::Pass, reason: Reason::Allowed, ..Finding::malformed(None) })
    }
}

fn capture(frames: &[(u64, Vec<u8>)], spoil: usize) -> (NamedTempFile, Capture) {
    let header = PcapHeader { snaplen: 100_000, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    for (seconds, bytes) in frames {
        writer
            .write_packet(&PcapPacket {
                timestamp: Duration::from_secs(*seconds),
                orig_len: bytes.len() as u32,
                data: Cow::Borrowed(bytes),
            })
            .unwrap();
    }
    let content = writer.into_writer();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&content[..content.len() - spoil]).unwrap();
    let capture = Capture::open(file.path()).unwrap();
    (file, capture)
}

/// Number, seconds and port of a line.
type Told = (u64, f64, String);

fn run(by: Option<&str>, capture: &Capture) -> (Noted, Vec<Told>, Result<Summary, ReplayError>) {
    let image = image();
    let replay = Replay::new(&facts(), &image, by).unwrap();
    let mut noted = Noted::default();
    let mut lines = Vec::new();
    let ended = replay.run(capture, &mut noted, |line| {
        lines.push((line.frame, line.time, line.finding.port.unwrap_or("-").to_owned()));
        Ok(())
    });
    (noted, lines, ended)
}

#[test]
fn frames_are_judged_in_order_by_their_own_clock() {
    let (_file, capture) = capture(
        &[
            (100, udp(CAMERA, [10, 30, 0, 11], [192, 0, 2, 1])),
            (103, tagged(30, ROUTER, [192, 0, 2, 1], [10, 30, 0, 11])),
            (101, udp(ROUTER, [10, 30, 0, 1], [10, 30, 0, 11])),
        ],
        0,
    );
    let (noted, lines, ended) = run(None, &capture);
    assert_eq!(ended.unwrap().frames(), 3);
    assert_eq!(lines, [(1, 0.0, "lan0.30".into()), (2, 3.0, "wan0".into()), (3, 3.0, "-".into())]);
    let ways: Vec<_> = noted.asked.iter().map(|(way, _, length)| (*way, *length)).collect();
    assert_eq!(ways, [(Way::In, 60), (Way::In, 60), (Way::Out, 60)]);
    let [first, second, third] = [0, 1, 2].map(|at: usize| noted.asked[at].1);
    assert!(first > 0);
    assert_eq!((second - first, third), (3_000_000_000, second));
}

#[test]
fn short_frames_are_malformed_without_being_run() {
    let (_file, capture) = capture(&[(0, vec![0; 13]), (0, vec![0; 65_536]), (0, vec![0; 14])], 0);
    let (noted, lines, ended) = run(Some("lan1"), &capture);
    assert_eq!(noted.asked.len(), 1);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0].2, "lan1");
    let told = ended.unwrap().to_string();
    assert!(told.contains("malformed              2"), "{told}");
}

#[test]
fn a_broken_capture_is_told_after_the_frames_before_it() {
    let frame = udp(CAMERA, [10, 30, 0, 11], [192, 0, 2, 1]);
    for by in [None, Some("lan0.30")] {
        let (_file, capture) = capture(&[(0, frame.clone()), (1, frame.clone())], 5);
        let (_, lines, ended) = run(by, &capture);
        assert_eq!(lines.len(), 1);
        assert!(ended.unwrap_err().to_string().starts_with("the capture is broken at frame 2"));
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let image = image();
    let error = Replay::new(&facts(), &image, Some("lan7")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the policy has no interface or port `lan7`; it has lan0, lan0.20, lan0.30, lan1, lan2, wan0"
    );
}
