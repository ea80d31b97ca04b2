//! The kernel program and the reference on public captures, under policies of different nature: they must agree on every
//! frame. The captures are not part of this repository; where the folder `shared` does not stand beside it, the test says
//! that it skips.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use enforcer::compile::compile;
use enforcer::policy;
use enforcer::replay::{Capture, Engine, EngineError, Entry, Finding, Kernel, Line, Replay, ReplayError};

/// Longer than any connection is kept, so that captures know nothing of each other.
const BETWEEN: u64 = 10 * 24 * 3600 * 1_000_000_000;

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn under_a_policy_that_allows_everything() {
    agree("open", &["wan0", "lan0", "lan0.1"]);
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn under_a_strict_policy() {
    agree("strict", &["lan0", "lan1", "lan2"]);
}

#[test]
#[ignore = "needs root: `cargo xtask test` runs it"]
fn under_a_policy_on_trial() {
    agree("audit", &[]);
}

/// Every capture, with each frame where its sender belongs, and then with all of them entering by each of `ports`.
fn agree(policy: &str, ports: &[&str]) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/pcap");
    if !corpus.is_dir() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "agreement SKIPPED: there is no {}", corpus.display()).expect("stderr");
        return;
    }
    let captures = captures(&corpus);
    assert!(!captures.is_empty());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement").join(policy);
    let loaded = policy::load(&path, None).unwrap_or_else(|report| panic!("{}", report.rendered()));
    let image = compile(&loaded.policy, &loaded.facts).expect("the policy compiles");
    let places = std::iter::once(None).chain(ports.iter().copied().map(Some));
    let mut seen = Seen::default();
    for by in places {
        let replay = Replay::new(&loaded.facts, &image, by).expect("a place of the policy");
        let mut kernel = Kernel::load(&replay.half(), &image.names).expect("the kernel takes the program");
        let mut reference = replay.reference(&loaded.policy, &loaded.facts).tracing(true);
        for (number, path) in captures.iter().enumerate() {
            let by_now = BETWEEN * number as u64;
            let shown = path.strip_prefix(&corpus).unwrap_or(path).display();
            let capture = Capture::open(path).expect("a capture");
            let ended = replay.compare(
                &capture,
                &mut Later { engine: &mut kernel, by: by_now },
                &mut Later { engine: &mut reference, by: by_now },
                |kernel, reference| {
                    seen.frame(kernel.finding.reason.label());
                    if kernel.finding.differs(&reference.finding) {
                        seen.difference(format!("{shown} {by:?}"), kernel, reference);
                    }
                    Ok(())
                },
            );
            match ended {
                // What is broken or of no IP network is told by other tests.
                Ok(_) | Err(ReplayError::Capture(_) | ReplayError::Link(_)) => (),
                Err(error @ (ReplayError::Engine { .. } | ReplayError::Output(_))) => panic!("{shown}: {error}"),
            }
        }
    }
    println!("{policy}: {} captures, {} frames: {:?}", captures.len(), seen.frames, seen.reasons);
    assert!(seen.frames > 0);
    assert!(seen.differences.is_empty(), "{}", seen.told());
}

#[derive(Default)]
struct Seen {
    frames: u64,
    reasons: BTreeMap<&'static str, u64>,
    /// By what both say: how often, and where first.
    differences: BTreeMap<String, (u64, String)>,
}

impl Seen {
    fn frame(&mut self, reason: &'static str) {
        self.frames += 1;
        *self.reasons.entry(reason).or_default() += 1;
    }

    fn difference(&mut self, shown: String, kernel: &Line<'_>, reference: &Line<'_>) {
        let said = format!("{}\n  {}", said(&kernel.finding), said(&reference.finding));
        let (count, _) = self.differences.entry(said).or_insert_with(|| {
            let steps = reference.finding.trace.iter().map(|step| format!("\n    {step}"));
            (0, format!("{shown}\n  {kernel}\n  {reference}{}", steps.collect::<String>()))
        });
        *count += 1;
    }

    fn told(&self) -> String {
        let told =
            self.differences.iter().map(|(said, (count, first))| format!("{count} times\n  {said}\nin {first}\n"));
        told.collect()
    }
}

fn said(found: &Finding<'_>) -> String {
    let rule = found.rule.map(|rule| rule.name).unwrap_or_default();
    let ends = [found.from, found.device, found.to, found.peer].map(|name| name.unwrap_or("-"));
    let [from, device, to, peer] = ends;
    format!("{} {} {rule} {from}/{device} > {to}/{peer}", found.verdict.label(), found.reason.label())
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

/// Every pcap and pcapng under a folder, sorted.
fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
