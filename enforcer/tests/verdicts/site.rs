//! A policy in the kernel program, and tables of what must become of frames.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::time::Duration;

use enforcer::compile::compile;
use enforcer::compile::image::Image;
use enforcer::policy::{self, Loaded};
use enforcer::replay::{Capture, Engine, EngineError, Entry, Judgement, Replay};
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

/// A policy that is in force in a kernel program that nobody else uses meanwhile.
pub(crate) struct Site {
    folder: TempDir,
    loaded: Loaded,
    image: Image,
    kernel: Program,
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
    pub(crate) fn new(rules: &str) -> Site {
        Site::of(&format!("{ZONES}{rules}"), &[])
    }

    /// A policy and MUD files.
    pub(crate) fn of(text: &str, files: &[(&str, String)]) -> Site {
        let (folder, loaded, image) = compiled(text, files);
        let kernel = {
            let replay = Replay::new(&loaded.policy, &loaded.facts, &image, None).expect("no place is named");
            Program::with(&replay.half())
        };
        Site { folder, loaded, image, kernel, now: 0 }
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
                    let found = self.judge(sent.port, frame);
                    let found = if expected.contains(" | ") {
                        found.as_str()
                    } else {
                        found.split(" | ").next().unwrap_or_default()
                    };
                    if found != expected {
                        let number = step + 1;
                        wrong.push(format!(
                            "{what}, {family:?}, frame {number}:\n    expected {expected}\n    found    {found}"
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} frames:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// What becomes of a frame that enters by that port; without one, the router sends it.
    fn judge(&mut self, port: Option<&str>, frame: &[u8]) -> String {
        let path = self.folder.path().join("frame.pcap");
        write(&path, &[(0, frame)]);
        let capture = Capture::open(&path).expect("a capture");
        let replay = Replay::new(&self.loaded.policy, &self.loaded.facts, &self.image, port).expect("a place");
        let mut engine = Later { kernel: &mut self.kernel, by: self.now };
        let mut told = String::new();
        replay
            .run(&capture, &mut engine, |line| {
                assert!(port.is_some() || line.port.is_none(), "not the router sends it");
                told = tell(line);
                Ok(())
            })
            .expect("the frame is judged");
        told
    }

    /// A whole capture: frames at seconds, each entering where the sender belongs, by the clock of the capture.
    pub(crate) fn captured(&mut self, frames: &[(u64, &[u8])]) -> Vec<String> {
        let path = self.folder.path().join("frames.pcap");
        write(&path, frames);
        let capture = Capture::open(&path).expect("a capture");
        let replay = Replay::new(&self.loaded.policy, &self.loaded.facts, &self.image, None).expect("no place");
        let mut told = Vec::new();
        replay
            .run(&capture, &mut *self.kernel, |line| {
                told.push(tell(line));
                Ok(())
            })
            .expect("the frames are judged");
        told
    }
}

/// A line of replay as the tables write it.
fn tell(line: &enforcer::replay::Line<'_>) -> String {
    let who = |zone: Option<&str>, device: Option<&str>| match device {
        Some(device) => format!("{}/{device}", zone.unwrap_or("-")),
        None => zone.unwrap_or("-").to_owned(),
    };
    let rule = line.rule.map(|rule| rule.name.as_str()).unwrap_or_default();
    let verdict = format!("{} {} {rule}", line.verdict.label(), line.reason.label());
    let ends = (who(line.from, line.device), who(line.to, line.peer));
    format!("{} | {} > {}", verdict.trim_end(), ends.0, ends.1)
}

/// The kernel program, some time later.
struct Later<'k> {
    kernel: &'k mut Program,
    by: u64,
}

impl Engine for Later<'_> {
    fn judge(&mut self, entry: &Entry, now: u64, frame: &[u8]) -> Result<Judgement, EngineError> {
        self.kernel.judge(entry, now + self.by, frame)
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
