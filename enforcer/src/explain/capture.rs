//! A frame of a capture as a question: the frames before it are judged first, so that what they began is known.

use std::io;

use super::answer::Answer;
use super::question::{Frames, Question, Unasked};
use super::site::Site;
use crate::judge::{Seen, seen};
use crate::replay::{Arrival, Capture, Replay, ReplayError, arrival};

/// A capture, and the frame that is asked about.
#[derive(Debug)]
pub(super) struct Recorded {
    capture: Capture,
    number: u64,
    by: Option<String>,
    arrival: Arrival,
}

/// A frame by its number, from 1. All frames enter `by` an interface or port, where it is given.
pub fn from_capture(capture: Capture, number: u64, by: Option<&str>) -> Result<Question, Unasked> {
    let mut has = 0;
    for frame in capture.frames().map_err(ReplayError::from)? {
        let frame = frame.map_err(ReplayError::from)?;
        has = frame.number;
        if has < number {
            continue;
        }
        let arrival = arrival(frame).map_err(ReplayError::from)?;
        let before = number - 1;
        let mut notes = Vec::new();
        if before > 0 {
            let (s, were) = if before == 1 { ("", "was") } else { ("s", "were") };
            notes.push(format!("the {before} frame{s} before it {were} judged first, for connections and fragments"));
        }
        if arrival.cut {
            notes.push("the capture cut it short; what is missing was taken as zeros".to_owned());
        }
        return Ok(Question {
            title: format!("frame {number}"),
            notes,
            number: Some(number),
            by: by.map(str::to_owned),
            mac_known: true,
            reply: false,
            frames: Frames::Recorded(Recorded { capture, number, by: by.map(str::to_owned), arrival }),
        });
    }
    Err(Unasked::NoFrame { has, wanted: number })
}

impl Recorded {
    pub(super) fn seen(&self) -> Result<Seen, &'static str> {
        seen(self.arrival.medium, &self.arrival.bytes)
    }

    pub(super) fn ask(&self, site: &Site) -> Result<Answer, Unasked> {
        let (policy, facts) = (&site.loaded.policy, &site.loaded.facts);
        let replay = Replay::new(facts, &site.image, self.by.as_deref())?;
        let mut reference = replay.reference(policy, facts).tracing(true);
        let mut answer = None;
        let ended = replay.run(&self.capture, &mut reference, |line| {
            if line.frame < self.number {
                return Ok(());
            }
            answer = Some(Answer::of(&line.finding));
            // What comes behind it says nothing of it.
            Err(io::Error::other("enough"))
        });
        match (answer, ended) {
            (Some(answer), _) => Ok(answer),
            (None, Err(error)) => Err(error.into()),
            (None, Ok(summary)) => Err(Unasked::NoFrame { has: summary.frames(), wanted: self.number }),
        }
    }
}
