//! A policy tried on a capture: every frame through the kernel program, none onto a wire.
//!
//! [`Replay`] knows by which port each frame enters and hands it to an [`Engine`]; it neither prints nor attaches anything.

mod capture;
mod choose;
mod clock;
mod engine;
mod kernel;
mod line;
mod link;
mod pcapng;
mod places;
mod shrink;
mod sketch;
mod summary;
mod terrain;
#[cfg(test)]
mod tests;

use enforcer_common::cell::Cell;
use thiserror::Error;

pub use capture::{Capture, CaptureError, Frame, Frames};
pub use choose::{Entry, Way};
pub use engine::{Engine, EngineError, Judgement};
pub use kernel::Kernel;
pub use line::Line;
pub use link::{Arrival, Medium, UnsupportedLink, arrival};
pub use summary::Summary;

use crate::compile::image::Image;
use crate::dataplane::overlay;
use crate::dataplane::registry::Registry;
use crate::policy::facts::Facts;
use crate::policy::model::Policy;
use choose::Chooser;
use clock::Clock;
use places::{Place, Places};
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

/// A policy, ready to be tried.
pub struct Replay<'a> {
    image: &'a Image,
    places: Places<'a>,
    terrain: Terrain,
    fixed: Option<Place>,
}

impl<'a> Replay<'a> {
    /// Prepares a compiled policy. All frames enter by the interface or port `by`, where it is given.
    pub fn new(policy: &Policy, facts: &Facts, image: &'a Image, by: Option<&str>) -> Result<Replay<'a>, UnknownPlace> {
        let places = Places::of(&image.names);
        let fixed = match by {
            None => None,
            Some(name) => Some(places.find(name).ok_or_else(|| UnknownPlace {
                name: name.to_owned(),
                known: places.known().into_iter().map(String::from).collect(),
            })?),
        };
        Ok(Replay { image, terrain: Terrain::of(policy, facts, &image.names), places, fixed })
    }

    /// The overlay and the image behind it, as the engine in the kernel needs them.
    pub fn half(&self) -> Vec<Cell> {
        // Nobody reads the counters of a replay, wherever they are kept.
        let mut registry = Registry::new(1);
        overlay::half(&self.places.overlay(), self.image, &mut registry)
    }

    /// Judges every frame in order and tells `each` of it. What was told before an error stands.
    pub fn run(
        &self,
        capture: &Capture,
        engine: &mut dyn Engine,
        mut each: impl FnMut(&Line<'_>) -> std::io::Result<()>,
    ) -> Result<Summary, ReplayError> {
        let chooser = self.chooser(capture)?;
        let mut clock = Clock::default();
        let mut summary = Summary::default();
        for frame in capture.frames()? {
            let frame = frame?;
            let (number, interface) = (frame.number, frame.interface.clone());
            let now = clock.advance(frame.time);
            let frame = arrival(frame)?;
            let cut = frame.cut;
            let judged = self.judge(&chooser, engine, now, frame, interface.as_deref());
            let judgement = judged.map_err(|source| ReplayError::Engine { frame: number, source })?;
            summary.count(judgement.verdict, judgement.reason);
            summary.cut += u64::from(cut);
            each(&Line::new(number, clock.seconds(), &judgement, &self.image.names))?;
        }
        Ok(summary)
    }

    fn judge(
        &self,
        chooser: &Chooser<'_>,
        engine: &mut dyn Engine,
        now: u64,
        mut frame: Arrival,
        interface: Option<&str>,
    ) -> Result<Judgement, EngineError> {
        let entry = chooser.choose(&frame, interface);
        without_tags(&mut frame.bytes, entry.strip);
        if !frame.can_be_judged() {
            return Ok(Judgement::malformed(entry.port));
        }
        let mut judgement = engine.judge(&entry, now, &frame.bytes)?;
        match entry.way {
            // It entered nowhere.
            Way::Out => judgement.outcome.port = 0,
            // The program looks for the port behind the parser.
            Way::In if judgement.outcome.port == 0 => judgement.outcome.port = entry.port,
            Way::In => {}
        }
        Ok(judgement)
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
