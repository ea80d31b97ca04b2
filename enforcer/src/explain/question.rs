//! What is asked: frames before the reference, the last of which is to be explained.

use thiserror::Error;

use super::answer::Answer;
use super::capture::Recorded;
use super::site::Site;
use crate::judge::{Medium, Seen, seen};
use crate::replay::{Engine, EngineError, Replay, ReplayError, UnknownPlace, Way};

/// Nanoseconds between two frames of a question.
const STEP: u64 = 1_000_000;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum Unasked {
    /// The policy has no such interface or port.
    #[error(transparent)]
    Place(#[from] UnknownPlace),
    /// The capture cannot be read, or the reference says nothing.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The reference says nothing.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The capture is shorter.
    #[error("the capture has {has} frames, and frame {wanted} was asked for")]
    NoFrame {
        /// Frames that it has.
        has: u64,
        /// The one asked for.
        wanted: u64,
    },
}

/// A frame, and where it meets the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Whether it enters or is sent by the router.
    pub way: Way,
    /// With or without an Ethernet header.
    pub medium: Medium,
    /// The interface or port.
    pub place: String,
    /// The frame.
    pub frame: Vec<u8>,
}

/// A packet to be explained.
#[derive(Debug)]
pub struct Question {
    /// What is asked about, in words.
    pub title: String,
    /// What was assumed.
    pub notes: Vec<String>,
    /// Number of the frame in its capture.
    pub number: Option<u64>,
    /// The interface or port that was named for it.
    pub(super) by: Option<String>,
    /// The sender's MAC is its own, and not made up.
    pub(super) mac_known: bool,
    /// The frame before the last one opens what the last one answers.
    pub(super) reply: bool,
    pub(super) frames: Frames,
}

/// Where the frames come from.
#[derive(Debug)]
pub(super) enum Frames {
    /// They were thought out, or given one by one.
    Given(Vec<Given>),
    /// They are those of a capture.
    Recorded(Recorded),
}

impl Question {
    /// The last of these frames, after those before it.
    pub fn of(title: &str, frames: Vec<Given>) -> Question {
        let by = frames.last().map(|given| given.place.clone());
        Question {
            title: title.to_owned(),
            notes: Vec::new(),
            number: None,
            by,
            mac_known: true,
            reply: false,
            frames: Frames::Given(frames),
        }
    }

    /// Of an answer: the packet that opens the connection.
    pub(super) fn opening(&self) -> Option<Question> {
        let Frames::Given(frames) = &self.frames else { return None };
        let (_, before) = frames.split_last().filter(|_| self.reply)?;
        let mut opening = Question::of(&self.title, before.to_vec());
        opening.notes.clone_from(&self.notes);
        opening.mac_known = self.mac_known;
        Some(opening)
    }

    /// What the frame says, if it can be read; why it cannot, if not.
    pub(super) fn seen(&self) -> Result<Seen, &'static str> {
        match &self.frames {
            Frames::Given(frames) => match frames.last() {
                Some(given) => seen(given.medium, &given.frame),
                None => Err("there is no frame"),
            },
            Frames::Recorded(recorded) => recorded.seen(),
        }
    }

    /// Whether the router itself sends it.
    pub(super) fn is_sent_by_router(&self) -> bool {
        match &self.frames {
            Frames::Given(frames) => frames.last().is_some_and(|given| given.way == Way::Out),
            Frames::Recorded(_) => false,
        }
    }

    /// Puts it before the reference.
    pub fn ask(&self, site: &Site) -> Result<Answer, Unasked> {
        match &self.frames {
            Frames::Given(frames) => ask(frames, site),
            Frames::Recorded(recorded) => recorded.ask(site),
        }
    }
}

fn ask(frames: &[Given], site: &Site) -> Result<Answer, Unasked> {
    let (policy, facts) = (&site.loaded.policy, &site.loaded.facts);
    let replay = Replay::new(facts, &site.image, None)?;
    let mut reference = replay.reference(policy, facts).tracing(true);
    let mut answer = Err(Unasked::Engine(EngineError::Nothing));
    let mut now = STEP;
    for Given { way, medium, place, frame } in frames {
        let entry = replay.entry(place, *way, *medium).ok_or_else(|| replay.unknown(place))?;
        answer = Ok(Answer::of(&reference.judge(&entry, now, frame)?));
        now += STEP;
    }
    answer
}
