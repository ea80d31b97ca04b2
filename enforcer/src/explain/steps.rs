//! The steps in the order of judgement, those included that had nothing to say.

use enforcer_common::reason::Reason;

use super::answer::{Answer, Entry, Said};
use super::lay::Lay;
use crate::judge::Outcome;
use crate::policy::model::Device;

/// What one step did with the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The step: `parse`, `source`, `essential`, `connection`, `guardrail`, `transition`, `mud-from-device`, `mud-to-device`.
    pub step: &'static str,
    /// What it decided.
    pub decided: Decided,
    /// Why, in words.
    pub why: String,
    /// The entry of the policy behind it.
    pub rule: Option<String>,
    /// File and line of what it rests on.
    pub at: Option<String>,
}

/// What a step decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// The packet goes on.
    Agrees,
    /// It would end here, but what the refusal rests on is in audit.
    Audited,
    /// It ends here.
    Refuses,
    /// It was not asked.
    NotAsked,
}

impl Decided {
    /// The label used in text and JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Decided::Agrees => "agrees",
            Decided::Audited => "audit",
            Decided::Refuses => "refuses",
            Decided::NotAsked => "not asked",
        }
    }
}

const STEPS: [&str; 8] =
    ["parse", "source", "essential", "connection", "guardrail", "transition", "mud-from-device", "mud-to-device"];
const MUD_FROM: usize = 6;
const MUD_TO: usize = 7;
const GUARDRAIL: usize = 4;

/// Tells of every step: what the reference wrote down, and what goes without saying.
pub(super) fn rows(lay: Lay<'_>, answer: &Answer, by_router: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut done = 0;
    for said in &answer.said {
        let index = index_of(lay, answer, said, &rows);
        for silent in done..index {
            rows.push(silent_row(lay, answer, silent, by_router));
        }
        done = done.max(index + 1);
        rows.push(told(STEPS[index], said));
    }
    let ended = match answer.said.last() {
        Some(said) => said.outcome == Outcome::Refuses || settled(answer, said),
        // A frame that no parser is asked about.
        None => true,
    };
    if answer.said.is_empty() && answer.reason == Reason::Malformed {
        done = 1;
        let why = "too short for a header, or too long for a frame".to_owned();
        rows.push(Row { step: STEPS[0], decided: Decided::Refuses, why, rule: None, at: None });
    }
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        rows.push(match ended {
            true => Row { step, decided: Decided::NotAsked, why: String::new(), rule: None, at: None },
            false => silent_row(lay, answer, index, by_router),
        });
    }
    rows
}

/// True where a step let the packet go on past all others.
fn settled(answer: &Answer, last: &Said) -> bool {
    let by_reason = matches!(answer.reason, Reason::Essential | Reason::Established);
    let by_step = last.step == "essential" || (last.step == "connection" && last.outcome == Outcome::Agrees);
    by_reason || by_step || stops(last)
}

/// In audit, a refusal behind which nothing can be judged is the last word too.
fn stops(last: &Said) -> bool {
    last.outcome == Outcome::Audited && matches!(last.step, "parse" | "source" | "connection")
}

fn index_of(lay: Lay<'_>, answer: &Answer, said: &Said, rows: &[Row]) -> usize {
    if let Some(index) = STEPS.iter().position(|step| *step == said.step) {
        return index;
    }
    let in_layers = rows.iter().any(|row| STEPS.iter().skip(GUARDRAIL).any(|step| *step == row.step));
    if !in_layers {
        // A reply, refused by what was settled when its connection was opened.
        return if answer.reason == Reason::MudToDevice { MUD_TO } else { MUD_FROM };
    }
    let sender = answer.device.as_deref().and_then(|name| lay.device(name));
    let first = rows.iter().all(|row| row.step != STEPS[MUD_FROM]);
    if first && sender.is_some_and(has_profile) { MUD_FROM } else { MUD_TO }
}

fn told(step: &'static str, said: &Said) -> Row {
    let decided = match said.outcome {
        Outcome::Agrees => Decided::Agrees,
        Outcome::Audited => Decided::Audited,
        Outcome::Refuses => Decided::Refuses,
    };
    Row {
        step,
        decided,
        why: said.why.clone(),
        rule: said.rule.as_ref().map(|rule| rule.name.clone()),
        at: said.rule.as_ref().and_then(place),
    }
}

pub(super) fn place(rule: &Entry) -> Option<String> {
    rule.place.as_ref().map(ToString::to_string)
}

fn has_profile(device: &Device) -> bool {
    !device.profiles.is_empty()
}

/// A step that lets go on what is none of its business.
fn silent_row(lay: Lay<'_>, answer: &Answer, index: usize, by_router: bool) -> Row {
    let sender = answer.device.as_deref().and_then(|name| lay.device(name));
    let receiver = answer.peer.as_deref().and_then(|name| lay.device(name));
    let (why, at) = match STEPS[index] {
        "parse" => ("it can be read to the end".to_owned(), None),
        "source" => source(lay, answer, sender, by_router),
        "essential" => ("it is no essential".to_owned(), None),
        "connection" => ("it is of no known connection".to_owned(), None),
        "mud-from-device" => (without_profile(sender, "the sender"), None),
        "mud-to-device" => (without_profile(receiver, "the receiver"), None),
        _ => ("it has nothing to say".to_owned(), None),
    };
    Row { step: STEPS[index], decided: Decided::Agrees, why, rule: None, at }
}

/// Who sends it, and the line that says so.
fn source(lay: Lay<'_>, answer: &Answer, sender: Option<&Device>, by_router: bool) -> (String, Option<String>) {
    let whom = |zone: Option<&str>, device: Option<&str>| match (zone, device) {
        (Some(zone), Some(device)) => format!("{device} in {zone}"),
        (Some(zone), None) => zone.to_owned(),
        (None, _) => "nobody".to_owned(),
    };
    let from = whom(answer.from.as_deref(), answer.device.as_deref());
    let to = whom(answer.to.as_deref(), answer.peer.as_deref());
    let zone = answer.from.as_deref().and_then(|name| lay.zone(name));
    let place = sender.and_then(|device| device.place.as_ref()).or_else(|| zone.and_then(|zone| zone.place.as_ref()));
    let by = match (&answer.port, by_router) {
        (Some(port), false) => format!(" by {port}"),
        _ => String::new(),
    };
    (format!("from {from}{by}, to {to}"), place.map(ToString::to_string))
}

fn without_profile(device: Option<&Device>, who: &str) -> String {
    match device {
        Some(device) if has_profile(device) => format!("{}: it has nothing to say", device.name),
        Some(device) => format!("{} has no MUD file", device.name),
        None => format!("{who} is no listed device"),
    }
}
