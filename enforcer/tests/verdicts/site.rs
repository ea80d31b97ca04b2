//! A policy before a judge or two, and tables of what must become of frames.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::time::Duration;

use enforcer::compile::compile;
use enforcer::compile::image::{Image, Names};
use enforcer::dataplane::load::Options;
use enforcer::policy::{self, Loaded};
use enforcer::replay::{Capture, Engine, EngineError, Entry, Finding, Line, Reference, Replay};
use enforcer_common::cell::Cell;
use pcap_file::pcap::{PcapPacket, PcapWriter};
use tempfile::TempDir;

use super::frames::{Family, Sent};
use super::program::Program;

/// Longer than any connection is kept, so that rows know nothing of each other.
const BETWEEN_ROWS: u64 = 10 * 24 * 3600;
const SECOND: u64 = 1_000_000_000;

/// What every policy here starts with: an uplink, an office, things and two cells, each on a port of its own.
pub(crate) const ZONES: &str = r#"
version = 1
[zones.internet]
ports = ["wan0"]
prefixes = ["0.0.0.0/0", "::/0"]
[zones.office]
ports = ["lan0.10"]
[zones.iot]
ports = ["lan0.30"]
[zones.cell1]
ports = ["plc1"]
[zones.cell2]
ports = ["plc2"]
[router]
addresses = { wan0 = ["203.0.113.1/24", "2001:db8:113::1/64"], "lan0.10" = ["10.10.0.1/24", "fd00:10::1/64"], "lan0.30" = ["10.30.0.1/24", "fd00:30::1/64"], plc1 = ["10.41.0.1/24", "fd00:41::1/64"], plc2 = ["10.42.0.1/24", "fd00:42::1/64"] }
"#;

/// [`ZONES`] with lines put into some of the zones.
pub(crate) fn zones(extra: &[(&str, &str)]) -> String {
    let mut text = ZONES.to_owned();
    for (zone, line) in extra {
        let head = format!("[zones.{zone}]\n");
        assert!(text.contains(&head), "there is no zone {zone}");
        text = text.replacen(&head, &format!("{head}{line}\n"), 1);
    }
    text
}

/// Frames in order, each with what must become of it: `pass allowed office>cell1`, and perhaps ` | office > cell1/plc`.
pub(crate) type Row<'t> = (&'t str, Vec<(Sent, &'t str)>);

/// A row of one frame.
pub(crate) fn one<'t>(what: &'t str, sent: Sent, expected: &'t str) -> Row<'t> {
    (what, vec![(sent, expected)])
}

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engines {
    /// The reference alone, which needs no privileges.
    Reference,
    /// The kernel program and the reference, which must agree.
    Both,
}

/// Two tests of a function: one by the reference for everybody, one by both for root.
macro_rules! topic {
    ($name:ident) => {
        mod $name {
            use crate::verdicts::site::Engines;

            #[test]
            fn by_the_reference() {
                super::$name(Engines::Reference);
            }

            #[test]
            #[ignore = "needs root: `cargo xtask test` runs it"]
            fn by_the_kernel() {
                super::$name(Engines::Both);
            }
        }
    };
}
pub(crate) use topic;

/// A policy, and those who judge by it.
pub(crate) struct Site {
    folder: TempDir,
    loaded: &'static Loaded,
    image: Image,
    reference: Reference<'static>,
    /// A kernel program in which the policy is in force, and that nobody else uses meanwhile.
    kernel: Option<Program>,
    now: u64,
}

/// Reads and compiles a policy and the files that lie beside it.
pub(crate) fn compiled(text: &str, files: &[(&str, String)]) -> (TempDir, Loaded, Image) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    let path = folder.path().join("policy.toml");
    fs::write(&path, text).expect("a file");
    let loaded = match policy::load(&path, None) {
        Ok(loaded) => loaded,
        Err(report) => panic!("{}", report.rendered()),
    };
    let image = compile(&loaded.policy, &loaded.facts).expect("the policy compiles");
    (folder, loaded, image)
}

impl Site {
    /// The policy [`ZONES`] and `rules`.
    pub(crate) fn new(engines: Engines, rules: &str) -> Site {
        Site::of(engines, &format!("{ZONES}{rules}"), &[])
    }

    /// A policy and MUD files.
    pub(crate) fn of(engines: Engines, text: &str, files: &[(&str, String)]) -> Site {
        Site::with(engines, compiled(text, files), Program::with)
    }

    /// The policy [`ZONES`] and `rules` in a kernel program with tables of other sizes.
    pub(crate) fn sized(rules: &str, sizes: impl Fn(Options) -> Options) -> Site {
        Site::with(Engines::Both, compiled(&format!("{ZONES}{rules}"), &[]), |half, names| {
            Program::alone(half, names, sizes(Options::for_cells(half.len())))
        })
    }

    fn with(
        engines: Engines,
        (folder, loaded, image): (TempDir, Loaded, Image),
        program: impl Fn(&[Cell], &Names) -> Program,
    ) -> Site {
        let loaded: &'static Loaded = Box::leak(Box::new(loaded));
        let replay = Replay::new(&loaded.facts, &image, None).expect("no place is named");
        let reference = replay.reference(&loaded.policy, &loaded.facts);
        let kernel = (engines == Engines::Both).then(|| program(&replay.half(), &image.names));
        Site { folder, loaded, image, reference, kernel, now: 0 }
    }

    /// What the kernel program, or without one the reference, says of one frame, by the clock where it stands.
    pub(crate) fn told(&mut self, sent: &Sent, family: Family) -> String {
        let frame = sent.frame(family).expect("it exists in that family");
        let (_, told) = self.judge(sent.port, frame).pop().expect("somebody judges");
        told.split(" | ").next().unwrap_or_default().to_owned()
    }

    /// Tries every row in every family that it has, and tells of all that came out otherwise.
    pub(crate) fn check(&mut self, rows: &[Row<'_>]) {
        let mut wrong = Vec::new();
        for (what, steps) in rows {
            for family in [Family::Four, Family::Six] {
                if steps.iter().all(|(sent, _)| sent.frame(family).is_none()) {
                    continue;
                }
                self.now += BETWEEN_ROWS * SECOND;
                for (step, (sent, expected)) in steps.iter().enumerate() {
                    let Some(frame) = sent.frame(family) else { continue };
                    self.now += sent.after * SECOND;
                    let expected = family.written(expected);
                    for (engine, found) in self.judge(sent.port, frame) {
                        let found = if expected.contains(" | ") {
                            found.as_str()
                        } else {
                            found.split(" | ").next().unwrap_or_default()
                        };
                        if found != expected {
                            let number = step + 1;
                            wrong.push(format!(
                                "{what}, {family:?}, frame {number}:\n    expected {expected}\n    the {engine} found {found}"
                            ));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} frames:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// What becomes of a frame that enters by that port; without one, the router sends it.
    fn judge(&mut self, port: Option<&str>, frame: &[u8]) -> Vec<(&'static str, String)> {
        let by = self.now;
        let told = self.replayed(port, &[(0, frame)], by, |line| {
            assert!(port.is_some() || line.finding.port.is_none(), "not the router sends it");
        });
        told.into_iter().map(|(engine, lines)| (engine, lines.concat())).collect()
    }

    /// A whole capture: frames at seconds, each entering where the sender belongs, by the clock of the capture.
    pub(crate) fn captured(&mut self, frames: &[(u64, &[u8])]) -> Vec<String> {
        let mut told = self.replayed(None, frames, 0, |_| ()).into_iter();
        let (_, first) = told.next().expect("somebody judges");
        for (engine, other) in told {
            assert_eq!(first, other, "the {engine} found something else");
        }
        first
    }

    /// The lines of each engine for a capture.
    fn replayed(
        &mut self,
        port: Option<&str>,
        frames: &[(u64, &[u8])],
        by: u64,
        look: impl Fn(&Line<'_>),
    ) -> Vec<(&'static str, Vec<String>)> {
        let path = self.folder.path().join("frames.pcap");
        write(&path, frames);
        let capture = Capture::open(&path).expect("a capture");
        let replay = Replay::new(&self.loaded.facts, &self.image, port).expect("a place");
        let reference: (_, &mut dyn Engine) = ("reference", &mut self.reference);
        let kernel = self.kernel.iter_mut().map(|kernel| ("kernel", &mut **kernel as &mut dyn Engine));
        let mut told = Vec::new();
        for (name, engine) in std::iter::once(reference).chain(kernel) {
            let mut lines = Vec::new();
            replay
                .run(&capture, &mut Later { engine, by }, |line| {
                    look(line);
                    lines.push(tell(line));
                    Ok(())
                })
                .expect("the frames are judged");
            told.push((name, lines));
        }
        told
    }
}

/// A line of replay as the tables write it.
fn tell(line: &Line<'_>) -> String {
    let found = &line.finding;
    let who = |zone: Option<&str>, device: Option<&str>| match device {
        Some(device) => format!("{}/{device}", zone.unwrap_or("-")),
        None => zone.unwrap_or("-").to_owned(),
    };
    let rule = found.rule.map(|rule| rule.name).unwrap_or_default();
    let verdict = format!("{} {} {rule}", found.verdict.label(), found.reason.label());
    let ends = (who(found.from, found.device), who(found.to, found.peer));
    format!("{} | {} > {}", verdict.trim_end(), ends.0, ends.1)
}

/// An engine, some time later.
struct Later<'e> {
    engine: &'e mut dyn Engine,
    by: u64,
}

impl Engine for Later<'_> {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Finding<'_>, EngineError> {
        self.engine.judge(entry, now + self.by, frame)
    }
}

fn write(path: &Path, frames: &[(u64, &[u8])]) {
    let mut writer = PcapWriter::new(fs::File::create(path).expect("a file")).expect("a capture");
    for (seconds, frame) in frames {
        writer
            .write_packet(&PcapPacket {
                timestamp: Duration::from_secs(*seconds),
                orig_len: frame.len() as u32,
                data: Cow::Borrowed(frame),
            })
            .expect("a frame");
    }
}
