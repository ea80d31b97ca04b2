//! A policy tried on a capture: every frame through the kernel program or the reference, none onto a wire.
//!
//! [`Replay`] knows by which port each frame enters and hands it to an [`Engine`]; it neither prints nor attaches anything.

mod capture;
mod choose;
mod clock;
mod engine;
mod finding;
mod kernel;
mod line;
mod link;
mod pcapng;
mod places;
mod program;
mod reference;
mod shrink;
mod sketch;
mod summary;
mod terrain;
#[cfg(test)]
mod tests;

use enforcer_common::cell::Cell;
use enforcer_common::reason::{Reason, Verdict};
use thiserror::Error;

pub use capture::{Capture, CaptureError, Frame, Frames};
pub use choose::{Entry, Way};
pub use engine::{Engine, EngineError, Judgement};
pub use finding::{Finding, Rule};
pub use kernel::Kernel;
pub use line::Line;
pub use link::{Arrival, Medium, UnsupportedLink, arrival};
pub use places::Place;
pub use program::Program;
pub use reference::Reference;
pub use summary::Summary;

use crate::compile::image::Image;
use crate::dataplane::overlay;
use crate::dataplane::registry::Registry;
use crate::policy::facts::Facts;
use crate::policy::model::Policy;
use choose::Chooser;
use clock::Clock;
use places::Places;
use sketch::without_tags;
use terrain::Terrain;

/// What ends a replay before the capture does.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The capture is damaged or cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The capture is of something else than IP networks.
    #[error(transparent)]
    Link(#[from] UnsupportedLink),
    /// The engine could not judge a frame.
    #[error("frame {frame}: {source}")]
    Engine {
        /// Number of the frame.
        frame: u64,
        /// What the engine says.
        source: EngineError,
    },
    /// Whoever wanted to hear of the frames does not any more.
    #[error("cannot write what was found: {0}")]
    Output(#[from] std::io::Error),
}

/// The name given for the interface is none that the policy has.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the policy has no interface or port `{name}`; it has {}", known.join(", "))]
pub struct UnknownPlace {
    /// As given.
    pub name: String,
    /// What the policy has.
    pub known: Vec<String>,
}

/// A frame of the capture, and where and when it meets an engine.
struct Met {
    number: u64,
    seconds: f64,
    now: u64,
    entry: Entry,
    frame: Arrival,
}

impl Met {
    fn failed(&self, source: EngineError) -> ReplayError {
        ReplayError::Engine { frame: self.number, source }
    }
}

/// A policy, ready to be tried.
pub struct Replay<'a> {
    image: &'a Image,
    places: Places<'a>,
    terrain: Terrain<'a>,
    fixed: Option<Place>,
}

impl<'a> Replay<'a> {
    /// Prepares an image that was compiled for these addresses of the router. All frames enter by the interface or port `by`,
    /// where it is given.
    pub fn new(facts: &Facts, image: &'a Image, by: Option<&str>) -> Result<Replay<'a>, UnknownPlace> {
        let places = Places::of(&image.names, facts);
        let fixed = match by {
            None => None,
            Some(name) => Some(places.find(name).ok_or_else(|| unknown(&places, name))?),
        };
        Ok(Replay { image, terrain: Terrain::of(image, facts), places, fixed })
    }

    /// The overlay and the image behind it, as the engine in the kernel needs them.
    pub fn half(&self) -> Vec<Cell> {
        // Nobody reads the counters of a replay, wherever they are kept.
        let mut registry = Registry::new(1);
        overlay::half(&self.places.overlay(), self.image, &mut registry)
    }

    /// Where frames meet the program at the interface or port of this name; those of a port come without its tags.
    pub fn entry(&self, name: &str, way: Way, medium: Medium) -> Option<Entry> {
        Some(Entry { way, medium, place: self.places.find(name)?, port: 0, strip: 0 })
    }

    /// Says that the policy has no interface or port of this name.
    pub fn unknown(&self, name: &str) -> UnknownPlace {
        unknown(&self.places, name)
    }

    /// The reference as an engine. It must judge the policy that this replay was prepared with.
    pub fn reference<'p>(&self, policy: &'p Policy, facts: &Facts) -> Reference<'p> {
        Reference::new(policy, facts, self.places.all())
    }

    /// Judges every frame in order and tells `each` of it. What was told before an error stands.
    pub fn run(
        &self,
        capture: &Capture,
        engine: &mut dyn Engine,
        mut each: impl FnMut(&Line<'_>) -> std::io::Result<()>,
    ) -> Result<Summary, ReplayError> {
        self.walk(capture, |met| {
            let finding = self.judge(met, engine).map_err(|source| met.failed(source))?;
            each(&Line { frame: met.number, time: met.seconds, finding })?;
            Ok((finding.verdict, finding.reason))
        })
    }

    /// Judges every frame by the kernel program and by the reference, and tells `each` of what both say. The summary is the
    /// program's.
    pub fn compare(
        &self,
        capture: &Capture,
        kernel: &mut dyn Engine,
        reference: &mut dyn Engine,
        mut each: impl FnMut(&Line<'_>, &Line<'_>) -> std::io::Result<()>,
    ) -> Result<Summary, ReplayError> {
        self.walk(capture, |met| {
            let line = |finding| Line { frame: met.number, time: met.seconds, finding };
            let kernel = line(self.judge(met, kernel).map_err(|source| met.failed(source))?);
            let reference = line(self.judge(met, reference).map_err(|source| met.failed(source))?);
            each(&kernel, &reference)?;
            Ok((kernel.finding.verdict, kernel.finding.reason))
        })
    }

    /// Every frame in order, with where and when it meets an engine.
    fn walk(
        &self,
        capture: &Capture,
        mut judge: impl FnMut(&Met) -> Result<(Verdict, Reason), ReplayError>,
    ) -> Result<Summary, ReplayError> {
        let chooser = self.chooser(capture)?;
        let mut clock = Clock::default();
        let mut summary = Summary::default();
        for frame in capture.frames()? {
            let frame = frame?;
            let (number, interface) = (frame.number, frame.interface.clone());
            let now = clock.advance(frame.time);
            let mut frame = arrival(frame)?;
            let entry = chooser.choose(&frame, interface.as_deref());
            without_tags(&mut frame.bytes, entry.strip);
            summary.cut += u64::from(frame.cut);
            let (verdict, reason) = judge(&Met { number, seconds: clock.seconds(), now, entry, frame })?;
            summary.count(verdict, reason);
        }
        Ok(summary)
    }

    fn judge<'e>(&'e self, met: &Met, engine: &'e mut dyn Engine) -> Result<Finding<'e>, EngineError> {
        let meant = self.image.names.ports.get(met.entry.port as usize).filter(|_| met.entry.port != 0);
        let meant = meant.map(|port| port.name.as_str());
        if !met.frame.can_be_judged() {
            return Ok(Finding::malformed(meant));
        }
        let mut finding = engine.judge(&met.entry, met.now, &met.frame.bytes)?;
        match met.entry.way {
            // It entered nowhere.
            Way::Out => finding.port = None,
            // The program looks for the port behind the parser.
            Way::In => finding.port = finding.port.or(meant),
        }
        Ok(finding)
    }

    /// Where every frame enters; that may need a first look through the capture.
    fn chooser(&self, capture: &Capture) -> Result<Chooser<'_>, CaptureError> {
        let mut chooser = Chooser::new(&self.places, &self.terrain, self.fixed);
        if chooser.looks_ahead() {
            // What is wrong with a frame is told when its turn has come.
            let readable = capture.frames()?.map_while(Result::ok);
            for frame in readable.map_while(|frame| arrival(frame).ok()) {
                chooser.learn(&frame);
            }
        }
        Ok(chooser)
    }
}

fn unknown(places: &Places<'_>, name: &str) -> UnknownPlace {
    UnknownPlace { name: name.to_owned(), known: places.known().into_iter().map(String::from).collect() }
}
