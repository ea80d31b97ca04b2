//! Runs: many sessions, several at once, until so many packets were judged; what differs is made small and saved.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow};
use enforcer::replay::Program;

use super::case;
use super::compare::{Difference, START, compare, tell};
use super::host::Host;
use super::kernel::{self, Kernel};
use super::prepared::{Interfaces, Prepared, Unusable};
use super::reference::Reference;
use super::session::Session;
use super::shrink;
use super::tally::Tally;
use super::traffic::{Event, Extent, What};
use super::witness::Witness;

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Packets to be judged at least.
    pub packets: u64,
    /// Policies to be judged by at least.
    pub policies: u64,
    /// Where chance begins; sessions are numbered from here.
    pub seed: u64,
    /// Sessions at once.
    pub workers: usize,
    /// Who judges.
    pub panel: Panel,
    /// What traffic there is besides what enters.
    pub extent: Extent,
    /// End with the first difference.
    pub stop: bool,
    /// Where differences are saved.
    pub folder: PathBuf,
}

/// Which witnesses there are, beside the steps on the host, who are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panel {
    /// The program in the kernel, which needs root.
    pub kernel: bool,
    /// The reference.
    pub reference: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was judged, and how.
    pub tally: Tally,
    /// Sessions that were run.
    pub sessions: u64,
    /// Policies that were judged by.
    pub policies: u64,
    /// Sessions in which witnesses disagreed.
    pub differing: u64,
    /// Each kind of disagreement: how often, and the first one's story.
    pub differences: BTreeMap<String, (u64, String)>,
    /// Generated policies that could not be used, by the first line of why.
    pub refused: BTreeMap<String, u64>,
}

impl Outcome {
    fn add(&mut self, other: Outcome) {
        self.tally.add(&other.tally);
        self.sessions += other.sessions;
        self.policies += other.policies;
        self.differing += other.differing;
        for (kind, (count, story)) in other.differences {
            self.differences.entry(kind).or_insert((0, story)).0 += count;
        }
        for (why, count) in other.refused {
            *self.refused.entry(why).or_default() += count;
        }
    }
}

/// What workers share.
struct Shared<'p> {
    plan: &'p Plan,
    next: AtomicU64,
    /// Events of a session.
    events: usize,
    sessions: u64,
    over: AtomicBool,
    /// Kinds of differences that were saved already.
    saved: Mutex<Vec<String>>,
}

/// Runs sessions until the plan is fulfilled. `progress` is told how many sessions are done, out of how many.
pub fn run(plan: &Plan, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Outcome> {
    let sessions = plan.policies.max(1);
    let events = usize::try_from(plan.packets.div_ceil(sessions))?.max(1);
    let shared = Shared {
        plan,
        next: AtomicU64::new(0),
        events,
        sessions,
        over: AtomicBool::new(false),
        saved: Mutex::new(Vec::new()),
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.workers.max(1)).map(|_| scope.spawn(|| work(&shared, progress))).collect();
        let mut outcome = Outcome::default();
        for worker in workers {
            outcome.add(worker.join().map_err(|_| anyhow!("a worker panicked"))??);
        }
        Ok(outcome)
    })
}

fn work(shared: &Shared<'_>, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Outcome> {
    let mut program = if shared.plan.panel.kernel { Some(kernel::load()?) } else { None };
    let mut outcome = Outcome::default();
    while !shared.over.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= shared.sessions {
            break;
        }
        let seed = shared.plan.seed.wrapping_add(number);
        let ended = one(shared, seed, program.as_mut(), &mut outcome).with_context(|| format!("seed {seed}"));
        if ended.is_err() {
            shared.over.store(true, Ordering::Relaxed);
        }
        ended?;
        progress(number + 1, shared.sessions);
    }
    Ok(outcome)
}

fn one(shared: &Shared<'_>, seed: u64, program: Option<&mut Program>, outcome: &mut Outcome) -> Result<()> {
    let generated = Session::generate(seed, shared.events, shared.plan.extent)?;
    for unusable in &generated.refused {
        let (Unusable::Refused(why) | Unusable::TooLarge(why)) = unusable;
        let first = why.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        *outcome.refused.entry(kind_of_refusal(first)).or_default() += 1;
    }
    outcome.sessions += 1;
    outcome.policies += generated.prepared.len() as u64;
    let mut program = program;
    let panel = shared.plan.panel;
    let found = examine(&generated.session, &generated.prepared, panel, program.as_deref_mut(), &mut outcome.tally)?;
    let Some(difference) = found else { return Ok(()) };
    outcome.differing += 1;
    let kind = kind_of(&difference);
    if shared.plan.stop {
        shared.over.store(true, Ordering::Relaxed);
    }
    let first = {
        let mut saved = shared.saved.lock().map_err(|_| anyhow!("a worker panicked"))?;
        let first = !saved.contains(&kind);
        if first {
            saved.push(kind.clone());
        }
        first
    };
    let story = if first {
        let folder = shared.plan.folder.join(seed.to_string());
        reduce(generated.session, &difference, panel, program, &folder)?
    } else {
        String::new()
    };
    outcome.differences.entry(kind).or_insert((0, story)).0 += 1;
    Ok(())
}

/// Names and numbers left out, so that refusals of one kind count together.
fn kind_of_refusal(line: &str) -> String {
    let words = line.split_whitespace();
    let kept = words.filter(|word| !word.contains('`') && !word.contains(|c: char| c.is_ascii_digit()));
    kept.collect::<Vec<_>>().join(" ")
}

fn kind_of(difference: &Difference) -> String {
    let sides = difference.signature.iter().map(|(name, found)| match found {
        Some((verdict, reason)) => format!("{name} {} {}", verdict.label(), reason.label()),
        None => format!("{name} nothing new"),
    });
    sides.collect::<Vec<_>>().join(", ")
}

/// The witnesses of a session, all of whom know its first policy and nothing else.
pub fn witnesses<'p>(
    interfaces: &'p Interfaces,
    first: &'p Prepared,
    panel: Panel,
    program: Option<&'p mut Program>,
) -> Result<Vec<Box<dyn Witness<'p> + 'p>>> {
    let mut witnesses: Vec<Box<dyn Witness<'p> + 'p>> = Vec::new();
    if let Some(program) = program {
        witnesses.push(Box::new(Kernel::new(program, interfaces, first)?));
    }
    witnesses.push(Box::new(Host::new(interfaces, first)));
    if panel.reference {
        witnesses.push(Box::new(Reference::new(interfaces, first)));
    }
    Ok(witnesses)
}

/// Runs a session past fresh witnesses.
fn examine(
    session: &Session,
    prepared: &[Prepared],
    panel: Panel,
    program: Option<&mut Program>,
    tally: &mut Tally,
) -> Result<Option<Difference>> {
    let Some(first) = prepared.first() else { return Ok(None) };
    let mut witnesses = witnesses(&session.interfaces, first, panel, program)?;
    compare(&mut witnesses, prepared, &session.events, tally)
}

/// Makes the session small, saves it, and tells of it.
fn reduce(
    mut session: Session,
    difference: &Difference,
    panel: Panel,
    mut program: Option<&mut Program>,
    folder: &Path,
) -> Result<String> {
    session.events.truncate(difference.event + 1);
    let mut last = difference.clone();
    let mut shows = |session: &Session| {
        let Some(prepared) = session.prepare()? else { return Ok(false) };
        let found = examine(session, &prepared, panel, program.as_deref_mut(), &mut Tally::default())?;
        let Some(found) = found.filter(|found| found.signature == difference.signature) else { return Ok(false) };
        let same = found.event + 1 == session.events.len();
        if same {
            last = found;
        }
        Ok(same)
    };
    let small = shrink::shrink(session, &mut shows)?;
    let readings: Vec<String> = last.readings.iter().map(|(name, said)| format!("{name}: {said}")).collect();
    let mut found = vec![String::new(); small.events.len()];
    let mut steps = Vec::new();
    if let Some(prepared) = small.prepare()?
        && let Some(first) = prepared.first()
    {
        // What all agreed on, before they did not.
        let mut host = Host::new(&small.interfaces, first);
        found = replayed(&mut host, &prepared, &small.events)?;
        if let Some((last, before)) = small.events.split_last() {
            let mut reference = Reference::new(&small.interfaces, first);
            let now = before.iter().fold(START, |now, event| now + event.after) + last.after;
            replayed(&mut reference, &prepared, before)?;
            steps = reference.explained(now, &last.what);
        }
    }
    if let Some(said) = found.last_mut() {
        *said = readings.join("; ");
    }
    case::save(&small, &found, folder)?;
    let mut story = format!("saved as {}\n", folder.display());
    for said in readings {
        story.push_str(&format!("    {said}\n"));
    }
    for step in steps {
        story.push_str(&format!("        {step}\n"));
    }
    fs::write(folder.join("story.txt"), &story)?;
    story.push_str(&fs::read_to_string(folder.join("policy.toml"))?);
    story.push_str(&fs::read_to_string(folder.join("events.txt"))?);
    Ok(story)
}

/// What one witness says of every event.
pub fn replayed<'p>(witness: &mut dyn Witness<'p>, prepared: &'p [Prepared], events: &[Event]) -> Result<Vec<String>> {
    let (mut now, mut next, mut said) = (START, prepared.iter().skip(1), Vec::new());
    for event in events {
        now += event.after;
        if event.what == What::Reload {
            if let Some(policy) = next.next() {
                witness.reload(policy)?;
            }
            said.push(String::new());
            continue;
        }
        said.push(tell(witness.judge(now, &event.what)?.as_ref()));
    }
    Ok(said)
}
